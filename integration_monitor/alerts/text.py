"""An alert as text, for somebody who was just woken up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import shorten

from integration_monitor.alerts.decide import Reason
from integration_monitor.alerts.payload import Alert
from integration_monitor.manifest.domain import Owner
from integration_monitor.signals.verdict import API, ASSET_CHECKS, WEBHOOKS, WHOLE

SUMMARY = 120
"""Characters of the summary that a headline takes; the body has all of it."""
NAMED = 20
"""Tenants that are named; the others are counted."""
_STATE: dict[Reason, str] = {
    "opened": "",
    "worsened": "WORSE",
    "reminded": "STILL OPEN",
    "resolved": "RESOLVED",
    "no-longer-watched": "CLOSED",
}


@dataclass(frozen=True)
class Text:
    headline: str
    """One line."""
    body: str
    """Plain text, no markup."""

    def as_json(self) -> dict[str, object]:
        """The fields `headline` and `text` of an alert's JSON."""
        return {"headline": self.headline, "text": self.body}


def render(alert: Alert) -> Text:
    """The alert in words."""
    return Text(headline=_headline(alert), body="\n".join(_lines(alert)))


def _headline(alert: Alert) -> str:
    labels = [alert.severity.upper(), _STATE[alert.reason]]
    label = " ".join(label for label in labels if label)
    cannot = "monitor cannot see: " if alert.kind == "blind" else ""
    well = "can be seen again" if alert.kind == "blind" else "well again"
    ended: dict[Reason, str] = {
        "resolved": f"{well} after {_duration(alert)}",
        "no-longer-watched": "no longer watched",
    }
    summary = _without_tenant(alert, alert.summary)
    what = ended.get(alert.reason) or cannot + shorten(summary, SUMMARY, placeholder=" …")
    return f"[{label}] {_where(alert)}: {what}"


def _where(alert: Alert) -> str:
    if _is_check(alert):
        return f"{alert.title} {alert.subject}"
    if alert.subject == API:
        return f"{alert.title} API"
    if alert.subject == WEBHOOKS:
        named = _without_tenant(alert, alert.summary) != alert.summary
        return f"{alert.title} webhooks" + (f" of {alert.tenants[0]}" if named else "")
    return alert.title if alert.subject == WHOLE else f"{alert.title}: {alert.subject}"


def _without_tenant(alert: Alert, reason: str) -> str:
    """Reasons about webhooks begin with whose they are; an only tenant is named beside them."""
    if alert.subject != WEBHOOKS or len(alert.tenants) != 1:
        return reason
    return reason.removeprefix(f"{alert.tenants[0]}: ")


def _is_check(alert: Alert) -> bool:
    return alert.integration == ASSET_CHECKS


def _lines(alert: Alert) -> Iterable[str]:
    yield from _what(alert)
    yield ""
    if alert.tenants:
        yield f"Tenants ({len(alert.tenants)}): {_names(alert.tenants)}"
    yield f"Began: {_utc(alert.began_at)}"
    if alert.resolved_at is None:
        yield f"Lasts: {_duration(alert)}"
    else:
        yield f"Ended: {_utc(alert.resolved_at)}, after {_duration(alert)}"
    if alert.owner is not None:
        yield f"Owner: {_address(alert.owner)}"
    yield from _help(alert)
    yield from (f"Next: {step}" for step in alert.next_steps)
    yield f"Incident: {alert.incident_id} ({alert.integration}, {alert.incident_key})"


def _address(owner: Owner) -> str:
    return owner.name if owner.email in ("", owner.name) else f"{owner.name} <{owner.email}>"


def _what(alert: Alert) -> Iterable[str]:
    yield from _first_line(alert)
    for finding in alert.findings:
        reason = _without_tenant(alert, finding.reason)
        yield f"- {finding.signal} ({finding.status}): {reason}"


def _first_line(alert: Alert) -> Iterable[str]:
    blind = alert.kind == "blind"
    match alert.reason:
        case "resolved" if blind:
            yield f"Everything can be seen again after {_duration(alert)}. It was:"
        case "resolved" if _is_check(alert):
            yield f"The check passes again after {_duration(alert)}. It was:"
        case "resolved":
            yield f"Everything is well again after {_duration(alert)}, for every tenant. It was:"
        case "no-longer-watched" if _is_check(alert):
            yield "It is not defined or not selected any more. Nobody saw it recover. It was:"
        case "no-longer-watched":
            yield "It is in no manifest any more. Nobody saw it recover. It was:"
        case "worsened":
            yield f"It got worse: {_worse(alert)}."
        case "reminded":
            yield f"It is still open after {_duration(alert)}."
        case "opened" if blind:
            yield "The monitor cannot see whether this works, so a quiet screen says nothing."
        case "opened":
            pass


def _worse(alert: Alert) -> str:
    new = alert.new_tenants
    if not new:
        return f"its severity is {alert.severity} now"
    more = "1 more tenant" if len(new) == 1 else f"{len(new)} more tenants"
    return f"{more} ({_names(new)})"


def _help(alert: Alert) -> Iterable[str]:
    runbook = alert.runbook
    for label, text in (
        ("Runbook", runbook.url),
        ("What to do", runbook.summary),
        ("Who relies on it", runbook.reliant),
        ("To pause it", runbook.pause),
        ("Partner's contact", runbook.contact),
        ("Checks", alert.dagster_url),
    ):
        if text and (alert.resolved_at is None or label == "Checks"):
            yield f"{label}: {text}"


def _names(tenants: tuple[str, ...]) -> str:
    more = len(tenants) - NAMED
    return ", ".join(tenants[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _duration(alert: Alert) -> str:
    seconds = round(alert.duration_s)
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
