"""Every derived name, as upstream derives it (`pkg/util/names/names.go`)."""

import hashlib

from tradewind.resources.labels import CLUSTER_LEASE_NAMESPACE, EXECUTION_NAMESPACE_PREFIX

SYSTEM_NAMESPACE = "karmada-system"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # k8s.io/apimachinery/pkg/util/rand: no vowels, no look-alikes
_FNV_OFFSET, _FNV_PRIME = 2166136261, 16777619


def binding_name(kind: str, name: str) -> str:
    """The binding of an object; colons, which a binding's name may not have, become dots."""
    return f"{name.replace(':', '.')}-{kind}".lower()


def work_name(kind: str, name: str, namespace: str) -> str:
    """The Work of an object: `pod` of kind Pod without a namespace is `pod-6c46fd8b9d`."""
    plain = name.replace(":", ".").lower()
    full = f"{plain}-{kind}".lower() if not namespace else f"{namespace}-{plain}-{kind}".lower()
    return f"{plain}-{_encoded(full)}"


def imported_slice_name(cluster: str, service: str) -> str:
    """The EndpointSlice that stands for a Service's endpoints in another cluster."""
    return f"imported-{cluster}-{service}"


def cluster_of_namespace(namespace: str) -> str:
    """The cluster that an execution namespace belongs to; "" for any other namespace."""
    return namespace.removeprefix(EXECUTION_NAMESPACE_PREFIX) if _is_execution(namespace) else ""


def is_reserved_namespace(namespace: str) -> bool:
    """Whether nothing in this namespace is ever propagated."""
    return namespace in (SYSTEM_NAMESPACE, CLUSTER_LEASE_NAMESPACE) or _is_execution(namespace)


def permanent_id(kind: str, namespace: str, name: str) -> str:
    """An id that stays the same however often the object is made anew (upstream draws it at random)."""
    digest = hashlib.sha256(f"{kind}/{namespace}/{name}".encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def fnv1a_32(text: str) -> int:
    """The 32-bit FNV-1a hash of the text's UTF-8 bytes."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _FNV_PRIME % 2**32
    return value


def _encoded(text: str) -> str:
    """The hash in decimal, each digit replaced by a letter that cannot spell anything (SafeEncodeString)."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(fnv1a_32(text)))


def _is_execution(namespace: str) -> bool:
    return namespace.startswith(EXECUTION_NAMESPACE_PREFIX)
