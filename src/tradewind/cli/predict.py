"""`tradewind predict`."""

import http.client
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.base.ports import LOOPBACK, hub_ports, member_ports
from tradewind.cli.errors import CliError
from tradewind.cli.home import RunningFleet, open_fleet
from tradewind.cli.options import DEFAULT_HOME, Home, Namespace, Timeout
from tradewind.cli.waiting import timeout_seconds
from tradewind.resources.shape import nearest

REGION_HEADER = "x-tradewind-region"
NOT_FOUND = 404
MAX_QUOTED = 300

app = typer.Typer()


@app.command()
def predict(
    name: Annotated[str, typer.Argument(help="The InferenceService.")],
    data: Annotated[
        str,
        typer.Option(
            "--data", "-d", help="The request: JSON, @FILE, or @- for standard input.", show_default=False
        ),
    ],
    namespace: Namespace = "default",
    cluster: Annotated[
        str,
        typer.Option("--cluster", help="Ask this cluster's gateway, not the front door.", show_default=False),
    ] = "",
    region: Annotated[
        str, typer.Option("--region", help="Ask as from this region: its gateway first.", show_default=False)
    ] = "",
    timeout: Timeout = "60s",
    home: Home = DEFAULT_HOME,
) -> None:
    """Ask a served model, and print its answer as one line of JSON.

    {"instances": …} is sent as a V1 predict request, {"inputs": …} as a V2 (Open Inference Protocol) one.

    \b
    Examples:
      tradewind predict iris -n ml --data '{"instances": [[5.1, 3.5, 1.4, 0.2]]}'
      tradewind predict iris -n ml --data @rows.json --cluster eu-west-1
      tradewind predict iris -n ml --data @rows.json --region eu-west-1
    """
    running = open_fleet(home)
    body = _read(data)
    path = f"/serving/{namespace}/{name}{_protocol_path(name, body)}"
    port = _port(running, cluster)
    where = f"the gateway of {cluster}" if cluster else "the front door"
    headers = {"Content-Type": "application/json"}
    if region:
        headers[REGION_HEADER] = _known_region(running, region)
    code, answer = _post(where, port, path, body, headers, timeout_seconds(timeout))
    if code != http.client.OK:
        raise CliError(
            f"{namespace}/{name} at {where}: HTTP {code}: {_reason(answer)}{_hint(code, namespace)}"
        )
    typer.echo(json.dumps(_json(answer)))


def _read(data: str) -> Any:
    """The request. Raises CliError when it cannot be read or is no JSON object."""
    try:
        text = data
        if data.startswith("@"):
            text = sys.stdin.read() if data == "@-" else Path(data[1:]).read_text()
        body = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"--data {data}: cannot be read: {error}") from error
    except ValueError as error:
        hint = "" if data.startswith("@") else "; a file is given as @FILE"
        raise CliError(f"--data is no JSON: {error}{hint}") from error
    return body


def _protocol_path(name: str, body: Any) -> str:
    if isinstance(body, dict) and "instances" in body:
        return f"/v1/models/{name}:predict"
    if isinstance(body, dict) and "inputs" in body:
        return f"/v2/models/{name}/infer"
    raise CliError('--data: write an object with "instances" (V1) or "inputs" (V2, Open Inference Protocol)')


def _port(running: RunningFleet, cluster: str) -> int:
    base = running.fleet.spec.ports.base
    return member_ports(base, running.index_of(cluster)).gateway if cluster else hub_ports(base).front_door


def _known_region(running: RunningFleet, region: str) -> str:
    regions = sorted({cluster.region for cluster in running.fleet.spec.clusters})
    if region not in regions:
        raise CliError(
            f'no cluster in region "{region}"; regions: {", ".join(regions)}{nearest(region, regions)}'
        )
    return region


def _post(
    where: str, port: int, path: str, body: Any, headers: dict[str, str], seconds: float
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=seconds)
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read()
    except TimeoutError as error:
        raise CliError(f"{where} gave no answer within {seconds:g} s; wait longer with --timeout") from error
    except (OSError, http.client.HTTPException) as error:
        raise CliError(
            f"{where} does not answer at http://{LOOPBACK}:{port} ({error}); see tradewind status"
        ) from error
    finally:
        connection.close()


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError as error:
        raise CliError(f"the answer is no JSON: {answer[:MAX_QUOTED].decode(errors='replace')}") from error


def _reason(answer: bytes) -> str:
    """What an error's body says, in the fields that model servers and gateways use; else all of it."""
    try:
        body = json.loads(answer)
    except ValueError:
        body = None
    if isinstance(body, dict):
        said = next((body[key] for key in ("error", "message", "detail") if body.get(key)), None)
        if said is not None:
            return said if isinstance(said, str) else json.dumps(said)
    return answer[:MAX_QUOTED].decode(errors="replace").strip() or "no reason given"


def _hint(code: int, namespace: str) -> str:
    if code == NOT_FOUND:
        return f"; see what is served with: tradewind get inferenceservices -n {namespace}"
    return ""
