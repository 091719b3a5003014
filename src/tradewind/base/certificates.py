"""The fleet's certificate authority, and the certificates it gives to servers and clients.

The common name of a certificate is a user, its organizations are the user's groups; the same
certificate serves and calls. Nothing is kept here: authorities and certificates are values.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tradewind.base.files import write_atomic

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
_BACKDATED = timedelta(minutes=5)  # clocks of one fleet may differ a little


@dataclass(frozen=True)
class Credentials:
    """A certificate and its private key, PEM."""

    certificate: bytes
    private_key: bytes = field(repr=False)


def make_authority(name: str, now_ms: int) -> Credentials:
    """A new certificate authority, valid for AUTHORITY_DAYS from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key, now_ms, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return _credentials(builder.sign(key, hashes.SHA256()), key)


def issue(
    authority: Credentials,
    common_name: str,
    now_ms: int,
    *,
    organizations: Sequence[str] = (),
    hosts: Sequence[str] = (),
    days: int = CERTIFICATE_DAYS,
) -> Credentials:
    """A certificate for a user and its groups, and for the hosts that it serves as (names or IP addresses).

    Valid for `days` from now. Raises ValueError when the authority cannot be read.
    """
    signer = x509.load_pem_x509_certificate(authority.certificate)
    signing_key = serialization.load_pem_private_key(authority.private_key, password=None)
    if not isinstance(signing_key, ec.EllipticCurvePrivateKey):
        raise ValueError("the authority's key must be an elliptic curve key, as `make_authority` makes it")
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, one) for one in organizations]
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH] + ([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])
    builder = (
        _builder(subject, signer.subject, key, now_ms, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if hosts:
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return _credentials(builder.sign(signing_key, hashes.SHA256()), key)


def expires_ms(certificate: bytes) -> int:
    """When a PEM certificate ends, in milliseconds since the epoch. Raises ValueError."""
    return int(x509.load_pem_x509_certificate(certificate).not_valid_after_utc.timestamp() * 1000)


def write_credentials(credentials: Credentials, certificate: Path, private_key: Path) -> None:
    """Write both files; only their owner can read the key. Raises OSError."""
    write_atomic(private_key, credentials.private_key, mode=0o600)
    write_atomic(certificate, credentials.certificate)


def read_credentials(certificate: Path, private_key: Path) -> Credentials:
    """What `write_credentials` wrote. Raises OSError."""
    return Credentials(certificate.read_bytes(), private_key.read_bytes())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now_ms: int, days: int
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _credentials(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Credentials:
    return Credentials(
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        private_key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
