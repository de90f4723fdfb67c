"""Sampled answers against their baselines, in a real store."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from integration_monitor.manifest.domain import Endpoint, Integration
from integration_monitor.observe.response_schema import AT_ONCE, WAIT, follow_answers
from integration_monitor.observe.shape_sample import ShapeSample
from integration_monitor.signals.response_schema import LEARNING, judge
from integration_monitor.signals.shape import Shape
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import baselines, calls, response_shapes
from integration_monitor.store.call_batch import OTHER, Batch, ShapeSeen
from integration_monitor.store.call_tables import response_shapes as table
from integration_monitor.store.engine import Store
from integration_monitor_tests.plugin import an_integration

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONTACTS = Endpoint("contacts", "/contacts", critical=True)
DEALS = Endpoint("deals", "/deals")
_NUMBERS = itertools.count()
HUBSPOT = replace(an_integration(), endpoints={"contacts": CONTACTS, "deals": DEALS})


def shape(*answers: object) -> Shape:
    sample = ShapeSample()
    for answer in answers:
        sample.add(answer)
    return sample.shape()


USUAL = shape(*[{"results": [{"id": 1, "email": "a@b.c"}]}] * LEARNING)
RENAMED = shape(*[{"results": [{"id": 1, "mail": "a@b.c"}]}] * LEARNING)


def sampled(
    store: Store, *shapes: Shape, endpoint: str = "contacts", integration: str = "hubspot"
) -> None:
    seen = tuple(ShapeSeen(integration, endpoint, each, NOW) for each in shapes)
    calls.add(store, Batch(str(next(_NUMBERS)), "test", shapes=seen), now=NOW)


def judged(store: Store, integration: Integration = HUBSPOT, now: datetime = NOW) -> Verdict:
    follow_answers(store, [integration], now)
    with store.begin() as connection:
        found = response_shapes.of_fleet(connection, [integration.name])
    return judge(integration, found.get(integration.name, ()), now)


def waiting(store: Store) -> int:
    with store.begin() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_nothing_sampled_is_no_alarm(store: Store) -> None:
    verdict = judged(store)
    assert (verdict.status, verdict.reason) == ("ok", "no answer was looked at yet")


def test_a_renamed_field_of_a_critical_endpoint_fails_until_it_is_accepted(store: Store) -> None:
    sampled(store, USUAL)
    assert judged(store).reason == "the answers of 1 endpoint have the 4 fields they had"
    sampled(store, RENAMED)
    verdict = judged(store)
    assert (verdict.status, verdict.severity) == ("fail", "ticket")
    assert "contacts: `results[].email` is lost" in verdict.reason
    assert verdict.evidence["lost"] == 1
    assert verdict.evidence["gained"] == 0
    # Nothing new was sampled: what is known stays known.
    assert judged(store).status == "fail"
    with store.begin() as connection:
        unit = response_shapes.unit("hubspot", "contacts")
        assert baselines.accept_changes(connection, unit, by="Dana", note="v2", at=NOW) == 1
    assert judged(store).status == "ok"


def test_it_is_well_again_when_the_field_is_back(store: Store) -> None:
    sampled(store, USUAL)
    judged(store)
    sampled(store, RENAMED)
    assert judged(store).status == "fail"
    sampled(store, USUAL)
    assert judged(store).status == "ok"


def test_another_endpoint_warns(store: Store) -> None:
    sampled(store, USUAL, endpoint="deals")
    judged(store)
    sampled(store, shape(*[{"results": [{"id": "x1", "email": "a@b.c"}]}] * 3), endpoint="deals")
    verdict = judged(store)
    assert (verdict.status, verdict.severity) == ("warn", "ticket")
    assert "deals: `results[].id` is string, it was integer" in verdict.reason


def test_the_first_answers_form_the_baseline(store: Store) -> None:
    sampled(store, shape({"id": 1}))
    judged(store)
    sampled(store, shape({"id": 2, "note": None}))
    verdict = judged(store)
    assert verdict.status == "ok"
    assert "1 still learnt" in verdict.reason
    sampled(store, shape(*[{"id": 3, "note": None}] * LEARNING))
    assert "learnt" not in judged(store).reason


def test_another_path_has_another_baseline(store: Store) -> None:
    sampled(store, USUAL)
    judged(store)
    sampled(store, RENAMED)
    assert judged(store).status == "fail"
    moved = replace(HUBSPOT, endpoints={"contacts": replace(CONTACTS, path="/v2/contacts")})
    sampled(store, RENAMED)
    assert judged(store, moved).status == "ok"


def test_unmatched_urls_and_endpoints_that_left_say_nothing(store: Store) -> None:
    sampled(store, USUAL, endpoint=OTHER)
    sampled(store, USUAL, endpoint="gone")
    assert judged(store).reason == "no answer was looked at yet"
    assert waiting(store) == 0


def test_samples_are_looked_at_once_by_all_who_judge_at_one_time(store: Store) -> None:
    for _ in range(6):
        sampled(store, shape(*[{"id": 1}] * 10))
    done: list[int] = []
    threads = [
        threading.Thread(target=lambda: done.append(follow_answers(store, [HUBSPOT], NOW)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) >= 1
    with store.begin() as connection:
        baseline = baselines.current(connection, response_shapes.unit("hubspot", "contacts"))
    assert baseline is not None
    assert baseline.shape.records == 60
    assert waiting(store) == 0


def test_what_comes_faster_than_it_is_looked_at_is_thinned_out(store: Store) -> None:
    sampled(store, *[shape({"id": 1})] * (AT_ONCE + 5))
    follow_answers(store, [HUBSPOT], NOW)
    assert waiting(store) == 5
    follow_answers(store, [HUBSPOT], NOW)
    assert waiting(store) == 0
    sampled(store, *[shape({"id": 1})] * (AT_ONCE + 5))
    follow_answers(store, [HUBSPOT], NOW + WAIT + timedelta(seconds=1))
    assert waiting(store) == 0


def test_samples_of_other_integrations_wait(store: Store) -> None:
    sampled(store, USUAL)
    stripe = replace(HUBSPOT, name="stripe")
    assert follow_answers(store, [stripe], NOW + timedelta(minutes=1)) == 0
    assert waiting(store) == 1
