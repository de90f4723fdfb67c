"""`drift`: how the fields of sides and answers differ from what was accepted; accepting it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from integration_monitor.cli.context import (
    AsJson,
    Directory,
    clear_errors,
    environment,
    fail,
    find,
    load_fleet,
    opened_store,
)
from integration_monitor.cli.gaps import login
from integration_monitor.cli.plain import plain
from integration_monitor.program import program

if TYPE_CHECKING:
    import sqlalchemy as sa

    from integration_monitor.manifest.domain import Sync
    from integration_monitor.store.baselines import Baseline, SideUnit, StoredChange

app = typer.Typer(help="Fields that changed at either side, against the accepted baseline.")
Target = Annotated[
    str,
    typer.Argument(metavar="INTEGRATION/SYNC", help="INTEGRATION/api: the answers to your calls."),
]
_HISTORY_SHOWN = 20


@app.command()
def show(target: Target, directory: Directory = None, as_json: AsJson = False) -> None:
    """Show each side's baseline, who accepted it, what differs from it, and what did."""
    environ = environment()
    with clear_errors():
        asked = _asked(target, directory, environ)
        with opened_store(environ) as store, store.begin() as connection:
            lines = list(_shown(connection, asked, as_json=as_json))
    for line in lines or ([] if as_json else ["no baseline yet: nothing was ever measured"]):
        typer.echo(line)


@app.command()
def accept(
    target: Target,
    note: Annotated[str, typer.Option(help="Why it is right as it is now; kept as history.")],
    by: Annotated[str | None, typer.Option(help="Who accepts it; left out: your login.")] = None,
    side: Annotated[
        Literal["source", "destination"] | None, typer.Option(help="Only this side.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's connection.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Only this endpoint's, of INTEGRATION/api.")
    ] = None,
    directory: Directory = None,
) -> None:
    """Say that the fields are right as they were last observed: the next check is green."""
    from integration_monitor.signals.wording import count

    environ = environment()
    with clear_errors():
        asked = _asked(target, directory, environ)
        if endpoint if asked.sync else tenant or side:
            fail("--endpoint is for INTEGRATION/api, --side and --tenant are for a sync")
        with opened_store(environ) as store, store.begin() as connection:
            accepted = _accept(
                connection, asked, side, tenant or endpoint, by=by or login(), note=note
            )
    if not accepted:
        fail(f"no open change of {target} fits; `{program()} drift show {target}` shows them")
    typer.echo(f"accepted {count(accepted, 'change')}; the next run says so")


@dataclass(frozen=True)
class _Asked:
    """A sync, or (None) the answers to calls: the name under which its baselines are kept."""

    integration: str
    name: str
    sync: Sync | None


def _asked(target: str, directory: Directory, environ: Mapping[str, str]) -> _Asked:
    from integration_monitor.signals.verdict import API

    name, _, last = target.partition("/")
    fleet = load_fleet(directory, environ)
    if last == API:
        integration, _ = find(fleet, name)
        return _Asked(integration.name, API, None)
    integration, sync = find(fleet, target)
    if sync is None:
        fail(f"of which sync? Name one: {integration.name}/SYNC, or {integration.name}/{API}")
    return _Asked(integration.name, sync.name, sync)


def _accept(
    connection: sa.Connection,
    asked: _Asked,
    side: str | None,
    one: str | None,
    *,
    by: str,
    note: str,
) -> int:
    from integration_monitor.store import baselines

    units = [
        unit
        for unit in baselines.units(connection, asked.integration, asked.name)
        if side in (None, unit.side) and one in (None, unit.connection)
    ]
    at = datetime.now(UTC)
    return sum(
        baselines.accept_changes(
            connection, unit, by=by, note=note, at=at, mapped=_mapped(asked, unit)
        )
        for unit in units
    )


def _mapped(asked: _Asked, unit: SideUnit) -> Mapping[str, str]:
    from integration_monitor.signals.mapped import mapped_paths

    if asked.sync is None or unit.side == "response":
        return {}
    return mapped_paths(asked.sync, unit.side)


