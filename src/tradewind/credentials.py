"""Who is somebody in a fleet (shell): its authority, its certificates, and the kubeconfig."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from tradewind.apiserver.tokens import make_key
from tradewind.base import certificates
from tradewind.base.files import write_atomic
from tradewind.base.layout import FleetLayout
from tradewind.base.ports import LOOPBACK
from tradewind.client.connection import Connection
from tradewind.client.kubeconfig import fleet_kubeconfig
from tradewind.parts import admin_connection, parts_of
from tradewind.resources.fleet import Fleet

DAY_MS = 24 * 60 * 60 * 1000
RENEW_DAYS = 30  # a certificate that ends sooner is made anew by the next `up`


@dataclass(frozen=True)
class CertificateOwner:
    """Who a certificate is for; with `hosts` it is a server's too."""

    user: str
    group: str
    hosts: tuple[str, ...]
    certificate: Path
    key: Path


def prepare(layout: FleetLayout, fleet: Fleet, now_ms: int) -> None:
    """Write what the parts start from: the fleet, the authority, certificates and the kubeconfig."""
    write_atomic(layout.fleet_file, msgspec.json.encode(fleet))
    make_authority = partial(certificates.make_authority, f"tradewind-{fleet.metadata.name}", now_ms)
    _keep_credentials(layout.ca_certificate, layout.ca_key, make_authority, now_ms)
    authority = certificates.read_credentials(layout.ca_certificate, layout.ca_key)
    issue = partial(certificates.issue, authority, now_ms=now_ms)
    for owner in _owners(layout, fleet):
        make = partial(issue, owner.user, organizations=(owner.group,), hosts=owner.hosts)
        _keep_credentials(owner.certificate, owner.key, make, now_ms)
    for part in parts_of(layout, fleet):
        if not part.layout.token_key.exists():  # tokens that were given out hold for as long as it stays
            write_atomic(part.layout.token_key, make_key(), mode=0o600)
    contexts = {part.name: admin_connection(layout, part.api_port) for part in parts_of(layout, fleet)}
    kubeconfig = msgspec.yaml.encode(fleet_kubeconfig(contexts, current="hub"))
    write_atomic(layout.kubeconfig, kubeconfig, mode=0o600)


def user_kubeconfig(
    layout: FleetLayout, fleet: Fleet, user: str, groups: tuple[str, ...], now_ms: int, days: int
) -> bytes:
    """A kubeconfig with the hub and every member, for a user with a new certificate. Raises OSError."""
    authority = certificates.read_credentials(layout.ca_certificate, layout.ca_key)
    made = certificates.issue(authority, user, now_ms, organizations=groups, days=days)
    contexts = {
        part.name: Connection(
            server=f"https://{LOOPBACK}:{part.api_port}",
            ca=authority.certificate.decode(),
            client_certificate=made.certificate.decode(),
            client_key=made.private_key.decode(),
        )
        for part in parts_of(layout, fleet)
    }
    return msgspec.yaml.encode(fleet_kubeconfig(contexts, current="hub"))


def _keep_credentials(
    certificate: Path, key: Path, make: Callable[[], certificates.Credentials], now_ms: int
) -> None:
    """Make them unless they are there and hold for a while: what was given out stays valid over restarts."""
    if certificate.exists() and key.exists():
        left_ms = certificates.expires_ms(certificate.read_bytes()) - now_ms
        if left_ms > RENEW_DAYS * DAY_MS:
            return
    certificates.write_credentials(make(), certificate, key)


def _owners(layout: FleetLayout, fleet: Fleet) -> list[CertificateOwner]:
    """Everyone who is somebody in this fleet, named as in Karmada."""
    admin = CertificateOwner(
        "tradewind-admin", "system:masters", (), layout.admin_certificate, layout.admin_key
    )
    hosts = (LOOPBACK, "localhost")
    parts = [
        CertificateOwner(
            "system:hub" if part.name == "hub" else f"system:karmada:agent:{part.name}",
            "system:masters" if part.name == "hub" else "system:karmada:agents",
            hosts,
            part.layout.certificate,
            part.layout.private_key,
        )
        for part in parts_of(layout, fleet)
    ]
    return [admin, *parts]
