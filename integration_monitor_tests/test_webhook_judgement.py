"""The webhooks of a fleet, from the store to recorded verdicts and incidents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from integration_monitor import webhook_judgement
from integration_monitor.alerts.notify import update_incidents
from integration_monitor.manifest.domain import Fleet, Integration
from integration_monitor.signals import webhook_backlog, webhooks
from integration_monitor.signals.verdict import Verdict
from integration_monitor.signals.webhook_facts import WebhookFacts
from integration_monitor.store import incidents, verdicts, webhook_baselines, webhook_facts
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor.webhook_judgement import judge_webhooks
from integration_monitor_tests.plugin import an_integration
from integration_monitor_tests.webhook_examples import receiver_ran, store_hours
from integration_monitor_tests.webhook_rows import (
    CRM,
    NOW,
    a_count,
    a_delivery,
    a_rejection,
    accepted,
    ago,
    an_event,
    named,
    store_webhooks,
)

ERP = named("erp")
Found = Mapping[tuple[str, str], Verdict]


def judged(store: Store, *integrations: Integration, now: datetime = NOW) -> Found:
    found = judge_webhooks(store, integrations or (CRM, ERP), now)
    return {(verdict.integration, verdict.signal): verdict for verdict in found}


def test_every_signal_says_something_of_every_integration_with_webhooks(store: Store) -> None:
    found = judged(store, CRM, ERP, an_integration("without"))
    assert set(found) == {(name, signal) for name in ("crm", "erp") for signal in webhooks.SIGNALS}
    with store.begin() as connection:
        latest = {(each.integration, each.signal): each for each in verdicts.latest(connection)}
    assert latest == {key: replace(each, details=each.markdown) for key, each in found.items()}


def test_a_flat_line_opens_an_incident_that_pages(store: Store) -> None:
    quiet = NOW - timedelta(hours=3)
    store_hours(store, quiet, {("acme", "contact.updated"): 60})
    receiver_ran(store, quiet - timedelta(hours=1), NOW)
    volume = judged(store)["crm", "volume"]
    assert (volume.status, volume.severity) == ("fail", "page")
    assert "no `contact.updated` for 3 h" in volume.reason
    update_incidents(store, Fleet("integrations", (CRM, ERP)), NOW)
    with store.begin() as connection:
        [incident] = [
            each for each in incidents.current(connection) if each.subject.integration == "crm"
            and each.kind == "broken"
        ]  # fmt: skip
    assert (incident.subject.name, incident.severity) == ("webhooks", "page")
    assert incident.tenants == ("acme",)


def turned_away(reason: str, minutes: range) -> list[dict[str, object]]:
    """Three requests in each of the minutes before now."""
    return [a_rejection(60 * minute, 3, reason) for minute in minutes]


def silent_for(store: Store, lasted: timedelta, *names: str) -> None:
    """A tenant's events came as usual until then; receivers ran all the time."""
    for name in names:
        last_at = NOW - lasted
        store_hours(store, last_at, {("acme", "contact.updated"): 60}, integration=name)
    receiver_ran(store, NOW - lasted - timedelta(hours=1), NOW)


def test_whom_we_turn_away_is_not_silent(store: Store) -> None:
    """Beside a partner that is silent for as long, and to which nobody answered 503."""
    silent_for(store, timedelta(minutes=41), "crm", "erp")
    store_webhooks(store, rejections=turned_away("unavailable", range(41)))
    found = judged(store)
    assert (found["erp", "volume"].status, found["erp", "volume"].severity) == ("fail", "page")
    volume = found["crm", "volume"]
    assert (volume.status, volume.severity) == ("unknown", "ticket")
    assert volume.reason == (
        "our receiver turned it away with 503 for 40 min, at 14:20 UTC for the last time,"
        " so that silence cannot be told"
    )


def test_silence_after_we_turned_the_partner_away_is_told_with_it(store: Store) -> None:
    silent_for(store, timedelta(hours=3), "crm")
    store_webhooks(store, rejections=turned_away("unavailable", range(100, 140)))
    volume = judged(store, CRM)["crm", "volume"]
    assert (volume.status, volume.severity) == ("fail", "page")
    assert "(without 40 min in which our receiver turned it away with 503)" in volume.reason


def test_who_comes_back_later_than_others_was_not_silent_meanwhile(store: Store) -> None:
    silent_for(store, timedelta(minutes=41), "crm")
    back = {**a_count(0, 9, tenant="bolt"), "first_at": ago(60), "last_at": NOW}
    store_webhooks(store, counts=[back], rejections=turned_away("unavailable", range(2, 41)))
    assert judged(store, CRM)["crm", "volume"].status == "ok"


