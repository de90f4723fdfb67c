"""`top`: the calls to all partners, live."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    AsJson,
    Directory,
    clear_errors,
    environment,
    fail,
    find,
    manifest_directory,
    opened_store,
)
from integration_monitor.cli.ctrl_c import CtrlC

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from integration_monitor.cli.top_rows import EndpointRow, IntegrationRows
    from integration_monitor.manifest.domain import Fleet, Integration
    from integration_monitor.store.engine import Store

_BEGIN = """\
No call was reported within the last {window}{last}. To begin, either
- give the httpx client of a sync a transport that watches its calls:
    httpx.Client(transport=MonitoredTransport(integration="{example}"))
- or post calls from any language to `{program} serve`; its /docs says how."""


@dataclass(frozen=True)
class Reading:
    """What was read at a time."""

    at: datetime
    window: timedelta
    rows: list[IntegrationRows]
    silent: list[str]
    """Integrations without a call within the window."""
    last: datetime | None
    """The minute of the newest call before the window."""


def top(
    target: Annotated[
        str | None, typer.Argument(metavar="[INTEGRATION]", help="Left out: all.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one table, and end.")] = False,
    as_json: AsJson = False,
    interval: Annotated[str, typer.Option(help="How often it is read anew.")] = "2s",
    window: Annotated[
        str, typer.Option(help="The time that is looked at, in whole minutes: 1m to 24h.")
    ] = "5m",
    directory: Directory = None,
) -> None:
    """Show calls live: how many, how they fail, how long they take, whom it hits most.

    Percentiles are of calls with an answer to use. `left` is what is left of the partner's
    tightest rate limit. --json prints an object an endpoint and ends, as --once does.
    """
    from integration_monitor.ingest.watched_fleet import WatchedFleet
    from integration_monitor.manifest.quantities import parse_minutes, parse_positive_duration

    environ = environment()
    every, over = _duration(parse_positive_duration, interval), _duration(parse_minutes, window)
    with clear_errors():
        fleet = WatchedFleet(manifest_directory(directory, environ)).current
        with opened_store(environ) as store:

            def read() -> Reading:
                return _read(store, _wanted(fleet(), target), over, datetime.now(UTC))

            _show(read, every, once=once, as_json=as_json)


def _duration(parse: Callable[[object], timedelta], text: str) -> timedelta:
    try:
        return parse(text)
    except ValueError as error:
        fail(str(error))


def _wanted(fleet: Fleet, target: str | None) -> tuple[Integration, ...]:
    return fleet.integrations if target is None else (find(fleet, target)[0],)


def _read(
    store: Store, integrations: tuple[Integration, ...], window: timedelta, now: datetime
) -> Reading:
    from integration_monitor.cli.top_rows import rows_of
    from integration_monitor.store import call_facts

    looked_at = [replace(one, calls=replace(one.calls, window=window)) for one in integrations]
    found = call_facts.read(store, looked_at, now)
    return Reading(
        now,
        window,
        rows_of(found.values(), window, now),
        [facts.integration for facts in found.values() if not facts.endpoints],
        max((facts.last_call for facts in found.values() if facts.last_call), default=None),
    )


def _show(read: Callable[[], Reading], every: timedelta, *, once: bool, as_json: bool) -> None:
    from rich.console import Console

    if as_json:
        for line in _lines(read()):
            typer.echo(line)
        return
    console = Console(highlight=False)
    if once or not console.is_terminal:
        console.print(_drawn(read(), console, most=None))
        return
    _watch(read, every, console)


def _watch(read: Callable[[], Reading], every: timedelta, console: Console) -> None:
    """Until Ctrl-C. A store that is away for a while is told below what was read last."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from integration_monitor.store.engine import StoreError

    shown: RenderableType = ""
    with CtrlC() as ctrl_c, Live(console=console, screen=True, auto_refresh=False) as live:
        while not ctrl_c.pressed:
            try:
                shown = _drawn(read(), console, most=console.height - 5)
                live.update(shown, refresh=True)
            except StoreError as error:
                live.update(Group(shown, Text(str(error), style="red")), refresh=True)
            ctrl_c.wait(every)


def _drawn(reading: Reading, console: Console, most: int | None) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from integration_monitor.cli.top_table import lines_of, table_of

    if not reading.rows:
        return Text(_begin(reading))
    hidden = max(lines_of(reading.rows) - most, 0) if most else 0
    below = Text(_below(reading, hidden), style="dim")
    return Group(table_of(reading.rows, console.width, most), below)


def _begin(reading: Reading) -> str:
    from integration_monitor.program import program
    from integration_monitor.signals.call_wording import minute
    from integration_monitor.signals.wording import span

    last = f"; the last one was at {minute(reading.last, reading.at)}" if reading.last else ""
    example = next(iter(reading.silent), "…")
    return _BEGIN.format(window=span(reading.window), last=last, example=example, program=program())


def _below(reading: Reading, hidden: int) -> str:
    from integration_monitor.signals.wording import some, span

    parts = [
        f"{reading.at:%H:%M:%S} UTC, the last {span(reading.window)}",
        f"{hidden} more lines" if hidden else "",
        f"no calls: {some(reading.silent)}" if reading.silent else "",
    ]
    return "; ".join(part for part in parts if part)


def _lines(reading: Reading) -> Iterator[str]:
    for one in reading.rows:
        for row in one.endpoints:
            yield json.dumps({**_said(reading), **_limit(one), **_endpoint(one, row)})


def _said(reading: Reading) -> dict[str, object]:
    return {"at": reading.at.isoformat(), "window_s": reading.window.total_seconds()}


def _endpoint(one: IntegrationRows, row: EndpointRow) -> dict[str, object]:
    called, worst = row.called, row.worst
    return {
        "integration": one.integration,
        "endpoint": row.endpoint,
        "calls": called.calls,
        "calls_per_minute": round(called.per_minute, 3),
        "error_share": round(called.error_share, 6),
        "errors": {name: round(share, 6) for name, share in called.errors.items()},
        "latency_ms": {name: round(ms, 3) for name, ms in row.latency.items()},
        "worst_tenant": worst.name if worst else None,
        "worst_tenant_error_share": round(worst.error_share, 6) if worst else None,
    }


def _limit(one: IntegrationRows) -> dict[str, object]:
    limit = one.limit
    return {
        "limit_policy": limit.policy if limit else None,
        "limit_left_share": round(limit.headroom, 6) if limit else None,
    }
