"""What is said where there are no calls to judge. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.call_wording import minute
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.wording import span

SILENT_AFTER = timedelta(hours=24)
"""How long an integration without syncs may make no calls."""
LAST_CALL = "last_call_s"
"""Evidence: when the last call was made, in seconds since 1970."""


def without_calls(facts: CallFacts, integration: Integration, now: datetime) -> Judged | None:
    """What is to be said where the window is empty; None where there were calls.

    An integration that never reported any is not watched for them, and that is `ok`. One that did
    and fell silent for longer than its syncs explain cannot be judged.
    """
    if facts.endpoints:
        return None
    if facts.last_call is None:
        return Judged("ok", "no calls are reported", evidence={"calls": 0.0})
    silent = now - facts.last_call
    text = f"no calls are reported since {minute(facts.last_call, now)}"
    if silent <= silent_after(integration):
        return Judged("ok", f"{text}, {span(silent)} ago", evidence={"calls": 0.0})
    evidence = {"calls": 0.0, LAST_CALL: facts.last_call.timestamp()}
    return Judged("unknown", text, severity="ticket", evidence=evidence)


def silent_after(integration: Integration) -> timedelta:
    """How long no calls are nothing to wonder at: two turns of its slowest sync, at least 1 h."""
    periods = [sync.every.period for sync in integration.syncs.values()]
    return max(2 * max(periods), timedelta(hours=1)) if periods else SILENT_AFTER
