"""Who is told what about a transition. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from integration_monitor.incidents.domain import Incident, Transition
from integration_monitor.manifest.domain import Integration, Monitor, Severity

Reason = Literal["opened", "worsened", "reminded", "resolved", "no-longer-watched"]
"""Why somebody is told something."""
WhyNot = Literal[
    "not worth telling", "nobody was told that it is broken", "no channel", "watch only"
]


@dataclass(frozen=True)
class Decision:
    """Channel names, each with the reason why it is told; where nobody is, why not."""

    tell: Mapping[str, Reason]
    why_not: WhyNot | None = None


def decide(transition: Transition, route: tuple[str, ...], told: frozenset[str]) -> Decision:
    """Decide from the channels of the incident's severity and those that know of it already.

    - A channel that hears of an incident for the first time is told of it as opened: the pager
      when a ticket becomes a page.
    - Recovering, and failing again meanwhile, is told to nobody.
    - The end is told to exactly those who were told of the beginning.
    """
    match transition.happened:
        case "recovering" | "reopened":
            return Decision({}, "not worth telling")
        case "resolved":
            reason = _closing(transition.incident)
            why_not: WhyNot | None = None if told else "nobody was told that it is broken"
            return Decision(dict.fromkeys(sorted(told), reason), why_not)
        case "worsened":
            channels = told.union(route)
        case _:
            channels = frozenset(route)
    if not channels:
        watch = transition.incident.severity == "watch"
        return Decision({}, "watch only" if watch else "no channel")
    known: Reason = transition.happened
    return Decision({each: known if each in told else "opened" for each in sorted(channels)})


def route(severity: Severity, integration: Integration | None, monitor: Monitor) -> tuple[str, ...]:
    """The channels of a severity: the integration's own, otherwise the monitor's."""
    if integration is not None and severity in integration.routes:
        return integration.routes[severity]
    return monitor.routes.get(severity, ())


def _closing(incident: Incident) -> Reason:
    return "resolved" if incident.closed_reason == "recovered" else "no-longer-watched"
