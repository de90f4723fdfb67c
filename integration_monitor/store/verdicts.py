"""Verdicts in the store, as intervals: from when to when a subject had a status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.store.tables import verdicts


def record(connection: sa.Connection, verdict: Verdict) -> None:
    """Lengthen the subject's open interval, or end it and begin another where the status changed.

    An interval that nobody confirmed in time ends when it became stale. A verdict older than the
    stored one is left out: history does not go backwards.
    """
    # A row lock does not do: a second one would find the interval ended, and no other one yet.
    connection.execute(
        sa.select(
            sa.func.pg_advisory_xact_lock(
                sa.func.hashtext(verdict.integration),
                sa.func.hashtext(f"{verdict.subject} {verdict.signal}"),
            )
        )
    )
    latest = connection.execute(
        sa.select(verdicts.c.id, verdicts.c.status, verdicts.c.severity, verdicts.c.last_at,
                  verdicts.c.valid_until)
        .where(*_subject(verdict), verdicts.c.ended_at.is_(None))
    ).one_or_none()  # fmt: skip
    if latest is None:
        connection.execute(verdicts.insert().values(**columns(verdict), started_at=verdict.at))
        return
    if latest.last_at > verdict.at:
        return
    fresh = verdict.at <= latest.valid_until
    if fresh and (latest.status, latest.severity) == (verdict.status, verdict.severity):
        connection.execute(
            verdicts.update().where(verdicts.c.id == latest.id).values(**columns(verdict))
        )
        return
    ended_at = min(verdict.at, latest.valid_until)
    connection.execute(
        verdicts.update().where(verdicts.c.id == latest.id).values(ended_at=ended_at)
    )
    connection.execute(verdicts.insert().values(**columns(verdict), started_at=verdict.at))


def latest(connection: sa.Connection, integration: str | None = None) -> tuple[Verdict, ...]:
    """The newest verdict of every subject and signal, as it was measured (it may be stale)."""
    query = sa.select(verdicts).where(verdicts.c.ended_at.is_(None))
    if integration is not None:
        query = query.where(verdicts.c.integration == integration)
    query = query.order_by(verdicts.c.integration, verdicts.c.subject, verdicts.c.signal)
    return tuple(_verdict(row) for row in connection.execute(query))


def forget(connection: sa.Connection, subjects: Iterable[tuple[str, str]], at: datetime) -> None:
    """End the intervals of (integration, subject) pairs that are no longer watched."""
    for integration, subject in subjects:
        connection.execute(
            verdicts.update()
            .where(
                verdicts.c.integration == integration,
                verdicts.c.subject == subject,
                verdicts.c.ended_at.is_(None),
            )
            .values(ended_at=sa.func.least(verdicts.c.valid_until, at))
        )


def _subject(verdict: Verdict) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        verdicts.c.integration == verdict.integration,
        verdicts.c.subject == verdict.subject,
        verdicts.c.signal == verdict.signal,
    )


def columns(verdict: Verdict) -> dict[str, object]:
    """The columns of a verdict, apart from when its interval begins and ends."""
    return {
        "integration": verdict.integration,
        "subject": verdict.subject,
        "signal": verdict.signal,
        "status": verdict.status,
        "severity": verdict.severity,
        "reason": verdict.reason,
        "evidence": dict(verdict.evidence),
        "tenants": list(verdict.tenants),
        "parts": [asdict(part) for part in verdict.parts],
        "details": verdict.details,
        "last_at": verdict.at,
        "valid_until": verdict.valid_until,
    }


def _verdict(row: sa.Row[tuple[object, ...]]) -> Verdict:
    return Verdict(
        integration=row.integration,
        subject=row.subject,
        signal=row.signal,
        status=row.status,
        severity=row.severity,
        reason=row.reason,
        at=row.last_at,
        valid_until=row.valid_until,
        evidence=row.evidence,
        tenants=tuple(row.tenants),
        parts=tuple(Part(**part) for part in row.parts),
        details=row.details,
    )