@pytest.mark.parametrize("reason", ["mismatch", "crowded"])
def test_silence_is_told_with_the_requests_that_come_all_the_same(
    store: Store, reason: str
) -> None:
    silent_for(store, timedelta(minutes=41), "crm")
    store_webhooks(store, rejections=turned_away(reason, range(41)))
    volume = judged(store, CRM)["crm", "volume"]
    assert (volume.status, volume.severity) == ("fail", "page")
    rejected = "yet 123 requests came in the last hour that our receiver rejected"
    assert f"{rejected} ({reason} 123)" in volume.reason


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        pytest.param(23, "our receiver turned it away with 503 for 4 min", id="may come back"),
        pytest.param(25, "no event has come since a receiver listens", id="would have"),
    ],
)
def test_a_partner_that_never_came_through(store: Store, hours: int, reason: str) -> None:
    receiver_ran(store, NOW - timedelta(hours=26), NOW)
    rejections = turned_away("unavailable", range(60 * hours, 60 * hours + 5))
    store_webhooks(store, rejections=rejections)
    volume = judged(store, CRM)["crm", "volume"]
    assert volume.status == "unknown"
    assert volume.reason.startswith(reason)


def test_a_mistake_about_one_integration_does_not_blind_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(facts: WebhookFacts, integration: Integration, now: datetime) -> Verdict:
        if integration.name == "crm":
            raise KeyError("a secret")
        return webhook_backlog.judge(facts, integration, now)

    monkeypatch.setitem(webhook_judgement.BY_FACTS, "backlog", judge)
    found = judged(store)
    assert found["crm", "backlog"].status == "unknown"
    assert "the monitor stopped with KeyError in judge" in found["crm", "backlog"].reason
    assert "secret" not in found["crm", "backlog"].reason
    assert found["crm", "delivery"].status == found["erp", "backlog"].status == "ok"


def test_a_query_that_fails_blinds_its_family_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(
        connection: sa.Connection, integrations: Sequence[Integration], now: datetime
    ) -> Mapping[str, WebhookFacts]:
        connection.execute(sa.text("SELECT no_such_column"))
        return {}

    monkeypatch.setattr(webhook_facts, "read", read)
    store_webhooks(store, events=[an_event(400, took=None)])
    found = judged(store)
    assert found["crm", "backlog"].status == "unknown"
    assert "the monitor stopped with ProgrammingError" in found["crm", "backlog"].reason
    assert "could not be read" not in found["crm", "volume"].reason


def test_where_what_is_usual_cannot_be_learned_volume_is_unknown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = webhook_baselines.refresh

    def failing(store: Store, some: Sequence[Integration], now: datetime, **rest: object) -> int:
        if any(each.name == "crm" for each in some):
            raise ZeroDivisionError
        return refresh(store, some, now)

    monkeypatch.setattr(webhook_baselines, "refresh", failing)
    found = judged(store)
    assert found["crm", "volume"].reason.startswith("what is usual could not be learned")
    assert not found["erp", "volume"].reason.startswith("what is usual could not be learned")


def test_a_store_that_is_away_is_said_and_nothing_is_made_up() -> None:
    with pytest.raises(StoreError):
        judge_webhooks(open_store("postgresql://127.0.0.1:1/none"), (CRM,), NOW)


def test_events_that_were_late_are_well_only_when_newer_ones_are_in_time(store: Store) -> None:
    def came(at: datetime, *, late_by: float, tenant: str) -> dict[str, object]:
        return an_event((NOW - at).total_seconds(), late_by=late_by, tenant=tenant)

    def lag(now: datetime) -> Verdict:
        return judged(store, CRM, now=now)["crm", "ingestion_lag"]

    minute = timedelta(minutes=1)
    receiver_ran(store, NOW, NOW + 150 * minute)
    fine = [came(NOW - n * minute, late_by=1, tenant="globex") for n in range(1, 30)]
    store_webhooks(store, events=fine)
    assert lag(NOW).status == "ok"

    # Busy, and of one tenant everything is late: it is told within a few minutes.
    late = [came(NOW + n * minute / 10, late_by=90, tenant="acme") for n in range(50)]
    store_webhooks(store, events=late)
    told = NOW + 5 * minute
    failed = lag(told)
    assert (failed.status, failed.tenants) == ("fail", ("acme",))
    assert failed.reason.startswith("50 of 74 events in 30 min arrived more than 30 s late")

    # Then nothing more comes: the late ones leave the window, and the alarm stays.
    for silent in (40 * minute, 120 * minute):
        held = lag(told + silent)
        assert (held.status, held.severity, held.tenants) == ("fail", "ticket", ("acme",))
        assert held.reason == f"{failed.reason}; held: no event came since 14:25 UTC"

    # Others are in time; of the one that was late nothing has come.
    others = told + 125 * minute
    store_webhooks(store, events=[came(others, late_by=1, tenant="globex") for _ in range(9)])
    held = lag(others + minute)
    assert (held.status, held.tenants) == ("fail", ("acme",))
    assert held.reason == f"{failed.reason}; held: no event of acme came since 14:25 UTC"

    well = others + 2 * minute
    store_webhooks(store, events=[came(well, late_by=1, tenant="acme") for _ in range(3)])
    found = lag(well + minute)
    assert (found.status, found.tenants) == ("ok", ())


