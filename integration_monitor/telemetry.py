"""Judging the calls of a fleet: facts are read once for all, each family judges, all is recorded.

No call to a partner is made here, so a sensor can do it in each tick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from integration_monitor.collection import collection_paused
from integration_monitor.failures import describe
from integration_monitor.manifest.domain import Integration
from integration_monitor.observe.response_schema import follow_answers
from integration_monitor.partner_changes import judge_partner_changes
from integration_monitor.signals import (
    call_auth,
    call_comparison,
    call_errors,
    call_hold,
    call_latency,
    call_rate_limits,
    call_tenants,
)
from integration_monitor.signals.api import ApiSignal, verdict
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import API, Verdict
from integration_monitor.store import call_facts, verdicts
from integration_monitor.store.engine import Store

Judge = Callable[[CallFacts, Integration, datetime], Verdict]
Previous = Mapping[tuple[str, str], Verdict]
"""What was said before and was not ok, by integration and signal."""


@dataclass(frozen=True)
class Family:
    """A signal about how calls end, and its judgement of one integration, now."""

    signal: ApiSignal
    judge: Judge


FAMILIES = (
    Family("errors", call_errors.judge),
    Family("auth", call_auth.judge),
    Family("latency", call_latency.judge),
    Family("tenants", call_tenants.judge),
    Family("rate_limits", call_rate_limits.judge),
)


def judge_fleet(
    store: Store, integrations: Sequence[Integration], now: datetime
) -> tuple[Verdict, ...]:
    """The verdicts about calls of these integrations, which are stored then.

    Their subject is `api`, their signals are those of `signals/api.py`. Give all integrations at
    once: a thousand cost hardly more than one. Raises `StoreError` where the store is away;
    nothing is recorded then, and what was known becomes stale.
    """
    # The facts are gone when it ends: what is still there then would all be looked through.
    with collection_paused():
        return _judge_fleet(store, integrations, now)


def _judge_fleet(
    store: Store, integrations: Sequence[Integration], now: datetime
) -> tuple[Verdict, ...]:
    follow_answers(store, integrations, now)
    names = [integration.name for integration in integrations]
    with store.begin() as connection:
        stored = verdicts.briefs(connection, API, names)
        previous = verdicts.not_ok(connection, API, names)
        facts = call_facts.read(store, integrations, now, _followed(previous))
        found = (
            *_judge_calls(_compared(facts, integrations), previous, integrations, now),
            *judge_partner_changes(connection, integrations, now),
        )
        verdicts.record_news(connection, found, stored)
    return found


def _compared(
    facts: Mapping[str, CallFacts], integrations: Sequence[Integration]
) -> Mapping[str, CallFacts]:
    said = call_comparison.compare(facts, integrations)
    return {**facts, **{name: replace(facts[name], whose=whose) for name, whose in said.items()}}


def _followed(previous: Previous) -> dict[str, list[str]]:
    """The tenants that were not well: whether they are called is asked of each."""
    followed: dict[str, list[str]] = defaultdict(list)
    for (name, signal), said in previous.items():
        if signal in call_hold.BY_TENANT:
            followed[name] += [part.tenant for part in said.parts]
    return followed


def _judge_calls(
    facts: Mapping[str, CallFacts],
    previous: Previous,
    integrations: Sequence[Integration],
    now: datetime,
) -> Iterator[Verdict]:
    for integration in integrations:
        for family in FAMILIES:
            before = previous.get((integration.name, family.signal))
            yield _judge(family, facts[integration.name], before, integration, now)


def _judge(
    family: Family,
    facts: CallFacts,
    previous: Verdict | None,
    integration: Integration,
    now: datetime,
) -> Verdict:
    try:
        found = family.judge(facts, integration, now)
        return call_hold.hold(found, previous, facts, integration, now)
    except Exception as error:  # noqa: BLE001 - one integration must not blind all others
        reason = f"the calls could not be judged: the monitor {describe(error)}"
        return verdict(family.signal, integration, Judged("unknown", reason, "ticket"), now)
