"""Short ways to ask for writes."""

from tradewind.store.entries import MUST_NOT_EXIST, Key, Write


def key(name: str, namespace: str = "d", resource: str = "pods") -> Key:
    return Key(resource, namespace, name)


def put(
    name: str, text: str = "", expected: int = MUST_NOT_EXIST, namespace: str = "d", resource="pods"
) -> Write:
    return Write(key(name, namespace, resource), expected, lambda at: f"{text}@{at}".encode())


def remove(name: str, expected: int, namespace: str = "d") -> Write:
    return Write(key(name, namespace), expected, lambda at: f"gone@{at}".encode(), delete=True)


def told(changes) -> list[tuple[str, bool, int]]:
    return [(change.entry.key.name, change.deleted, change.entry.revision) for change in changes]
