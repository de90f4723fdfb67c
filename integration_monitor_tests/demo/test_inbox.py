from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from integration_monitor.demo.inbox import Inbox, inbox_app
from integration_monitor.demo.servers import serving

PROGRAM = ".venv/bin/integration-monitor"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALERT = {
    "reason": "opened",
    "severity": "page",
    "integration": "crm",
    "title": "Something <b>broke</b>",
    "summary": "15 records are missing",
    "incident": {"id": 1},
    "tenants": {"names": ["acme", "brio"]},
}
STATE: dict[str, Any] = {
    "syncs": [
        {
            "title": "CRM → warehouse",
            "state": "running",
            "last_run": "run 812: 214 records, 100 % HTTP 200",
            "last_minute": None,
            "runs": [],
        }
    ]
}


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    app = inbox_app(
        Inbox(clock=lambda: NOON), lambda: STATE, {"Dagster": "http://127.0.0.1:1"}, PROGRAM
    )
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def post(http: httpx.Client, key: str, alert: dict[str, Any]) -> httpx.Response:
    return http.post("/alerts", json=alert, headers={"Idempotency-Key": key})


def test_a_repeated_delivery_is_kept_once(http: httpx.Client) -> None:
    assert post(http, "a", ALERT).json() == {"new": True}
    assert post(http, "a", ALERT).json() == {"new": False}
    assert [alert["dedup_key"] for alert in http.get("/alerts.json").json()] == ["a"]


def test_alerts_are_listed_newest_first_with_their_arrival(http: httpx.Client) -> None:
    post(http, "a", ALERT)
    post(http, "b", {**ALERT, "reason": "resolved"})
    alerts = http.get("/alerts.json").json()
    assert [alert["reason"] for alert in alerts] == ["resolved", "opened"]
    assert alerts[0]["received_at"] == "2026-03-01T12:00:00.000Z"


def test_the_page_shows_alerts_beside_the_syncs_own_view(http: httpx.Client) -> None:
    post(http, "a", ALERT)
    page = http.get("/").raise_for_status().text
    assert "15 records are missing" in page
    assert "acme, brio" in page
    assert "run 812: 214 records, 100 % HTTP 200" in page
    assert "Something &lt;b&gt;broke" in page


def test_a_recovery_says_that_it_is_over_before_what_it_was(http: httpx.Client) -> None:
    headline = "[PAGE RESOLVED] CRM: contacts: well again after 67 s"
    post(http, "a", {**ALERT, "reason": "resolved", "headline": headline})
    page = http.get("/").text
    assert page.index("well again after 67 s") < page.index("It was: 15 records are missing")


def test_an_alert_that_says_little_is_shown_too(http: httpx.Client) -> None:
    post(http, "a", {"reason": "opened"})
    assert http.get("/").status_code == 200


def test_an_empty_inbox_says_what_to_do(http: httpx.Client) -> None:
    assert f"<code>{PROGRAM} demo break drop-records</code>" in http.get("/").text


@pytest.mark.parametrize(
    ("headers", "content"),
    [({}, b"{}"), ({"Idempotency-Key": "a"}, b"{"), ({"Idempotency-Key": "a"}, b"[]")],
    ids=["no key", "no JSON", "no object"],
)
def test_what_is_no_alert_is_refused(
    http: httpx.Client, headers: dict[str, str], content: bytes
) -> None:
    assert http.post("/alerts", content=content, headers=headers).status_code == 400
    assert http.get("/alerts.json").json() == []
