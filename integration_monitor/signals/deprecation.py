"""Has the partner announced the end of an endpoint, and how near is it? Pure.

A `Deprecation` (RFC 9745) advises against the endpoint, which goes on working; a `Sunset`
(RFC 8594) is when it may stop. So the urgency comes from the Sunset's date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from integration_monitor.manifest.calls import DeprecationRules
from integration_monitor.manifest.domain import Integration, Severity
from integration_monitor.signals.api import verdict
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.signals.wording import cell, clock, count, some, table

SIGNAL = "deprecation"
_SAID = 3

Standing = Literal["in force", "withdrawn", "no longer called"]
_RANK: tuple[tuple[Status, Severity | None], ...] = (
    ("fail", "page"),
    ("warn", "ticket"),
    ("warn", "watch"),
    ("ok", None),
)


@dataclass(frozen=True)
class Announced:
    """A notice as it is known now."""

    endpoint: str
    kind: Literal["deprecation", "sunset"]
    on: date | None
    """None where the header gives no date."""
    link: str | None
    first_seen: datetime
    last_seen: datetime
    last_call: datetime | None = None
    """The newest call to the endpoint; None where none is kept."""

    def standing(self, rules: DeprecationRules, now: datetime) -> Standing:
        """Whether it still counts: until so long was called without it, or not called at all."""
        quiet = rules.withdrawn_after
        if now - self.last_seen < quiet:
            return "in force"
        if self.last_call is not None and self.last_call - self.last_seen >= quiet:
            return "withdrawn"
        # The calls between the last notice and now may be few: counted from the last of them.
        last = max(self.last_call or self.last_seen, self.last_seen)
        return "no longer called" if now - last >= quiet else "in force"


@dataclass(frozen=True)
class _Finding:
    status: Status
    severity: Severity | None
    days_left: int | None
    reason: str


def judge(integration: Integration, announced: Sequence[Announced], now: datetime) -> Verdict:
    """Warn from the first notice on; the nearer the end, the louder."""
    rules = integration.calls.deprecation
    endpoints: dict[str, list[Announced]] = {}
    for notice in announced:
        if notice.standing(rules, now) == "in force":
            endpoints.setdefault(notice.endpoint, []).append(notice)
    found = [_finding(name, of, rules, now) for name, of in sorted(endpoints.items())]
    found.sort(key=lambda each: _RANK.index((each.status, each.severity)))
    judged = Judged(
        status=found[0].status if found else "ok",
        severity=found[0].severity if found else None,
        reason=_said(found) or _all_well(announced, rules, now),
        evidence=_evidence(found),
        details=_details(announced, rules, now),
    )
    return verdict(SIGNAL, integration, judged, now)


def _said(found: Sequence[_Finding]) -> str:
    more = len(found) - _SAID
    reasons = [each.reason for each in found[:_SAID]]
    return "; ".join(reasons + ([f"and {count(more, 'more endpoint')}"] if more > 0 else []))


def _finding(
    endpoint: str, notices: Sequence[Announced], rules: DeprecationRules, now: datetime
) -> _Finding:
    by_kind = {notice.kind: notice for notice in notices}
    sunset, deprecation = by_kind.get("sunset"), by_kind.get("deprecation")
    if sunset is None:
        assert deprecation is not None  # noqa: S101 - there is one of the two
        since = f" {_since(deprecation.on, now)}" if deprecation.on else ""
        text = f"{endpoint}: deprecated{since}, without a date for its end"
        return _Finding("warn", "watch", None, text)
    if sunset.on is None:
        text = f"{endpoint}: it is announced to end, at a date that cannot be read"
        return _Finding("warn", "ticket", None, text)
    left = (sunset.on - now.date()).days
    status, severity = _urgency(timedelta(days=left), rules)
    reason = f"{endpoint}: {_end(sunset.on, left)}, first announced {sunset.first_seen:%Y-%m-%d}"
    if deprecation is not None and deprecation.on is not None and sunset.on < deprecation.on:
        reason += f" (though the partner calls it deprecated only from {deprecation.on} on)"
    return _Finding(status, severity, left, reason)


def _urgency(left: timedelta, rules: DeprecationRules) -> tuple[Status, Severity]:
    if left < rules.page:
        return "fail", "page"
    return "warn", "ticket" if left < rules.ticket else "watch"


def _end(on: date, left: int) -> str:
    if left > 0:
        return f"ends on {on}, in {count(left, 'day')}"
    return f"ends today, {on}" if left == 0 else f"was to end on {on}, {count(-left, 'day')} ago"


def _since(on: date, now: datetime) -> str:
    return f"since {on}" if on <= now.date() else f"from {on} on"


def _all_well(announced: Sequence[Announced], rules: DeprecationRules, now: datetime) -> str:
    over = sorted(
        f"{each.endpoint} ({each.kind} {each.standing(rules, now)})" for each in announced
    )
    return f"nothing is announced any more: {some(over)}" if over else "no end is announced"


def _evidence(found: Sequence[_Finding]) -> dict[str, float]:
    evidence = {"endpoints_announced": float(len(found))}
    left = [each.days_left for each in found if each.days_left is not None]
    return evidence | ({"days_left": float(min(left))} if left else {})


def _details(announced: Sequence[Announced], rules: DeprecationRules, now: datetime) -> str:
    header = ("endpoint", "header", "date", "days left", "first seen", "last seen", "", "link")
    by_end = sorted(announced, key=lambda n: (n.on is None, n.on, n.endpoint, n.kind))
    return table(header, [_row(notice, rules, now) for notice in by_end])


def _row(notice: Announced, rules: DeprecationRules, now: datetime) -> tuple[object, ...]:
    return (
        notice.endpoint,
        notice.kind.title(),
        notice.on or "not given",
        (notice.on - now.date()).days if notice.on else "",
        clock(notice.first_seen),
        clock(notice.last_seen),
        notice.standing(rules, now),
        cell(notice.link or ""),
    )
