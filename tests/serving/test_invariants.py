"""Whatever happens in whatever order: what serves goes on serving, and in the end all is as wanted."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serving.cluster import Cluster, inference_service, revision_of
from tradewind.controller.plan import Delete, Plan
from tradewind.resources.core_kinds import POD, SERVICE
from tradewind.resources.meta import Manifest

MODELS = [f"s3://models/iris/v{number}" for number in range(1, 5)]
BROKEN = MODELS[3]
EVENTS = st.one_of(
    st.tuples(st.just("apply"), st.sampled_from(MODELS), st.integers(0, 5)),
    st.tuples(st.just("step"), st.integers(1, 4)),
    st.tuples(st.just("node"), st.integers(1, 2)),
    st.tuples(st.just("room"), st.integers(0, 8)),
    st.tuples(st.just("kill"), st.integers(0, 9)),
    st.tuples(st.just("unready"), st.integers(0, 9)),
    st.tuples(st.just("fail"), st.integers(1, 5)),
)


def is_ready(pod: Manifest) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return ready and not pod["metadata"].get("deletionTimestamp")


class Watched(Cluster):
    """Judges every plan by the world that it was made for."""

    wanted = 1

    def step(self, service: str = "iris") -> Plan:
        routed = (SERVICE.resource, "ml", "iris-predictor") in self.objects
        before = {pod["metadata"]["name"]: pod for pod in copy.deepcopy(self.pods())}
        serving = self.serving() if routed else ""
        plan = super().step(service)
        gone = {one.name for one in plan.effects if isinstance(one, Delete) and one.kind is POD}
        self._judge(serving, before, gone)
        return plan

    def _judge(self, serving: str, before: dict[str, Manifest], gone: set[str]) -> None:
        """Ready replicas of the revision that serves are deleted only when there are more than wanted, or,
        for lack of room, so that at least three quarters stay ready in both revisions together."""
        mine = {name for name, pod in before.items() if revision_of(pod) == serving and is_ready(pod)}
        if not mine & gone:
            return
        ready = [name for name, pod in before.items() if is_ready(pod) and name not in gone]
        left = len(mine - gone)
        unfit = [pod for pod in before.values() if "Unschedulable" in str(pod.get("status"))]
        given_up = max(1, self.wanted // 4) if unfit and self.wanted > 1 else 0
        assert len(ready) >= self.wanted - given_up or left >= self.wanted
        assert left >= 1


def play(cluster: Watched, event: tuple) -> None:
    pods = cluster.pods()
    match event:
        case ("apply", uri, replicas):
            cluster.wanted = max(1, replicas)
            cluster.apply(inference_service(uri, replicas))
        case ("step", times):
            for _ in range(times):
                cluster.step()
        case ("node", times):
            for _ in range(times):
                cluster.node()
        case ("room", room):
            cluster.room = room
        case ("kill", place) if pods:
            del cluster.objects[(POD.resource, "ml", pods[place % len(pods)]["metadata"]["name"])]
        case ("unready", place) if pods:
            pods[place % len(pods)]["status"] = {"conditions": [{"type": "PodScheduled", "status": "True"}]}
        case ("fail", later):
            cluster.fail_writes = {number + later for number in [len(cluster.log)]}


@settings(max_examples=120, deadline=None)
@given(events=st.lists(EVENTS, max_size=25), last=st.sampled_from(MODELS[:3]), replicas=st.integers(1, 5))
def test_what_serves_goes_on_and_all_ends_well(events: list[tuple], last: str, replicas: int):
    cluster = Watched(room=5, broken=lambda uri: uri == BROKEN)
    cluster.apply(inference_service(MODELS[0], 2))
    cluster.wanted = 2
    for event in events:
        play(cluster, event)
    cluster.fail_writes, cluster.room, cluster.wanted = set(), 10, replicas
    cluster.apply(inference_service(last, replicas))
    cluster.run(turns=60)
    latest = cluster.status()["components"]["predictor"]["latestCreatedRevision"]
    assert cluster.serving() == latest
    assert [revision_of(pod) for pod in cluster.pods()] == [latest] * replicas
    assert all(is_ready(pod) for pod in cluster.pods())
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.status()["replicas"] == {"replicas": replicas, "readyReplicas": replicas}
    assert cluster.step().effects == ()


@settings(max_examples=25, deadline=None)
@given(replicas=st.integers(2, 9), room=st.integers(2, 12))
def test_a_rollout_in_a_cluster_of_any_size_ends_and_never_halves_the_service(replicas: int, room: int):
    cluster = Watched(room=max(room, replicas))
    cluster.wanted = replicas
    cluster.apply(inference_service(MODELS[0], replicas))
    cluster.run(turns=60)
    cluster.apply(inference_service(MODELS[1], replicas))
    for _ in range(60):
        cluster.step()
        cluster.node()
        serving = [pod for pod in cluster.pods(cluster.serving()) if is_ready(pod)]
        assert len(serving) >= replicas // 2
    assert cluster.serving() == "iris-predictor-00002"
    assert len(cluster.pods()) == replicas
