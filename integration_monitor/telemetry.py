"""Judging the calls of a whole fleet: facts read set by set, verdicts stored at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from integration_monitor.manifest.domain import Integration
from integration_monitor.partner_changes import judge_partner_changes
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import verdicts
from integration_monitor.store.engine import Store


def judge_fleet(
    store: Store, integrations: Sequence[Integration], now: datetime
) -> tuple[Verdict, ...]:
    """The verdicts about calls of these integrations, which are stored then.

    Their subject is `api`, their signals are those of `signals/api.py`. Raises `StoreError` where
    the store is away.
    """
    with store.begin() as connection:
        found = judge_partner_changes(connection, integrations, now)
        verdicts.record(connection, *found)
    return found
