"""How verdicts say numbers, times and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta


def number(n: float) -> str:
    """`1204` as `1,204`."""
    return f"{n:,.0f}"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """`1 record`, `2 records`."""
    return f"{number(n)} {noun if n == 1 else plural or noun + 's'}"


def span(duration: timedelta) -> str:
    """A duration as people say it: `45 s`, `12 min`, `5 h`, `3 d`."""
    seconds = max(duration.total_seconds(), 0.0)
    for limit, unit, divisor in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def clock(at: datetime) -> str:
    """A time as ISO 8601 in UTC, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def some(names: Sequence[str], most: int = 5) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(names[:most])
    more = len(names) - most
    return f"{shown} and {number(more)} more" if more > 0 else shown


def cell(text: object) -> str:
    """Text that cannot break a markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table, empty where there are no rows."""
    lines = [f"| {' | '.join(cell(value) for value in row)} |" for row in rows]
    if not lines:
        return ""
    head = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    return "\n".join([*head, *lines])
