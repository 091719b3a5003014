"""The life of a Pod: every phase meets every observation, then walks through whole lives."""

import signal
from dataclasses import replace

import pytest

from tests.node.lives import LIVENESS, NOW_MS, OBSERVATIONS, READINESS, SPEC, STARTUP, URI, Life, ended
from tradewind.node.life import (
    Adopted,
    Ask,
    Create,
    Deleted,
    Fetch,
    Fetched,
    FetchFailed,
    Kill,
    Observation,
    Phase,
    Probed,
    Progressed,
    Spec,
    Started,
    StartFailed,
    State,
    StopCreate,
    StopFetch,
    Tell,
    Tick,
    Trouble,
)
from tradewind.node.lifecycle import GOOD_RUN_MS, QUIET_START_MS, TABLE, restart_delay_ms, step
from tradewind.node.probes import Role, begin


def test_the_table_has_every_phase() -> None:
    assert set(TABLE) == set(Phase)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("seen", OBSERVATIONS, ids=lambda seen: type(seen).__name__)
def test_every_phase_takes_every_observation(phase: Phase, seen: Observation) -> None:
    before = State(
        phase=phase, pid=7, tallies=(replace(begin(READINESS, NOW_MS), due_ms=None),), stop_by_ms=NOW_MS
    )
    after, commands = step(before, seen, SPEC, NOW_MS)
    assert (after, commands) == step(before, seen, SPEC, NOW_MS)
    if type(seen) not in TABLE[phase]:
        assert (after, commands) == (before, ())


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.GONE])
def test_deletion_leads_out_of_every_phase(phase: Phase) -> None:
    life = Life(state=State(phase=phase, pid=7))
    life.see(Deleted(5_000))
    assert life.state.phase in (Phase.DRAINING, Phase.STOPPING, Phase.GONE)


@pytest.mark.parametrize(
    ("failures", "delay_ms"),
    [(1, 0), (2, 1_000), (3, 2_000), (4, 4_000), (7, 32_000), (8, 60_000), (9, 60_000), (1_000, 60_000)],
)
def test_restart_delays(failures: int, delay_ms: int) -> None:
    assert restart_delay_ms(failures) == delay_ms


def test_a_model_is_fetched_before_the_container_is_created() -> None:
    life = Life().see(Tick())
    assert (life.state.phase, life.done) == (Phase.FETCHING, [Fetch()])
    life.see(Progressed(1, 10))
    assert life.told == ["Pulling"]
    life.see(Progressed(5, 10))
    assert (life.told, life.state.progress) == ([], Progressed(5, 10))
    life.now_ms += 1_500
    life.see(Fetched())
    assert (life.state.phase, life.done) == (Phase.CREATING, [Create()])
    pulled = f"Model {URI} pulled in 1.500s (10 bytes)"
    assert life.commands[-1] == Tell("Normal", "Pulled", pulled, initial=True)


def test_a_model_that_is_here_already_is_not_said_to_be_pulled() -> None:
    life = Life().see(Tick(), Fetched())
    present = f"Model {URI} already present on machine"
    assert life.commands[-1] == Tell("Normal", "Pulled", present, initial=True)


def test_without_a_model_the_container_is_created_at_once() -> None:
    assert Life(replace(SPEC, models=())).see(Tick()).done == [Create()]


def test_a_failed_download_is_tried_again_later_and_later() -> None:
    life = Life().see(Tick())
    waits = []
    for _ in range(4):
        life.see(FetchFailed("Error", "no bucket"))
        assert life.state.phase is Phase.FETCH_BACKOFF
        assert life.told == ["Failed"]
        trouble = life.state.trouble
        assert trouble is not None
        assert trouble.reason == "CrashLoopBackOff"
        assert "no bucket" in trouble.message
        waits.append(life.wait())
        assert (life.state.phase, life.done) == (Phase.FETCHING, [Fetch()])
    assert waits == [0, 1_000, 2_000, 4_000]
    assert life.state.fetch_restarts == 4
    assert life.see(Fetched()).state.fetch_failures == 0


def test_a_download_that_was_not_tried_says_why_and_did_not_end() -> None:
    life = Life().see(Tick(), FetchFailed("CreateContainerConfigError", 'secret "s3" not found'))
    assert life.state.trouble == Trouble("CreateContainerConfigError", 'secret "s3" not found')
    assert life.state.fetch_ended is None


