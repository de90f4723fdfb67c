"""What a stored verdict is worth now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from integration_monitor.signals.verdict import Verdict


def effective(verdict: Verdict, now: datetime) -> Verdict:
    """The verdict itself while it is valid; after that `unknown`, whatever it said."""
    if now <= verdict.valid_until:
        return verdict
    return replace(
        verdict,
        status="unknown",
        severity="ticket",
        reason=f"not measured since {_utc(verdict.at)}, when it was {verdict.status}",
        evidence={},
        tenants=(),
        parts=(),
        details="",
    )


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
