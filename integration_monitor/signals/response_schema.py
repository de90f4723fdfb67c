"""Do the partner's answers still have the fields of the accepted baseline? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_monitor.manifest.domain import Integration, SchemaRules
from integration_monitor.signals.api import verdict
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.schema_changes import KINDS, Change, action
from integration_monitor.signals.schema_drift import ROWS_SHOWN, sentence
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.signals.wording import clock, count, number, table

SIGNAL = "response_schema"
RULES = SchemaRules()
"""As for syncs: lost and retyped fields fail, a first null warns, new fields are ignored."""
LEARNING = 50
"""So many answers of an endpoint form its baseline before anything is compared with it: the first
few do not have every field that may be there."""
_SAID = 5


@dataclass(frozen=True)
class EndpointFields:
    """What is known of the answers of an endpoint."""

    endpoint: str
    fields: int
    answers: int
    """Those that formed the baseline."""
    since: datetime
    """When the baseline was recorded or accepted."""
    changes: Sequence[Change] = ()


def judge(integration: Integration, found: Sequence[EndpointFields], now: datetime) -> Verdict:
    """A change is as bad as the rules say where the endpoint is critical, and else warns.

    Which fields of an answer somebody uses is not known here, so it is a ticket at the most.
    """
    watched = [each for each in found if each.endpoint in integration.endpoints]
    findings = sorted(_findings(integration, watched))
    status: Status = "ok"
    if findings:
        status = "warn" if findings[0][0] else "fail"
    judged = Judged(
        status=status,
        severity="ticket",
        reason=_said([text for _, text in findings]) or _all_well(integration, watched),
        evidence=_evidence(watched),
        details=_details(watched),
    )
    return verdict(SIGNAL, integration, judged, now)


def _findings(
    integration: Integration, found: Sequence[EndpointFields]
) -> Iterator[tuple[bool, str]]:
    """Each change with whether it only warns."""
    for each in found:
        critical = integration.endpoints[each.endpoint].critical
        for change in each.changes:
            fails = critical and action(change.kind, RULES) == "fail"
            yield not fails, f"{each.endpoint}: {sentence(change, {})}"


def _said(reasons: Sequence[str]) -> str:
    more = len(reasons) - _SAID
    shown = [*reasons[:_SAID], *([f"and {number(more)} more"] if more > 0 else [])]
    return "; ".join(shown)


def _all_well(integration: Integration, found: Sequence[EndpointFields]) -> str:
    if not integration.calls.samples_per_minute:
        return "answers are not looked at: `samples_per_minute` is 0"
    if not found:
        return "no answer was looked at yet"
    fields = count(sum(each.fields for each in found), "field")
    text = f"the answers of {count(len(found), 'endpoint')} have the {fields} they had"
    learning = sum(each.answers < LEARNING for each in found)
    more = f"; {number(learning)} still learnt, from {LEARNING} answers each" if learning else ""
    return text + more


def _evidence(found: Sequence[EndpointFields]) -> dict[str, float]:
    evidence = {
        "endpoints_sampled": float(len(found)),
        "fields": float(sum(each.fields for each in found)),
    }
    changes = [change for each in found for change in each.changes]
    return evidence | {kind: float(sum(c.kind == kind for c in changes)) for kind in KINDS}


def _details(found: Sequence[EndpointFields]) -> str:
    changes = [
        (
            each.endpoint,
            f"`{change.path}`",
            change.kind,
            change.was,
            change.now,
            clock(change.first_seen) if change.first_seen else "",
            f"`{change.example}`" if change.example else "",
        )
        for each in found
        for change in each.changes
    ]
    header = ("endpoint", "path", "change", "was", "is", "first seen", "example, redacted")
    shown = table(header, changes[:ROWS_SHOWN])
    if len(changes) > ROWS_SHOWN:
        shown += f"\n\nand {number(len(changes) - ROWS_SHOWN)} more"
    sampled = table(
        ("endpoint", "fields", "answers", "baseline of", "changes"),
        [(f.endpoint, f.fields, f.answers, clock(f.since), len(f.changes)) for f in found],
    )
    return "\n\n".join(section for section in (shown, sampled) if section)
