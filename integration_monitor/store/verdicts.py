"""Verdicts in the store, as intervals: from when to when a subject had a status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from zlib import crc32

import sqlalchemy as sa

from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.store.arrays import each_text
from integration_monitor.store.tables import verdicts


def record(connection: sa.Connection, *found: Verdict) -> None:
    """Lengthen each subject's open interval, or end it and begin another where its status changed.

    An interval that nobody confirmed in time ends when it became stale. A verdict older than the
    stored one is left out: history does not go backwards. Give at most one a subject and signal.
    """
    if not found:
        return
    integrations = sorted({verdict.integration for verdict in found})
    # A row lock does not do: a second one would find the interval ended, and no other one yet.
    each = each_text(integrations)
    lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext("verdicts"), sa.func.hashtext(each))
    connection.execute(sa.select(lock))
    rows = connection.execute(
        sa.select(*(verdicts.c[name] for name in _INTERVAL))
        .where(verdicts.c.integration.in_(integrations), verdicts.c.ended_at.is_(None))
    )  # fmt: skip
    latest = {(row.integration, row.subject, row.signal): row for row in rows}
    lasting: list[dict[str, object]] = []
    ended: list[dict[str, object]] = []
    beginning: list[dict[str, object]] = []
    for verdict in found:
        last = latest.get((verdict.integration, verdict.subject, verdict.signal))
        if last is not None and last.last_at > verdict.at:
            continue
        if last is not None and _lasts(last, verdict):
            lasting.append({"b_id": last.id, **columns(verdict)})
            continue
        if last is not None:
            ended.append({"b_id": last.id, "ended_at": min(verdict.at, last.valid_until)})
        beginning.append({**columns(verdict), "started_at": verdict.at})
    by_id = verdicts.update().where(verdicts.c.id == sa.bindparam("b_id"))
    for statement, values in ((by_id, lasting), (by_id, ended), (verdicts.insert(), beginning)):
        if values:
            connection.execute(statement, values)


def record_news(connection: sa.Connection, found: Sequence[Verdict], stored: Stored) -> int:
    """Record the verdicts that say something new, or that would become stale soon.

    For what is judged every few seconds: a verdict that is repeated is written once in a third to
    two thirds of the time it is valid for, not all of them at once. Until then the stored numbers
    of one that is ok are as old. Returns how many were written.
    """
    news = [verdict for verdict in found if _is_news(verdict, stored.get(_place(verdict)))]
    record(connection, *news)
    return len(news)


@dataclass(frozen=True)
class Brief:
    """What a stored verdict says, without its numbers."""

    status: str
    severity: str | None
    reason: str
    tenants: tuple[str, ...]
    valid_until: datetime


Stored = Mapping[tuple[str, str, str], Brief]
"""By integration, subject and signal."""


def briefs(connection: sa.Connection, subject: str, integrations: Sequence[str]) -> Stored:
    """The newest verdicts about a subject of each integration, in brief."""
    names = ("integration", "subject", "signal", *Brief.__dataclass_fields__)
    query = sa.select(*(verdicts.c[name] for name in names)).where(
        verdicts.c.subject == subject,
        verdicts.c.integration == sa.any_(sa.cast(list(integrations), sa.ARRAY(sa.Text))),
        verdicts.c.ended_at.is_(None),
    )
    return {
        (row[0], row[1], row[2]): Brief(row[3], row[4], row[5], tuple(row[6]), row[7])
        for row in connection.execute(query)
    }


def not_ok(
    connection: sa.Connection, subject: str, integrations: Sequence[str]
) -> Mapping[tuple[str, str], Verdict]:
    """The newest verdicts about a subject that are not ok, by integration and signal."""
    rows = connection.execute(
        sa.select(verdicts).where(
            verdicts.c.subject == subject,
            verdicts.c.integration == sa.any_(sa.cast(list(integrations), sa.ARRAY(sa.Text))),
            verdicts.c.ended_at.is_(None),
            verdicts.c.status != "ok",
        )
    )
    return {(row.integration, row.signal): _verdict(row) for row in rows}


def _place(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.integration, verdict.subject, verdict.signal


def _is_news(verdict: Verdict, stored: Brief | None) -> bool:
    if stored is None or (stored.status, stored.severity) != (verdict.status, verdict.severity):
        return True
    if verdict.status != "ok" and (stored.reason, stored.tenants) != (
        verdict.reason,
        verdict.tenants,
    ):
        return True
    # Spread by a number that is the same in every process.
    share = 1 / 3 + crc32(verdict.integration.encode()) / 2**32 / 3
    return stored.valid_until - verdict.at < (verdict.valid_until - verdict.at) * share


_INTERVAL = (
    "id", "integration", "subject", "signal", "status", "severity", "last_at", "valid_until",
)  # fmt: skip


def _lasts(last: sa.Row[tuple[object, ...]], verdict: Verdict) -> bool:
    same = (last.status, last.severity) == (verdict.status, verdict.severity)
    return same and bool(verdict.at <= last.valid_until)


def latest(connection: sa.Connection, integration: str | None = None) -> tuple[Verdict, ...]:
    """The newest verdict of every subject and signal, as it was measured (it may be stale)."""
    query = sa.select(verdicts).where(verdicts.c.ended_at.is_(None))
    if integration is not None:
        query = query.where(verdicts.c.integration == integration)
    query = query.order_by(verdicts.c.integration, verdicts.c.subject, verdicts.c.signal)
    return tuple(_verdict(row) for row in connection.execute(query))


def first_judged(
    connection: sa.Connection, subject: str, integrations: Sequence[str]
) -> Mapping[str, datetime]:
    """Since when there are verdicts about a subject of each integration, where there are any."""
    query = (
        sa.select(verdicts.c.integration, sa.func.min(verdicts.c.started_at))
        .where(
            verdicts.c.subject == subject,
            verdicts.c.integration == sa.any_(sa.cast(list(integrations), sa.ARRAY(sa.Text))),
        )
        .group_by(verdicts.c.integration)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


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
        "details": verdict.markdown,
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
