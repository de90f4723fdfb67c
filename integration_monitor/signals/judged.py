"""What a signal about an integration as a whole found, before it has its place. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE, Integration, Severity
from integration_monitor.signals.verdict import Details, Part, Status, Verdict

VALID_FOR = timedelta(minutes=10)
"""Longer than it takes to judge the fleet again, so that what did not change need not be written
each time."""


@dataclass(frozen=True)
class Judged:
    """What a signal found; `verdict` gives it its place."""

    status: Status
    reason: str
    severity: Severity | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    """The tenants that are not well."""
    details: Details = ""


def verdict(
    subject: str, signal: str, integration: Integration, judged: Judged, now: datetime
) -> Verdict:
    """The verdict of a signal about a subject of an integration."""
    parts = tuple(sorted(judged.parts, key=lambda part: part.tenant))
    return Verdict(
        integration=integration.name,
        subject=subject,
        signal=signal,
        status=judged.status,
        severity=None if judged.status == "ok" else judged.severity or "ticket",
        reason=judged.reason,
        at=now,
        valid_until=now + VALID_FOR,
        evidence=judged.evidence,
        tenants=tuple(part.tenant for part in parts if part.tenant != SINGLE),
        parts=parts,
        details=judged.details,
    )
