"""Bindings move out of clusters that fail, and old copies go when they are no longer needed."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tradewind.controller.plan import NOTHING, Effect, Key, Plan, Put, Record
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.bindings import binding_kind, template_of
from tradewind.federation.controllers.scheduler import is_scheduled_here
from tradewind.federation.failover import Decision, Situation, Told, decide, end_tasks
from tradewind.federation.keys import APPLIED_PLACEMENT, UNHEALTHY_SINCE
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core import Toleration
from tradewind.resources.meta import decode, encode, replace
from tradewind.resources.policy_types import Placement
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, ResourceBinding

# Upstream --resource-eviction-rate: the taints of a whole region come at once, and what is driven out needs
# room and models elsewhere.
TAINT_EVICTION_EVERY_MS = 2_000


def make_eviction() -> Controller:
    """The controller of graceful eviction tasks."""
    next_by_taint_ms = 0
    last_told: dict[Key, tuple[Told, ...]] = {}

    def step(key: Key, view: View, now_ms: int) -> Plan:
        nonlocal next_by_taint_ms
        binding = view.get(binding_kind(key.namespace), key.namespace, key.name)
        if binding is None or binding.metadata.deletion_timestamp:
            last_told.pop(key, None)
            return NOTHING
        allowed = 1 if now_ms >= next_by_taint_ms else 0
        situation = _situation(binding, view, allowed, now_ms)
        # What is not (or no more) scheduled here moves no further, but what has begun comes to its end.
        decision = decide(situation) if is_scheduled_here(binding) else end_tasks(situation)
        if decision.by_taint:
            next_by_taint_ms = now_ms + TAINT_EVICTION_EVERY_MS
        news = [one for one in decision.told if one not in last_told.get(key, ())]
        last_told[key] = decision.told
        return Plan(_effects(binding, decision, news), decision.look_at_ms)

    watches = (
        Watch(RESOURCE_BINDING, own_key),
        Watch(CLUSTER_RESOURCE_BINDING, own_key),
        Watch(CLUSTER, _bindings_in),
    )
    return Controller("eviction", watches, step)


def _situation(binding: ResourceBinding, view: View, allowed: int, now_ms: int) -> Situation:
    meta = binding.metadata
    return Situation(
        spec=binding.spec,
        status=binding.status,
        clusters=view.list(CLUSTER),
        tolerations=_applied_tolerations(binding),
        unhealthy_since_ms=_read(meta.annotations.get(UNHEALTHY_SINCE, "{}"), dict[str, int], {}),
        is_observed=binding.status.scheduler_observed_generation >= meta.generation,
        taint_evictions=allowed,
        now_ms=now_ms,
    )


def _applied_tolerations(binding: ResourceBinding) -> list[Toleration]:
    """Those of the placement that the object was placed by, so that a change of policy is placed first."""
    text = binding.metadata.annotations.get(APPLIED_PLACEMENT, "")
    applied = decode(_read(text, dict[str, Any], {}), Placement) if text else binding.spec.placement
    return applied.cluster_tolerations if applied else []


def _read(text: str, type_: Any, otherwise: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=type_)
    except msgspec.DecodeError:
        return otherwise


def _effects(binding: ResourceBinding, decision: Decision, news: Iterable[Told]) -> tuple[Effect, ...]:
    kind = binding_kind(binding.metadata.namespace)
    notes = {key: value for key, value in binding.metadata.annotations.items() if key != UNHEALTHY_SINCE}
    if decision.unhealthy_since_ms:
        notes[UNHEALTHY_SINCE] = msgspec.json.encode(decision.unhealthy_since_ms, order="sorted").decode()
    changed = replace(binding, metadata=replace(binding.metadata, annotations=notes), spec=decision.spec)
    put = () if changed == binding else (Put(kind, encode(changed)),)
    about = template_of(binding)
    told = (Record(about, "Warning" if one.is_warning else "Normal", one.reason, one.message) for one in news)
    return (*put, *told)


def _bindings_in(cluster: Any, view: View) -> Iterable[Key]:
    """The bindings that name a cluster, or are leaving one and look for another."""
    found = [*view.list(RESOURCE_BINDING), *view.list(CLUSTER_RESOURCE_BINDING)]
    return [
        Key(one.metadata.namespace, one.metadata.name)
        for one in found
        if one.spec.graceful_eviction_tasks
        or any(target.name == cluster.metadata.name for target in one.spec.clusters)
    ]
