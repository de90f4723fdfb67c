"""Events that came late have not stopped doing so because none, or few, come any more. Pure.

When the window has slid past the late events, or a stream has just fallen silent, nothing is late
and nothing is known to be in time. So the verdict stays until enough newer events were in time in
a row; once silence has lasted for as long as it may, it is `unknown`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from integration_monitor.manifest.domain import Integration
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.signals.call_rules import FEWEST
from integration_monitor.signals.call_silence import SILENT_AFTER
from integration_monitor.signals.call_wording import minute
from integration_monitor.signals.held import BEFORE, HELD, merged, original, tenants
from integration_monitor.signals.verdict import Part, Verdict
from integration_monitor.signals.webhook_lag import TOLD
from integration_monitor.signals.wording import count, some

What = Literal["arrival", "processing"]
WHATS: tuple[What, ...] = get_args(What)
TOLD_AT = "_told_at_s"
"""Evidence, after one of `WHATS`: when it last failed by events, in seconds since 1970."""
SILENT = "silent_since_s"
"""Evidence: the last event before a silence after which nothing is known any more."""
MOST = 20
"""Events in time that are enough, however few were late."""
FORGOTTEN_AFTER = timedelta(days=30)
"""How long what fell silent is wondered at: as long as calls are."""


@dataclass(frozen=True)
class Told:
    """One of the two lags, when it last failed by events."""

    share: float
    """Of events that were late."""
    at: datetime

    @property
    def enough(self) -> int:
        """Events in time by which it is over: were it still there, they would be by chance only
        once in twenty times (the rule of three).
        """
        return min(math.ceil(FEWEST / self.share), MOST)


@dataclass(frozen=True)
class Newer:
    """The events of one tenant, or of all, since somewhat before the lag was last told."""

    last_at: datetime
    in_time: Mapping[What, int] = field(default_factory=dict)
    """How many were in time since the last late one. What waits to be processed is not known."""

    def __getitem__(self, what: What) -> int:
        return self.in_time.get(what, 0)


@dataclass(frozen=True)
class NewerEvents:
    """Of an integration whose verdict may have to be held."""

    whole: Newer | None = None
    """None: no event came."""
    tenants: Mapping[str, Newer] = field(default_factory=dict)


def told_lags(previous: Verdict | None, rules: Webhooks | None) -> Mapping[What, Told]:
    """The lags that failed, and are not known to be over; none that are not measured any more."""
    if previous is None or rules is None:
        return {}
    found: dict[What, Told] = {}
    for what in WHATS:
        share = previous.evidence.get(f"{what}{TOLD}", 0.0)
        at = previous.evidence.get(f"{what}{TOLD_AT}", previous.at.timestamp())
        if share > 0 and not (what == "arrival" and rules.occurred_at is None):
            found[what] = Told(share, datetime.fromtimestamp(at, UTC))
    return found


def remember(found: Verdict, previous: Verdict | None, integration: Integration) -> Verdict:
    """A verdict without facts: what failed before is not forgotten for that."""
    told = told_lags(previous, integration.webhooks)
    if previous is None or not told:
        return found
    parts = tuple(replace(part, status="unknown") for part in previous.parts)
    evidence = {**found.evidence, **_evidence(told), **_silence(previous)}
    return replace(
        found,
        reason=f"{found.reason}{BEFORE}{original(previous.reason)}",
        parts=parts,
        tenants=tenants(parts),
        evidence=evidence,
    )


def hold(
    found: Verdict,
    previous: Verdict | None,
    newer: NewerEvents,
    integration: Integration,
    now: datetime,
) -> Verdict:
    """The verdict that was found, with what the previous one said of what has not recovered."""
    told = told_lags(previous, integration.webhooks)
    if previous is None or not told:
        return found
    if now - max(each.at for each in told.values()) > FORGOTTEN_AFTER:
        return found
    again = told_lags(found, integration.webhooks)
    whole = [
        what
        for what, each in told.items()
        if what not in again and (newer.whole is None or newer.whole[what] < each.enough)
    ]
    unwell = [part for part in previous.parts if not _is_well(newer.tenants.get(part.tenant), told)]
    kept = previous.parts if whole else unwell
    parts = merged(found.parts, kept, "fail")
    if not whole and len(parts) == len(found.parts):
        return found
    carried = {what: each for what, each in told.items() if what not in again}
    held = replace(
        found,
        parts=parts,
        tenants=tenants(parts),
        evidence={**found.evidence, **_evidence(carried)},
    )
    if found.status == "fail":
        return held
    return _held(held, previous, _Progress(told, whole, unwell, newer), integration, now)


@dataclass(frozen=True)
class _Progress:
    """What is held, and what came since."""

    told: Mapping[What, Told]
    whole: Sequence[What]
    unwell: Sequence[Part]
    newer: NewerEvents

    @property
    def last_at(self) -> datetime:
        """The newest event of what is held."""
        at = max(each.at for each in self.told.values())
        if self.whole:
            return self.newer.whole.last_at if self.newer.whole else at
        times = [each.last_at for name, each in self.newer.tenants.items() if name in self.names]
        return max(times, default=at)

    @property
    def names(self) -> list[str]:
        return [part.tenant for part in self.unwell]

    def said(self, now: datetime) -> str:
        last, at = self.last_at, max(each.at for each in self.told.values())
        whom = "" if self.whole else f" of {some(self.names)}"
        if last <= at:
            return f"no event{whom} came since {minute(last, now)}"
        if not self.whole:
            return f"fewer than {FEWEST} newer events{whom} were in time"
        what = self.whole[0]
        known = self.newer.whole[what] if self.newer.whole else 0
        were = f"{count(known, 'newer event')} in a row {'was' if known == 1 else 'were'} in time"
        return f"{were}, of {self.told[what].enough} that are needed"


def _held(
    held: Verdict,
    previous: Verdict,
    progress: _Progress,
    integration: Integration,
    now: datetime,
) -> Verdict:
    said_before = original(previous.reason)
    silent = _silence(previous)
    if not silent and now - progress.last_at > silent_after(integration):
        silent = {SILENT: progress.last_at.timestamp()}
    if silent:
        parts = tuple(replace(part, status="unknown") for part in held.parts)
        said = f"{progress.said(now)}, so it is not known whether events are in time again"
        return replace(
            held,
            status="unknown",
            severity=previous.severity,
            reason=f"{said}{BEFORE}{said_before}",
            parts=parts,
            evidence={**held.evidence, **silent},
        )
    also = f"; {held.reason}" if held.status == "unknown" else ""
    return replace(
        held,
        status="fail",
        severity=previous.severity,
        reason=f"{said_before}{HELD}{progress.said(now)}{also}",
    )


def silent_after(integration: Integration) -> timedelta:
    """How long no events are nothing to wonder at: the heartbeat, or as long as no calls are."""
    rules = integration.webhooks
    if rules is None or rules.volume.every is None:
        return SILENT_AFTER
    return rules.volume.every + rules.volume.grace


def _is_well(newer: Newer | None, told: Mapping[What, Told]) -> bool:
    return newer is not None and all(newer[what] >= FEWEST for what in told)


def _evidence(told: Mapping[What, Told]) -> Mapping[str, float]:
    return {
        key: value
        for what, each in told.items()
        for key, value in ((f"{what}{TOLD}", each.share), (f"{what}{TOLD_AT}", each.at.timestamp()))
    }


def _silence(previous: Verdict) -> Mapping[str, float]:
    return {SILENT: previous.evidence[SILENT]} if SILENT in previous.evidence else {}
