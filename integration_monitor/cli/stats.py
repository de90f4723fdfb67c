"""`db stats`: how much there is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from integration_monitor.cli.context import (
    MANIFESTS,
    AsJson,
    Directory,
    clear_errors,
    environment,
    load_fleet,
    opened_store,
    progress,
)
from integration_monitor.cli.dagster_instance import opened_instance, ours
from integration_monitor.cli.plain import plain
from integration_monitor.signals.wording import count as counted
from integration_monitor.signals.wording import number, table

if TYPE_CHECKING:
    from integration_monitor.dagster_event_log import Logged
    from integration_monitor.store.stats import BatchStats, TableStats

DAY = timedelta(days=1)
_UNITS = ("B", "kB", "MB", "GB", "TB")


def stats(directory: Directory = None, as_json: AsJson = False) -> None:
    """Say how much the store holds, what came in a day, and what Dagster logged of our checks."""
    from integration_monitor.store.stats import batch_stats, table_stats

    environ = environment()
    with clear_errors():
        with opened_store(environ) as store, store.begin() as connection:
            tables = table_stats(connection)
            batches = batch_stats(connection, datetime.now(UTC) - DAY)
        for line in (_json if as_json else _text)(tables, batches):
            typer.echo(line)
        if logged := _logged(environ, directory):
            typer.echo(_logged_json(logged) if as_json else _logged_text(logged))


def _logged(environ: Mapping[str, str], directory: Path | None) -> Logged | None:
    """What Dagster logged; None, and why on standard error, where that cannot be said."""
    from integration_monitor.dagster_event_log import CannotTrim, count

    with opened_instance(environ) as instance:
        if instance is None:
            progress("Dagster's event log: not counted, DAGSTER_HOME is not set")
            return None
        if directory is None and not environ.get(MANIFESTS):
            progress(f"Dagster's event log: not counted, give --manifests or set {MANIFESTS}")
            return None
        try:
            return count(instance, ours(load_fleet(directory, environ)))
        except CannotTrim as error:
            progress(str(error))
            return None


def _json(tables: tuple[TableStats, ...], batches: BatchStats) -> Iterator[str]:
    for each in tables:
        yield json.dumps({"table": each.name, **_plain(asdict(each), "name")})
    yield json.dumps({"last_day": asdict(batches)})


def _logged_json(logged: Logged) -> str:
    times = {"oldest": _time(logged.oldest), "newest": _time(logged.newest)}
    return json.dumps({"dagster": {**asdict(logged.rows), **times}})


def _text(tables: tuple[TableStats, ...], batches: BatchStats) -> Iterator[str]:
    header = ("table", "rows", "size", "oldest", "newest", "partitions")
    yield from plain(table(header, map(_row, tables)))
    yield ""
    yield (
        f"last day: {counted(batches.batches, 'batch', 'batches')} of"
        f" {counted(batches.calls, 'call')}; {counted(batches.dropped, 'call')} dropped"
    )


def _logged_text(logged: Logged) -> str:
    rows, since = logged.rows, _time(logged.oldest)
    return (
        f"Dagster's event log: {number(rows.executions)} executions of our checks,"
        f" {number(rows.observations)} observations of our assets"
        + (f", since {since}" if since else "")
    )


def _row(each: TableStats) -> tuple[str, ...]:
    return (
        each.name,
        f"{'about ' if each.is_estimated else ''}{number(each.rows)}",
        size(each.bytes),
        _time(each.oldest) or "",
        _time(each.newest) or "",
        "" if each.partitions is None else str(each.partitions),
    )


def size(bytes_: float) -> str:
    """`1,234,567` as `1.2 MB`."""
    for unit in _UNITS:
        if bytes_ < 1000 or unit == _UNITS[-1]:
            break
        bytes_ /= 1000
    return f"{bytes_:.0f} {unit}" if unit == "B" or bytes_ >= 100 else f"{bytes_:.1f} {unit}"


def _plain(values: dict[str, Any], *without: str) -> dict[str, Any]:
    return {
        name: _time(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if name not in without
    }


def _time(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
