"""How verdicts about calls say shares, times and latencies."""

from __future__ import annotations

from datetime import UTC, datetime


def percent(share: float) -> str:
    """`31 %`, `0.4 %`, `< 0.1 %`."""
    hundredths = share * 100
    if 0 < hundredths < 0.1:
        return "< 0.1 %"
    text = f"{hundredths:.1f}" if hundredths < 10 else f"{hundredths:.0f}"
    return f"{text.removesuffix('.0')} %"


def milliseconds(ms: float) -> str:
    """`820 ms`, `2.1 s`."""
    if ms >= 1000:
        return f"{ms / 1000:.1f}".removesuffix(".0") + " s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def minute(at: datetime, now: datetime) -> str:
    """`14:05 UTC`, with the day where it is another one."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"
