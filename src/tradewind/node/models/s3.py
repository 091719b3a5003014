"""Models in S3 and in what speaks its protocol (shell), through obstore.

Settings have the names that KServe gives them (kserve `pkg/credentials/s3/s3_secret.go`, python
`kserve_storage`). The environment of this process is never consulted: a member's own AWS_* variables
must not open, or break, a user's bucket. obstore reads them for everything it is not told, so
credentials go through a provider and every other setting is given.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tradewind.node.models.source import ModelError, ModelFile

if TYPE_CHECKING:
    from obstore.store import S3Credential, S3Store

DEFAULT_REGION = "us-east-1"
CONNECT_TIMEOUT = timedelta(seconds=15)  # KServe's S3_CONNECT_TIMEOUT
READ_TIMEOUT = timedelta(seconds=30)  # KServe's S3_READ_TIMEOUT: no byte for so long
REQUEST_TIMEOUT = timedelta(hours=6)  # one whole file
CHUNK_BYTES = 4 << 20
FALSE = ("0", "false", "no")

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")


@dataclass(frozen=True)
class Credentials:
    """A key pair and, for temporary ones, its session token."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class S3Options:
    """One place in S3 and how to reach it; no `credentials` means unsigned requests."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    verify_tls: bool
    credentials: Credentials | None

    @property
    def name(self) -> str:
        """For messages: URI and endpoint, the latter without user information."""
        url = urlsplit(self.endpoint)
        host = url.netloc.rpartition("@")[2]
        return f"s3://{self.bucket}/{self.prefix} at {url.scheme}://{host}"


def s3_options(uri: str, environment: Mapping[str, str]) -> S3Options:
    """Read `s3://bucket/prefix` and KServe's variables. Raises ModelError when they make no sense."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not bucket:
        raise ModelError(f"{uri} names no bucket: write s3://BUCKET/PREFIX")
    region = environment.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    return S3Options(
        bucket=bucket,
        prefix=prefix,
        endpoint=_endpoint(environment, region),
        region=region,
        verify_tls=environment.get("S3_VERIFY_SSL", "1").lower() not in FALSE,
        credentials=_credentials(environment),
    )


def _endpoint(environment: Mapping[str, str], region: str) -> str:
    """AWS_ENDPOINT_URL, else S3_ENDPOINT, whose own scheme overrides S3_USE_HTTPS, else Amazon's."""
    given = environment.get("AWS_ENDPOINT_URL") or environment.get("S3_ENDPOINT")
    if not given:
        return f"https://s3.{region}.amazonaws.com"
    if "://" in given:
        return given.rstrip("/")
    plain = environment.get("S3_USE_HTTPS", "1").lower() in FALSE
    return f"{'http' if plain else 'https'}://{given.rstrip('/')}"


def _credentials(environment: Mapping[str, str]) -> Credentials | None:
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if environment.get("awsAnonymousCredential", "false").lower() not in (*FALSE, ""):
        return None
    if bool(key) != bool(secret):
        missing = "AWS_SECRET_ACCESS_KEY" if key else "AWS_ACCESS_KEY_ID"
        raise ModelError(f"the S3 credentials lack {missing}: add it to the Secret of the service account")
    if not key or not secret:
        return None
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN") or None)