def test_a_container_that_cannot_be_created_is_tried_again() -> None:
    life = Life().see(Tick(), Fetched(), StartFailed("CreateContainerConfigError", "no secret"))
    assert (life.state.phase, life.state.trouble) == (
        Phase.CREATE_BACKOFF,
        Trouble("CreateContainerConfigError", "no secret"),
    )
    assert life.wait() == 0
    assert life.done == [Create()], "the model is not fetched again"
    assert life.state.restarts == 0


def test_readiness_comes_with_the_probe() -> None:
    life = Life().run(READINESS)
    assert (life.state.phase, life.state.ready, life.done) == (Phase.RUNNING, False, [Ask(READINESS)])
    assert life.state.due_ms is None, "while a probe is under way nothing is due"
    life.see(Probed(Role.READINESS, False, "refused"))
    assert life.told == [], "a replica that starts up is not unhealthy"
    life.wait()
    assert life.done == [Ask(READINESS)]
    life.see(Probed(Role.READINESS, True, ""))
    assert life.state.ready
    assert life.state.unready_because == ""


def test_a_server_that_has_just_started_is_only_loading() -> None:
    """That it does not answer yet is no news for some seconds; then it is, until it is ready."""
    life = Life().run(READINESS)
    while life.now_ms - NOW_MS < QUIET_START_MS:
        assert life.see(Probed(Role.READINESS, False, "refused")).state.unready_because == ""
        life.wait()
    life.see(Probed(Role.READINESS, False, "refused"))
    assert life.state.unready_because == "Readiness probe failed: refused"
    life.wait()
    assert life.see(Probed(Role.READINESS, True, "")).state.unready_because == ""


def test_a_container_without_probes_is_ready_once_it_runs() -> None:
    assert Life().run().state.ready


def test_readiness_goes_after_failures_in_a_row_and_is_told() -> None:
    life = Life().run(READINESS).see(Probed(Role.READINESS, True, ""))
    assert life.wait() == 1_000
    life.see(Probed(Role.READINESS, False, "503"))
    assert life.state.ready
    life.wait()
    life.see(Probed(Role.READINESS, False, "503"))
    assert not life.state.ready
    assert life.state.unready_because == "Readiness probe failed: 503", "it has been ready: this is news"
    assert life.commands[-1] == Tell("Warning", "Unhealthy", "Readiness probe failed: 503")
    assert life.state.phase is Phase.RUNNING, "readiness never restarts"


def test_a_failed_liveness_probe_restarts_with_the_pods_grace() -> None:
    life = Life().run(LIVENESS).see(Probed(Role.LIVENESS, False, "hung"))
    life.wait()
    life.see(Probed(Role.LIVENESS, False, "hung"))
    assert (life.state.phase, life.done, life.told) == (
        Phase.RESTARTING,
        [Kill(signal.SIGTERM)],
        ["Unhealthy", "Killing"],
    )
    assert life.wait() == SPEC.grace_ms
    assert life.done == [Kill(signal.SIGKILL)]
    life.see(ended(137))
    assert life.wait() == 0
    assert (life.state.restarts, life.done) == (1, [Create()])


def test_a_probes_own_grace_goes_before_the_pods() -> None:
    probe = replace(LIVENESS, failure_threshold=1, grace_ms=2_000)
    assert Life().run(probe).see(Probed(Role.LIVENESS, False, "hung")).wait() == 2_000


def test_until_the_startup_probe_has_passed_no_other_is_asked() -> None:
    life = Life().run(STARTUP, LIVENESS, READINESS)
    assert life.done == [Ask(STARTUP)]
    assert not life.state.started
    life.see(Probed(Role.STARTUP, True, ""))
    assert life.state.started
    assert life.done == [Ask(LIVENESS), Ask(READINESS)]


def test_a_start_up_that_takes_too_long_is_restarted() -> None:
    life = Life().run(STARTUP)
    for _ in range(1_000):
        life.see(Probed(Role.STARTUP, False, "503"))
        if life.state.phase is not Phase.RUNNING:
            break
        life.wait()
    assert life.state.phase is Phase.RESTARTING
    assert life.now_ms - NOW_MS == pytest.approx(3_000, abs=200)


def test_a_late_answer_of_an_earlier_process_does_not_count() -> None:
    life = Life().run(READINESS).see(Probed(Role.READINESS, False, "refused"))
    assert life.see(Probed(Role.READINESS, True, "")).state.ready is False


