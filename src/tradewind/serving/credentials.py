"""How a replica signs in where its model is stored (kserve `pkg/credentials`)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from tradewind.resources.core import EnvVar, Secret, ServiceAccount
from tradewind.resources.serving_names import GROUP, STORAGE_SECRET
from tradewind.serving.errors import INVALID_PREDICTOR_SPEC, InvalidService

DEFAULT_ACCOUNT = "default"
ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID"
SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a key of a Secret, not a secret
SESSION_TOKEN = "AWS_SESSION_TOKEN"  # of temporary keys; upstream leaves it out  # noqa: S105
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
ENDPOINT, USE_HTTPS, ENDPOINT_URL = "S3_ENDPOINT", "S3_USE_HTTPS", "AWS_ENDPOINT_URL"
S3_PREFIX = f"{GROUP}/s3-"
# Environment of the storage initializer, and the annotation that sets it; "S3_USER_" is upstream's spelling.
S3_SETTINGS = {
    "S3_VERIFY_SSL": f"{S3_PREFIX}verifyssl",
    "awsAnonymousCredential": f"{S3_PREFIX}useanoncredential",
    "AWS_DEFAULT_REGION": f"{S3_PREFIX}region",
    "S3_USER_VIRTUAL_BUCKET": f"{S3_PREFIX}usevirtualbucket",
    "S3_USE_ACCELERATE": f"{S3_PREFIX}useaccelerate",
    "AWS_CA_BUNDLE": f"{S3_PREFIX}cabundle",
    "AWS_CA_BUNDLE_CONFIGMAP": f"{S3_PREFIX}cabundle-configmap",
}


@dataclass(frozen=True)
class Vault:
    """The ServiceAccounts and Secrets of one namespace, by name."""

    accounts: Mapping[str, ServiceAccount]
    secrets: Mapping[str, Secret]


def storage_environment(account_name: str, annotations: Mapping[str, str], vault: Vault) -> list[EnvVar]:
    """Environment of the storage initializer: keys by reference, settings as plain text.

    The secret is the first with S3 keys that the account lists, or the one that the service's annotation
    names; the service's own s3 annotations win over the secret's. A missing "default" account is no
    account. Raises InvalidService when another account, or a secret, is missing.
    """
    account = _account(account_name, vault)
    found: dict[str, EnvVar] = {}
    if account and ROLE_ANNOTATION in account.metadata.annotations:
        found |= _by_name(s3_environment(account.metadata.annotations, {}))
    secret = next(
        (one for one in _secrets(account, annotations, vault) if SECRET_ACCESS_KEY in one.data), None
    )
    own = {key: value for key, value in annotations.items() if key.startswith(S3_PREFIX)}
    if secret is None:
        return list((found | _by_name(s3_environment(own, {}))).values())
    names = [ACCESS_KEY_ID, SECRET_ACCESS_KEY, *([SESSION_TOKEN] if SESSION_TOKEN in secret.data else [])]
    keys = [_reference(secret, key) for key in names]
    settings = s3_environment({**secret.metadata.annotations, **own}, secret.data)
    return list((found | _by_name([*keys, *settings])).values())


def s3_environment(annotations: Mapping[str, str], secret_data: Mapping[str, str]) -> list[EnvVar]:
    """S3 settings as upstream names them, each from its annotation, else from the secret's (base64) data."""
    settings = _endpoint(annotations, secret_data)
    for name, annotation in S3_SETTINGS.items():
        settings[name] = _setting(annotations, secret_data, annotation, name)
    return [EnvVar(name=name, value=value) for name, value in settings.items() if value]


def _account(name: str, vault: Vault) -> ServiceAccount | None:
    account = vault.accounts.get(name or DEFAULT_ACCOUNT)
    if account is None and name not in ("", DEFAULT_ACCOUNT):
        raise InvalidService(
            INVALID_PREDICTOR_SPEC,
            f'the ServiceAccount "{name}" is not in this cluster: '
            "apply it, or propagate it to this cluster, and the service starts",
        )
    return account


def _secrets(account: ServiceAccount | None, annotations: Mapping[str, str], vault: Vault) -> list[Secret]:
    listed = [str(one.get("name", "")) for one in account.secrets] if account else []
    names = [annotations[STORAGE_SECRET]] if STORAGE_SECRET in annotations else listed
    missing = [name for name in names if name not in vault.secrets]
    if missing:
        raise InvalidService(
            INVALID_PREDICTOR_SPEC,
            f'the Secret "{missing[0]}" with the storage credentials is not in this cluster: '
            "apply it, or propagate it to this cluster, and the service starts",
        )
    return [vault.secrets[name] for name in names]


def _by_name(variables: list[EnvVar]) -> dict[str, EnvVar]:
    return {variable.name: variable for variable in variables}


def _reference(secret: Secret, key: str) -> EnvVar:
    return EnvVar(name=key, value_from={"secretKeyRef": {"name": secret.metadata.name, "key": key}})


def _endpoint(annotations: Mapping[str, str], secret_data: Mapping[str, str]) -> dict[str, str]:
    """A scheme in the endpoint decides about HTTPS and is taken off; without one HTTPS is the default."""
    given = _setting(annotations, secret_data, f"{S3_PREFIX}endpoint", ENDPOINT).strip()
    if not given:
        return {}
    scheme, separator, host = given.partition("://")
    if separator and scheme.lower() in ("http", "https"):
        return {USE_HTTPS: str(int(scheme.lower() == "https")), ENDPOINT: host, ENDPOINT_URL: given}
    https = _setting(annotations, secret_data, f"{S3_PREFIX}usehttps", USE_HTTPS)
    return {
        USE_HTTPS: https,
        ENDPOINT: given,
        ENDPOINT_URL: f"{'http' if https == '0' else 'https'}://{given}",
    }


def _setting(
    annotations: Mapping[str, str], secret_data: Mapping[str, str], annotation: str, key: str
) -> str:
    if annotation in annotations:
        return annotations[annotation]
    try:
        return base64.b64decode(secret_data.get(key, "")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