def _shown(connection: sa.Connection, asked: _Asked, *, as_json: bool) -> Iterator[str]:
    from integration_monitor.store import baselines

    kept = baselines.history(connection, asked.integration, asked.name)
    for one in kept:
        if one.superseded_at is not None:
            continue
        former = [other for other in kept if other.unit == one.unit and other is not one]
        changes = [
            change for each in (one, *former) for change in baselines.changes_of(connection, each)
        ]
        if as_json:
            yield json.dumps(_as_json(one, former, changes))
        else:
            yield from _as_text(one, former, changes)


def _as_text(
    baseline: Baseline, former: Sequence[Baseline], changes: Sequence[StoredChange]
) -> Iterator[str]:
    from integration_monitor.manifest.domain import SINGLE
    from integration_monitor.signals.wording import clock, table

    unit = baseline.unit
    who = "" if unit.connection == SINGLE else f" of {unit.connection}"
    yield f"{unit.integration}/{unit.sync} {unit.side}{who}: {_what(baseline)}, {_by(baseline)}"
    rows = [
        (c.path, c.kind, c.was, c.now, clock(c.first_seen) if c.first_seen else "", c.example)
        for c in (stored.change for stored in changes if stored.closed_at is None)
    ]
    header = ("path", "change", "was", "is", "first seen", "example, redacted")
    yield from plain(table(header, rows)) if rows else ["nothing differs from it"]
    past = [(b.accepted_at, f"{_what(b)}, {_by(b)}") for b in former]
    past += [(c.closed_at, _closed(c)) for c in changes if c.closed_at is not None]
    for _at, line in sorted(past, reverse=True)[:_HISTORY_SHOWN]:
        yield f"  before: {line}"
    yield ""


def _what(baseline: Baseline) -> str:
    from integration_monitor.signals.wording import count

    shape = baseline.shape
    if shape.declared:
        return count(len(shape.fields), "column")
    of = "answer" if baseline.unit.side == "response" else "record"
    return f"{count(len(shape.fields), 'field')} of {count(shape.records, of)}"


def _by(baseline: Baseline) -> str:
    from integration_monitor.signals.wording import clock

    at = clock(baseline.accepted_at)
    if baseline.accepted_by is None:
        return f"recorded at first sight {at}"
    return f"accepted {at} by {baseline.accepted_by}: {baseline.note}"


def _closed(stored: StoredChange) -> str:
    from integration_monitor.signals.wording import clock

    change = stored.change
    since = clock(change.first_seen) if change.first_seen else ""
    until = clock(stored.closed_at) if stored.closed_at else ""
    who = f" by {stored.closed_by}" if stored.closed_by else ""
    why = f": {stored.closed_note}" if stored.closed_note else ""
    return (
        f"{change.path} {change.kind} ({change.was} → {change.now}) from {since} to {until},"
        f" {stored.closed_reason}{who}{why}"
    )


def _as_json(
    baseline: Baseline, former: Sequence[Baseline], changes: Sequence[StoredChange]
) -> dict[str, Any]:
    unit = baseline.unit
    return {
        "integration": unit.integration,
        "sync": unit.sync,
        "side": unit.side,
        "connection": unit.connection,
        "baseline": _baseline_json(baseline),
        "fields": {path: field.text for path, field in baseline.shape.fields.items()},
        "open": [_change_json(c) for c in changes if c.closed_at is None],
        "history": [_baseline_json(b) for b in former],
        "closed": [_change_json(c) for c in changes if c.closed_at is not None],
    }


def _baseline_json(baseline: Baseline) -> dict[str, Any]:
    return {
        "records": baseline.shape.records,
        "accepted_at": baseline.accepted_at.isoformat(),
        "accepted_by": baseline.accepted_by,
        "note": baseline.note,
        "superseded_at": baseline.superseded_at and baseline.superseded_at.isoformat(),
    }


def _change_json(stored: StoredChange) -> dict[str, Any]:
    change = stored.change
    return {
        "path": change.path,
        "change": change.kind,
        "was": change.was,
        "is": change.now,
        "example": change.example,
        "first_seen": change.first_seen and change.first_seen.isoformat(),
        "last_seen": stored.last_seen.isoformat(),
        "closed_at": stored.closed_at and stored.closed_at.isoformat(),
        "closed_reason": stored.closed_reason,
        "closed_by": stored.closed_by,
        "closed_note": stored.closed_note,
    }
