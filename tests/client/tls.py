"""Certificates for servers and clients of tests: an authority, and what it signs."""

import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path

from tradewind.base.certificates import Credentials, issue, make_authority
from tradewind.client.connection import Connection


@dataclass(frozen=True)
class Authority:
    """A certificate authority that lives as long as a test."""

    credentials: Credentials = field(default_factory=lambda: make_authority("test-ca", now_ms()))

    @property
    def pem(self) -> str:
        """Its certificate."""
        return self.credentials.certificate.decode()

    def server(self) -> Credentials:
        """A certificate for a server on loopback that is also called `server.test`."""
        return issue(self.credentials, "server", now_ms(), hosts=("127.0.0.1", "server.test"))

    def connection(self, url: str, user: str = "admin", token: str = "") -> Connection:
        """How an administrator with a certificate of this authority connects."""
        pair = issue(self.credentials, user, now_ms(), organizations=("system:masters",))
        return Connection(
            url,
            ca=self.pem,
            client_certificate=pair.certificate.decode(),
            client_key=pair.private_key.decode(),
            token=token,
        )


def server_context(authority: Authority, folder: Path) -> ssl.SSLContext:
    """What a server needs to answer on loopback; it insists on the authority's client certificates."""
    pair = authority.server()
    chain = folder / "server.pem"
    chain.write_bytes(pair.certificate + pair.private_key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.pem)
    context.load_cert_chain(chain)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def now_ms() -> int:
    """The time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
