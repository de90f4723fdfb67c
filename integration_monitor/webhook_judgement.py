"""Judging the webhooks of a fleet: facts are read once for all, judged, and recorded.

No partner is asked here, so a sensor can do it in each tick. What stops one family, or one
integration in it, is said there as `unknown`, and the others are judged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.collection import collection_paused
from integration_monitor.failures import describe
from integration_monitor.manifest.domain import Integration
from integration_monitor.signals import (
    webhook_backlog,
    webhook_delivery,
    webhook_hold,
    webhook_lag,
    webhook_lag_hold,
    webhook_signatures,
    webhook_volume,
)
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import WEBHOOKS, Verdict
from integration_monitor.signals.webhook_facts import WebhookFacts
from integration_monitor.signals.webhook_lag_hold import NewerEvents, told_lags
from integration_monitor.signals.webhook_subscription import with_subscriptions
from integration_monitor.signals.webhooks import WebhookSignal, verdict
from integration_monitor.store import (
    verdicts,
    webhook_baselines,
    webhook_facts,
    webhook_newer,
    webhook_streams,
    webhook_subscriptions,
)
from integration_monitor.store.engine import Store, StoreError

LEARNING_S = 15.0
"""Seconds of a tick, which has 60, that learning what is usual may take; it goes on in the next."""

Judge = Callable[[Integration], Verdict]
JudgeFacts = Callable[[WebhookFacts, Integration, datetime], Verdict]
Hold = Callable[[Verdict, Verdict | None, WebhookFacts, datetime], Verdict]
Previous = Mapping[tuple[str, str], Verdict]
"""What was said before and was not ok, by integration and signal."""
Read = Callable[
    [sa.Connection, Sequence[Integration], Previous, datetime], Mapping[WebhookSignal, Judge]
]
"""Reads facts of all integrations; gives, by signal, the judgement of one."""

BY_FACTS: Mapping[WebhookSignal, JudgeFacts] = {
    "signatures": webhook_signatures.judge,
    "delivery": webhook_delivery.judge,
    "backlog": webhook_backlog.judge,
}

HOLDS: Mapping[WebhookSignal, Hold] = {
    "signatures": webhook_hold.hold_signatures,
    "delivery": webhook_hold.hold_delivery,
}
"""What is not over because nothing comes any more."""


@dataclass(frozen=True)
class Reading:
    """Signals that share what is read for them."""

    signals: tuple[WebhookSignal, ...]
    read: Read


def _volume(
    connection: sa.Connection,
    integrations: Sequence[Integration],
    _previous: Previous,
    now: datetime,
) -> Mapping[WebhookSignal, Judge]:
    streams = webhook_streams.read(connection, integrations, now)
    said = webhook_subscriptions.read(connection, [each.name for each in integrations])

    def judge(integration: Integration) -> Verdict:
        name = integration.name
        found = webhook_volume.judge(streams[name], integration, now)
        return with_subscriptions(found, said.get(name, {}), integration, now)

    return {"volume": judge}


def _by_facts(
    connection: sa.Connection,
    integrations: Sequence[Integration],
    previous: Previous,
    now: datetime,
) -> Mapping[WebhookSignal, Judge]:
    facts = webhook_facts.read(connection, integrations, now)
    newer = _newer_events(connection, integrations, previous, now)

    def judged_by(signal: WebhookSignal, judge: JudgeFacts) -> Judge:
        holds = HOLDS.get(signal, _as_found)

        def judged(integration: Integration) -> Verdict:
            known = facts[integration.name]
            before = previous.get((integration.name, signal))
            return holds(judge(known, integration, now), before, known, now)

        return judged

    def lag(integration: Integration) -> Verdict:
        name = integration.name
        found = webhook_lag.judge(facts[name], integration, now)
        before = previous.get((name, webhook_lag.SIGNAL))
        return webhook_lag_hold.hold(
            found, before, newer.get(name, webhook_newer.NOTHING), integration, now
        )

    by_facts = {signal: judged_by(signal, judge) for signal, judge in BY_FACTS.items()}
    return {webhook_lag.SIGNAL: lag, **by_facts}


def _as_found(
    found: Verdict, _previous: Verdict | None, _facts: WebhookFacts, _now: datetime
) -> Verdict:
    return found


def _newer_events(
    connection: sa.Connection,
    integrations: Sequence[Integration],
    previous: Previous,
    now: datetime,
) -> Mapping[str, NewerEvents]:
    """What came since events were late, where they were."""
    held: dict[str, webhook_newer.Held] = {}
    for each in integrations:
        told = told_lags(previous.get((each.name, webhook_lag.SIGNAL)), each.webhooks)
        if told and each.webhooks:
            # The newest late events may be as old as the window.
            since = min(one.at for one in told.values()) - each.webhooks.lag.window
            held[each.name] = webhook_newer.Held(each.webhooks.lag.p95, since)
    after = webhook_facts.newest_after(connection) if held else 0
    return webhook_newer.read(connection, held, after, now)


READINGS = (
    Reading(("volume",), _volume),
    Reading((webhook_lag.SIGNAL, *BY_FACTS), _by_facts),
)


def judge_webhooks(
    store: Store, integrations: Sequence[Integration], now: datetime
) -> tuple[Verdict, ...]:
    """The verdicts about what partners send, of those that declare webhooks; they are stored then.

    Their subject is `webhooks`, their signals are those of `signals/webhooks.py`. Raises
    `StoreError` where the store is away; nothing is recorded then, and what was known becomes
    stale.
    """
    declared = [each for each in integrations if each.webhooks is not None]
    if not declared:
        return ()
    unlearned = _learn(store, declared, now)
    with collection_paused(), store.begin() as connection:
        names = [each.name for each in declared]
        stored = verdicts.briefs(connection, WEBHOOKS, names)
        previous = verdicts.not_ok(connection, WEBHOOKS, names)
        found = tuple(
            _as_learned(each, unlearned)
            for reading in READINGS
            for each in _judge_all(connection, reading, declared, previous, now)
        )
        verdicts.record_news(connection, found, stored)
    return found


def _learn(store: Store, integrations: Sequence[Integration], now: datetime) -> Mapping[str, str]:
    """Learn what is usual where that is due. Where it cannot be learned it is said why, by name."""
    until = time.monotonic() + LEARNING_S

    def refresh(some: Sequence[Integration]) -> None:
        webhook_baselines.refresh(store, some, now, enough=lambda: time.monotonic() >= until)

    try:
        refresh(integrations)
    except StoreError:
        raise
    except Exception:  # noqa: BLE001 - it is found out which one of them it is about
        return _not_learned(integrations, refresh)
    return {}


def _not_learned(
    integrations: Sequence[Integration], refresh: Callable[[Sequence[Integration]], None]
) -> Mapping[str, str]:
    failed: dict[str, str] = {}
    for integration in integrations:
        try:
            refresh([integration])
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the others are learned
            failed[integration.name] = f"the monitor {describe(error)}"
    return failed


def _as_learned(found: Verdict, unlearned: Mapping[str, str]) -> Verdict:
    """Without knowing what is usual, nothing is well; an alarm stays one."""
    why = unlearned.get(found.integration)
    if why is None or found.signal != "volume" or found.status == "fail":
        return found
    reason = f"what is usual could not be learned: {why}"
    return replace(found, status="unknown", severity="ticket", reason=reason)


def _judge_all(
    connection: sa.Connection,
    reading: Reading,
    integrations: Sequence[Integration],
    previous: Previous,
    now: datetime,
) -> Iterable[Verdict]:
    try:
        # Within a part of the transaction: a query that fails leaves the rest of it usable.
        with connection.begin_nested():
            judges = reading.read(connection, integrations, previous, now)
    except sa.exc.OperationalError:
        raise  # the store is away
    except Exception as error:  # noqa: BLE001 - one family must not blind the others
        reason = f"the webhooks could not be read: the monitor {describe(error)}"
        return [
            _unknown(signal, each, reason, previous, now)
            for each in integrations
            for signal in reading.signals
        ]
    return [
        _judged(signal, judge, each, previous, now)
        for each in integrations
        for signal, judge in judges.items()
    ]


def _judged(
    signal: WebhookSignal,
    judge: Judge,
    integration: Integration,
    previous: Previous,
    now: datetime,
) -> Verdict:
    try:
        return judge(integration)
    except Exception as error:  # noqa: BLE001 - one integration must not blind all others
        reason = f"the webhooks could not be judged: the monitor {describe(error)}"
        return _unknown(signal, integration, reason, previous, now)


def _unknown(
    signal: WebhookSignal,
    integration: Integration,
    reason: str,
    previous: Previous,
    now: datetime,
) -> Verdict:
    found = verdict(signal, integration, Judged("unknown", reason, "ticket"), now)
    before = previous.get((integration.name, signal))
    if signal == webhook_lag.SIGNAL:
        return webhook_lag_hold.remember(found, before, integration)
    return webhook_hold.remember(found, before) if signal in HOLDS else found
