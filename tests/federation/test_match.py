"""Which policy claims an object: precedence, claims that hold, and what is never propagated."""

import pytest

from tests.federation.objects import policy, template
from tradewind.federation.match import Claim, claim, is_propagatable, without_claim
from tradewind.resources.meta import Object, ObjectMeta, replace

BY_NAME, BY_LABEL, BY_KIND = {"name": "fraud"}, {"labelSelector": {"matchLabels": {"team": "risk"}}}, {}
OTHER = {"name": "other"}
OBJECT = template(labels={"team": "risk"})


def claimed_by(one, obj=OBJECT):
    """The object as its policy has claimed it."""
    found = Claim(one)
    meta = replace(
        obj.metadata,
        labels={**obj.metadata.labels, **found.labels},
        annotations={**obj.metadata.annotations, **found.annotations},
    )
    return replace(obj, metadata=meta)


@pytest.mark.parametrize(
    ("policies", "cluster_policies", "winner"),
    [
        ([], [], None),
        ([policy("a", OTHER)], [], None),
        ([policy("a", {"labelSelector": {"matchLabels": {"team": "ads"}}})], [], None),
        ([policy("a", {"name": "fraud", "namespace": "ads"})], [], None),
        # A namespaced policy comes first whatever its priority.
        ([policy("a", BY_KIND)], [policy("b", BY_NAME, "", priority=9)], "a"),
        ([policy("a", OTHER)], [policy("b", BY_KIND, "")], "b"),
        # Priority, then fit, then name.
        ([policy("a", BY_NAME), policy("b", BY_KIND, priority=1)], [], "b"),
        ([policy("a", BY_KIND), policy("b", BY_LABEL), policy("c", BY_NAME)], [], "c"),
        ([policy("a", BY_KIND), policy("b", BY_LABEL)], [], "b"),
        ([policy("b", BY_NAME), policy("a", BY_NAME)], [], "a"),
        # A name makes the labels of the same selector moot.
        ([policy("a", {"name": "fraud", "labelSelector": {"matchLabels": {"team": "ads"}}})], [], "a"),
    ],
)
def test_precedence(policies, cluster_policies, winner):
    found = claim(OBJECT, policies, cluster_policies)
    assert (found.policy.metadata.name if found else None) == winner


EAGER = {"preemption": "Always"}


@pytest.mark.parametrize(
    ("holder", "policies", "cluster_policies", "winner"),
    [
        (policy("b", BY_KIND), [policy("a", BY_NAME, priority=5)], [], "b"),
        (policy("b", BY_KIND, ""), [policy("a", BY_NAME)], [], "b"),
        (policy("b", BY_KIND), [policy("a", BY_NAME, priority=5, **EAGER)], [], "a"),
        (policy("b", BY_KIND, priority=5), [policy("a", BY_NAME, priority=5, **EAGER)], [], "b"),
        (policy("b", BY_KIND, "", priority=9), [policy("a", BY_NAME, **EAGER)], [], "a"),
        (policy("b", BY_KIND, ""), [], [policy("a", BY_NAME, "", **EAGER)], "b"),
        (policy("b", BY_KIND, ""), [], [policy("a", BY_NAME, "", priority=1, **EAGER)], "a"),
        (policy("b", BY_KIND), [], [policy("a", BY_NAME, "", priority=9, **EAGER)], "b"),
    ],
)
def test_a_claim_holds_unless_it_is_preempted(holder, policies, cluster_policies, winner):
    own = [*policies, *([holder] if holder.metadata.namespace else [])]
    general = [*cluster_policies, *([] if holder.metadata.namespace else [holder])]
    found = claim(claimed_by(holder), own, general)
    assert found is not None and found.policy.metadata.name == winner


@pytest.mark.parametrize(
    "holder",
    [
        policy("b", OTHER),  # no longer selects it
        replace(policy("b", BY_NAME), metadata=ObjectMeta(name="b", namespace="ml", deletion_timestamp="T")),
    ],
)
def test_a_claim_ends_with_its_policy(holder):
    found = claim(claimed_by(policy("b", BY_NAME)), [holder, policy("c", BY_KIND)], [])
    assert found is not None and found.policy.metadata.name == "c"


def test_a_policy_made_anew_under_the_same_name_claims_anew():
    made_anew = replace(policy("b", BY_NAME), metadata=ObjectMeta(name="b", namespace="ml", uid="new"))
    found = claim(claimed_by(policy("b", BY_NAME)), [made_anew, policy("a", BY_NAME)], [])
    assert found is not None and found.policy.metadata.name == "a"


def test_what_a_claim_writes():
    namespaced, general = Claim(policy("p", BY_NAME)), Claim(policy("c", BY_NAME, ""))
    assert namespaced.labels == {"propagationpolicy.karmada.io/permanent-id": "uid-p"}
    assert namespaced.annotations == {
        "propagationpolicy.karmada.io/namespace": "ml",
        "propagationpolicy.karmada.io/name": "p",
    }
    assert general.labels == {"clusterpropagationpolicy.karmada.io/permanent-id": "uid-c"}
    assert general.annotations == {"clusterpropagationpolicy.karmada.io/name": "c"}


def test_a_claim_is_taken_off_and_nothing_else():
    assert without_claim({"team": "risk", "a": "b"}, ("a",)) == {"team": "risk"}


@pytest.mark.parametrize(
    ("obj", "propagated"),
    [
        (template(), True),
        (template(namespace="karmada-system"), False),
        (template(namespace="karmada-es-east"), False),
        (template(namespace="kube-system"), False),
        (template(namespace="kubeflow"), True),
        (Object(api_version="v1", kind="Namespace", metadata=ObjectMeta(name="ml")), True),
        (Object(api_version="v1", kind="Namespace", metadata=ObjectMeta(name="karmada-es-x")), False),
        (Object(api_version="work.karmada.io/v1alpha1", kind="Work", metadata=ObjectMeta(name="w")), False),
    ],
)
def test_what_is_never_propagated(obj, propagated):
    assert bool(is_propagatable(obj)) is propagated
