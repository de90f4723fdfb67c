"""`webhooks`: how partners sign what they post, what came, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from integration_monitor.cli import webhook_events, webhook_process, webhook_show
from integration_monitor.cli.context import AsJson
from integration_monitor.cli.plain import plain

if TYPE_CHECKING:
    from integration_monitor.manifest.signature_schemes import Preset

app = typer.Typer(help="What partners post to us.", no_args_is_help=True)


app.command("list")(webhook_events.list_)
app.command()(webhook_events.stats)
app.command()(webhook_show.show)
app.command()(webhook_events.dead)
app.command()(webhook_events.replay)
app.command()(webhook_process.process)


@app.command()
def schemes(as_json: AsJson = False) -> None:
    """List the named signature schemes, and what each takes as its secret."""
    from integration_monitor.manifest.signature_schemes import presets

    found = list(presets().values())
    for line in _as_json(found) if as_json else _as_text(found):
        typer.echo(line)


def _as_text(found: list[Preset]) -> Iterator[str]:
    from integration_monitor.signals.wording import table

    head = ("scheme", "partner", "algorithm", "header", "at most", "secret")
    rows = [
        (p.name, p.title, p.scheme.algorithm, p.scheme.header, _tolerance(p), p.secret)
        for p in found
    ]
    yield from plain(table(head, rows))


def _tolerance(preset: Preset) -> str:
    seconds = _seconds(preset)
    return "" if seconds is None else f"{seconds} s"


def _seconds(preset: Preset) -> int | None:
    time = preset.scheme.timestamp
    return int(time.tolerance.total_seconds()) if time and time.tolerance else None


def _as_json(found: list[Preset]) -> Iterator[str]:
    for preset in found:
        yield json.dumps(
            {
                "name": preset.name,
                "title": preset.title,
                "algorithm": preset.scheme.algorithm,
                "header": preset.scheme.header,
                "tolerance_s": _seconds(preset),
                "signs_url": preset.scheme.signs_url,
                "secret": preset.secret,
            }
        )
