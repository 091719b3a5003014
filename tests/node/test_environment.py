"""Variables of a container, by Kubernetes' rules."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.node.environment import ConfigError, Reference, expand, references, resolve, uses_secret
from tradewind.resources.core import ConfigMap, Container, Pod, Secret
from tradewind.resources.meta import decode

POD = decode(
    {
        "metadata": {
            "namespace": "ml",
            "name": "fraud-0",
            "uid": "u1",
            "labels": {"app": "fraud"},
            "annotations": {"team": "risk"},
        },
        "spec": {"nodeName": "here", "serviceAccountName": "robot"},
    },
    Pod,
)
SECRET = Reference("Secret", "keys")
CONFIG = Reference("ConfigMap", "settings")
OBJECTS = {
    SECRET: decode(
        {"metadata": {"name": "keys"}, "data": {"id": base64.b64encode(b"AKID").decode(), "broken": "%%"}},
        Secret,
    ),
    CONFIG: decode(
        {"metadata": {"name": "settings"}, "data": {"LEVEL": "info", "with=sign": "x"}}, ConfigMap
    ),
}
GOOD = {
    SECRET: decode({"metadata": {"name": "keys"}, "data": {"id": "QUtJRA=="}}, Secret),
    CONFIG: OBJECTS[CONFIG],
}


def container(*env: dict[str, Any], env_from: list[dict[str, Any]] | None = None) -> Container:
    return decode({"name": "c", "env": list(env), "envFrom": env_from or []}, Container)


def secret(name: str = "keys", key: str = "id", **more: Any) -> dict[str, Any]:
    return {"valueFrom": {"secretKeyRef": {"name": name, "key": key, **more}}}


def values(
    *env: dict[str, Any], env_from: list[dict[str, Any]] | None = None, **given_first: str
) -> dict[str, str]:
    return resolve(container(*env, env_from=env_from), POD, GOOD, given_first).values


@pytest.mark.parametrize(
    ("text", "result", "used"),
    [
        ("plain", "plain", ()),
        ("$(A)", "1", ("A",)),
        ("x$(A)y$(B)z", "x1y2z", ("A", "B")),
        ("$(MISSING)", "$(MISSING)", ()),
        ("$$(A)", "$(A)", ()),
        ("$$$(A)", "$1", ("A",)),
        ("$A and $ alone", "$A and $ alone", ()),
        ("$(A", "$(A", ()),
        ("$()", "$()", ()),
    ],
)
def test_expansion(text: str, result: str, used: tuple[str, ...]) -> None:
    assert expand(text, {"A": "1", "B": "2"}) == (result, used)


@given(st.text(st.characters(exclude_characters="$")))
def test_text_without_a_dollar_stays(text: str) -> None:
    assert expand(text, {"A": "1"})[0] == text


def test_later_variables_see_earlier_ones_and_replace_what_was_given() -> None:
    found = values(
        {"name": "HOST", "value": "db"},
        {"name": "URL", "value": "http://$(HOST):$(PORT)/$(LATER)"},
        {"name": "LATER", "value": "x"},
        {"name": "PORT", "value": "1"},
        PORT="8080",
    )
    assert found == {"PORT": "1", "HOST": "db", "URL": "http://db:8080/$(LATER)", "LATER": "x"}


def test_whole_objects_come_first_with_their_prefix() -> None:
    env_from = [{"configMapRef": {"name": "settings"}, "prefix": "APP_"}, {"secretRef": {"name": "keys"}}]
    assert values({"name": "id", "value": "own"}, env_from=env_from) == {"APP_LEVEL": "info", "id": "own"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "fraud-0"),
        ("metadata.namespace", "ml"),
        ("metadata.uid", "u1"),
        ("metadata.labels['app']", "fraud"),
        ("metadata.annotations['team']", "risk"),
        ("metadata.annotations['none']", ""),
        ("spec.nodeName", "here"),
        ("spec.serviceAccountName", "robot"),
        ("status.podIP", "127.0.0.1"),
        ("status.hostIP", "127.0.0.1"),
    ],
)
def test_fields(path: str, value: str) -> None:
    assert values({"name": "F", "valueFrom": {"fieldRef": {"fieldPath": path}}}) == {"F": value}


def test_optional_keys_and_objects_may_be_missing() -> None:
    found = values(
        {"name": "A", **secret(key="none", optional=True)},
        {"name": "B", **secret(name="none", optional=True)},
        env_from=[{"configMapRef": {"name": "none", "optional": True}}],
    )
    assert found == {}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (container({"name": "A", **secret(key="none")}), "couldn't find key none in Secret ml/keys"),
        (container({"name": "A", **secret(name="none")}), 'secret "none" not found'),
        (
            container({"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "x"}}}),
            "couldn't find key x in ConfigMap ml/settings",
        ),
        (container(env_from=[{"configMapRef": {"name": "none"}}]), 'configmap "none" not found'),
        (container(env_from=[{"wrongRef": {}}]), "write secretRef or configMapRef"),
        (container({"name": "A", **secret(key="broken")}), "key broken in Secret ml/keys is not base64"),
        (
            container({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}),
            "fieldPath 'spec.x' is not supported; write one of metadata.name",
        ),
        (
            container({"name": "A", "valueFrom": {"resourceFieldRef": {}}}),
            "write secretKeyRef, configMapKeyRef or fieldRef",
        ),
    ],
)
def test_what_is_missing_is_named(part: Container, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(part, POD, OBJECTS, {})
    assert message in str(caught.value)
    assert caught.value.reason == "CreateContainerConfigError"


def test_secrets_are_known_also_where_they_were_passed_on() -> None:
    part = container(
        {"name": "KEY", **secret()},
        {"name": "URL", "value": "http://user:$(KEY)@host"},
        {"name": "PLAIN", "value": "x"},
        {"name": "AGAIN", "value": "$(URL)"},
        env_from=[{"secretRef": {"name": "keys"}}],
    )
    found = resolve(part, POD, GOOD, {})
    assert found.secret == {"KEY", "URL", "AGAIN", "id"}
    assert list(uses_secret("--a=$(PLAIN) --b=$(URL)", found)) == ["URL"]
    assert "AKID" not in repr(found)


def test_a_secret_replaced_by_plain_text_is_none_any_more() -> None:
    assert (
        resolve(container({"name": "K", **secret()}, {"name": "K", "value": "x"}), POD, GOOD, {}).secret
        == frozenset()
    )


def test_references_are_all_objects_each_once() -> None:
    part = container(
        {"name": "A", **secret()},
        {"name": "B", **secret(key="other")},
        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "x"}}},
        {"name": "D", "value": "plain"},
        env_from=[{"secretRef": {"name": "all"}}],
    )
    assert references(part) == (Reference("Secret", "all"), SECRET, CONFIG)
