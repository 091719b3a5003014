"""The scheduler as a reconcile loop: one key for all Pods, since every binding limits the next one."""

from collections.abc import Callable

from tradewind.controller.plan import Delete, Effect, Key, Plan, Put, PutStatus, Record
from tradewind.controller.view import Controller, View, Watch
from tradewind.node.schedule import Ports, Refusal, ports_of, schedule
from tradewind.resources.core import Pod
from tradewind.resources.core_kinds import NODE, POD
from tradewind.resources.core_parts import PodCondition
from tradewind.resources.meta import condition_of, encode, replace
from tradewind.resources.times import time_text

ALL_PODS = Key("", "pods")
LOOK_AGAIN_MS = 5_000  # a port that a foreign process holds becomes free without any object changing


def make_scheduler(replica_ports: range, is_free: Callable[[int], bool]) -> Controller:
    """The controller that binds Pods to nodes and to ports of `replica_ports`.

    `is_free` says whether a port could be listened on now; it is asked only while Pods wait.
    """

    def step(_: Key, view: View, now_ms: int) -> Plan:
        pods = view.list(POD)
        waiting = [pod for pod in pods if not pod.spec.node_name]
        if not waiting:
            return Plan()
        given = {port for pod in pods for port in ports_of(pod)}
        busy = frozenset(port for port in replica_ports if port not in given and not is_free(port))
        outcome = schedule(pods, view.list(NODE), Ports(replica_ports, busy))
        effects = [effect for pod in outcome.bound for effect in _bind(pod)]
        effects += [effect for refusal in outcome.refused for effect in _refuse(refusal, now_ms)]
        effects += [_remove(pod) for pod in waiting if pod.metadata.deletion_timestamp]
        return Plan(tuple(effects), now_ms + LOOK_AGAIN_MS if outcome.refused else None)

    return Controller("scheduler", (Watch(POD, _all_pods), Watch(NODE, _all_pods)), step)


def _all_pods(_: object, __: View) -> tuple[Key, ...]:
    return (ALL_PODS,)


def _bind(pod: Pod) -> list[Effect]:
    meta, manifest = pod.metadata, encode(pod)
    message = f"Successfully assigned {meta.namespace}/{meta.name} to {pod.spec.node_name}"
    return [Put(POD, manifest), Record(manifest, "Normal", "Scheduled", message)]


def _refuse(refusal: Refusal, now_ms: int) -> list[Effect]:
    """Say why, once for every change of the reason."""
    pod = refusal.pod
    known = condition_of(pod.status.conditions, "PodScheduled")
    if known is not None and known.message == refusal.message:
        return []
    condition = PodCondition(
        type="PodScheduled",
        status="False",
        reason="Unschedulable",
        message=refusal.message,
        last_transition_time=(known and known.last_transition_time) or time_text(now_ms),
    )
    others = [other for other in pod.status.conditions if other.type != "PodScheduled"]
    status = replace(pod.status, phase="Pending", conditions=[condition, *others])
    manifest = encode(replace(pod, status=status))
    return [PutStatus(POD, manifest), Record(manifest, "Warning", "FailedScheduling", refusal.message)]


def _remove(pod: Pod) -> Effect:
    """No node has seen the Pod, so nothing has to end first (kubernetes podStrategy.CheckGracefulDelete)."""
    return Delete(POD, pod.metadata.namespace, pod.metadata.name, pod.metadata.uid, grace_seconds=0)
