"""Dagster's own event log of our checks and assets, which never expires by itself.

An execution of a check is a row of its own beside its events: planned and evaluated in a run, only
evaluated in a sensor. On SQLite each event is stored twice, among all and with its run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import dagster as dg
import sqlalchemy as sa

from integration_monitor.dagster_internals import (
    CHECK_EVENTS,
    OBSERVATION,
    RUNLESS_RUN_ID,
    check_key_of_event,
)
from integration_monitor.dagster_storage_internals import (
    AssetCheckExecutionsTable as Executions,
)
from integration_monitor.dagster_storage_internals import AssetEventTagsTable as EventTags
from integration_monitor.dagster_storage_internals import (
    SqlEventLogStorage,
    has_run_shard,
    run_shard,
)
from integration_monitor.dagster_storage_internals import SqlEventLogStorageTable as Events

Value = TypeVar("Value")
_PAGE = 500
"""Rows of one transaction, which no run has to wait for for long."""


@dataclass(frozen=True)
class Ours:
    """What may be touched."""

    checks: Collection[dg.AssetCheckKey]
    assets: Collection[dg.AssetKey]


@dataclass(frozen=True)
class LoggedRows:
    """Rows of the event log."""

    executions: int
    """Of checks, each with the events that belong to it."""
    observations: int
    """Of assets."""


@dataclass(frozen=True)
class Logged:
    """What there is."""

    rows: LoggedRows
    oldest: datetime | None
    newest: datetime | None


class CannotTrim(Exception):
    """Dagster's event log is not in a database of its own kind, such as Dagster+."""


def count(instance: dg.DagsterInstance, ours: Ours) -> Logged:
    """What the event log has of our checks and assets. Raises `CannotTrim`."""
    with _storage(instance).index_connection() as connection:
        found = [
            connection.execute(
                sa.select(sa.func.count(), sa.func.min(time), sa.func.max(time)).where(*where)
            ).one()
            for names in _some([*_asset_names(ours)])
            for time, where in (
                (Executions.c.evaluation_event_timestamp, _our_executions(ours, names)),
                (Events.c.timestamp, _our_observations(names)),
            )
        ]
    oldest = [row[1] for row in found if row[1]]
    newest = [row[2] for row in found if row[2]]
    rows = LoggedRows(sum(row[0] for row in found[::2]), sum(row[0] for row in found[1::2]))
    return Logged(rows, _utc(min(oldest, default=None)), _utc(max(newest, default=None)))


def count_old(instance: dg.DagsterInstance, ours: Ours, before: datetime) -> LoggedRows:
    """How much `trim` would delete. Raises `CannotTrim`."""
    storage = _storage(instance)
    return LoggedRows(
        sum(map(len, _old_executions(storage, ours, before))),
        sum(map(len, _old_observations(storage, ours, before))),
    )


def trim(instance: dg.DagsterInstance, ours: Ours, before: datetime) -> LoggedRows:
    """Delete our checks' executions and our assets' observations from before a time.

    The latest of each stays, and the latest that gave a result. A page at a time, events first:
    what is interrupted is found again. Raises `CannotTrim`.
    """
    storage = _storage(instance)
    executions = observations = 0
    for page in _old_executions(storage, ours, before):
        _delete_executions(storage, page)
        executions += len(page)
    for page in _old_observations(storage, ours, before):
        _delete_observations(storage, page)
        observations += len(page)
    return LoggedRows(executions, observations)


