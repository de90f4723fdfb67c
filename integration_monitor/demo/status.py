"""How a running demo is: what is broken, what the checks say, when they run next, the story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_monitor.alerts.payload import dagster_link
from integration_monitor.demo import handled
from integration_monitor.demo.clock import iso
from integration_monitor.demo.handled import Seen
from integration_monitor.demo.home import Addresses, DemoHome
from integration_monitor.demo.story import Event, witness_of
from integration_monitor.manifest.cadence import next_tick
from integration_monitor.manifest.load import ManifestDirectoryError, load_directory
from integration_monitor.signals.mapped import Role
from integration_monitor.signals.schema_drift import signal_of
from integration_monitor.signals.verdict import Verdict
from integration_monitor.signals.wording import count
from integration_monitor.store.verdicts import latest


@dataclass(frozen=True)
class DemoStatus:
    """What `demo status` says."""

    addresses: Addresses
    world: Mapping[str, Any]
    verdicts: Sequence[Verdict]
    next_check: datetime | None
    """None where no sync is watched."""
    story: Sequence[Event]
    at: datetime
    handled: Seen | None = None
    """Of a fault that nobody is told of: how it is dealt with."""


def look(home: DemoHome, now: datetime) -> DemoStatus:
    """How the running demo is. Raises `NoDemo`, `StoreError` and `httpx.HTTPError`."""
    addresses = home.addresses()
    with witness_of(addresses) as (witness, store):
        with store.begin() as connection:
            verdicts = latest(connection)
        world = witness.state()
        fault = world["fault"]["fault"]
        return DemoStatus(
            addresses,
            world,
            verdicts,
            _next_check(home, now),
            witness.story(),
            now,
            handled.look(fault, store, addresses.product) if fault in handled.PROOFS else None,
        )


def as_json(status: DemoStatus) -> dict[str, Any]:
    """Plain data for `--json`."""
    return {
        "dagster": status.addresses.dagster,
        "inbox": status.addresses.inbox,
        "fault": status.world["fault"],
        "handled": status.handled.numbers if status.handled else None,
        "syncs": status.world["syncs"],
        "webhooks": status.world["webhooks"],
        "next_check": iso(status.next_check) if status.next_check else None,
        "verdicts": [
            {
                "integration": verdict.integration,
                "subject": verdict.subject,
                "signal": verdict.signal,
                "status": _status(verdict, status.at),
                "reason": verdict.reason,
                "tenants": list(verdict.tenants),
                "at": iso(verdict.at),
                "link": _link(status, verdict),
            }
            for verdict in status.verdicts
        ],
        "story": [event.as_json() for event in status.story],
    }


def as_text(status: DemoStatus) -> Iterator[str]:
    """Lines for people. Times are UTC."""
    yield f"Dagster  {status.addresses.dagster}"
    yield f"Inbox    {status.addresses.inbox}"
    yield ""
    yield from _fault_lines(status.world["fault"])
    if status.handled:
        yield f"So far: {status.handled.line}"
    for sync in status.world["syncs"]:
        yield f"{sync['title']}: {sync['last_run']}"
    if posted := status.world["webhooks"]:
        yield f"Harborview CRM → webhooks: {posted['line']}"
    yield ""
    yield "Checks"
    for verdict in status.verdicts:
        yield from _verdict_lines(status, verdict)
    if status.next_check:
        seconds = (status.next_check - status.at).total_seconds()
        yield f"  next check at {_clock(status.next_check)}, in {seconds:.0f} s"
    yield ""
    yield "The story so far"
    for event in status.story:
        yield f"  {_clock(event.at)}  {told(event)}"


def told(event: Event) -> str:
    """An event in words."""
    said = event.details
    what = event.event.replace("_", " ")
    match event.event:
        case "broken":
            return f"{what}: {fault_text(said)}"
        case "fixed":
            return what if said["resync"] else f"{what}, without moving again what was lost"
        case "check_failed":
            # Not its reason: while the failure lasts, the store keeps the newest one only.
            return f"{what}: {said['check']} ({said['status']})"
        case "alert_delivered" | "recovery_delivered":
            return f"{what}: incident {said['incident']}, {said['reason']} ({said['severity']})"
        case "started":
            return what
    about = f"incident {said['incident']}, {said['subject']} ({said['severity']})"
    # The reason of a resolution is what was wrong last, which reads as if it were so still.
    return f"{what}: {about}" + ("" if what.endswith("resolved") else f": {said['reason']}")


def fault_text(fault: Mapping[str, Any]) -> str:
    """What is broken, by name."""
    text = f"{fault['fault']} on {fault['integration']}"
    if fault["tenant"]:
        text += f": {fault['tenant']}"
    if fault["records"]:
        text += ": " + "; ".join(
            f"{tenant} lost {', '.join(keys)}" for tenant, keys in fault["records"].items()
        )
    return text


def _fault_lines(fault: Mapping[str, Any]) -> Iterator[str]:
    if fault["fault"]:
        yield f"Broken since {str(fault['since'])[11:19]}: {fault_text(fault)}"
    elif fault["not_resynced"]:
        lost = count(len(fault["not_resynced"]), "lost record was", "lost records were")
        yield f"Mended, but {lost} not moved again"
    else:
        yield "Nothing is broken"


def _verdict_lines(status: DemoStatus, verdict: Verdict) -> Iterator[str]:
    name = (
        f"{verdict.integration}/{verdict.subject}"
        if verdict.subject != "-"
        else verdict.integration
    )
    yield f"  {_status(verdict, status.at):8}{name} {verdict.signal}: {verdict.reason}"
    if verdict.status != "ok" and (link := _link(status, verdict)):
        yield f"          {link}"


def _status(verdict: Verdict, now: datetime) -> str:
    return verdict.status if now <= verdict.valid_until else "unknown"


def _link(status: DemoStatus, verdict: Verdict) -> str | None:
    role: Role = "source" if verdict.signal == signal_of("source") else "destination"
    return dagster_link(status.addresses.dagster, verdict.integration, verdict.subject, role)


def _next_check(home: DemoHome, now: datetime) -> datetime | None:
    try:
        fleet = load_directory(home.manifests)
    except ManifestDirectoryError:
        return None
    cadences = [sync.every for one in fleet.integrations for sync in one.syncs.values()]
    return min((next_tick(cadence, now) for cadence in cadences), default=None)


def _clock(at: datetime) -> str:
    return iso(at)[11:19]
