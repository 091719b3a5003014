"""Names, keys and values against the tables of apimachinery's `validation_test.go`."""

import pytest

from tradewind.resources import syntax


@pytest.mark.parametrize("text", ["a", "ab", "a1", "a-b", "0", "01", "1-2", "a" * 63])
def test_dns_labels(text: str):
    assert syntax.dns_label_problem(text) == ""


@pytest.mark.parametrize("text", ["", "A", "a.b", "-a", "a-", "a_b", "a b", "a\n", "ä", "a" * 64])
def test_what_is_no_dns_label(text: str):
    assert syntax.dns_label_problem(text)


@pytest.mark.parametrize("text", ["a", "a.b.c", "a-1.b-2", "1.2.3.4", ".".join(["a" * 63] * 3)])
def test_dns_subdomains(text: str):
    assert syntax.dns_subdomain_problem(text) == ""


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "A.b", "a/b", "a b", "a" * 254])
def test_what_is_no_dns_subdomain(text: str):
    assert syntax.dns_subdomain_problem(text)


@pytest.mark.parametrize(
    "text", ["simple", "now-with-dashes", "1-starts", "UPPER", "a.b_c", "kubernetes.io/x", "1.2/3", "a" * 63]
)
def test_qualified_names(text: str):
    assert syntax.qualified_name_problem(text) == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "name part must be non-empty"),
        ("a/", "name part must be non-empty"),
        ("/a", "prefix part must be non-empty"),
        ("A_b/c", "prefix part a lowercase RFC 1123 subdomain"),
        ("a/b/c", "a qualified name must consist of"),
        ("-a", "name part must consist of"),
        ("a b", "name part must consist of"),
        ("a" * 64, "name part must be no more than 63 bytes"),
    ],
)
def test_what_is_no_qualified_name(text: str, problem: str):
    assert syntax.qualified_name_problem(text).startswith(problem)


@pytest.mark.parametrize("text", ["", "a", "A.b_c-1", "1", "a" * 63])
def test_label_values(text: str):
    assert syntax.label_value_problem(text) == ""


@pytest.mark.parametrize("text", ["-a", "a-", "a b", "a/b", "a\n", "a" * 64])
def test_what_is_no_label_value(text: str):
    assert syntax.label_value_problem(text)


@pytest.mark.parametrize("text", ["http", "http1", "h2c", "1a", "a-b"])
def test_port_names(text: str):
    assert syntax.port_name_problem(text) == ""


@pytest.mark.parametrize("text", ["", "1", "A", "a--b", "-a", "a-", "a_b", "a" * 16])
def test_what_is_no_port_name(text: str):
    assert syntax.port_name_problem(text)


def test_environment_names_may_be_anything_printable_but_an_equals_sign():
    assert syntax.environment_name_problem("A.b-c 1") == ""
    assert syntax.environment_name_problem("A=B")
    assert syntax.environment_name_problem("Ä")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a.b_C-1", True),
        (".a", True),
        (".", False),
        ("..", False),
        ("..a", False),
        ("a b", False),
        ("a" * 254, False),
    ],
)
def test_data_keys(text: str, good: bool):
    assert (syntax.data_key_problem(text) == "") is good
