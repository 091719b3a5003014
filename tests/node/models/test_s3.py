"""KServe's variables, and errors of stores that a test server does not give by itself."""

import datetime
import ipaddress
from pathlib import Path
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.node.s3_server import s3_server
from tradewind.node.models.cache import ModelCache
from tradewind.node.models.s3 import Credentials, failure, s3_options
from tradewind.node.models.source import ModelError

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "hush"}


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, "https://s3.us-east-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://minio:9000/"}, "http://minio:9000"),
        ({"S3_ENDPOINT": "minio:9000"}, "https://minio:9000"),
        ({"S3_ENDPOINT": "minio:9000", "S3_USE_HTTPS": "0"}, "http://minio:9000"),
        ({"S3_ENDPOINT": "minio:9000", "S3_USE_HTTPS": "1"}, "https://minio:9000"),
        ({"S3_ENDPOINT": "http://minio:9000", "S3_USE_HTTPS": "1"}, "http://minio:9000"),
        ({"S3_ENDPOINT": "other", "AWS_ENDPOINT_URL": "http://minio:9000"}, "http://minio:9000"),
    ],
)
def test_endpoints(environment: dict[str, str], endpoint: str) -> None:
    assert s3_options("s3://models/fraud", environment).endpoint == endpoint


@pytest.mark.parametrize(
    ("uri", "bucket", "prefix"),
    [
        ("s3://models", "models", ""),
        ("s3://models/", "models", ""),
        ("s3://models/fraud/v1", "models", "fraud/v1"),
        ("s3://models/fraud/v1/", "models", "fraud/v1/"),
    ],
)
def test_uris(uri: str, bucket: str, prefix: str) -> None:
    options = s3_options(uri, {})
    assert (options.bucket, options.prefix) == (bucket, prefix)


@pytest.mark.parametrize(
    ("environment", "credentials"),
    [
        ({}, None),
        (KEYS, Credentials("AKID", "hush")),
        ({**KEYS, "AWS_SESSION_TOKEN": "token"}, Credentials("AKID", "hush", "token")),
        ({**KEYS, "awsAnonymousCredential": "true"}, None),
        ({**KEYS, "awsAnonymousCredential": "false"}, Credentials("AKID", "hush")),
    ],
)
def test_credentials(environment: dict[str, str], credentials: Credentials | None) -> None:
    options = s3_options("s3://models/fraud", environment)
    assert options.credentials == credentials
    assert "hush" not in repr(options)
    assert "AKID" not in repr(options)


@pytest.mark.parametrize(("value", "verified"), [("1", True), ("true", True), ("0", False), ("False", False)])
def test_certificates_are_checked_unless_said_otherwise(value: str, verified: bool) -> None:
    assert s3_options("s3://m/x", {"S3_VERIFY_SSL": value}).verify_tls is verified


def answer(status: int, code: str) -> Exception:
    """In obstore's words, with what Amazon adds: the key id and what was to be signed."""
    quoted = "<AWSAccessKeyId>AKID</AWSAccessKeyId><StringToSign>hush</StringToSign>"
    body = f"<Error><Code>{code}</Code>{quoted}</Error>"
    return RuntimeError(f"Server returned non-2xx status code: {status} Something: {body}")


@pytest.mark.parametrize(
    ("error", "transient", "says"),
    [
        (answer(503, "SlowDown"), True, "answered 503 SlowDown"),
        (answer(500, "InternalError"), True, "answered 500 InternalError"),
        (answer(429, "TooMany"), True, "answered 429 TooMany"),
        (answer(400, "Odd"), False, "answered 400 Odd"),
        (answer(403, "AccessDenied"), False, "refused with the given credentials (AccessDenied)"),
        (answer(404, "NoSuchBucket"), False, 'no bucket "models"'),
        (answer(404, "NoSuchKey"), False, "is gone (NoSuchKey)"),
        (answer(301, "PermanentRedirect"), False, "in another region than us-east-1: set AWS_DEFAULT_REGION"),
        (RuntimeError("HTTP error: error sending request"), True, "the connection to s3://models/x at"),
    ],
)
def test_what_a_store_answers(error: Exception, transient: bool, says: str) -> None:
    found = failure(error, s3_options("s3://models/x", KEYS))
    assert says in str(found)
    assert found.transient is transient
    assert "AKID" not in str(found)
    assert "hush" not in str(found)


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    (folder / "crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return folder / "crt", folder / "key"


async def test_tls_with_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    (tmp_path / "root").mkdir()
    with s3_server(tmp_path / "root", "--cert", str(certificate), "--key", str(key)) as server:
        server.put("models", "fraud/model", b"x")
        cache = ModelCache(tmp_path / "cache", Random(1))
        environment = server.environment() | {"AWS_ENDPOINT_URL": f"https://127.0.0.1:{server.port}"}
        with pytest.raises(ModelError, match=r"certificate of s3://models/fraud at .* is not trusted"):
            await cache.ensure("s3://models/fraud", environment, lambda *_: None)
        folder = await cache.ensure(
            "s3://models/fraud", environment | {"S3_VERIFY_SSL": "0"}, lambda *_: None
        )
        assert (folder / "model").read_bytes() == b"x"
