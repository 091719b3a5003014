"""The fleet's certificates work in a real TLS handshake."""

import socket
import ssl
import stat
import threading
import time

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tradewind.base.certificates import (
    CERTIFICATE_DAYS,
    Credentials,
    issue,
    make_authority,
    read_credentials,
    write_credentials,
)

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def authority() -> Credentials:
    return make_authority("fleet", time.time_ns() // 1_000_000)


def handshake(home, server: Credentials, client: Credentials | None, trusted: Credentials, host: str):
    """The certificate that a server sees of its client. Raises what either side raises."""
    for name, one in (("server", server), ("client", client)):
        if one:
            write_credentials(one, home / f"{name}.crt", home / f"{name}.key")
    (home / "ca.crt").write_bytes(trusted.certificate)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(home / "ca.crt"))
    serving.load_cert_chain(home / "server.crt", home / "server.key")
    serving.verify_mode = ssl.CERT_OPTIONAL
    calling = ssl.create_default_context(cafile=str(home / "ca.crt"))
    calling.verify_flags |= ssl.VERIFY_X509_STRICT
    if client:
        calling.load_cert_chain(home / "client.crt", home / "client.key")
    one, other = socket.socketpair()
    seen: list[object] = []

    def serve() -> None:
        try:
            with serving.wrap_socket(one, server_side=True) as wrapped:
                seen.append(wrapped.getpeercert())
                wrapped.sendall(b"x")
        except ssl.SSLError as error:
            seen.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with calling.wrap_socket(other, server_hostname=host) as wrapped:
            wrapped.recv(1)
    finally:
        other.close()
        thread.join(5)
    if isinstance(seen[0], ssl.SSLError):
        raise seen[0]
    return seen[0]


def now(authority: Credentials) -> int:
    return (
        int(x509.load_pem_x509_certificate(authority.certificate).not_valid_before_utc.timestamp() * 1000)
        + 600_000
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_server_and_client_know_each_other(tmp_path, authority, host):
    server = issue(authority, "hub", now(authority), hosts=["127.0.0.1", "localhost"])
    client = issue(authority, "admin", now(authority), organizations=["system:masters", "ops"])
    seen = handshake(tmp_path, server, client, authority, host)
    assert [part[0] for part in seen["subject"]] == [
        ("organizationName", "system:masters"),
        ("organizationName", "ops"),
        ("commonName", "admin"),
    ]


def test_a_client_may_stay_unknown(tmp_path, authority):
    server = issue(authority, "hub", now(authority), hosts=["127.0.0.1"])
    assert not handshake(tmp_path, server, None, authority, "127.0.0.1")


def test_strangers_are_refused(tmp_path, authority):
    other = make_authority("other", now(authority))
    server = issue(authority, "hub", now(authority), hosts=["127.0.0.1"])
    with pytest.raises(ssl.SSLError):
        handshake(tmp_path, server, issue(other, "admin", now(authority)), authority, "127.0.0.1")
    with pytest.raises(ssl.SSLError):
        handshake(tmp_path, server, None, authority, "example.com")
    with pytest.raises(ssl.SSLError):
        handshake(tmp_path, server, None, other, "127.0.0.1")


def test_a_clients_certificate_serves_nothing(tmp_path, authority):
    client = issue(authority, "admin", now(authority))
    with pytest.raises(ssl.SSLError):
        handshake(tmp_path, client, None, authority, "127.0.0.1")
    uses = x509.load_pem_x509_certificate(client.certificate).extensions.get_extension_for_class(
        x509.ExtendedKeyUsage
    )
    assert list(uses.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_an_expired_certificate_is_refused(tmp_path, authority):
    server = issue(authority, "hub", now(authority), hosts=["127.0.0.1"])
    expired = issue(authority, "admin", now(authority) - (CERTIFICATE_DAYS + 1) * DAY_MS)
    with pytest.raises(ssl.SSLError):
        handshake(tmp_path, server, expired, authority, "127.0.0.1")


def test_times_and_serial_numbers():
    authority = make_authority("fleet", NOW_MS)
    one, other = (x509.load_pem_x509_certificate(issue(authority, "x", NOW_MS).certificate) for _ in range(2))
    assert one.serial_number != other.serial_number
    assert one.not_valid_before_utc.timestamp() * 1000 < NOW_MS
    assert one.not_valid_after_utc.timestamp() * 1000 == NOW_MS + CERTIFICATE_DAYS * DAY_MS


def test_only_the_owner_can_read_a_key_and_no_text_shows_it(tmp_path, authority):
    write_credentials(authority, tmp_path / "new" / "ca.crt", tmp_path / "new" / "ca.key")
    assert stat.S_IMODE((tmp_path / "new" / "ca.key").stat().st_mode) == 0o600
    assert read_credentials(tmp_path / "new" / "ca.crt", tmp_path / "new" / "ca.key") == authority
    assert "PRIVATE KEY" not in repr(authority)


def test_an_authority_that_is_none_is_refused():
    with pytest.raises(ValueError, match="PEM"):
        issue(Credentials(b"x", b"y"), "x", NOW_MS)
