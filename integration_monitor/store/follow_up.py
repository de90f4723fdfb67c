"""Comparing what was observed with the baseline in force, and keeping what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.domain import SchemaRules
from integration_monitor.signals.schema_changes import Change, follow
from integration_monitor.signals.shape import Shape
from integration_monitor.store import baselines
from integration_monitor.store.baselines import Baseline


def follow_up(
    connection: sa.Connection,
    baseline: Baseline,
    known: Sequence[Change],
    observed: Shape,
    *,
    rules: SchemaRules,
    mapped: Collection[str],
    at: datetime,
) -> tuple[Baseline, tuple[Change, ...]]:
    """The baseline with what it learnt, and the changes that are open now."""
    step = follow(baseline.shape, known, observed, rules, mapped)
    for change, reason in step.closed:
        baselines.close(connection, baseline, [change], reason, at=at)
    changes = baselines.save_changes(connection, baseline, step.open, at) if step.open else ()
    baselines.learn(connection, baseline, step.baseline)
    return replace(baseline, shape=step.baseline), changes
