"""Environment of the storage initializer: keys by reference, settings as text."""

import base64

import pytest

from tradewind.resources.core import EnvVar, Secret, ServiceAccount
from tradewind.resources.meta import ObjectMeta, replace
from tradewind.serving.credentials import Vault, s3_environment, storage_environment
from tradewind.serving.errors import InvalidService

PREFIX = "serving.kserve.io/s3-"


def plain(found: list[EnvVar]) -> dict[str, str]:
    return {one.name: one.value for one in found if one.value_from is None}


def data(**values: str) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def secret(name: str = "s3", **annotations: str) -> Secret:
    return Secret(
        metadata=ObjectMeta(name=name, annotations={PREFIX + key: one for key, one in annotations.items()}),
        data=data(AWS_ACCESS_KEY_ID="demo", AWS_SECRET_ACCESS_KEY="very-secret"),
    )


def account(*secrets: str, name: str = "reader", **annotations: str) -> ServiceAccount:
    return ServiceAccount(
        metadata=ObjectMeta(name=name, annotations=annotations),
        secrets=[{"name": one} for one in secrets],
    )


def vault(*objects: ServiceAccount | Secret) -> Vault:
    return Vault(
        {one.metadata.name: one for one in objects if isinstance(one, ServiceAccount)},
        {one.metadata.name: one for one in objects if isinstance(one, Secret)},
    )


@pytest.mark.parametrize(
    ("annotations", "wanted"),
    [
        ({}, {}),
        ({"endpoint": "s3.a"}, {"S3_ENDPOINT": "s3.a", "AWS_ENDPOINT_URL": "https://s3.a"}),
        (
            {"endpoint": "s3.a", "usehttps": "0"},
            {"S3_USE_HTTPS": "0", "S3_ENDPOINT": "s3.a", "AWS_ENDPOINT_URL": "http://s3.a"},
        ),
        (
            {"endpoint": "HTTP://s3.a:9000", "usehttps": "1"},
            {"S3_USE_HTTPS": "0", "S3_ENDPOINT": "s3.a:9000", "AWS_ENDPOINT_URL": "HTTP://s3.a:9000"},
        ),
        (
            {"endpoint": " https://s3.a "},
            {"S3_USE_HTTPS": "1", "S3_ENDPOINT": "s3.a", "AWS_ENDPOINT_URL": "https://s3.a"},
        ),
        (
            {
                "region": "r",
                "verifyssl": "0",
                "useanoncredential": "true",
                "usevirtualbucket": "true",
                "useaccelerate": "true",
                "cabundle": "/ca.pem",
                "cabundle-configmap": "cas",
            },
            {
                "AWS_DEFAULT_REGION": "r",
                "S3_VERIFY_SSL": "0",
                "awsAnonymousCredential": "true",
                "S3_USER_VIRTUAL_BUCKET": "true",
                "S3_USE_ACCELERATE": "true",
                "AWS_CA_BUNDLE": "/ca.pem",
                "AWS_CA_BUNDLE_CONFIGMAP": "cas",
            },
        ),
    ],
)
def test_settings(annotations: dict[str, str], wanted: dict[str, str]):
    given = {PREFIX + key: value for key, value in annotations.items()}
    assert plain(s3_environment(given, {})) == wanted


def test_annotations_win_over_the_secrets_data():
    encoded = data(S3_ENDPOINT="from.data", AWS_DEFAULT_REGION="data", S3_VERIFY_SSL="0")
    found = plain(s3_environment({f"{PREFIX}region": "note"}, encoded))
    assert found["AWS_DEFAULT_REGION"] == "note"
    assert found["S3_ENDPOINT"] == "from.data"
    assert found["S3_VERIFY_SSL"] == "0"


def test_unreadable_data_is_no_setting():
    assert s3_environment({}, {"S3_ENDPOINT": "%%%", "AWS_DEFAULT_REGION": "/w=="}) == []


def test_keys_are_references():
    found = storage_environment("reader", {}, vault(account("s3"), secret(endpoint="s3.a")))
    references = {one.name: one.value_from for one in found if one.value_from}
    assert references == {
        "AWS_ACCESS_KEY_ID": {"secretKeyRef": {"name": "s3", "key": "AWS_ACCESS_KEY_ID"}},
        "AWS_SECRET_ACCESS_KEY": {"secretKeyRef": {"name": "s3", "key": "AWS_SECRET_ACCESS_KEY"}},
    }
    assert plain(found) == {"S3_ENDPOINT": "s3.a", "AWS_ENDPOINT_URL": "https://s3.a"}
    assert "very-secret" not in str(found)


def test_the_token_of_temporary_keys_is_a_reference_too():
    temporary = secret()
    temporary = replace(temporary, data={**temporary.data, **data(AWS_SESSION_TOKEN="very-secret")})
    found = storage_environment("reader", {}, vault(account("s3"), temporary))
    assert {one.name: one.value_from for one in found}["AWS_SESSION_TOKEN"] == {
        "secretKeyRef": {"name": "s3", "key": "AWS_SESSION_TOKEN"}
    }


def test_the_first_secret_with_keys_is_taken():
    other = Secret(metadata=ObjectMeta(name="token"), data=data(token="x"))
    found = storage_environment("reader", {}, vault(account("token", "s3"), other, secret()))
    assert found[0].value_from == {"secretKeyRef": {"name": "s3", "key": "AWS_ACCESS_KEY_ID"}}


def test_a_service_may_name_its_secret():
    notes = {"serving.kserve.io/storageSecretName": "mine"}
    found = storage_environment("", notes, vault(account("s3", name="default"), secret(), secret("mine")))
    assert found[0].value_from == {"secretKeyRef": {"name": "mine", "key": "AWS_ACCESS_KEY_ID"}}


def test_a_services_own_settings_win():
    notes = {f"{PREFIX}endpoint": "http://near"}
    found = storage_environment("reader", notes, vault(account("s3"), secret(endpoint="far", region="r")))
    assert plain(found)["AWS_ENDPOINT_URL"] == "http://near"
    assert plain(found)["AWS_DEFAULT_REGION"] == "r"
    assert plain(storage_environment("", notes, vault()))["AWS_ENDPOINT_URL"] == "http://near"


def test_an_account_with_a_role_brings_its_settings():
    notes = {"eks.amazonaws.com/role-arn": "arn", f"{PREFIX}region": "r"}
    assert plain(storage_environment("reader", {}, vault(account(**notes)))) == {"AWS_DEFAULT_REGION": "r"}
    found = storage_environment("reader", {}, vault(account("s3", **notes), secret(region="other")))
    assert plain(found) == {"AWS_DEFAULT_REGION": "other"}


@pytest.mark.parametrize("name", ["", "default"])
def test_a_missing_default_account_is_none(name: str):
    assert storage_environment(name, {}, vault()) == []


@pytest.mark.parametrize(
    ("held", "text"),
    [(vault(), 'ServiceAccount "reader"'), (vault(account("s3")), 'Secret "s3"')],
)
def test_what_is_missing_is_named(held: Vault, text: str):
    with pytest.raises(InvalidService, match=text):
        storage_environment("reader", {}, held)
