"""Do the records still have the fields of the accepted baseline?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_monitor.manifest.domain import SINGLE, Sync
from integration_monitor.signals.mapped import Role, mapped_paths
from integration_monitor.signals.reconciliation import severity_of
from integration_monitor.signals.schema_changes import KINDS, Change, Kind, action
from integration_monitor.signals.shape import MOST_PATHS, Shape, ancestors
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.wording import clock, count, number, some, table

CHECK = "schema_drift"
ROWS_SHOWN = 100

_WORST: tuple[Status, ...] = ("fail", "unknown", "warn", "ok")


def signal_of(role: Role) -> str:
    """The name of the verdict about a side: `source_schema_drift`."""
    return f"{role}_{CHECK}"


SIGNALS = (signal_of("source"), signal_of("destination"))


@dataclass(frozen=True)
class SchemaFacts:
    """One connection of a side (`-` for a table, which all share), after it was observed."""

    connection: str
    baseline: Shape | None
    """None where nothing was ever seen."""
    since: datetime | None = None
    """When the baseline was recorded or accepted."""
    is_new: bool = False
    """The baseline was recorded by this observation."""
    sampled: int = 0
    """Records seen now."""
    changes: Sequence[Change] = ()
    error: str | None = None
    """Why nothing could be seen, None where it could."""


@dataclass(frozen=True)
class _Finding:
    status: Status
    reason: str
    connection: str


def judge(
    integration: str,
    sync: Sync,
    role: Role,
    facts: Sequence[SchemaFacts],
    *,
    at: datetime,
    valid_until: datetime,
    error: str | None = None,
) -> Verdict:
    """Open changes fail or warn; else what could not be seen is unknown; else it is ok.

    A change of a mapped field is as bad as the manifest says; one of another field that would
    fail warns. `error`: why the connections could not even be listed.
    """
    mapped = mapped_paths(sync, role)
    changes = [finding for one in facts for finding in _changed(sync, one, mapped)]
    unseen = _unseen(facts, error)
    findings = [*changes, *unseen]
    status: Status = min((f.status for f in findings), key=_WORST.index, default="ok")
    parts = _parts(findings)
    said = _drift_reasons(sync, facts, mapped) + list(dict.fromkeys(f.reason for f in unseen))
    return Verdict(
        integration=integration,
        subject=sync.name,
        signal=signal_of(role),
        status=status,
        severity=severity_of(status),
        reason="; ".join(_shortened(said)) if said else _all_well(role, facts, mapped),
        at=at,
        valid_until=valid_until,
        evidence=_evidence(facts),
        tenants=tuple(sorted({part.tenant for part in parts if part.tenant != SINGLE})),
        parts=parts,
        details=details(facts, mapped),
    )


def status_of(change: Change, sync: Sync, mapped: Mapping[str, str]) -> Status:
    """What one open change means."""
    wanted = action(change.kind, sync.schema)
    if wanted == "ignore":
        return "ok"
    is_used = change.kind == "gained" or use_of(change.path, mapped) is not None
    return "fail" if wanted == "fail" and is_used else "warn"


def use_of(path: str, mapped: Mapping[str, str]) -> str | None:
    """What a path is used for: itself, or a path within it."""
    if path in mapped:
        return mapped[path]
    within = sorted(use for used, use in mapped.items() if path in ancestors(used))
    return ", ".join(within) or None


def _changed(sync: Sync, facts: SchemaFacts, mapped: Mapping[str, str]) -> list[_Finding]:
    return [
        _Finding(status_of(change, sync, mapped), sentence(change, mapped), facts.connection)
        for change in facts.changes
    ]


def _unseen(facts: Sequence[SchemaFacts], error: str | None) -> list[_Finding]:
    if error is not None:
        return [_Finding("unknown", f"the connections cannot be listed: {error}", SINGLE)]
    if not facts:
        return [_Finding("unknown", "no connection is listed, so nothing was seen", SINGLE)]
    findings = [
        _Finding("unknown", f"{_who(one)}{one.error}", one.connection)
        for one in facts
        if one.error is not None
    ]
    if not findings and all(one.baseline is None for one in facts):
        # A customer without records is nothing to worry about where others have some.
        return [_Finding("unknown", "there is no record yet to see the fields of", SINGLE)]
    return findings


def _parts(findings: Sequence[_Finding]) -> tuple[Part, ...]:
    parts = []
    for connection in sorted({finding.connection for finding in findings}):
        # What cannot be seen stays visible as such, also where a drift is known.
        for status in ("fail", "unknown", "warn"):
            found = [f.reason for f in findings if (f.connection, f.status) == (connection, status)]
            if found:
                parts.append(Part(connection, status, "; ".join(_shortened(found))))
    return tuple(parts)


def _drift_reasons(
    sync: Sync, facts: Sequence[SchemaFacts], mapped: Mapping[str, str]
) -> list[str]:
    """One sentence a change, the worst first, with the tenants that it is seen for."""
    seen: dict[tuple[int, str], list[str]] = {}
    for one in facts:
        for change in one.changes:
            rank = _WORST.index(status_of(change, sync, mapped))
            seen.setdefault((rank, sentence(change, mapped)), []).append(one.connection)
    return [
        sentence if SINGLE in names else f"{sentence} (for {some(sorted(names))})"
        for (_rank, sentence), names in sorted(seen.items())
    ]


def sentence(change: Change, mapped: Mapping[str, str]) -> str:
    """What one change says; `mapped` is what each path is used for."""
    use = use_of(change.path, mapped)
    what = f"`{change.path}`" + (f", used as {use}," if use else "")
    if change.kind == "lost":
        instead = change.now.removeprefix("absent").removeprefix(", ")
        return f"{what} is lost, it was {change.was}" + (f"; {instead}" if instead else "")
    if change.kind == "retyped":
        return f"{what} is {change.now}, it was {change.was}"
    if change.kind == "nullable":
        return f"{what} may be null, which it was not"
    return f"{what} is new: {change.now}"


def _all_well(role: Role, facts: Sequence[SchemaFacts], mapped: Mapping[str, str]) -> str:
    known = [one for one in facts if one.baseline is not None]
    declared = any(one.baseline is not None and one.baseline.declared for one in known)
    new = [one for one in known if one.is_new]
    if new:
        text = f"baseline recorded from {_seen(new, declared=declared)}"
    else:
        text = f"the fields of the {role} are as they were: {_seen(known, declared=declared)}"
    since = [one.since for one in known if one.since is not None]
    if not declared and not any(one.sampled for one in known) and since:
        text = f"nothing to sample since the baseline of {clock(max(since))}"
    never = _never_seen(known, mapped)
    notes = [f"never seen: {some(never)}"] if never else []
    if any(one.baseline is not None and one.baseline.beyond is not None for one in known):
        notes.append(f"only the first {number(MOST_PATHS)} fields are watched, and mapped ones")
    return "; ".join([text, *notes])


def _seen(facts: Sequence[SchemaFacts], *, declared: bool) -> str:
    paths = {path for one in facts for path in (one.baseline.fields if one.baseline else ())}
    if declared:
        return count(len(paths), "column")
    records = count(sum(one.sampled for one in facts), "record")
    return f"{records} with {count(len(paths), 'field')}"


def _never_seen(facts: Sequence[SchemaFacts], mapped: Mapping[str, str]) -> list[str]:
    """Mapped paths that no connection ever had: most likely a mistake in the manifest."""
    there = {path for one in facts for path in (one.baseline.fields if one.baseline else ())}
    return [
        f"`{p}` ({use})" for p, use in sorted(mapped.items()) if p not in there and use != "where"
    ]


def _evidence(facts: Sequence[SchemaFacts]) -> dict[str, float]:
    paths = {path for one in facts for path in (one.baseline.fields if one.baseline else ())}
    evidence: dict[str, float] = {
        "fields": len(paths),
        "sampled": sum(one.sampled for one in facts),
        "connections_unread": sum(1 for one in facts if one.error is not None),
    }
    for kind in KINDS:
        evidence[kind] = len({c.path for one in facts for c in one.changes if c.kind == kind})
    return evidence


def details(facts: Sequence[SchemaFacts], mapped: Mapping[str, str]) -> str:
    """Markdown: what differs, since when, and for whom."""
    merged: dict[tuple[str, Kind, str, str], list[tuple[str, Change]]] = {}
    for one in facts:
        for change in one.changes:
            row = (change.path, change.kind, change.was, change.now)
            merged.setdefault(row, []).append((one.connection, change))
    rows = []
    for (path, kind, was, now), found in sorted(merged.items()):
        first = min((c.first_seen for _, c in found if c.first_seen is not None), default=None)
        example = next((c.example for _, c in found if c.example), "")
        names = sorted(name for name, _ in found)
        rows.append(
            (
                f"`{path}`",
                use_of(path, mapped) or "",
                kind,
                was,
                now,
                clock(first) if first else "",
                f"`{example}`" if example else "",
                "" if names == [SINGLE] else some(names),
            )
        )
    header = ("path", "used as", "change", "was", "is", "first seen", "example, redacted", "for")
    shown = table(header, rows[:ROWS_SHOWN])
    more = len(rows) - ROWS_SHOWN
    if more > 0:
        shown += f"\n\nand {number(more)} more"
    unread = table(
        ("connection", "could not be read because"),
        [(one.connection, one.error) for one in facts if one.error is not None],
    )
    return "\n\n".join(section for section in (shown, unread) if section)


def _shortened(reasons: Sequence[str], most: int = 5) -> list[str]:
    more = len(reasons) - most
    return [*reasons[:most], f"and {number(more)} more findings"] if more > 0 else list(reasons)


def _who(facts: SchemaFacts) -> str:
    return "" if facts.connection == SINGLE else f"{facts.connection}: "
