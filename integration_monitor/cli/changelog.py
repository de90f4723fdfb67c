"""`changelog`: what a partner's feed says, reading it now, and saying that it was dealt with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    UNKNOWN,
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
    from collections.abc import Iterator

    from integration_monitor.manifest.domain import Integration
    from integration_monitor.signals.changelog import Entry, Feed

app = typer.Typer(help="What partners announce in their changelogs.")
Target = Annotated[str, typer.Argument(metavar="INTEGRATION")]


@app.command()
def show(target: Target, directory: Directory = None, as_json: AsJson = False) -> None:
    """List the recent entries, what they speak of, and which are still to be read."""
    from integration_monitor.store import changelog

    now = datetime.now(UTC)
    with clear_errors():
        environ = environment()
        name = _declared(target, directory).name
        with opened_store(environ) as store, store.begin() as connection:
            feed = changelog.of_fleet(connection, [name], now).get(name)
    if feed is None:
        typer.echo(f"it was not read yet; `{program()} changelog read {name}` reads it")
        return
    for line in _as_json(feed, now) if as_json else _as_text(feed, now):
        typer.echo(line)


@app.command()
def read(target: Target, directory: Directory = None) -> None:
    """Read it now. Exit code 3 where it cannot be read."""
    from integration_monitor.observe.changelog import read_changelogs
    from integration_monitor.signals.wording import count

    with clear_errors():
        environ = environment()
        integration = _declared(target, directory)
        with opened_store(environ) as store:
            [found] = read_changelogs(store, [integration])
    if found.error:
        typer.echo(f"it cannot be read: {found.error}", err=True)
        raise typer.Exit(UNKNOWN)
    entries = count(found.entries, "entry", "entries")
    typer.echo("unchanged" if found.unchanged else f"read, {entries}")


@app.command()
def acknowledge(
    target: Target,
    note: Annotated[str, typer.Option(help="What was done about it; kept as history.")],
    entry: Annotated[
        list[str] | None, typer.Option(help="Only this entry, by its id; may be repeated.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who says it; left out: your login.")] = None,
    directory: Directory = None,
) -> None:
    """Say that entries are dealt with: the check is well again within half a minute."""
    from integration_monitor.signals.wording import count
    from integration_monitor.store import changelog

    now = datetime.now(UTC)
    with clear_errors():
        environ = environment()
        name = _declared(target, directory).name
        with opened_store(environ) as store, store.begin() as connection:
            feed = changelog.of_fleet(connection, [name], now).get(name)
            told = [each.id for each in feed.entries if each.is_told(now)] if feed else []
            ids = [each for each in told if not entry or each in entry]
            number = changelog.acknowledge(
                connection, name, ids, by=by or login(), note=note, at=now
            )
    if not number:
        fail(f"no such entry of {name} is to be read; `{program()} changelog show {name}`")
    typer.echo(f"acknowledged {count(number, 'entry', 'entries')}")


def _declared(target: str, directory: Directory) -> Integration:
    integration, sync = find(load_fleet(directory, environment()), target)
    if sync is not None or not (integration.partner and integration.partner.changelog):
        fail(f"{target} declares no `changelog` of its partner")
    return integration


def _newest_first(feed: Feed) -> list[Entry]:
    return sorted(feed.entries, key=lambda entry: entry.at, reverse=True)


def _as_text(feed: Feed, now: datetime) -> Iterator[str]:
    from integration_monitor.signals.wording import clock, table

    yield f"last read {clock(feed.read_at)}" if feed.read_at else "never read so far"
    if feed.error:
        yield f"cannot be read: {feed.error}"
    rows = [
        (e.id, f"{e.at:%Y-%m-%d}", _state(e, now), ", ".join(e.marks), e.title, e.link or "")
        for e in _newest_first(feed)
    ]
    yield from plain(table(("id", "published", "", "speaks of", "title", "link"), rows))


def _state(entry: Entry, now: datetime) -> str:
    if entry.acknowledged_at is not None:
        return f"acknowledged by {entry.acknowledged_by}: {entry.note}"
    return "to be read" if entry.is_told(now) else ""


def _as_json(feed: Feed, now: datetime) -> Iterator[str]:
    for entry in _newest_first(feed):
        yield json.dumps(
            {
                "id": entry.id,
                "title": entry.title,
                "link": entry.link,
                "published_at": entry.published_at and entry.published_at.isoformat(),
                "first_seen": entry.first_seen.isoformat(),
                "speaks_of": entry.marks,
                "to_be_read": entry.is_told(now),
                "acknowledged_by": entry.acknowledged_by,
                "note": entry.note,
            }
        )
