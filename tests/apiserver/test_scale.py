"""`/scale` of an InferenceService, and the real kubectl scale."""

from dataclasses import replace

import pytest

from tradewind.apiserver.discovery import AGGREGATED
from tradewind.apiserver.scale import scale_of, scaled
from tradewind.resources.kinds import ScalePaths
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.status import ApiError

SERVICE = "/apis/serving.kserve.io/v1beta1/namespaces/d/inferenceservices/fraud"
MERGE = {"Content_Type": "application/merge-patch+json"}
PATHS = ScalePaths(".spec.replicas", ".status.replicas", ".status.selector", ".spec.most")


def service(**predictor):
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://b/m"}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "fraud", "namespace": "d"},
        "spec": {"predictor": {"model": model} | predictor},
    }


def thing(spec, **status):
    metadata = {"name": "a", "uid": "u", "resourceVersion": "7", "labels": {"x": "y"}}
    return {"metadata": metadata, "spec": spec, "status": status}


@pytest.mark.parametrize(
    ("spec", "status", "default", "replicas", "shown"),
    [
        ({"replicas": 3}, {"replicas": 2, "selector": "a=b"}, 0, 3, {"replicas": 2, "selector": "a=b"}),
        ({}, {}, 0, 0, {"replicas": 0}),
        ({}, {}, 1, 1, {"replicas": 0}),
        ({"replicas": 0}, {}, 1, 0, {"replicas": 0}),
        ({"replicas": "many"}, {}, 0, 0, {"replicas": 0}),
    ],
)
def test_the_scale_of_an_object(spec, status, default, replicas, shown):
    scale = scale_of(replace(PATHS, default=default), thing(spec, **status))
    assert scale == {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": "a", "uid": "u", "resourceVersion": "7"},
        "spec": {"replicas": replicas},
        "status": shown,
    }


@pytest.mark.parametrize(
    ("spec", "replicas", "after"),
    [
        ({}, 2, {"replicas": 2}),
        ({"replicas": 1, "other": 1}, 2, {"replicas": 2, "other": 1}),
        ({"most": 4}, 5, {"replicas": 5, "most": 5}),
        ({"most": 4}, 3, {"replicas": 3, "most": 4}),
        ({"most": 0}, 3, {"replicas": 3, "most": 0}),
    ],
)
def test_scaling_raises_the_limit_when_it_must(spec, replicas, after):
    assert scaled(PATHS, thing(spec), {"spec": {"replicas": replicas}})["spec"] == after


@pytest.mark.parametrize(
    ("scale", "code", "says"),
    [
        ([], 400, "must be of type Scale"),
        ({"kind": "Pod"}, 400, "must be of type Scale"),
        ({"spec": "x"}, 400, "must be objects"),
        ({"spec": {"replicas": "3"}}, 400, "spec.replicas"),
        ({"spec": {"replicas": True}}, 400, "spec.replicas"),
        ({"spec": {"replicas": 2**31}}, 400, "spec.replicas"),
        ({"metadata": {"name": "b"}}, 400, "does not match the name on the URL"),
        (
            {"spec": {"replicas": -1}},
            422,
            'Scale.autoscaling "a" is invalid: spec.replicas: Invalid value: -1: must be greater than or',
        ),
    ],
)
def test_what_is_no_scale(scale, code, says):
    with pytest.raises(ApiError) as raised:
        scaled(PATHS, thing({}), scale)
    assert (raised.value.code, says in raised.value.message) == (code, True), raised.value.message


async def test_scale_over_http(api):
    await api.objects.create(INFERENCE_SERVICE, service(maxReplicas=2))
    _, scale = await api.ask("GET", f"{SERVICE}/scale")
    assert scale["spec"] == {"replicas": 1}
    code, after = await api.ask("PUT", f"{SERVICE}/scale", scale | {"spec": {"replicas": 2}})
    assert (code, after["spec"], after["kind"]) == (200, {"replicas": 2}, "Scale")
    code, status = await api.ask("PUT", f"{SERVICE}/scale", scale | {"spec": {"replicas": 3}})
    assert (code, status["reason"]) == (409, "Conflict")
    code, after = await api.ask("PATCH", f"{SERVICE}/scale", {"spec": {"replicas": 5}}, **MERGE)
    assert (code, after["spec"]) == (200, {"replicas": 5})
    _, stored = await api.ask("GET", SERVICE)
    assert stored["spec"]["predictor"]["minReplicas"] == stored["spec"]["predictor"]["maxReplicas"] == 5
    assert stored["metadata"]["generation"] == 3
    code, _ = await api.ask("PATCH", f"{SERVICE}/scale?dryRun=All", {"spec": {"replicas": 9}}, **MERGE)
    assert (code, (await api.ask("GET", f"{SERVICE}/scale"))[1]["spec"]) == (200, {"replicas": 5})
    assert (await api.ask("GET", "/api/v1/namespaces/d/pods/p/scale"))[0] == 404


async def test_discovery_tells_of_scale(api):
    _, found = await api.ask("GET", "/apis/serving.kserve.io/v1beta1")
    (scale,) = [one for one in found["resources"] if one["name"] == "inferenceservices/scale"]
    assert (scale["group"], scale["version"], scale["kind"]) == ("autoscaling", "v1", "Scale")
    assert scale["verbs"] == ["get", "patch", "update"]
    _, groups = await api.ask("GET", "/apis", Accept=AGGREGATED["v2"])
    (group,) = [one for one in groups["items"] if one["metadata"]["name"] == "serving.kserve.io"]
    resources = [one for version in group["versions"] for one in version["resources"]]
    (found,) = [one for one in resources if one["resource"] == "inferenceservices"]
    assert {one["subresource"]: one["responseKind"]["kind"] for one in found["subresources"]} == {
        "status": "InferenceService",
        "scale": "Scale",
    }


async def test_kubectl_scale(api):
    await api.objects.create(INFERENCE_SERVICE, service())
    done = await api.kubectl("scale", "isvc/fraud", "--replicas=3")
    assert (done.code, done.out) == (0, "inferenceservice.serving.kserve.io/fraud scaled\n"), done.err
    assert (
        await api.kubectl("get", "isvc", "fraud", "-o", "jsonpath={.spec.predictor.minReplicas}")
    ).out == "3"
    refused = await api.kubectl("scale", "isvc/fraud", "--replicas=4", "--current-replicas=2")
    assert refused.code == 1
    assert "Expected replicas to be 2, was 3" in refused.err
