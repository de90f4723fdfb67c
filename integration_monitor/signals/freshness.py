"""How old is the oldest record that the destination still owes?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE, Lag, Sync
from integration_monitor.signals.facts import ConnectionFacts, SyncFacts
from integration_monitor.signals.reconciliation import severity_of
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.wording import clock, some, span, table

SIGNAL = "freshness"


@dataclass(frozen=True)
class _Age:
    tenant: str
    age: timedelta
    status: Status


def judge(
    integration: str, sync: Sync, facts: SyncFacts, *, at: datetime, valid_until: datetime
) -> Verdict:
    """Compare the age of the oldest owed record with the sync's `lag`; undeclared is `ok`."""
    ages = _ages(sync.lag, facts, at)
    unread = [c for c in facts.connections if c.error is not None or _too_far_behind(sync.lag, c)]
    status = _status(facts, ages, unread, declared=sync.lag is not None)
    late = [age for age in ages if age.status != "ok"]
    parts = [
        Part(age.tenant, age.status, f"the oldest owed record has waited {span(age.age)}")
        for age in late
    ]
    parts += [Part(c.connection, "unknown", _why(c)) for c in unread if sync.lag is not None]
    return Verdict(
        integration=integration,
        subject=sync.name,
        signal=SIGNAL,
        status=status,
        severity=severity_of(status, sync.lag.severity if sync.lag else "page"),
        reason=_reason(sync.lag, facts, ages, unread),
        at=at,
        valid_until=valid_until,
        evidence=_evidence(facts, ages),
        tenants=tuple(sorted({part.tenant for part in parts if part.tenant != SINGLE})),
        parts=tuple(sorted(parts, key=lambda part: (part.tenant, part.status))),
        details=table(
            ("tenant", "oldest owed record has waited"), [(a.tenant, span(a.age)) for a in late]
        ),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile: the smallest value that at least `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _ages(lag: Lag | None, facts: SyncFacts, at: datetime) -> list[_Age]:
    found = []
    for connection in facts.connections:
        for tenant in connection.tenants:
            if tenant.oldest is None:
                continue
            age = max((connection.source_now or at) - tenant.oldest, timedelta(0))
            found.append(_Age(tenant.tenant, age, _of_age(lag, age)))
    return sorted(found, key=lambda entry: entry.age, reverse=True)


def _too_far_behind(lag: Lag | None, facts: ConnectionFacts) -> bool:
    """Whether records that were not read yet may be older than the lag allows."""
    if lag is None or not facts.behind:
        return False
    if facts.covered_to is None or facts.source_now is None:
        return True
    return facts.source_now - facts.covered_to > lag.warn


def _why(facts: ConnectionFacts) -> str:
    if facts.error is not None:
        return facts.error
    covered = clock(facts.covered_to) if facts.covered_to else "nowhere yet"
    return f"the source was read to {covered} only"


def _of_age(lag: Lag | None, age: timedelta) -> Status:
    if lag is None or age <= lag.warn:
        return "ok"
    return "fail" if age > lag.fail else "warn"


def _status(
    facts: SyncFacts, ages: Sequence[_Age], unread: Sequence[ConnectionFacts], *, declared: bool
) -> Status:
    if not declared:
        return "ok"
    found = {age.status for age in ages}
    if "fail" in found:
        return "fail"
    if facts.error is not None or unread or not facts.connections:
        return "unknown"
    return "warn" if "warn" in found else "ok"


def _reason(
    lag: Lag | None, facts: SyncFacts, ages: Sequence[_Age], unread: Sequence[ConnectionFacts]
) -> str:
    unlisted = f"the connections cannot be listed: {facts.error}" if facts.error else ""
    if unlisted and not ages:
        return unlisted
    oldest = f"the oldest owed record has waited {span(ages[0].age)}" if ages else "nothing is owed"
    if lag is None:
        return f"freshness is not declared; {oldest}"
    limits = f"warn {span(lag.warn)}, fail {span(lag.fail)}"
    late = [age.tenant for age in ages if age.status != "ok" and age.tenant != SINGLE]
    whom = f" for {some(late)}" if late else ""
    text = f"{oldest}{whom} ({limits})"
    if unlisted:
        return f"{text}; {unlisted}"
    if not unread:
        return text
    unknown = f"not known for {some([c.connection for c in unread if c.connection != SINGLE])}"
    if unread[0].connection == SINGLE:
        unknown = f"not known: {_why(unread[0])}"
    # What is late for certain comes first; else that it is not known.
    return f"{text}; {unknown}" if late or ages else unknown


def _evidence(facts: SyncFacts, ages: Sequence[_Age]) -> dict[str, float]:
    evidence = {"oldest_owed_s": ages[0].age.total_seconds() if ages else 0.0}
    lags = [lag for connection in facts.connections for lag in connection.load_lags_s]
    if lags:
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            evidence[f"load_lag_{name}_s"] = quantile(lags, share)
    distances = [
        (c.source_watermark - c.destination_watermark).total_seconds()
        for c in facts.connections
        if c.source_watermark is not None and c.destination_watermark is not None
    ]
    if distances:
        evidence["watermark_distance_s"] = max(distances)
    return evidence