@dataclass(frozen=True)
class S3Source:
    """The model under one key or one prefix of a bucket. Implements `Source`."""

    options: S3Options

    @property
    def name(self) -> str:
        """See `Source.name`."""
        return self.options.name

    async def files(self) -> list[ModelFile]:
        """The object at exactly this key, else all below it as a folder.

        As in KServe, keys ending in "/" and empty objects are left out (they mark folders).
        """
        store, prefix = _open_store(self.options), self.options.prefix
        listed = await self._list(store, prefix)
        if prefix and not prefix.endswith("/") and (one := await self._head(store, prefix)):
            return [one]
        folder = f"{prefix.rstrip('/')}/".lstrip("/")
        found = [
            ModelFile(meta["path"].removeprefix(folder), meta["path"], meta["size"], _etag(meta))
            for meta in listed
            if meta["size"] and not meta["path"].endswith("/")
        ]
        if not found:
            raise ModelError(
                f"no model at {self.name}: nothing is stored under that key or prefix. Check storageUri, "
                "upload the model there, or correct the endpoint in the Secret of the service account"
            )
        return found

    async def read(self, file: ModelFile) -> AsyncGenerator[bytes, None]:
        """See `Source.read`."""
        import obstore

        try:
            result = await obstore.get_async(_open_store(self.options), file.key)
            if _etag(result.meta) != file.etag or result.meta["size"] != file.size_bytes:
                raise ModelError(
                    f"{file.key} in {self.name} was replaced during the download", transient=True
                )
            async for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)
        except _failures() as error:
            raise failure(error, self.options) from None

    async def _list(self, store: "S3Store", prefix: str) -> list[Any]:
        try:
            return list(await store.list(prefix or None).collect_async())
        except _failures() as error:
            raise failure(error, self.options) from None

    async def _head(self, store: "S3Store", key: str) -> ModelFile | None:
        """The object at exactly this key; None when there is none or only listing is allowed."""
        try:
            meta = await store.head_async(key)
        except (FileNotFoundError, PermissionError):
            return None
        except _failures() as error:
            if _status(error) in (403, 404):
                return None
            raise failure(error, self.options) from None
        return ModelFile(key.rpartition("/")[2], key, meta["size"], _etag(meta)) if meta["size"] else None


def _failures() -> tuple[type[Exception], ...]:
    """All that obstore raises for a request; NotFound and PermissionDenied are OSErrors as well."""
    from obstore.exceptions import BaseError

    return BaseError, OSError


def _open_store(options: S3Options) -> "S3Store":
    """Imported on first use: a node that serves local folders only need not hold it in memory."""
    from obstore.store import S3Store

    pair = options.credentials or Credentials("unsigned", "unsigned")
    given: S3Credential = {
        "access_key_id": pair.access_key_id,
        "secret_access_key": pair.secret_access_key,
        "token": pair.session_token,
        "expires_at": None,
    }
    return S3Store(
        options.bucket,
        credential_provider=lambda: given,
        aws_endpoint_url_s3=options.endpoint,  # the one that no variable overrides
        region=options.region,
        skip_signature=options.credentials is None,
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": True,
            "allow_invalid_certificates": not options.verify_tls,
            "connect_timeout": CONNECT_TIMEOUT,
            "read_timeout": READ_TIMEOUT,
            "timeout": REQUEST_TIMEOUT,
        },
        retry_config={"max_retries": 0},  # the download retries, with a seeded source of jitter
    )


def _etag(meta: Any) -> str:
    """Without quotes, which some servers give in one answer and leave out in another.

    A store without etags is told apart by time, in seconds: all that HTTP's Last-Modified has.
    """
    tag = meta["e_tag"] or f"modified {meta['last_modified'].replace(microsecond=0).isoformat()}"
    return str(tag).removeprefix("W/").strip('"')


def _status(error: Exception) -> int | None:
    match = _STATUS.search(str(error))
    return int(match[1]) if match else None


def failure(error: Exception, options: S3Options) -> ModelError:
    """What went wrong, in the user's terms. Only the status and S3's error code are taken over: the
    store's own text can quote the key id and what was signed."""
    status, found = _status(error), _CODE.search(str(error))
    code, name = (found[1] if found else ""), options.name
    if code == "NoSuchBucket":
        return ModelError(
            f'there is no bucket "{options.bucket}" (reading {name}): create it, or correct storageUri or '
            "the endpoint in the Secret of the service account"
        )
    if status in (401, 403) or (status == 400 and options.credentials is None):
        tried = "with the given credentials" if options.credentials else "without credentials"
        return ModelError(
            f"access to {name} was refused {tried} ({code or status}): put AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY of an allowed user into a Secret of the service account"
        )
    if status == 404:
        return ModelError(f"an object of {name} is gone ({code or status}): upload the model again")
    if status in (301, 307):
        return ModelError(
            f"{name} is in another region than {options.region}: set AWS_DEFAULT_REGION in the Secret"
        )
    if status is None and "InvalidCertificate(" in str(error):
        return ModelError(
            f"the TLS certificate of {name} is not trusted: correct the endpoint, or set S3_VERIFY_SSL to "
            '"0" in the Secret of the service account'
        )
    if status is None:
        return ModelError(
            f"the connection to {name} failed: check that the endpoint is right and the store runs",
            transient=True,
        )
    return ModelError(
        f"{name} answered {status} {code}".rstrip(), transient=status in (408, 429) or status >= 500
    )
