"""What `up` writes for a fleet: an authority, certificates for everyone, a kubeconfig."""

import base64
import json
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from tradewind.base.certificates import expires_ms
from tradewind.base.layout import FleetLayout
from tradewind.credentials import DAY_MS, prepare, user_kubeconfig
from tradewind.resources.fleet import builtin_fleet

NOW_MS = 1_800_000_000_000
FLEET = builtin_fleet()


@pytest.fixture
def layout(tmp_path: Path) -> FleetLayout:
    found = FleetLayout(tmp_path / "home")
    prepare(found, FLEET, NOW_MS)
    return found


def test_everyone_has_a_certificate_and_keys_are_the_owners_alone(layout: FleetLayout):
    parts = [layout.hub, *(layout.member(one.name) for one in FLEET.spec.clusters)]
    keys = [layout.ca_key, layout.admin_key, *(part.private_key for part in parts)]
    keys += [part.token_key for part in parts]
    assert all(part.certificate.exists() for part in parts)
    assert [key.stat().st_mode & 0o777 for key in keys] == [0o600] * len(keys)
    assert layout.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_the_kubeconfig_has_the_hub_and_every_member(layout: FleetLayout):
    config = yaml.safe_load(layout.kubeconfig.read_text())
    assert config["current-context"] == "hub"
    names = [one["name"] for one in config["contexts"]]
    assert names == ["hub", *(one.name for one in FLEET.spec.clusters)]


def test_a_kubeconfig_for_somebody_else_names_them(layout: FleetLayout):
    config = yaml.safe_load(user_kubeconfig(layout, FLEET, "jane", ("a", "b"), NOW_MS, 90))
    assert [one["name"] for one in config["contexts"]] == ["hub", *(one.name for one in FLEET.spec.clusters)]
    pem = base64.b64decode(config["users"][0]["user"]["client-certificate-data"])
    assert expires_ms(pem) == NOW_MS + 90 * DAY_MS
    subject = x509.load_pem_x509_certificate(pem).subject
    assert subject.rfc4514_string() == "CN=jane,O=b,O=a"


def test_the_fleet_is_written_down_as_it_is(layout: FleetLayout):
    assert json.loads(layout.fleet_file.read_text())["metadata"]["name"] == FLEET.metadata.name


@pytest.mark.parametrize(("days", "renewed"), [(1, False), (334, False), (336, True)])
def test_certificates_are_kept_until_they_are_about_to_end(layout: FleetLayout, days: int, renewed: bool):
    """365 days; those with less than 30 left are made anew, the authority stays."""
    authority, before = layout.ca_certificate.read_bytes(), layout.hub.certificate.read_bytes()
    tokens = layout.hub.token_key.read_bytes()
    later_ms = NOW_MS + days * DAY_MS
    prepare(layout, FLEET, later_ms)
    after = layout.hub.certificate.read_bytes()
    assert (after != before) is renewed
    assert expires_ms(after) > later_ms + 29 * DAY_MS
    assert layout.ca_certificate.read_bytes() == authority
    assert layout.hub.token_key.read_bytes() == tokens