def test_crashes_wait_longer_and_longer_until_a_good_run() -> None:
    life = Life().run()
    waits = []
    for _ in range(4):
        life.see(ended())
        waits.append(life.wait())
        life.see(Started(8, ()))
    assert waits == [0, 1_000, 2_000, 4_000]
    life.see(ended(ran_ms=GOOD_RUN_MS))
    assert life.wait() == 0
    assert life.state.restarts == 5


def test_a_crash_says_what_happened() -> None:
    life = Life(state=State(phase=Phase.RUNNING, pid=7, failures=1)).see(ended())
    assert life.state.trouble == Trouble(
        "CrashLoopBackOff",
        "back-off 1s restarting failed container=main pod=fraud-0_ml(u1): exit code 1: boom",
    )
    assert life.told == ["BackOff"]


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [
        ("Always", 0, Phase.CRASH_BACKOFF),
        ("OnFailure", 0, Phase.FINISHED),
        ("OnFailure", 1, Phase.CRASH_BACKOFF),
        ("Never", 1, Phase.FINISHED),
    ],
)
def test_restart_policies(policy: str, code: int, phase: Phase) -> None:
    life = Life(replace(SPEC, restart_policy=policy)).run().see(ended(code))
    assert life.state.phase is phase


def test_an_adopted_replica_stays_as_ready_as_it_was_and_is_probed() -> None:
    life = Life().see(Adopted(7, (STARTUP, READINESS), was_started=True, was_ready=True))
    assert (life.state.phase, life.state.ready, life.done) == (Phase.RUNNING, True, [Ask(READINESS)])
    life.see(ended())
    life.wait()
    assert life.done == [Fetch()], "where its model lies is not known any more"


def test_one_that_ended_meanwhile_is_restarted() -> None:
    life = Life().see(ended(137))
    assert life.wait() == 0
    assert (life.state.restarts, life.done) == (1, [Fetch()])


def test_deletion_of_a_ready_replica_drains_first() -> None:
    life = Life().run().see(Deleted(5_000))
    assert (life.state.phase, life.state.ready, life.commands) == (Phase.DRAINING, True, ())
    assert life.wait() == SPEC.drain_ms
    assert (life.state.phase, life.state.ready, life.done) == (Phase.STOPPING, False, [Kill(signal.SIGTERM)])
    assert life.wait() == 5_000 - SPEC.drain_ms
    assert life.done == [Kill(signal.SIGKILL)]
    assert life.wait() > 0
    assert life.done == [Kill(signal.SIGKILL)]
    assert life.see(ended(137)).state.phase is Phase.GONE


@pytest.mark.parametrize("spec", [SPEC, replace(SPEC, drain_ms=0)])
def test_what_gets_no_requests_is_terminated_at_once(spec: Spec) -> None:
    life = Life(spec).run(*([READINESS] if spec.drain_ms else [])).see(Deleted(5_000))
    assert (life.state.phase, life.done, life.told) == (Phase.STOPPING, [Kill(signal.SIGTERM)], ["Killing"])


def test_a_shorter_grace_counts_a_longer_one_does_not() -> None:
    life = Life(replace(SPEC, drain_ms=0)).run().see(Deleted(30_000), Deleted(0))
    assert life.state.due_ms == NOW_MS + 1_000, "never less than a second"
    assert life.see(Deleted(60_000)).state.due_ms == NOW_MS + 1_000
    draining = Life().run().see(Deleted(30_000), Deleted(2_000))
    draining.wait()
    assert draining.state.due_ms == NOW_MS + 2_000


def test_a_download_is_given_up() -> None:
    life = Life().see(Tick(), Deleted(5_000))
    assert (life.state.phase, life.done) == (Phase.GONE, [StopFetch()])


@pytest.mark.parametrize("answer", [Started(7, ()), StartFailed("Cancelled", "")])
def test_a_start_is_given_up_without_leaving_a_process(answer: Observation) -> None:
    life = Life().see(Tick(), Fetched(), Deleted(5_000))
    assert (life.state.phase, life.done, life.state.due_ms) == (Phase.STOPPING, [StopCreate()], None)
    life.see(answer)
    if isinstance(answer, Started):
        assert life.done == [Kill(signal.SIGTERM)]
        life.see(ended())
    assert life.state.phase is Phase.GONE


def test_deleted_while_it_is_restarted() -> None:
    life = Life().run(replace(LIVENESS, failure_threshold=1)).see(Probed(Role.LIVENESS, False, "hung"))
    life.see(Deleted(2_000))
    assert (life.state.phase, life.commands, life.state.due_ms) == (Phase.STOPPING, (), NOW_MS + 2_000)
    assert life.see(ended()).state.phase is Phase.GONE
