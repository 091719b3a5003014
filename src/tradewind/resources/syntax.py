"""How names, label keys and label values may be written (apimachinery `util/validation`, its wording).

Each function returns what is wrong with a text, "" when nothing is.
"""

import re

LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253
PORT_NAME_LENGTH = 15

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_NAME_PART = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_NAME_PART})?"
_NAME_PART_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character"
)
_NAME_EXAMPLES = f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME_PART}')"


def dns_label_problem(text: str) -> str:
    """RFC 1123 label: namespaces, Services, containers, clusters of a fleet."""
    if len(text) > LABEL_LENGTH:
        return _too_long(LABEL_LENGTH)
    if re.fullmatch(_LABEL, text):
        return ""
    return (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
        "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
        f"validation is '{_LABEL}')"
    )


def dns_subdomain_problem(text: str) -> str:
    """RFC 1123 subdomain: the name of any object."""
    if len(text) > SUBDOMAIN_LENGTH:
        return _too_long(SUBDOMAIN_LENGTH)
    if re.fullmatch(_SUBDOMAIN, text):
        return ""
    return (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
        f"validation is '{_SUBDOMAIN}')"
    )


def path_segment_problem(text: str) -> str:
    """What can stand between two slashes of a URL: the names of roles and their bindings."""
    if text in (".", ".."):
        return f"may not be '{text}'"
    return next((f"may not contain '{letter}'" for letter in "/%" if letter in text), "")


def qualified_name_problem(text: str) -> str:
    """A label, annotation, taint or resource key: a name, optionally after a DNS prefix and a slash."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        return (
            f"a qualified name {_NAME_PART_RULE} {_NAME_EXAMPLES} with an optional DNS subdomain prefix and "
            "'/' (e.g. 'example.com/MyName')"
        )
    if slash and not prefix:
        return "prefix part must be non-empty"
    if prefix and dns_subdomain_problem(prefix):
        return f"prefix part {dns_subdomain_problem(prefix)}"
    if not name:
        return "name part must be non-empty"
    if len(name) > LABEL_LENGTH:
        return f"name part {_too_long(LABEL_LENGTH)}"
    return "" if re.fullmatch(_NAME_PART, name) else f"name part {_NAME_PART_RULE} {_NAME_EXAMPLES}"


def label_value_problem(text: str) -> str:
    """The value of a label."""
    if len(text) > LABEL_LENGTH:
        return _too_long(LABEL_LENGTH)
    if re.fullmatch(_LABEL_VALUE, text):
        return ""
    return (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
        "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
        f"regex used for validation is '{_LABEL_VALUE}')"
    )


def port_name_problem(text: str) -> str:
    """The name of a container's or Service's port (IANA service name)."""
    if len(text) > PORT_NAME_LENGTH:
        return _too_long(PORT_NAME_LENGTH)
    if re.fullmatch("[-a-z0-9]+", text) is None:
        return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if re.search("[a-z]", text) is None:
        return "must contain at least one letter (a-z)"
    if "--" in text:
        return "must not contain consecutive hyphens"
    return "must not begin or end with a hyphen" if text[0] == "-" or text[-1] == "-" else ""


def environment_name_problem(text: str) -> str:
    """The name of an environment variable."""
    if re.fullmatch("[ -<>-~]+", text):
        return ""
    return "a valid environment variable name must consist only of printable ASCII characters other than '='"


def data_key_problem(text: str) -> str:
    """A key of a ConfigMap or Secret: it becomes a file name."""
    if len(text) > SUBDOMAIN_LENGTH:
        return _too_long(SUBDOMAIN_LENGTH)
    if text in (".", "..") or text.startswith(".."):
        return f"must not be '{text}'" if text in (".", "..") else "must not start with '..'"
    if re.fullmatch("[-._a-zA-Z0-9]+", text):
        return ""
    return (
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
        "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    )


def _too_long(limit: int) -> str:
    return f"must be no more than {limit} bytes"
