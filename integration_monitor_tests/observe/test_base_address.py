"""Addresses that differ from tenant to tenant, and values that try to lead elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.domain import Reference
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.base_address import fill_address
from integration_monitor.observe.side import ReadError

SHOP = "https://{connection.a}.myshop.example"
WHOLE = "{connection.a}/services"


def filled(template: str, value: str) -> str:
    return fill_address(template, Credentials("acme", {"a": value}, {}), "base_url")


def filled_or(template: str, value: str, refused: str) -> str:
    try:
        return filled(template, value)
    except ReadError:
        return refused


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        (SHOP, "acme", "https://acme.myshop.example"),
        (SHOP, "acme-2.eu\n", "https://acme-2.eu.myshop.example"),
        ("https://{connection.a}", "acme.example", "https://acme.example"),
        ("https://{connection.a}", "acme.example:8443", "https://acme.example:8443"),
        ("https://{connection.a}/api/v2", "acme.example", "https://acme.example/api/v2"),
        ("http://127.0.0.1:{connection.a}", "8080", "http://127.0.0.1:8080"),
        (
            "https://x.example/{connection.a}/v1",
            "a/../b?c#d",
            "https://x.example/a%2F..%2Fb%3Fc%23d/v1",
        ),
        ("https://{connection.tenant}.x.example", "", "https://acme.x.example"),
        (WHOLE, "https://eu5.crm.example", "https://eu5.crm.example/services"),
        (WHOLE, "http://127.0.0.1:8080/a/", "http://127.0.0.1:8080/a/services"),
        ("{connection.a}", " https://eu5.crm.example/ \n", "https://eu5.crm.example"),
        ("https://x.example", "", "https://x.example"),
    ],
)
def test_a_template_is_filled_in(template: str, value: str, expected: str) -> None:
    assert filled(template, value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "evil.example/", "evil.example#", "evil.example?", "evil.example\\", "user@evil.example",
        "evil.example:443", "evil.example:", "a b", "", ".", "..", "a..b", "a.", ".a", "%2F",
        "a\nb", "a\tb", "évil", "[::1]", "{connection.a}",
    ],
)  # fmt: skip
def test_a_value_that_changes_the_host_is_refused(value: str) -> None:
    with pytest.raises(ReadError) as caught:
        filled(SHOP, value)
    assert caught.value.kind == "config"
    assert "evil" not in str(caught.value)


@given(st.text())
def test_no_value_leads_away_from_the_host(value: str) -> None:
    parts = urlsplit(filled_or(f"{SHOP}/v1", value, "https://refused.myshop.example/v1"))
    assert parts.netloc.endswith(".myshop.example")
    assert (parts.scheme, parts.path, parts.query, parts.fragment) == ("https", "/v1", "", "")


@given(st.text())
def test_no_value_leaves_its_step_of_the_path(value: str) -> None:
    template = "https://x.example/a/{connection.a}/b"
    parts = urlsplit(filled_or(template, value, "https://x.example/a/refused/b"))
    assert (parts.netloc, parts.query, parts.fragment) == ("x.example", "", "")
    assert parts.path.count("/") == 3
    assert "/../" not in parts.path


@pytest.mark.parametrize(
    "value",
    [
        "eu5.crm.example", "ftp://eu5.crm.example", "https://", "https://u:p@eu5.crm.example", "/a",
        "https://eu5.crm.example/?a=b", "https://eu5.crm.example/#a", "https://a b", "",
        "javascript:x", "https://eu5.crm.example\\@evil.example", "https://[::1", "https://eu5.crm.example\n/x",
    ],
)  # fmt: skip
def test_a_value_that_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(ReadError) as caught:
        filled(WHOLE, value)
    assert caught.value.kind == "config"
    assert "crm.example" not in str(caught.value)


@pytest.mark.parametrize("value", [".", ".."])
def test_a_value_that_walks_up_the_path_is_refused(value: str) -> None:
    with pytest.raises(ReadError, match="`a` of the connection is not a step of a path"):
        filled("https://x.example/{connection.a}", value)


def test_a_credential_that_is_not_there_is_told() -> None:
    with pytest.raises(ReadError, match="has no `shop`"):
        fill_address("https://{connection.shop}.x.example", Credentials("a", {}, {}), "base_url")


def test_a_reference_is_an_address_as_it_is() -> None:
    credentials = Credentials("acme", {}, {"URL": "https://x.example/{connection.a}\n"})
    found = fill_address(Reference("URL"), credentials, "base_url")
    assert found == "https://x.example/{connection.a}"
