from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integration_monitor.demo.crm_events import CrmEvent
from integration_monitor.demo.sending import (
    AS_AGREED,
    COPIES,
    FORGED_EACH,
    LATE_BY,
    LATE_EACH,
    Departure,
    Sending,
    departures,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT = CrmEvent("evt_1", "deal.changed", "acme", "deal-1", NOON, {"stage": "won"})
NEWER = replace(EVENT, id="evt_2", occurred_at=NOON + timedelta(milliseconds=1))


def leaving(sending: Sending, event: CrmEvent = EVENT, number: int = 0) -> list[Departure]:
    return list(departures(event, number, sending, change_again=lambda _: NEWER))


def test_an_event_is_sent_once_and_at_once() -> None:
    assert leaving(AS_AGREED) == [Departure(NOON, EVENT)]


def test_a_partner_that_has_stopped_sends_nothing() -> None:
    assert leaving(Sending(stopped=True)) == []


@pytest.mark.parametrize("number", range(FORGED_EACH * 2))
def test_some_are_signed_by_another_secret(number: int) -> None:
    (departure,) = leaving(Sending(forged=True), number=number)
    assert departure.forged == (number % FORGED_EACH == 0)


@pytest.mark.parametrize("number", range(LATE_EACH * 2))
def test_some_are_held_back(number: int) -> None:
    (departure,) = leaving(Sending(late=True), number=number)
    assert departure.due - NOON == (LATE_BY if number % LATE_EACH == 0 else timedelta(0))


def test_copies_are_the_same_event() -> None:
    copies = leaving(Sending(copied=True))
    assert [copy.event for copy in copies] == [EVENT] * COPIES
    assert len({copy.due for copy in copies}) == COPIES


def test_a_newer_change_of_a_deal_overtakes_the_older_one() -> None:
    first, second = leaving(Sending(overtaken=True))
    assert (first.event, second.event) == (NEWER, EVENT)
    assert first.due < second.due


def test_what_is_no_change_of_a_deal_is_not_overtaken() -> None:
    opened = replace(EVENT, type="mail.opened")
    assert leaving(Sending(overtaken=True), opened) == [Departure(NOON, opened)]
