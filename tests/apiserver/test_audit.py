"""The audit log: who did what, in one line each, whatever the disk does."""

import asyncio
import json
import os
import ssl
import stat
from pathlib import Path

import pytest

from tests.apiserver.conftest import serving
from tradewind.apiserver.audit_log import BACKUPS, AuditLog

MAPS = "/api/v1/namespaces/ml/configmaps"
SECRET = "c2VjcmV0LXZhbHVl"


@pytest.fixture
async def audited(tls_home, tmp_path):
    """A server with an audit log; `lines()` of the test closes the log first, so that all is on disk."""
    log = AuditLog(tmp_path / "logs" / "audit.log")
    async with serving(tls_home, tmp_path, audit_log=log) as running:
        yield running, log
    log.close()


def events_of(log: AuditLog, home: Path) -> list[dict]:
    log.close()
    return [json.loads(line) for line in (home / "logs" / "audit.log").read_text().splitlines()]


async def test_a_write_is_one_line_with_who_what_and_when(audited):
    api, log = audited
    body = {"metadata": {"name": "m"}, "data": {"key": SECRET}}
    code, _, headers = await api.ask_all("POST", f"{MAPS}?fieldValidation=Strict", body, User_Agent="test/1")
    assert code == 201
    [event] = events_of(log, api.home)
    received, done = event.pop("requestReceivedTimestamp"), event.pop("stageTimestamp")
    assert received <= done
    assert event == {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": headers["Audit-Id"],
        "stage": "ResponseComplete",
        "requestURI": f"{MAPS}?fieldValidation=Strict",
        "verb": "create",
        "user": {"username": "admin", "groups": ["system:masters", "system:authenticated"]},
        "sourceIPs": ["127.0.0.1"],
        "userAgent": "test/1",
        "objectRef": {"resource": "configmaps", "namespace": "ml", "name": "m", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 201},
        "annotations": {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": "",
        },
    }
    path = api.home / "logs" / "audit.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text()


async def test_what_is_written_down_and_what_is_not(audited):
    api, log = audited
    token = "not-a-token"
    await api.ask("GET", MAPS)
    await api.ask("GET", MAPS, user="nobody")
    await api.ask("GET", MAPS, user="", Authorization=f"Bearer {token}")
    await api.ask("GET", "/healthz", user="")
    await api.ask("POST", MAPS, {"metadata": {"name": "A"}})
    await api.ask("DELETE", f"{MAPS}/m", Impersonate_User="jane")
    await api.ask("DELETE", f"{MAPS}/m")
    found = [
        (
            one["user"].get("username"),
            one.get("impersonatedUser", {}).get("username"),
            one["verb"],
            one["responseStatus"]["code"],
            one["responseStatus"].get("reason"),
            one.get("annotations", {}).get("authorization.k8s.io/decision"),
        )
        for one in events_of(log, api.home)
    ]
    assert found == [
        ("nobody", None, "list", 403, "Forbidden", "forbid"),
        (None, None, "list", 401, "Unauthorized", None),
        ("admin", None, "create", 422, "Invalid", "allow"),
        ("admin", "jane", "delete", 403, "Forbidden", "forbid"),
        ("admin", None, "delete", 404, "NotFound", "allow"),
    ]
    [unknown] = [one for one in events_of(log, api.home) if not one["user"]]
    assert unknown["annotations"] == {"tradewind.dev/unauthorized": "invalid bearer token: DecodeError"}
    assert token not in (api.home / "logs" / "audit.log").read_text()


async def test_a_client_may_choose_its_audit_id_if_it_fits(audited):
    api, _ = audited
    for given, kept in [("mine-1", True), ("x" * 65, False)]:
        _, _, headers = await api.ask_all("GET", MAPS, Audit_ID=given)
        assert (headers["Audit-Id"] == given) is kept


STRANGE = [
    b"GET /api/v1/namespaces/ml/configmaps HTTP/1.1\r\nHost: x\r\nUser-Agent: \xff\xfe\r\n\r\n",
    b"GET /api/v1/namespaces/%FF/configmaps HTTP/1.1\r\nHost: x\r\n\r\n",
    b"DELETE /api/v1/namespaces/ml/configmaps/%ED%A0%80 HTTP/1.1\r\nHost: x\r\nAudit-ID: \xff\r\n\r\n",
    b"DELETE /api/v1/namespaces/ml/configmaps/m HTTP/1.1\r\nHost: x\r\nImpersonate-User: \xff\r\n\r\n",
    b"DELETE /x HTTP/1.1\r\nHost: x\r\nImpersonate-User: a\r\nImpersonate-Extra-%FF: b\r\n\r\n",
    b"GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff.\xff.\xff\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", STRANGE, ids=range(len(STRANGE)))
async def test_bytes_that_are_no_text_are_an_error_of_the_client(audited, request_bytes):
    api, log = audited
    context = ssl.create_default_context(cafile=str(api.home / "ca.crt"))
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port, ssl=context)
    writer.write(request_bytes)
    status = (await asyncio.wait_for(reader.readline(), 5)).split()[1]
    writer.close()
    assert status in (b"400", b"401", b"403")
    assert events_of(log, api.home)


def test_old_files_are_kept_in_a_small_number(tmp_path):
    for number in range(BACKUPS + 3):
        log = AuditLog(tmp_path / "audit.log", max_bytes=10)
        log.append(f"line {number} is long".encode())
        log.close()
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == [f"audit.log.{number}" for number in range(1, BACKUPS + 1)]
    assert (tmp_path / "audit.log.1").read_text() == f"line {BACKUPS + 2} is long\n"


async def test_a_full_disk_fails_no_request_and_is_told(tls_home, tmp_path, caplog):
    (tmp_path / "audit.log").symlink_to("/dev/full")
    log = AuditLog(tmp_path / "audit.log")
    async with serving(tls_home, tmp_path, audit_log=log) as api:
        code, _ = await api.ask("POST", MAPS, {"metadata": {"name": "m"}})
    log.close()
    assert code == 201
    assert "1 lines of the audit log were lost" in caplog.text
    assert "No space left on device" in caplog.text


def test_lines_that_come_faster_than_the_disk_takes_them_are_counted(tmp_path, caplog):
    path = tmp_path / "audit.log"
    os.mkfifo(path)  # opening it waits for a reader, as a disk that hangs
    log = AuditLog(path, max_waiting=2)
    for _ in range(10):
        log.append(b"line")
    assert "lines of the audit log were lost: they come faster than the disk takes them" in caplog.text
    with path.open("rb"):
        log.close()
