"""Which clusters are out of the question, by rule: affinity, taints, kinds, spread properties, eviction."""

import pytest

from tests.federation.objects import SERVICE, cluster, placement, taint
from tradewind.federation.affinity import cluster_matches, start_index
from tradewind.federation.filters import FILTERS, Candidacy, fit_error, why_not
from tradewind.federation.taints import change_taints, tolerates
from tradewind.resources.core import Toleration
from tradewind.resources.meta import decode
from tradewind.resources.policy_types import ClusterAffinity, ClusterAffinityTerm
from tradewind.resources.work import BindingSpec, GracefulEvictionTask, ObjectReference, TargetCluster


def expression(key, operator, *values):
    return {
        "fieldSelector": {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}
    }


@pytest.mark.parametrize(
    ("affinity", "matches"),
    [
        ({}, True),
        ({"clusterNames": ["east"]}, True),
        ({"clusterNames": ["west"]}, False),
        ({"clusterNames": ["east"], "exclude": ["east"]}, False),
        ({"exclude": ["west"]}, True),
        ({"labelSelector": {"matchLabels": {"gpu": "a100"}}}, True),
        ({"labelSelector": {"matchLabels": {"gpu": "h100"}}}, False),
        ({"labelSelector": {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}}, True),
        ({"labelSelector": {"matchLabels": {"gpu": "a100"}}, "clusterNames": ["west"]}, False),
        (expression("provider", "In", "aws"), True),
        (expression("provider", "In", "gcp"), False),
        (expression("region", "NotIn", "us-east-1"), False),
        (expression("region", "NotIn", "eu-west-1"), True),
        (expression("zone", "In", "b", "c"), True),
        (expression("zone", "NotIn", "a"), False),
        (expression("zone", "NotIn", "z"), True),
        (expression("zone", "Gt", "a"), False),
    ],
)
def test_affinity(affinity, matches):
    one = cluster("east", labels={"gpu": "a100"}, provider="aws", region="us-east-1", zones=["a", "b"])
    assert cluster_matches(one, decode(affinity, ClusterAffinity)) is matches


def test_a_field_that_is_not_set_has_no_value():
    one = cluster("east")
    assert cluster_matches(one, decode(expression("region", "NotIn", "us"), ClusterAffinity))
    assert not cluster_matches(one, decode(expression("region", "In", ""), ClusterAffinity))


@pytest.mark.parametrize(("observed", "index"), [("", 0), ("second", 1), ("gone", 0)])
def test_the_group_to_begin_with(observed, index):
    terms = [ClusterAffinityTerm(affinity_name=name) for name in ("first", "second")]
    assert start_index(terms, observed) == index


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"key": "k", "value": "v", "effect": "NoSchedule"}, True),
        ({"key": "k", "operator": "Equal", "value": "v"}, True),
        ({"key": "k", "operator": "Equal", "value": "other"}, False),
        ({"key": "k", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "k", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "k", "operator": "Gt", "value": "v"}, False),
    ],
)
def test_toleration(toleration, tolerated):
    assert tolerates(decode(toleration, Toleration), taint("k", value="v")) is tolerated


def test_taints_are_added_once_and_removed_by_key_and_effect():
    held = [taint("a"), taint("b", "NoExecute")]
    assert change_taints(held, add=[taint("a", value="new"), taint("c")], remove=[taint("b")]) == [
        taint("a"),
        taint("b", "NoExecute"),
        taint("c"),
    ]
    assert change_taints(held, add=[], remove=[taint("b", "NoExecute")]) == [taint("a")]


def candidacy(given=None, here=False, leaving="", kind="InferenceService"):
    placed = placement(given or {})
    resource = ObjectReference(api_version=SERVICE.api_version, kind=kind, name="fraud")
    spec = BindingSpec(
        resource=resource,
        clusters=[TargetCluster(name="east")] if here else [],
        graceful_eviction_tasks=[GracefulEvictionTask(from_cluster=leaving)] if leaving else [],
    )
    return Candidacy(spec, placed, placed.cluster_affinity)


TAINTED = cluster("east", taints=[taint("gpu-only", value="yes")])
DRAINED = cluster("east", taints=[taint("drain", "NoExecute")])
BRIEFLY = {"clusterTolerations": [{"key": "drain", "operator": "Exists", "tolerationSeconds": 60}]}


@pytest.mark.parametrize(
    ("asked", "one", "reason"),
    [
        (candidacy(), cluster("east"), ""),
        (candidacy(kind="Deployment"), cluster("east"), "cluster(s) did not have the API resource"),
        (candidacy(kind="Deployment", here=True), cluster("east"), ""),
        (candidacy(), TAINTED, "cluster(s) had untolerated taint {gpu-only=yes:NoSchedule}"),
        (candidacy(here=True), TAINTED, ""),
        (candidacy({"clusterTolerations": [{"key": "gpu-only", "operator": "Exists"}]}), TAINTED, ""),
        (candidacy(BRIEFLY), DRAINED, "cluster(s) had untolerated taint {drain:NoExecute}"),
        (candidacy(BRIEFLY, here=True), DRAINED, ""),
        (candidacy(), cluster("east", taints=[taint("soft", "PreferNoSchedule")]), ""),
        (candidacy(), cluster("east", ready="False"), ""),  # readiness is no filter
        (
            candidacy({"clusterAffinity": {"clusterNames": ["west"]}}),
            cluster("east"),
            "cluster(s) did not match the placement cluster affinity constraint",
        ),
        (
            candidacy({"spreadConstraints": [{"spreadByField": "region"}]}),
            cluster("east"),
            "cluster(s) did not have region property",
        ),
        (
            candidacy({"spreadConstraints": [{"spreadByField": "zone"}]}),
            cluster("east", region="r"),
            "cluster(s) did not have zones property",
        ),
        (candidacy(leaving="east"), cluster("east"), "cluster(s) is in the process of eviction"),
        (candidacy(leaving="west"), cluster("east"), ""),
    ],
)
def test_filter(asked, one, reason):
    assert why_not(asked, one) == reason


def test_every_filter_says_no_to_something():
    refused = {
        "APIEnablement": (candidacy(kind="Deployment"), cluster("east")),
        "TaintToleration": (candidacy(), TAINTED),
        "ClusterAffinity": (candidacy({"clusterAffinity": {"clusterNames": ["west"]}}), cluster("east")),
        "SpreadConstraint": (
            candidacy({"spreadConstraints": [{"spreadByField": "provider"}]}),
            cluster("east"),
        ),
        "ClusterEviction": (candidacy(leaving="east"), cluster("east")),
    }
    assert all(FILTERS[name](*refused[name]) for name in FILTERS)


@pytest.mark.parametrize(
    ("reasons", "text"),
    [
        (["b", "a", "b"], "0/3 clusters are available: 1 a, 2 b."),
        ([], "0/0 clusters are available: no cluster exists."),
    ],
)
def test_fit_error(reasons, text):
    assert fit_error(reasons, [cluster("x")] * len(reasons)) == text