def test_a_query_that_fails_makes_nobody_forget_that_events_are_late(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_webhooks(store, events=[an_event(n * 12, late_by=90) for n in range(25)])
    assert judged(store)["crm", "ingestion_lag"].status == "fail"
    later = NOW + timedelta(hours=1)
    with monkeypatch.context() as broken:
        broken.delattr(webhook_facts, "read")
        assert judged(store, now=later)["crm", "ingestion_lag"].status == "unknown"
    held = judged(store, now=later + timedelta(minutes=1))["crm", "ingestion_lag"]
    assert held.status == "fail"
    assert "; held: no event came since 14:20 UTC" in held.reason


def an_event_came(store: Store) -> None:
    """Its request is not counted yet."""
    store_webhooks(store, events=[an_event(-70 * 60)])


def a_repeat_came(store: Store) -> None:
    store_webhooks(store, requests=[accepted(-70 * 60, 1)])


@pytest.mark.parametrize("came", [an_event_came, a_repeat_came])
def test_rejections_are_over_when_a_request_is_accepted_and_not_before(
    store: Store, monkeypatch: pytest.MonkeyPatch, came: Callable[[Store], None]
) -> None:
    def signatures(minutes: int) -> Verdict:
        now = NOW + timedelta(minutes=minutes)
        return judged(store, CRM, now=now)["crm", "signatures"]

    receiver_ran(store, NOW - timedelta(hours=1), NOW + timedelta(hours=2))
    store_webhooks(store, events=[an_event(3000)])
    store_webhooks(store, rejections=[a_rejection(n * 60, 5) for n in range(10)])
    failed = signatures(0)
    assert (failed.status, failed.severity) == ("fail", "page")

    with monkeypatch.context() as broken:
        broken.delattr(webhook_facts, "read")
        assert signatures(25).reason.endswith(f"; before: {failed.reason}")
    held = signatures(26)
    assert (held.status, held.severity) == ("unknown", "page")
    assert held.reason == (
        "no request was accepted in 15 min, so it is not known whether it is over; before:"
        f" {failed.reason}"
    )

    came(store)
    assert signatures(71).status == "ok"


def test_whom_strangers_imitate_beside_repeats_wakes_nobody(store: Store) -> None:
    probes = a_rejection(20, 11, "missing_header")
    store_webhooks(store, events=[an_event(9000)], rejections=[probes], requests=[accepted(20, 11)])
    found = judged(store, CRM)["crm", "signatures"]
    assert (found.status, found.severity) == ("fail", "ticket")
    assert found.reason == "50 % of 22 requests in 15 min rejected: missing_header 11"


def test_a_sink_that_gave_up_is_not_well_after_a_day_without_events(store: Store) -> None:
    def delivery(hours: float) -> Verdict:
        return judged(store, CRM, now=NOW + timedelta(hours=hours))["crm", "delivery"]

    events = [an_event(60 + n, state="dead") for n in range(9)]
    given_up = [a_delivery(event, "dead") for event in events]
    store_webhooks(store, events=events, deliveries=given_up)
    assert (delivery(0).status, delivery(0).severity) == ("fail", "page")
    held = delivery(25)
    assert (held.status, held.severity) == ("unknown", "page")
    assert held.reason.startswith("nothing reached product in 24 h, so it is not known whether")

    again = an_event(-26 * 3600, took=1)
    store_webhooks(store, events=[again], deliveries=[a_delivery(again)])
    assert delivery(26.1).status == "ok"
