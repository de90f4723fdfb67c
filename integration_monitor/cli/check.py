"""`check`: measure now, store, print the verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    OK,
    UNKNOWN,
    WRONG,
    AsJson,
    Directory,
    clear_errors,
    environment,
    fail,
    find,
    load_fleet,
    opened_store,
    progress,
)
from integration_monitor.cli.plain import plain

if TYPE_CHECKING:
    from integration_monitor.manifest.domain import Fleet, Integration
    from integration_monitor.signals.verdict import Verdict
    from integration_monitor.store.engine import Store

AT_ONCE = 8
_MARKS = {"ok": "ok     ", "warn": "WARN   ", "fail": "FAIL   ", "unknown": "UNKNOWN"}


def check(
    target: Annotated[
        str | None, typer.Argument(metavar="[INTEGRATION[/SYNC]]", help="Left out: all.")
    ] = None,
    directory: Directory = None,
    as_json: AsJson = False,
) -> None:
    """Measure syncs now, store and print the verdicts.

    Calls and webhooks are judged by Dagster alone: `incidents` says what is wrong with them.

    Exit code: 0 all ok, 1 a failure or warning, 2 usage, 3 something could not be measured.
    """
    environ = environment()
    with clear_errors():
        fleet = load_fleet(directory, environ)
        wanted = _wanted(fleet, target)
        with opened_store(environ) as store:
            found = [*_measure(wanted, store, environ), *([] if target else _broken(fleet))]
    for verdict in sorted(found, key=lambda v: (v.integration, v.subject, v.signal)):
        typer.echo(json.dumps(_as_json(verdict)) if as_json else _as_text(verdict))
    raise typer.Exit(exit_code([verdict.status for verdict in found]))


def exit_code(statuses: Sequence[str]) -> int:
    """What is known to be wrong outweighs what is not known."""
    if "fail" in statuses or "warn" in statuses:
        return WRONG
    return UNKNOWN if "unknown" in statuses else OK


def _wanted(fleet: Fleet, target: str | None) -> list[tuple[Integration, list[str]]]:
    if target is not None:
        integration, sync = find(fleet, target)
        return [(integration, [sync.name] if sync else list(integration.syncs))]
    if not fleet.integrations and not fleet.broken:
        fail(f"no manifest in {fleet.directory}")
    return [(integration, list(integration.syncs)) for integration in fleet.integrations]


def _measure(
    wanted: Sequence[tuple[Integration, list[str]]], store: Store, environ: Mapping[str, str]
) -> list[Verdict]:
    from integration_monitor.measure import measure_integration

    found: list[Verdict] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        names = {}
        for integration, syncs in wanted:
            progress(f"measuring {integration.name}: {', '.join(syncs) or 'no sync to measure'}")
            future = pool.submit(
                measure_integration, integration, syncs=syncs, store=store, environ=environ
            )
            names[future] = integration.name
        for done, future in enumerate(as_completed(names), 1):
            measured = future.result()
            progress(f"{done} of {len(names)} measured: {names[future]}")
            found += [verdict for sync in measured for verdict in sync.verdicts]
    return found


def _broken(fleet: Fleet) -> list[Verdict]:
    from datetime import UTC, datetime

    from integration_monitor.signals.manifest import judge_manifest

    now = datetime.now(UTC)
    return [
        judge_manifest(broken.name, broken.errors, edited=False, at=now, valid_until=now)
        for broken in fleet.broken
    ]


def _as_text(verdict: Verdict) -> str:
    subject = f"{verdict.integration}/{verdict.subject}"
    lines = [f"{_MARKS[verdict.status]} {subject} {verdict.signal}: {verdict.reason}"]
    if verdict.status != "ok":
        lines += [f"        {line}".rstrip() for line in plain(verdict.markdown, verdict.reason)]
    return "\n".join(lines)


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "at": verdict.at.isoformat(),
        "integration": verdict.integration,
        "sync": verdict.subject,
        "signal": verdict.signal,
        "status": verdict.status,
        "severity": verdict.severity,
        "reason": verdict.reason,
        "tenants": list(verdict.tenants),
        "evidence": dict(verdict.evidence),
        "parts": [
            {"tenant": part.tenant, "status": part.status, "reason": part.reason}
            for part in verdict.parts
        ],
    }
