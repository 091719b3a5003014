"""Client certificates at the door: another authority's, one whose time has passed, one that is nobody's."""

import asyncio
import ssl

import aiohttp
import pytest

from tests.apiserver.conftest import now_ms
from tradewind.apiserver.tokens import InvalidToken
from tradewind.apiserver.users import user_of
from tradewind.base.certificates import issue, make_authority, read_credentials, write_credentials

YEAR_MS = 366 * 24 * 60 * 60 * 1000


async def knock(api, home, credentials) -> int:
    """The status of a request with this certificate."""
    write_credentials(credentials, home / "x.crt", home / "x.key")
    context = ssl.create_default_context(cafile=str(api.home / "ca.crt"))
    context.load_cert_chain(home / "x.crt", home / "x.key")
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        session.get(f"{api.server.url}/api/v1/namespaces") as answer,
    ):
        return answer.status


async def test_certificates_that_do_not_hold_are_turned_away_at_the_door(api, tls_home, tmp_path):
    """TLS itself refuses them; kube-apiserver lets them in and answers 401."""
    ours = read_credentials(tls_home / "ca.crt", tls_home / "ca.key")
    stranger = make_authority("other", now_ms())
    good = issue(ours, "x", now_ms(), organizations=["system:masters"])
    assert await knock(api, tmp_path, good) == 200
    for bad in (
        issue(stranger, "x", now_ms(), organizations=["system:masters"]),
        issue(ours, "x", now_ms() - YEAR_MS, organizations=["system:masters"]),
    ):
        with pytest.raises((aiohttp.ClientError, ssl.SSLError, asyncio.TimeoutError, OSError)):
            await knock(api, tmp_path, bad)


def test_a_certificate_that_ends_during_a_connection_is_unauthorized():
    class Tls:
        def getpeercert(self):
            return {"subject": ((("commonName", "me"),),), "notAfter": "Jan 15 08:00:00 2027 GMT"}

    class Request:
        headers: dict[str, str] = {}
        tls = Tls()

        def get_extra_info(self, _):
            return self.tls

    request, ends_ms = Request(), 1_800_000_000_000
    assert user_of(request, None, ends_ms - 1).name == "me"
    with pytest.raises(InvalidToken, match="has expired"):
        user_of(request, None, ends_ms)
