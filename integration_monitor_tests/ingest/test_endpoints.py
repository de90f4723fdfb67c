"""URLs to the endpoints of a manifest, and to the records that were written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest import endpoints
from integration_monitor.ingest.endpoints import EndpointMatcher
from integration_monitor.manifest import load_directory
from integration_monitor.manifest.domain import Endpoint, Integration, Owner, Partner, Reference
from integration_monitor.store.call_batch import OTHER

EXAMPLES = Path(__file__).parents[2] / "integrations"
PATHS = {
    "contacts": "/contacts",
    "contact": "/contacts/{id}",
    "mine": "/contacts/me",
    "notes": "/contacts/{id}/notes",
    "note": "/contacts/{id}/notes/{note}",
    "shop": "/admin/{version}/shop.json",
    "order": "/orders/{id}.json",
    "cancel": "/orders/{id}:cancel",
    "spaced": "/a%20b/{x}",
}


def integration(base_url: str | Reference | None = None, **record_keys: str) -> Integration:
    return Integration(
        name="crm",
        owner=Owner("Owner", "owner@example.com"),
        file="crm.yaml",
        title="CRM",
        partner=Partner(base_url) if base_url else None,
        endpoints={
            name: Endpoint(name, path, record_key=record_keys.get(name))
            for name, path in PATHS.items()
        },
    )


MATCHER = EndpointMatcher(integration("https://api.example.com/crm/v3/"))


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/crm/v3/contacts", "contacts"),
        ("/crm/v3/contacts/", "contacts"),
        ("//crm//v3//contacts", "contacts"),
        ("/crm/v3/contacts/17", "contact"),
        ("/crm/v3/contacts/me", "mine"),
        ("/crm/v3/contacts/m%65", "mine"),
        ("/crm/v3/contacts/a%2Fb", "contact"),
        ("/crm/v3/contacts/%20", "contact"),
        ("/crm/v3/contacts/17/notes", "notes"),
        ("/crm/v3/contacts/me/notes", "notes"),
        ("/crm/v3/contacts/17/notes/4", "note"),
        ("/crm/v3/admin/2026-01/shop.json", "shop"),
        ("/crm/v3/orders/5.json", "order"),
        ("/crm/v3/orders/5:cancel", "cancel"),
        ("/crm/v3/a%20b/1", "spaced"),
        ("/crm/v3/a b/1", "spaced"),
        ("/contacts/17", "contact"),
        ("https://api.example.com/crm/v3/contacts/17", "contact"),
        ("/crm/v3/contacts?limit=5", "contacts"),
        ("/crm/v3/contacts/17?token=contacts/me", "contact"),
        ("/crm/v3/contacts#top", "contacts"),
        ("/crm/v3/Contacts", OTHER),
        ("/crm/v3/contacts/17/notes/4/5", OTHER),
        ("/crm/v3/orders/5", OTHER),
        ("/crm/v3", OTHER),
        ("/", OTHER),
        ("", OTHER),
        ("https://api.example.com", OTHER),
        ("/crm/v3/contacts/" + "x" * 5000, OTHER),
    ],
)
def test_the_endpoint_of_a_path(path: str, endpoint: str) -> None:
    assert MATCHER.match("GET", path) == endpoint
    assert MATCHER.match("GET", path) == endpoint


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        (None, "/contacts/17"),
        ("https://{connection.shop}.example.com/api", "/api/contacts/17"),
        ("https://api.example.com/{connection.account}/v1", "/acme/v1/contacts/17"),
        ("{connection.instance_url}", "/contacts/17"),
        ("{connection.instance_url}/services/data", "/services/data/contacts/17"),
        ("{connection.instance_url}", "/tenants/acme/contacts/17"),
        (Reference("BASE_URL"), "/rest/contacts/17"),
    ],
)
def test_the_path_of_the_base_url_is_left_out(base_url: str | Reference | None, path: str) -> None:
    assert EndpointMatcher(integration(base_url)).match("GET", path) == "contact"


def test_an_integration_without_endpoints_has_other_calls_alone() -> None:
    matcher = EndpointMatcher(replace(integration(), endpoints={}))
    assert matcher.match("GET", "/contacts") == OTHER
    assert matcher.record_key("contacts", "/contacts/17", {}) is None


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/crm/v3/objects/contacts/search", "contacts"),
        ("/crm/v3/objects/contacts/batch/read", "contacts"),
        ("/crm/v3/objects/contacts", "contacts"),
        ("/crm/v3/objects/contacts/17", "contact"),
        ("/crm/v3/objects/companies/search", OTHER),
    ],
)
def test_the_requests_of_a_sync_are_calls_of_the_endpoint_it_names(
    path: str, endpoint: str
) -> None:
    (hubspot,) = (one for one in load_directory(EXAMPLES).integrations if one.name == "hubspot")
    assert EndpointMatcher(hubspot).match("POST", path) == endpoint


def test_paths_without_end_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "_REMEMBERED", 10)
    matcher = EndpointMatcher(integration())
    for number in range(100):
        assert matcher.match("GET", f"/contacts/{number}?page={number}") == "contact"
    assert matcher._remembered.cache_info().currsize == 10


@pytest.mark.parametrize(
    ("record_key", "path", "body", "key"),
    [
        ("{id}", "/contacts/17", None, "17"),
        ("{id}", "/contacts/a%2Fb", None, "a/b"),
        ("{id}", "/contacts/17?token=abc", None, "17"),
        ("{id}", "/elsewhere/17", None, None),
        ("id", "/contacts/17", {"id": 4}, "4"),
        ("properties.email", "/contacts/17", {"properties": {"email": "a@b.eu"}}, "a@b.eu"),
        ("id", "/contacts/17", {"id": True}, None),
        ("id", "/contacts/17", {"id": [1, 2]}, None),
        ("id", "/contacts/17", {"id": "x" * 201}, None),
        ("id", "/contacts/17", None, None),
        ("length(id)", "/contacts/17", {"id": 4}, None),
    ],
)  # fmt: skip
def test_the_key_of_the_record_that_was_written(
    record_key: str, path: str, body: object, key: str | None
) -> None:
    matcher = EndpointMatcher(integration(contact=record_key))
    assert matcher.record_key("contact", path, body) == key
    assert matcher.record_key("contacts", path, body) is None


@given(st.text(max_size=60))
def test_any_text_has_an_endpoint_or_is_other(path: str) -> None:
    assert MATCHER.match("GET", path) in {*PATHS, OTHER}


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40))
def test_any_id_is_found_however_it_is_encoded(value: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in value.encode())
    matcher = EndpointMatcher(integration(contact="{id}"))
    assert matcher.match("GET", f"/contacts/{encoded}") in ("contact", "mine")
    assert matcher.match("GET", f"/contacts/{encoded}/notes") == "notes"
