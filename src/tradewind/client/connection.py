"""How to reach one API server, and as whom."""

import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Connection:
    """A server and credentials. Certificates and keys are PEM text; what is "" is not used.

    Without `ca` the system's authorities are trusted. `tls_server_name` is the name that the
    server's certificate must have, if that is not the host of the URL.
    """

    server: str  # https://host:port, without a slash at the end
    ca: str = ""
    client_certificate: str = ""
    client_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    tls_server_name: str = ""
    skip_tls_verify: bool = False


def ssl_context(connection: Connection) -> ssl.SSLContext:
    """The TLS settings of a connection. Raises ssl.SSLError when a certificate or key cannot be read."""
    context = ssl.create_default_context(cadata=connection.ca or None)
    if connection.skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.client_certificate:
        _load_client_certificate(context, connection)
    return context


def _load_client_certificate(context: ssl.SSLContext, connection: Connection) -> None:
    # OpenSSL reads certificate chains from files only; this one is the owner's alone and gone at once.
    with tempfile.TemporaryDirectory(prefix="tradewind-tls-") as folder:
        pem = Path(folder) / "client.pem"
        pem.touch(mode=0o600)
        pem.write_text(f"{connection.client_certificate}\n{connection.client_key}\n")
        context.load_cert_chain(pem)
