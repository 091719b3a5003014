"""The real kubectl explains every kind, in both forms, from the documents that the server publishes."""

import pytest

from tradewind.resources.registry import ALL_KINDS

V2 = "--output=plaintext-openapiv2"


async def explained(api, *arguments: str) -> str:
    result = await api.kubectl("explain", *arguments)
    assert (result.code, result.err) == (0, ""), result
    return result.out


async def test_every_kind_is_explained_whole(api):
    """All fields below a kind, at each of its versions; the older form too."""
    for kind in ALL_KINDS:
        for version in kind.versions:
            name = f"{kind.plural}.{version}.{kind.group}".removesuffix(".") if kind.group else kind.plural
            at = f"--api-version={kind.api_version_of(version)}"
            newer = await explained(api, kind.plural, at, "--recursive")
            older = await explained(api, kind.plural, at, "--recursive", V2)
            for text in (newer, older):
                assert kind.name in text, name
                assert all(f"{field}\t<" in text for field in kind.schema_at(version).fields), name


EXPLAINED = [
    ("isvc.spec.predictor", ["FIELD: predictor <Object>", "minReplicas\t<integer>", "How many replicas"]),
    ("isvc.spec.predictor.maxReplicas", ["Has no effect in Tradewind. Divided among the clusters"]),
    ("isvc.spec.predictor.model.modelFormat", ["name\t<string> -required-"]),
    ("isvc.metadata.labels", ["map[string]string"]),
    ("isvc.status.components.url", ["FIELD: url <string>"]),
    ("pods.spec.containers.ports", ["[]ContainerPort", "containerPort\t<integer> -required-"]),
    ("pod.spec.containers.resources.limits", ["FIELD: limits <map[string]Object>"]),
    ("pp.spec.conflictResolution", ["ENUM:", "Abort", "Overwrite"]),
    ("pp.spec.placement.spreadConstraints", ["spreadByField\t<string>", "enum:"]),
    ("svc.spec.ports", ["[]ServicePort"]),
    ("destinationrules --api-version=networking.istio.io/v1beta1", ["VERSION:    v1beta1"]),
    ("cluster.spec.taints.effect", ["NoSchedule, PreferNoSchedule or NoExecute"]),
    ("works.spec.workload.manifests", ["<[]Object>"]),
    (f"isvc.spec.predictor.logger {V2}", ["RESOURCE: logger <Object>", "batchSize\t<integer>"]),
    (f"pods.spec {V2}", ["containers\t<[]Object>", "nodeName\t<string>"]),
    (f"sa.imagePullSecrets {V2}", ["KIND:     ServiceAccount", "Has no effect in Tradewind"]),
]


@pytest.mark.parametrize(("words", "says"), EXPLAINED)
async def test_a_field_is_explained(api, words, says):
    text = await explained(api, *words.split())
    # kubectl breaks long lines.
    assert all(one in text or one in " ".join(text.split()) for one in says), text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("isvc.spec.nothing", 'field "nothing" does not exist'),
        ("isvc.spec.predictor.minReplicas.more", 'field "more" does not exist'),
        ("nothings", "the server doesn't have a resource type"),
        ("isvc --api-version=serving.kserve.io/v9", "couldn't find resource"),
    ],
)
async def test_what_does_not_exist_is_not_explained(api, words, says):
    result = await api.kubectl("explain", *words.split())
    assert (result.code, says in result.err) == (1, True), result


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: s, namespace: default}
spec: {selector: {a: b}, ports: [{port: 80, name: a}, {port: 81, name: b}]}
"""
ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: x, namespace: default}
secrets: [{name: a}, {name: b}]
"""
PATCHED = [
    (SERVICE, "port: 81", "port: 82", "jsonpath={.spec.ports[*].port}", "80 82"),
    (ACCOUNT, "name: b}", "name: c}", "jsonpath={.secrets[*].name}", "a c"),
]


@pytest.mark.parametrize(("manifest", "old", "new", "path", "seen"), PATCHED)
async def test_apply_works_out_a_patch_from_what_is_published(api, manifest, old, new, path, seen):
    """An item of a keyed list that changes its key is replaced, without a word of warning."""
    await api.kubectl("apply", "-f", "-", stdin=manifest)
    await api.objects.ensure_namespaces()
    changed = await api.kubectl("apply", "-f", "-", stdin=manifest.replace(old, new))
    assert (changed.code, changed.err) == (0, ""), changed
    differs = await api.kubectl("diff", "-f", "-", stdin=manifest.replace(old, new))
    assert differs.code == 0, differs
    name = "svc/s" if "Service\n" in manifest else "sa/x"
    assert (await api.kubectl("get", name, "-n", "default", "-o", path)).out == seen
