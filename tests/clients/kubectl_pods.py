"""kubectl: what Pods say and use."""

import re
from typing import Any

from tests.clients import manifests
from tests.clients.case import Cases, Step
from tests.clients.documents import api, kubectl
from tests.clients.home import MEASURED_NODE, MEASURED_POD
from tests.clients.sandbox import Sandbox

CASES = Cases("kubectl")
LOGS, POD_API = kubectl("logs"), api("workload-resources", "pod-v1")
ONE = manifests.POD.replace("  - {name: side, image: example/side}\n", "").replace(
    """  - {name: side, ready: true, started: true, restartCount: 0, image: example/side, imageID: "",
     state: {running: {startedAt: "2026-08-01T10:00:00Z"}}}
""",
    "",
)


def with_log(sandbox: Sandbox, text: str, manifest: str = ONE) -> dict[str, Any]:
    """A Pod whose container has written something."""
    (pod,) = sandbox.create(manifest)
    sandbox.write_log(pod, text)
    return pod


@CASES("logs", "logs prints all; --tail the last lines; --limit-bytes the first bytes", LOGS)
def logs(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\ntwo\nthree\n")
    Step("logs p", out="one\ntwo\nthree\n").check(sandbox)
    Step("logs p --tail=1", out="three\n").check(sandbox)
    Step("logs p --tail=0", out="").check(sandbox)
    Step("logs p --limit-bytes=4", out="one\n").check(sandbox)
    Step("logs -l app=web --tail=-1", out="one\ntwo\nthree\n").check(sandbox)


@CASES("logs-follow", "logs -f goes on until the container has ended", LOGS)
def logs_follow(sandbox: Sandbox) -> None:
    pod = with_log(sandbox, "one\n")
    following = sandbox.start_kubectl("logs", "-f", "p")
    assert following.stdout
    assert following.stdout.readline() == "one\n"
    sandbox.write_log(pod, "two\n")
    assert following.stdout.readline() == "two\n"
    for status in pod["status"]["containerStatuses"]:
        status["state"] = {"terminated": {"exitCode": 0}}
    pod["status"]["phase"] = "Succeeded"
    answer = sandbox.http("PUT", "/api/v1/namespaces/$NS/pods/p/status", pod)
    assert answer.status_code == 200, answer.text
    rest, err = following.communicate(timeout=20)
    assert (following.returncode, rest) == (0, ""), err


@CASES("logs-since", "logs --since and --since-time leave out what is older", LOGS)
def logs_since(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\n")
    Step("logs p --since=1h", out="one\n").check(sandbox)
    Step("logs p --since-time=2099-01-01T00:00:00Z", out="").check(sandbox)


@CASES("logs-timestamps", "logs --timestamps puts RFC 3339 times with nanoseconds before each line", LOGS)
def logs_timestamps(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\n")
    done = sandbox.kubectl("logs", "p", "--timestamps")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z one\n", done.out), done


@CASES("logs-previous", "logs --previous prints what the container wrote before its last restart", LOGS)
def logs_previous(sandbox: Sandbox) -> None:
    pod = with_log(sandbox, "now\n", manifests.ENDED_POD)
    sandbox.write_log(pod, "before\n", restart=0)
    Step("logs p -c main", out="now\n").check(sandbox)
    Step("logs p -c main --previous", out="before\n").check(sandbox)


@CASES("logs-default-container", "a Pod with several containers: kubectl takes the first and says so", LOGS)
def logs_default_container(sandbox: Sandbox) -> None:
    with_log(sandbox, "one\n", manifests.POD)
    step = Step("logs p", out="one\n", err=['Defaulted container "main" out of: main, side'])
    step.check(sandbox)


CASES.lines(
    "logs-container",
    "a container that the Pod does not have",
    POD_API,
    Step("logs p -c nope", code=1, err=["container nope is not valid for pod p"]),
    given=manifests.POD,
)
CASES.lines(
    "logs-no-previous",
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
    Step("top pod p", code=1, err=["(NotFound): pods", '"p" not found']),
)
CASES.lines(
    "top-pods",
    "top pods prints what each Pod uses, with --containers each container",
    kubectl("top_pod"),
    Step(
        f"top pods -n {MEASURED_POD[0]}",
        like=[r"^NAME +CPU\(cores\) +MEMORY\(bytes\) *$", rf"^{MEASURED_POD[1]} +250m +64Mi *$"],
    ),
    Step("top pods -A --containers", like=[rf"^{MEASURED_POD[0]} +{MEASURED_POD[1]} +main +250m +64Mi *$"]),
)
CASES.lines(
    "top-nodes",
    "top nodes prints use and share of what is allocatable",
    kubectl("top_node"),
    Step(
        f"top node {MEASURED_NODE}",
        like=[
            r"^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\) *$",
            rf"^{MEASURED_NODE} +250m +6% +64Mi +0% *$",
        ],
    ),
    given=manifests.NODE.replace("$NS-node", MEASURED_NODE),
)
CASES.lines(
    "run-expose",
    "run creates a Pod, expose a Service for it",
    kubectl("run"),
    Step("run p --image=example/server --port=80", out="pod/p created\n"),
    Step("get pod p -o jsonpath={.metadata.labels.run}/{.spec.containers[0].name}", out="p/p"),
    Step("expose pod p --port=80 --name=web", out="service/web exposed\n"),
    Step("get svc web -o jsonpath={.spec.selector.run}/{.spec.ports[0].port}", out="p/80"),
)
CASES.lines(
    "wait-for-pods",
    "wait for a condition of every Pod that a label selects",
    kubectl("wait"),
    Step("wait pods -l app=web --for=condition=Ready --timeout=10s", out="pod/p condition met\n"),
    given=manifests.POD,
)
CASES.lines(
    "drain",
    "drain cordons a node and deletes its Pods",
    kubectl("drain"),
    Step(
        "drain $NS-node --force --disable-eviction --grace-period=0 --timeout=20s",
        has=["node/$NS-node cordoned", "pod/p deleted", "node/$NS-node drained"],
    ),
    Step("get pods -o name", out=""),
    Step("get node $NS-node -o jsonpath={.spec.unschedulable}", out="true"),
    given=manifests.NODE + "---" + manifests.POD,
)