def _storage(instance: dg.DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise CannotTrim(f"Dagster's event log is a {type(storage).__name__}, not in a database")
    return storage


_Row = sa.Row[Any]


def _old_executions(
    storage: SqlEventLogStorage, ours: Ours, before: datetime
) -> Iterator[Sequence[_Row]]:
    check, name = Executions.c.asset_key, Executions.c.check_name
    has_result = Executions.c.execution_status.in_(["SUCCEEDED", "FAILED"])
    for names in _some(_asset_names(ours)):
        our_own = _our_executions(ours, names)
        latest = sa.select(sa.func.max(Executions.c.id)).where(*our_own).group_by(check, name)
        old = sa.select(Executions).where(
            *our_own, Executions.c.evaluation_event_timestamp < _naive(before)
        )
        kept = _ids(storage, latest) | _ids(storage, latest.where(has_result))
        yield from _pages(storage, old, Executions.c.id, kept)


def _old_observations(
    storage: SqlEventLogStorage, ours: Ours, before: datetime
) -> Iterator[Sequence[_Row]]:
    columns = (Events.c.id, Events.c.run_id, Events.c.asset_key, Events.c.event)
    for names in _some(_asset_names(ours)):
        our_own = _our_observations(names)
        latest = sa.select(sa.func.max(Events.c.id)).where(*our_own).group_by(Events.c.asset_key)
        old = sa.select(*columns).where(*our_own, Events.c.timestamp < _naive(before))
        yield from _pages(storage, old, Events.c.id, _ids(storage, latest))


def _our_executions(ours: Ours, assets: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    # Names of checks are few: the same ones on every asset. Somebody else's check of the same name
    # on the same asset cannot be, Dagster refuses it.
    pairs: dict[str, list[str]] = {}
    for key in ours.checks:
        pairs.setdefault(key.name, []).append(key.asset_key.to_string())
    either = [
        sa.and_(Executions.c.check_name == name, Executions.c.asset_key.in_(some))
        for name, on in sorted(pairs.items())
        if (some := sorted(set(on) & set(assets)))
    ]
    return (sa.or_(sa.false(), *either),)


def _our_observations(assets: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    return Events.c.asset_key.in_(assets), Events.c.dagster_event_type == OBSERVATION


def _delete_executions(storage: SqlEventLogStorage, page: Sequence[_Row]) -> None:
    runs = {row.run_id for row in page}
    gone = {(row.run_id, row.asset_key, row.check_name) for row in page}
    texts = {row.evaluation_event for row in page}
    for run_id in runs:
        if has_run_shard(storage, run_id):
            with run_shard(storage, run_id) as connection:
                _delete_events(connection, _check_events(connection, [run_id], gone, texts))
    with storage.index_transaction() as connection:
        of_runs = _check_events(connection, sorted(runs - {RUNLESS_RUN_ID}), gone, texts)
        # Those without a run are many: by number, not by looking through all of them.
        _delete_events(connection, [*of_runs, *_numbers(page)])
        connection.execute(Executions.delete().where(Executions.c.id.in_([r.id for r in page])))


def _check_events(
    connection: sa.Connection,
    runs: Sequence[str],
    gone: Collection[tuple[str, str, str]],
    texts: Collection[str],
) -> list[int]:
    """The numbers of the events of these executions. Dagster keeps no key beside such an event."""
    query = sa.select(Events.c.id, Events.c.run_id, Events.c.event).where(
        Events.c.run_id.in_(runs), Events.c.dagster_event_type.in_(CHECK_EVENTS)
    )
    found = []
    for row in connection.execute(query):
        if row.run_id == RUNLESS_RUN_ID:
            is_gone = row.event in texts
        else:
            key = check_key_of_event(row.event)
            is_gone = key is not None and (
                (row.run_id, key.asset_key.to_string(), key.name) in gone
            )
        if is_gone:
            found.append(row.id)
    return found


def _numbers(page: Iterable[_Row]) -> list[int]:
    return [row.evaluation_event_storage_id for row in page if row.evaluation_event_storage_id]


def _delete_observations(storage: SqlEventLogStorage, page: Sequence[_Row]) -> None:
    texts = [row.event for row in page]
    for run_id in {row.run_id for row in page}:
        if has_run_shard(storage, run_id):
            with run_shard(storage, run_id) as connection:
                is_one = sa.and_(
                    Events.c.dagster_event_type == OBSERVATION, Events.c.event.in_(texts)
                )
                connection.execute(Events.delete().where(is_one))
    numbers = [row.id for row in page]
    with storage.index_transaction() as connection:
        connection.execute(EventTags.delete().where(EventTags.c.event_id.in_(numbers)))
        connection.execute(Events.delete().where(Events.c.id.in_(numbers)))


def _delete_events(connection: sa.Connection, numbers: Sequence[int]) -> None:
    for some in _some(numbers):
        connection.execute(
            Events.delete().where(
                Events.c.id.in_(some), Events.c.dagster_event_type.in_(CHECK_EVENTS)
            )
        )


def _pages(
    storage: SqlEventLogStorage, query: sa.Select[Any], number: sa.Column[int], kept: set[int]
) -> Iterator[Sequence[_Row]]:
    """The rows but those that are kept, in the order of their numbers."""
    after = 0
    while True:
        with storage.index_connection() as connection:
            rows = connection.execute(
                query.where(number > after).order_by(number).limit(_PAGE)
            ).all()
        if not rows:
            return
        after = rows[-1].id
        if page := [row for row in rows if row.id not in kept]:
            yield page


def _ids(storage: SqlEventLogStorage, query: sa.Select[Any]) -> set[int]:
    with storage.index_connection() as connection:
        return set(connection.execute(query).scalars())


def _asset_names(ours: Ours) -> list[str]:
    """As Dagster stores keys."""
    keys = {*ours.assets, *(check.asset_key for check in ours.checks)}
    return sorted(key.to_string() for key in keys)


def _some(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    # SQLite allows a number of parameters that thousands of keys would be beyond.
    return (values[start : start + _PAGE] for start in range(0, len(values), _PAGE))


def _naive(at: datetime) -> datetime:
    # Dagster stores UTC without saying so.
    return at.astimezone(UTC).replace(tzinfo=None)


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)
