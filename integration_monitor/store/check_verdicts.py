"""Verdicts about asset checks, thousands at a time: only what changed is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.signals.verdict import ASSET_CHECKS, Verdict
from integration_monitor.store import verdicts as stored
from integration_monitor.store.tables import verdicts

_CHANGING = ("reason", "evidence", "last_at", "valid_until")


def record(
    connection: sa.Connection,
    found: Iterable[Verdict],
    watched: Set[str],
    now: datetime,
    *,
    earlier: Iterable[Verdict] = (),
) -> int:
    """Store the newest verdicts of the checks, and end those of checks that are not watched.

    `earlier` are of checks that are under way: they count where they are newer than what is stored.
    A check without a new verdict keeps the one it has. Returns how many were new. Unlike other
    verdicts these have no cadence: an interval lasts until the next one begins.
    """
    # Nobody else writes these subjects, so one lock does for all of them.
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(ASSET_CHECKS))))
    before = {each.subject: each for each in stored.latest(connection, ASSET_CHECKS)}
    newer = [each for each in earlier if _is_newer(each, before.get(each.subject))]
    all_found = [*newer, *found]
    new = [verdict for each in all_found if (verdict := _news(each, before.get(each.subject)))]
    lasting = [each for each in new if _is_same_interval(each, before.get(each.subject))]
    beginning = [each for each in new if not _is_same_interval(each, before.get(each.subject))]
    ended: dict[str, datetime] = dict.fromkeys(set(before) - watched, now)
    ended |= {each.subject: each.at for each in beginning if each.subject in before}
    _end(connection, ended)
    _lengthen(connection, lasting)
    _begin(connection, beginning)
    return len(new)


def _is_newer(found: Verdict, before: Verdict | None) -> bool:
    return before is None or found.at > before.at


def _news(found: Verdict, before: Verdict | None) -> Verdict | None:
    """The verdict as it is to be stored; None where it is stored already.

    What Dagster takes for the latest execution is the latest, also where clocks of two workers
    differ; history still does not go backwards.
    """
    if before is None:
        return found
    verdict = replace(found, at=max(found.at, before.at))
    return None if verdict == before else verdict


def _is_same_interval(found: Verdict, before: Verdict | None) -> bool:
    if before is None:
        return False
    return (found.status, found.severity) == (before.status, before.severity)


def _end(connection: sa.Connection, ended: Mapping[str, datetime]) -> None:
    _update(
        connection,
        {"ended_at": sa.bindparam("b_ended_at")},
        [{"b_subject": subject, "b_ended_at": at} for subject, at in ended.items()],
    )


def _lengthen(connection: sa.Connection, lasting: Sequence[Verdict]) -> None:
    rows = [
        {"b_subject": each.subject}
        | {f"b_{name}": stored.columns(each)[name] for name in _CHANGING}
        for each in lasting
    ]
    _update(connection, {name: sa.bindparam(f"b_{name}") for name in _CHANGING}, rows)


def _begin(connection: sa.Connection, beginning: Sequence[Verdict]) -> None:
    if beginning:
        rows = [stored.columns(each) | {"started_at": each.at} for each in beginning]
        connection.execute(verdicts.insert(), rows)


def _update(
    connection: sa.Connection,
    values: Mapping[str, sa.BindParameter[object]],
    rows: Sequence[Mapping[str, object]],
) -> None:
    if not rows:
        return
    update = verdicts.update().where(
        verdicts.c.integration == ASSET_CHECKS,
        verdicts.c.subject == sa.bindparam("b_subject"),
        verdicts.c.ended_at.is_(None),
    )
    connection.execute(update.values(values), rows)
