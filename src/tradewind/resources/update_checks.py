"""What an update may not change, kind by kind (kubernetes `Validate*Update`, Knative, Karmada, KServe). Pure.

Every function takes the new and the old manifest, both defaulted and of the right types.
"""

from tradewind.resources import rules
from tradewind.resources.core import Pod
from tradewind.resources.meta import Manifest, Object, decode, encode
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.serving import InferenceService, Revision

IMMUTABLE = "field is immutable"
WHEN_SET = "field is immutable when `immutable` is set"
POD_FIELDS = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_CONTAINERS = ("initContainers", "containers")


def config_map_update(new: Manifest, old: Manifest) -> list[Problem]:
    """Nothing of one that is immutable, not even that."""
    return _frozen(new, old, ("data", "binaryData"))


def secret_update(new: Manifest, old: Manifest) -> list[Problem]:
    """The type, and nothing of one that is immutable."""
    return _same(new, old, "type") + _frozen(new, old, ("data",))


def endpoint_slice_update(new: Manifest, old: Manifest) -> list[Problem]:
    """The type of its addresses."""
    return _same(new, old, "addressType")


def service_update(new: Manifest, old: Manifest) -> list[Problem]:
    """A cluster IP, once it has one. An update that leaves it out is not a change."""
    before, after = old.get("spec", {}), new.get("spec", {})
    given, stored = after.get("clusterIP", ""), before.get("clusterIP", "")
    if "ExternalName" in (before.get("type"), after.get("type")) or not given or not stored:
        return []
    why = f'Invalid value: ["{given}"]: may not change once set'
    return [Problem("spec.clusterIPs[0]", why)] if given != stored else []


def revision_update(new: Manifest, old: Manifest) -> list[Problem]:
    """The whole spec (knative serving `Revision.Validate`)."""
    changed = _changed(_spec(new, Revision), _spec(old, Revision))
    if not changed:
        return []
    return [Problem("spec", f"Immutable fields changed (-old +new): {', '.join(changed)}")]


def policy_update(new: Manifest, old: Manifest) -> list[Problem]:
    """The scheduler (karmada `webhook/propagationpolicy`)."""
    if new.get("spec", {}).get("schedulerName") == old.get("spec", {}).get("schedulerName"):
        return []
    return [Problem("spec.schedulerName", "the schedulerName should not be updated", Cause.FORBIDDEN)]


def inference_service_update(new: Manifest, old: Manifest) -> list[Problem]:
    """The predictor's name, unless the model changes too (kserve `inference_service_validation`)."""
    after, before = (_spec(one, InferenceService).get("predictor", {}) for one in (new, old))
    if after.get("name", "") == before.get("name", "") or after.get("model") != before.get("model"):
        return []
    why = "predictor.name change requires a model change (e.g. storageUri)"
    return [rules.invalid("spec.predictor.name", after.get("name", ""), why)]


def pod_update(new: Manifest, old: Manifest) -> list[Problem]:
    """Nearly all of its spec (upstream `ValidatePodUpdate`).

    Upstream binds a Pod to its node through a subresource. Here that is an update which sets `nodeName` and
    the host ports of a Pod that has no node yet, so that one is allowed.
    """
    after, before = _spec(new, Pod), _spec(old, Pod)
    problems = [
        Problem(f"spec.{part}", "Forbidden: pod updates may not add or remove containers", Cause.FORBIDDEN)
        for part in _CONTAINERS
        if len(after.get(part, [])) != len(before.get(part, []))
    ]
    if problems:
        return problems
    problems = _deadline(after, before) + _tolerations(after, before) + _gates(after, before)
    changed = _changed(_with_what_may_change(after, before), before)
    if not changed:
        return problems
    listed = ", ".join(f"spec.{name}" for name in changed)
    return [*problems, Problem("spec", f"Forbidden: {POD_FIELDS}\nchanged: {listed}", Cause.FORBIDDEN)]


