from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest

from integration_monitor.alerts.deliver import attempt
from integration_monitor.manifest.domain import Channel, Monitor, Reference
from integration_monitor.store.outbox import Queued
from integration_monitor_tests.alerts.receiver import Receiver
from integration_monitor_tests.incidents.examples import START

SECRET = "hunter2secret"
QUEUED = Queued(
    id=1,
    dedup_key="crm/contacts/broken/20260301T120000Z-1:1:oncall",
    incident_id=1,
    channel="oncall",
    alert={
        "reason": "opened",
        "severity": "page",
        "headline": "[PAGE] Example CRM: contacts: 3 records are missing",
        "text": "Tenants (1): acme\nBegan: 2026-03-01 12:00:00 UTC",
    },
    created_at=START,
    attempts=0,
    next_attempt_at=START,
    error=None,
)
WEBHOOK = Channel("oncall", "webhook", Reference("URL"))
APPRISE = Channel("oncall", "apprise", Reference("URL"))


def send(channel: Channel, url: str, **environ: str) -> str | None:
    return attempt(QUEUED, Monitor(channels={"oncall": channel}), {"URL": url, **environ})


def test_a_webhook_gets_the_alert_as_it_is_with_its_headers(inbox: Receiver) -> None:
    headers: Mapping[str, str | Reference] = {
        "X-Team": "crm",
        "Authorization": Reference("TOKEN"),
    }
    channel = Channel("oncall", "webhook", Reference("URL"), headers)
    assert send(channel, f"{inbox.url}/hook", TOKEN=f"Bearer {SECRET}") is None
    (received,) = inbox.received
    assert received.path == "/hook"
    assert received.body == QUEUED.alert
    assert received.headers["X-Team"] == "crm"
    assert received.headers["Authorization"] == f"Bearer {SECRET}"
    assert received.headers["Idempotency-Key"] == QUEUED.dedup_key
    assert received.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500, 503])
def test_only_2xx_is_a_yes_and_redirects_are_not_followed(inbox: Receiver, status: int) -> None:
    inbox.answers = [status]
    assert send(WEBHOOK, inbox.url) == f"channel oncall: answered HTTP {status}"
    assert len(inbox.received) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_a_yes(inbox: Receiver, status: int) -> None:
    inbox.answers = [status]
    assert send(WEBHOOK, inbox.url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://127.0.0.1:1/{SECRET}", "could not connect"),
        (f"gopher://example.com/{SECRET}", "its address or a header is not valid"),
        (SECRET, "its address or a header is not valid"),
    ],
)
def test_a_webhook_that_cannot_be_reached_says_why(url: str, why: str) -> None:
    assert send(WEBHOOK, url) == f"channel oncall: {why}"


def test_apprise_sends_headline_and_text(inbox: Receiver) -> None:
    assert send(APPRISE, f"json://{inbox.address}/notify") is None
    (received,) = inbox.received
    assert received.body["title"] == QUEUED.alert["headline"]
    assert received.body["message"] == QUEUED.alert["text"]
    assert received.body["type"] == "failure"


def test_apprise_that_fails_or_is_not_understood_says_so(inbox: Receiver) -> None:
    inbox.answers = [500]
    refused = "channel oncall: Apprise could not send it: the service is away or refused it"
    assert send(APPRISE, f"json://{inbox.address}/") == refused
    unknown = "channel oncall: its address is not an Apprise URL"
    assert send(APPRISE, f"nonsense://{SECRET}") == unknown


@pytest.mark.parametrize("answer", [200, 500])
def test_addresses_stay_out_of_logs_and_errors(
    inbox: Receiver, caplog: pytest.LogCaptureFixture, answer: int
) -> None:
    caplog.set_level(logging.DEBUG)
    away = "127.0.0.1:1"
    here = inbox.address
    inbox.answers = [answer, answer]
    errors = [
        send(WEBHOOK, f"http://{here}/{SECRET}"),
        send(APPRISE, f"json://user:{SECRET}@{here}/{SECRET}"),
        send(WEBHOOK, f"http://{away}/{SECRET}"),
        send(APPRISE, f"json://user:{SECRET}@{away}/{SECRET}"),
        send(APPRISE, f"nonsense://{SECRET}"),
    ]
    assert SECRET not in caplog.text
    assert SECRET not in str(errors)


def test_other_logs_of_the_same_libraries_are_kept(
    inbox: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    send(WEBHOOK, inbox.url)
    logging.getLogger("httpx").warning("of somebody else")
    assert "of somebody else" in caplog.text


def test_a_defect_in_a_channels_library_is_a_failed_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def defect(*_: object, **__: object) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr("httpx.stream", defect)
    assert send(WEBHOOK, "http://127.0.0.1:1/") == "channel oncall: KeyError"
