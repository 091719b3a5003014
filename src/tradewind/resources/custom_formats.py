"""The formats of text that schemas of custom kinds may ask for (kube-openapi `pkg/validation/strfmt`).

A format that is not known here is not checked; upstream warns of it when the CustomResourceDefinition is
applied, and so does this.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime
from urllib.parse import urlsplit

from tradewind.resources.syntax import dns_label_problem, dns_subdomain_problem

_UUID = r"(?i)[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?{}-?{}-?[0-9a-f]{{12}}"
_HEX4 = "[0-9a-f]{4}"
_PATTERNS = {
    "bsonobjectid": "[0-9a-fA-F]{24}",
    "hexcolor": "#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})",
    "mac": "[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|([0-9a-fA-F]{4}[.]){2}[0-9a-fA-F]{4}",
    "rgbcolor": r"rgb\(\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*(,\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*){2}\)",
    "ssn": r"\d{3}[- ]?\d{2}[- ]?\d{4}",
    "uuid": _UUID.format(_HEX4, _HEX4),
    "uuid3": _UUID.format("3[0-9a-f]{3}", _HEX4),
    "uuid4": _UUID.format("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
    "uuid5": _UUID.format("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}"),
    "email": r"[^@\s<>]+@[^@\s<>]+",
}
_HOST_LABEL = r"[^\W_]([^\W_]|-){0,61}[^\W_]|[^\W_]"
_DURATION = r"[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
_SPOKEN_UNIT = r"ns|nano\w*|us|µs|micro\w*|ms|milli\w*|s|sec\w*|m|min\w*|h|hr|hour\w*|d|day\w*|w|week\w*"
_SPOKEN_DURATION = rf"\d+\s*({_SPOKEN_UNIT})"


def format_problem(text: str, name: str) -> bool:
    """Whether a text is not of this format; a format that is not known fits everything."""
    known = _CHECKS.get(_normal(name))
    return known is not None and not known(text)


def is_known(name: str, type_: str) -> bool:
    """Whether a format is checked for values of this type ("" if the schema names none)."""
    if type_ in ("", "string"):
        return _normal(name) in _CHECKS
    return name in {"integer": ("int32", "int64"), "number": ("float", "double")}.get(type_, ())


def _normal(name: str) -> str:
    return name.replace("-", "")


def _fits(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except (ValueError, binascii.Error):
            return False
        return True

    return check


def _cidr(text: str) -> object:
    if "/" not in text:
        raise ValueError(text)
    return ipaddress.ip_network(text, strict=False)


def _date(text: str) -> object:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is None:
        raise ValueError(text)
    return date.fromisoformat(text)


def _date_time(text: str) -> object:
    if re.fullmatch(r"(?i)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text.upper())


def _is_hostname(text: str) -> bool:
    return len(text) <= 255 and all(re.fullmatch(_HOST_LABEL, label) for label in text.split("."))


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme or text.startswith("/")) and " " not in text


def _is_duration(text: str) -> bool:
    return text == "0" or any(re.fullmatch(one, text) for one in (f"({_DURATION})+", _SPOKEN_DURATION))


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def _is_isbn10(text: str) -> bool:
    digits = _digits(text)
    if re.fullmatch(r"\d{9}[\dX]", digits) is None:
        return False
    return sum((place + 1) * (10 if one == "X" else int(one)) for place, one in enumerate(digits)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = _digits(text)
    if re.fullmatch(r"\d{13}", digits) is None:
        return False
    return sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(digits)) % 10 == 0


def _is_credit_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if not 12 <= len(digits) <= 19:
        return False
    doubled = (int(one) * (2 if place % 2 else 1) for place, one in enumerate(reversed(digits)))
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


_CHECKS: dict[str, Callable[[str], bool]] = {
    **{name: _fits(pattern) for name, pattern in _PATTERNS.items()},
    "byte": _parses(lambda text: base64.b64decode(text, validate=True)),
    "cidr": _parses(_cidr),
    "creditcard": _is_credit_card,
    "date": _parses(_date),
    "datetime": _parses(_date_time),
    "duration": _is_duration,
    "hostname": _is_hostname,
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "k8sshortname": lambda text: not dns_label_problem(text),
    "k8slongname": lambda text: not dns_subdomain_problem(text),
    "password": lambda _: True,
    "uri": _is_uri,
}
