"""kubectl: what Pods say and use."""

import re

from tests.clients import manifests
from tests.clients.case import Cases, Step
from tests.clients.documents import api, kubectl
from tests.clients.sandbox import Sandbox

CASES = Cases("kubectl")
LOGS, POD_API = kubectl("logs"), api("workload-resources", "pod-v1")
ONE = manifests.POD.replace("  - {name: side, image: example/side}\n", "").replace(
    """  - {name: side, ready: true, started: true, restartCount: 0, image: example/side, imageID: "",
     state: {running: {startedAt: "2026-08-01T10:00:00Z"}}}
""",
    "",
)


def with_log(sandbox: Sandbox, text: str, pod: str = ONE) -> None:
    sandbox.create(pod)
    sandbox.home.pod_log(sandbox.namespace, "p").write_text(text)


@CASES("logs", "logs prints all; --tail the last lines; --limit-bytes the first bytes", LOGS)
def logs(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\ntwo\nthree\n")
    Step("logs p", out="one\ntwo\nthree\n").check(sandbox)
    Step("logs p --tail=1", out="three\n").check(sandbox)
    Step("logs p --tail=0", out="").check(sandbox)
    Step("logs p --limit-bytes=4", out="one\n").check(sandbox)
    Step("logs -l app=web --tail=-1", out="one\ntwo\nthree\n").check(sandbox)


@CASES("logs-follow", "logs -f goes on until the Pod has ended", LOGS)
def logs_follow(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\n")
    following = sandbox.start_kubectl("logs", "-f", "p")
    assert following.stdout
    assert following.stdout.readline() == "one\n"
    with sandbox.home.pod_log(sandbox.namespace, "p").open("a") as log:
        log.write("two\n")
    assert following.stdout.readline() == "two\n"
    ended = """patch pod p --subresource=status -p '{"status":{"phase":"Succeeded"}}'"""
    Step(ended).check(sandbox)
    rest, err = following.communicate(timeout=20)
    assert (following.returncode, rest) == (0, ""), err


@CASES("logs-since", "logs --since leaves out what is older", LOGS)
def logs_since(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\n")
    Step("logs p --since=1h", out="one\n").check(sandbox)
    Step("logs p --since-time=2099-01-01T00:00:00Z", out="").check(sandbox)


@CASES("logs-timestamps", "logs --timestamps puts RFC 3339 times with nanoseconds before each line", LOGS)
def logs_timestamps(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\n")
    done = sandbox.kubectl("logs", "p", "--timestamps")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d) one\n", done.out), done


CASES.lines(
    "logs-container",
    "a Pod with several containers: the first is the default, a wrong one is refused with the right ones",
    POD_API,
    Step("logs p -c nope", code=1, err=["container nope is not valid for pod p"]),
    Step("logs p", err=['Defaulted container "main" out of: main, side']),
    given=manifests.POD,
)
CASES.lines(
    "logs-previous",
    "--previous of a container that was never restarted",
    LOGS,
    Step(
        "logs p -c side --previous",
        code=1,
        err=['previous terminated container "side" in pod "p" not found'],
    ),
    given=manifests.POD,
)
CASES.lines(
    "logs-not-found",
    "logs of a Pod that is not there",
    LOGS,
    Step("logs p", code=1, err=['(NotFound): pods "p" not found']),
)
CASES.lines(
    "events",
    "events prints what happened, also to one object",
    kubectl("events"),
    Step(
        "events",
        like=[r"^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$", r"Normal +Pulled +Pod/p +Container image"],
    ),
    Step("events --for pod/p", has=["Pulled"]),
    Step("events --for pod/q", err=["No events found in $NS namespace."]),
    Step("events --types=Warning", lacks=["Pulled"]),
    given=manifests.EVENT,
)
CASES.lines(
    "events-field-selector",
    "Events are selected by what they are about",
    kubectl("get"),
    Step("get events --field-selector involvedObject.name=p,reason=Pulled -o name", out="event/p.17\n"),
    Step("get events --field-selector type!=Normal -o name", out=""),
    given=manifests.EVENT,
)
CASES.lines(
    "top-pods-unknown",
    "top of a Pod of which nothing was measured",
    kubectl("top_pod"),
    Step("top pod p", code=1, err=["not found"]),
)
CASES.lines(
    "top-nodes",
    "top nodes prints use and share of what is allocatable",
    kubectl("top_node"),
    Step("top nodes", like=[r"^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\)"]),
    given=manifests.NODE,
)
