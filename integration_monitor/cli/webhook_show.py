"""`webhooks show`: one event, with all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from integration_monitor.cli.context import (
    AsJson,
    clear_errors,
    environment,
    opened_store,
)
from integration_monitor.cli.plain import plain, printable
from integration_monitor.cli.webhook_events import Connection, Integration, as_json_object
from integration_monitor.cli.webhook_names import require_one_sender

if TYPE_CHECKING:
    from integration_monitor.store.webhook_listing import Delivery, WholeEvent


def show(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="The partner's id of the event.")],
    integration: Integration = None,
    connection: Connection = None,
    as_json: AsJson = False,
) -> None:
    """Show an event: what it says, as it came, and what became of it at each sink.

    Events that came under one id with different bodies are all shown.
    """
    from integration_monitor.store.webhook_listing import found

    with clear_errors(), opened_store(environment()) as store, store.begin() as opened:
        require_one_sender(opened, event_id, integration, connection)
        events = found(opened, event_id, integration=integration, whose=connection)
    for number, event in enumerate(events):
        if as_json:
            typer.echo(json.dumps(_as_json(event)))
            continue
        if number:
            typer.echo("")
        for line in _as_text(event):
            typer.echo(line)


def _as_text(whole: WholeEvent) -> Iterator[str]:
    event = as_json_object(whole.event)
    width = max(map(len, event))
    for name, value in event.items():
        if value is not None:
            yield f"{name.replace('_', ' '):{width}}  {printable(value)}"
    yield ""
    yield from _deliveries(whole.deliveries)
    yield ""
    yield "headers"
    for name, value in sorted(whole.headers.items()):
        yield f"  {printable(name)}: {printable(value)}"
    yield ""
    yield from _body(whole.body)


def _deliveries(deliveries: Sequence[Delivery]) -> Iterator[str]:
    from integration_monitor.signals.wording import clock, table

    head = ("sink", "state", "attempts", "since", "next attempt", "delivered", "because")
    rows = [
        (
            each.sink,
            each.state,
            each.attempts,
            clock(each.waiting_since),
            clock(each.next_attempt_at) if each.state == "waiting" else "",
            clock(each.delivered_at) if each.delivered_at else "",
            each.error or "",
        )
        for each in deliveries
    ]
    yield from plain(table(head, rows)) if rows else ["no sink was to get it"]


def _body(body: bytes) -> Iterator[str]:
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode(errors="backslashreplace")
    yield from map(printable, text.split("\n"))


def _as_json(whole: WholeEvent) -> dict[str, Any]:
    return {
        **as_json_object(whole.event),
        "headers": dict(whole.headers),
        "body": whole.body.decode(errors="backslashreplace"),
        "deliveries": [
            {
                name: value.isoformat().replace("+00:00", "Z")
                if isinstance(value, datetime)
                else value
                for name, value in asdict(each).items()
            }
            for each in whole.deliveries
        ],
    }