def _with_what_may_change(after: Manifest, before: Manifest) -> Manifest:
    """The new spec with the old values where it may have others; where they are wrong is told elsewhere."""
    taken = ["activeDeadlineSeconds", "tolerations", "schedulingGates"]
    binds = not before.get("nodeName") and after.get("nodeName")
    if binds:
        taken.append("nodeName")
    if before.get("terminationGracePeriodSeconds", 0) < 0 and after.get("terminationGracePeriodSeconds") == 1:
        taken.append("terminationGracePeriodSeconds")
    munged = {name: value for name, value in after.items() if name not in taken}
    munged |= {name: before[name] for name in taken if name in before}
    for part in _CONTAINERS:
        if part in after:
            pairs = zip(after[part], before[part], strict=True)
            munged[part] = [_munged_container(one, other, binds=bool(binds)) for one, other in pairs]
    return munged


def _munged_container(after: Manifest, before: Manifest, *, binds: bool) -> Manifest:
    munged = {name: value for name, value in after.items() if name != "image"}
    if "image" in before:
        munged["image"] = before["image"]
    ports, old_ports = after.get("ports", []), before.get("ports", [])
    if binds and ports and _without_host_port(ports) == _without_host_port(old_ports):
        munged["ports"] = old_ports
    return munged


def _without_host_port(ports: list[Manifest]) -> list[Manifest]:
    return [{name: value for name, value in port.items() if name != "hostPort"} for port in ports]


def _deadline(after: Manifest, before: Manifest) -> list[Problem]:
    path = "spec.activeDeadlineSeconds"
    new, old = after.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")
    if new is not None and not 0 <= new < 2**31:
        return [rules.invalid(path, new, "must be between 0 and 2147483647, inclusive")]
    if old is not None and new is None:
        return [rules.invalid(path, None, "must not update from a positive integer to nil value")]
    if old is not None and new > old:
        return [rules.invalid(path, new, "must be less than or equal to previous value")]
    return []


def _tolerations(after: Manifest, before: Manifest) -> list[Problem]:
    """Existing ones stay, all but their time."""
    kept = [_without_seconds(one) for one in after.get("tolerations", [])]
    if all(_without_seconds(one) in kept for one in before.get("tolerations", [])):
        return []
    why = "Forbidden: existing toleration can not be modified except its tolerationSeconds"
    return [Problem("spec.tolerations", why, Cause.FORBIDDEN)]


def _without_seconds(toleration: Manifest) -> Manifest:
    return {name: value for name, value in toleration.items() if name != "tolerationSeconds"}


def _gates(after: Manifest, before: Manifest) -> list[Problem]:
    old = [gate.get("name") for gate in before.get("schedulingGates", [])]
    return [
        Problem(
            f"spec.schedulingGates[{place}].name",
            f"Forbidden: only deletion is allowed, but found new scheduling gate '{gate.get('name')}'",
            Cause.FORBIDDEN,
        )
        for place, gate in enumerate(after.get("schedulingGates", []))
        if gate.get("name") not in old
    ]


def _frozen(new: Manifest, old: Manifest, fields: tuple[str, ...]) -> list[Problem]:
    if not old.get("immutable"):
        return []
    changed = [] if new.get("immutable") else ["immutable"]
    changed += [name for name in fields if new.get(name, {}) != old.get(name, {})]
    return [Problem(name, f"Forbidden: {WHEN_SET}", Cause.FORBIDDEN) for name in changed]


def _same(new: Manifest, old: Manifest, field: str) -> list[Problem]:
    given, stored = new.get(field, ""), old.get(field, "")
    return [] if given == stored else [rules.invalid(field, given, IMMUTABLE)]


def _spec(manifest: Manifest, struct: type[Object]) -> Manifest:
    """The spec without what says nothing: an empty field is like none."""
    spec: Manifest = encode(decode(manifest, struct)).get("spec", {})
    return spec


def _changed(new: Manifest, old: Manifest) -> list[str]:
    """Which fields differ."""
    return [name for name in sorted({*old, *new}) if new.get(name) != old.get(name)]
