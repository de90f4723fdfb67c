"""`webhooks list`, `dead`, `stats` and `replay`: many events at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from integration_monitor.cli.context import (
    MANIFESTS,
    AsJson,
    Directory,
    clear_errors,
    environment,
    fail,
    load_fleet,
    opened_store,
    progress,
)
from integration_monitor.cli.plain import plain, printable
from integration_monitor.cli.webhook_names import require_known, require_one_sender
from integration_monitor.program import program

if TYPE_CHECKING:
    from integration_monitor.store.webhook_listing import ListedEvent, Numbers

SHOWN = 100
Integration = Annotated[str | None, typer.Option("--integration", help="Only this one's.")]
Connection = Annotated[str | None, typer.Option(help="Only what came to this one.")]
Since = Annotated[
    str | None,
    typer.Option(help="Only what came since: 24h, 7d, or a time (2026-03-02T09:30Z)."),
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, help=f"Only the last so many. [default: {SHOWN}; with --json all]"),
]


def list_(
    integration: Integration = None,
    since: Since = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """List the events that came, in the order in which they came."""
    _list(integration, since, None, limit, as_json=as_json)


def dead(
    integration: Integration = None,
    since: Since = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """List the events that were given up, and why; `replay` lets them be tried again."""
    _list(integration, since, "dead", limit, as_json=as_json)


def stats(
    integration: Integration = None,
    since: Since = None,
    directory: Directory = None,
    as_json: AsJson = False,
) -> None:
    """Count events by integration: received, duplicates, rejected, processed, dead, waiting.

    They go back as far as events and counts are kept, see `retention` of monitor.yaml. Counts are
    by the hour: with --since they begin with the full hour that the time is in.
    """
    from integration_monitor.signals.wording import clock
    from integration_monitor.store.webhook_listing import Numbers, numbers
    from integration_monitor.store.webhook_tallies import add_up

    environ = environment()
    started = moment(since)
    start = started and started.replace(minute=0, second=0, microsecond=0)
    with clear_errors():
        watched: list[str] = []
        if directory or environ.get(MANIFESTS):
            fleet = load_fleet(directory, environ)
            sound = [one.name for one in fleet.integrations if one.webhooks is not None]
            watched = [*sound, *(one.name for one in fleet.broken)]
        with opened_store(environ) as store, store.begin() as connection:
            require_known(connection, integration, environ, directory)
            add_up(connection)
            found = numbers(connection, integration=integration, since=start)
    names = {*found, *watched} if integration is None else {integration}
    by_name = {name: found.get(name, Numbers()) for name in sorted(names)}
    if start is not None:
        progress(f"counted from {clock(start)} on")
    for line in _numbers_as_json(by_name) if as_json else _numbers_as_text(by_name):
        typer.echo(line)


def replay(
    event: Annotated[
        str | None, typer.Option(help="The event with this id of the partner.")
    ] = None,
    since: Since = None,
    only_dead: Annotated[
        bool, typer.Option("--dead", help="Events that were given up, at the sinks that did.")
    ] = False,
    integration: Integration = None,
    connection: Connection = None,
) -> None:
    """Let events be read by the manifest as it is now, and handed on once more.

    What was delivered before is delivered again, under the same id, by which a product knows it;
    of dead events only the sinks that gave up get them. Twice is the same as once. Where several
    integrations or connections have an event with the id, say which one's.
    """
    from integration_monitor.signals.wording import count
    from integration_monitor.store import webhook_replay

    if event is None and since is None and not only_dead:
        fail("replay what? Give --event ID, --since TIME or --dead")
    started = moment(since)
    environ = environment()
    with clear_errors(), opened_store(environ) as store, store.begin() as opened:
        require_known(opened, integration, environ)
        if event is not None:
            require_one_sender(opened, event, integration, connection)
        again = webhook_replay.replay(
            opened,
            datetime.now(UTC),
            integration=integration,
            whose=connection,
            event_id=event,
            since=started,
            dead=only_dead,
        )
    if event is not None and not again:
        fail(f"no such event; `{program()} webhooks list` shows them")
    are = "is" if again == 1 else "are"
    typer.echo(f"{count(again, 'event')} {are} waiting to be processed again")


def moment(since: str | None, now: datetime | None = None) -> datetime | None:
    """The time that `--since` names."""
    from integration_monitor.manifest.quantities import parse_positive_duration

    if since is None:
        return None
    try:
        at = datetime.fromisoformat(since)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except ValueError:
        pass
    try:
        return (now or datetime.now(UTC)) - parse_positive_duration(since)
    except (ValueError, OverflowError):
        fail(f"--since: {since!r} is neither a duration (24h, 7d) nor a time (2026-03-02T09:30Z)")


def as_json_object(event: ListedEvent) -> dict[str, Any]:
    """An event as `--json` shows it; `id` is the partner's."""
    values = asdict(event)
    number, values["id"] = values["id"], values.pop("event_id")
    return {
        name: _utc(value) if isinstance(value, datetime) else value
        for name, value in (values | {"number": number}).items()
    }


def _list(
    integration: str | None,
    since: str | None,
    state: str | None,
    limit: int | None,
    *,
    as_json: bool,
) -> None:
    from integration_monitor.store.webhook_listing import listed

    last = limit or (None if as_json else SHOWN)
    environ = environment()
    with clear_errors(), opened_store(environ) as store, store.begin() as connection:
        require_known(connection, integration, environ)
        events = listed(
            connection, integration=integration, since=moment(since), state=state, last=last
        )
        if as_json:
            for event in events:
                typer.echo(json.dumps(as_json_object(event)))
            return
        shown = list(events)
    for line in _as_text(shown, f"{state} event" if state else "event"):
        typer.echo(line)
    if limit is None and len(shown) == SHOWN:
        progress(f"the last {SHOWN}; --limit shows more")


def _as_text(events: Iterable[ListedEvent], noun: str) -> Iterator[str]:
    from integration_monitor.signals.wording import clock, table

    head = ("received", "integration", "tenant", "id", "type", "occurred", "state", "because")
    rows = [
        (
            clock(each.received_at),
            each.integration,
            printable(each.tenant),
            printable(each.event_id),
            printable(each.type or ""),
            clock(each.occurred_at) if each.occurred_at else "",
            each.state,
            printable(_why(each)),
        )
        for each in events
    ]
    yield from plain(table(head, rows)) if rows else [f"no {noun}"]


def _why(event: ListedEvent) -> str:
    if event.state == "processed" and event.unified_type is None and event.error is None:
        return "the manifest does not name its type"
    conflict = "its id came before with another body" if event.conflicting else ""
    return "; ".join(filter(None, (event.error, conflict)))


def _numbers_as_text(by_name: dict[str, Numbers]) -> Iterator[str]:
    from integration_monitor.signals.wording import number, table
    from integration_monitor.store.webhook_listing import Numbers

    names = [name.replace("_", " ") for name in Numbers.__dataclass_fields__]
    rows = [(name, *map(number, asdict(one).values())) for name, one in by_name.items()]
    yield from plain(table(("integration", *names), rows)) if rows else ["no event"]


def _numbers_as_json(by_name: dict[str, Numbers]) -> Iterator[str]:
    for name, one in by_name.items():
        yield json.dumps({"integration": name, **asdict(one)})


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
