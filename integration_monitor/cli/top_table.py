"""`top` as a table in a terminal, as wide as that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from integration_monitor.cli.top_rows import Called, EndpointRow, IntegrationRows
from integration_monitor.signals.call_wording import milliseconds, percent

_WIDE = 110
"""Characters from which on there is room for several classes of error, and for spaces."""
_NOTHING = Text("-", style="dim")
_LOW = 0.1
"""Of a limit; what is less is marked."""
_BAD, _SUSPICIOUS = 0.2, 0.02

_UNIT = re.compile(r"(\d) (%|ms|s)(?= |,|$)")

_Cells = tuple[Text, ...]


def table_of(rows: Sequence[IntegrationRows], width: int, most: int | None = None) -> Table:
    """A line for each integration and each of its endpoints, `most` lines at most."""
    wide = width >= _WIDE
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1 if wide else 0, 0, 0),
        pad_edge=False,
        width=width,
    )
    table.add_column("endpoint", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("calls/min", justify="right", no_wrap=True)
    table.add_column("errors", ratio=4 if wide else 3, no_wrap=True, overflow="ellipsis")
    for name in ("p50", "p95", "p99", "left"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("worst tenant", ratio=2, no_wrap=True, overflow="ellipsis")
    for cells in list(_lines(rows, 3 if wide else 1))[:most]:
        table.add_row(*(cells if wide else map(_narrow, cells)))
    return table


def lines_of(rows: Sequence[IntegrationRows]) -> int:
    """How many lines there are."""
    return sum(1 + len(one.endpoints) for one in rows)


def _lines(rows: Sequence[IntegrationRows], classes: int) -> Iterator[_Cells]:
    for one in rows:
        yield _integration(one, classes)
        for row in one.endpoints:
            yield _endpoint(row, classes)


# Names are `Text`, because one in brackets would be read as markup.
def _integration(one: IntegrationRows, classes: int) -> _Cells:
    name = Text(one.integration, style="bold")
    called = one.called
    return name, _rate(called), _errors(called, classes), *[Text()] * 3, _left(one), Text()


def _endpoint(row: EndpointRow, classes: int) -> _Cells:
    return (
        Text(f"  {row.endpoint}"),
        _rate(row.called),
        _errors(row.called, classes),
        *(_latency(row, name) for name in ("p50", "p95", "p99")),
        Text(),
        _worst(row),
    )


def _rate(called: Called) -> Text:
    n = called.per_minute
    return Text(f"{n:,.0f}" if n >= 10 else f"{n:.1f}")


def _latency(row: EndpointRow, name: str) -> Text:
    return Text(milliseconds(row.latency[name])) if name in row.latency else _NOTHING


def _errors(called: Called, classes: int) -> Text:
    if not called.errors:
        return _NOTHING
    told = [f"{percent(share)} {name}" for name, share in list(called.errors.items())[:classes]]
    more = ["…"] if len(called.errors) > classes else []
    share = called.error_share
    style = "bold red" if share >= _BAD else "yellow" if share >= _SUSPICIOUS else ""
    return Text(", ".join([*told, *more]), style=style)


def _left(one: IntegrationRows) -> Text:
    if one.limit is None:
        return _NOTHING
    return Text(percent(one.limit.headroom), style="red" if one.limit.headroom < _LOW else "")


def _worst(row: EndpointRow) -> Text:
    if row.worst is None:
        return _NOTHING
    return Text(f"{percent(row.worst.error_share)} {row.worst.name}")


def _narrow(cell: Text) -> Text:
    """Without the space between a number and its unit."""
    return Text(_UNIT.sub(r"\1\2", cell.plain), style=cell.style)
