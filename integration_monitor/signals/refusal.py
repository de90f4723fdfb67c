"""Why a record did not arrive, where a call that was to write it failed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from integration_monitor.signals.facts import SyncFacts
from integration_monitor.signals.wording import number


def failed_with(
    outcome: str, *, status: int | None = None, message: str | None = None, code: str | None = None
) -> str:
    """`422 invalid email (bad_request)`: the partner's words where it said some, else its code."""
    said = " ".join(str(part) for part in (status, message or code) if part is not None)
    return f"{said} ({outcome})" if said else outcome


def reasons_by_key(facts: SyncFacts, tenant: str) -> dict[str, str]:
    """Why, by the record's key; a record may be owed in several versions, it is one name."""
    found: dict[str, str] = {}
    for connection in facts.connections:
        for example in connection.examples:
            if example.tenant == tenant:
                found[example.key] = found.get(example.key) or example.why
    return found


def because(examples: Mapping[str, str], gaps: int) -> str:
    """`: 422 invalid email (bad_request)`; for how many, where it is not all of them."""
    known = Counter(filter(None, examples.values())).most_common(1)
    if not known:
        return ""
    why, n = known[0]
    return f": {why}" if n == gaps else f": {why} for {number(n)} of them"
