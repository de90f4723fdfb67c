"""Small fleets and a measurement that does what a test says, for the tests of the plugin."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg

from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.manifest.domain import (
    Cadence,
    Fleet,
    Integration,
    ListRequest,
    Owner,
    Partner,
    Reference,
    RequestTemplate,
    RestSide,
    Runbook,
    Severity,
    Side,
    SqlSide,
    Sync,
)
from integration_monitor.measurement import SyncMeasurement
from integration_monitor.resources import PROCESS_STORES, StoreResource
from integration_monitor.signals import schema_drift
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.translator import IntegrationMonitorTranslator

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

EVERY_15M = Cadence("*/15 * * * *", "15m", timedelta(minutes=15))
EVERY_DAY = Cadence("0 0 * * *", "1d", timedelta(days=1))
IN_BUSINESS_HOURS = Cadence("*/15 8-18 * * 1-5", "*/15 8-18 * * 1-5", timedelta(days=3))


def a_sync(name: str = "contacts", every: Cadence = EVERY_15M) -> Sync:
    """A sync from a REST collection to a table."""
    rest = RestSide(
        endpoint=None,
        list=ListRequest(RequestTemplate("GET", f"/{name}")),
        lookup=None,
        records="results",
    )
    return Sync(
        name=name,
        every=every,
        source=Side(at=rest, key="id", updated_at="updated_at"),
        destination=Side(at=SqlSide(Reference("WAREHOUSE_URL"), table=f"crm.{name}"), key="id"),
    )


def an_integration(name: str = "hubspot", *syncs: Sync, file: str = "") -> Integration:
    """An integration with everything that is shown of one."""
    chosen = syncs or (a_sync(),)
    return Integration(
        name=name,
        owner=Owner("CRM team", "crm@example.com"),
        file=file or f"integrations/{name}.yaml",
        title=name.title(),
        category="crm",
        partner=Partner("https://api.example.com", status_page="https://status.example.com"),
        syncs={sync.name: sync for sync in chosen},
        runbook=Runbook(summary="Ask the CRM team.", url="https://runbooks.example.com/crm"),
    )


def a_fleet(*integrations: Integration) -> Fleet:
    """A fleet of these integrations, or of one."""
    return Fleet("integrations", integrations or (an_integration(),))


def a_verdict(
    signal: str = "reconciliation",
    status: Status = "ok",
    *,
    integration: str = "hubspot",
    subject: str = "contacts",
    severity: Severity | None = None,
    tenants: tuple[str, ...] = (),
    at: datetime = NOW,
) -> Verdict:
    """A verdict with evidence and details."""
    return Verdict(
        integration=integration,
        subject=subject,
        signal=signal,
        status=status,
        reason=f"{signal} of {subject} is {status}",
        at=at,
        valid_until=at + timedelta(minutes=30),
        severity=severity,
        evidence={"gaps": 3.0 if status == "fail" else 0.0, "ratio": 0.25},
        tenants=tenants,
        details="| tenant | key |\n|---|---|\n| acme | 17 |",
    )


class FakeMeasure:
    """Stands in for `measure_integration`: remembers calls, answers or raises as it was told."""

    def __init__(
        self,
        verdicts: Mapping[tuple[str, str], Status] | None = None,
        raises: Mapping[str, Exception] | None = None,
        before: Callable[[str], object] = lambda integration: None,
    ) -> None:
        self.calls: list[tuple[str, frozenset[str]]] = []
        self._verdicts = verdicts or {}
        self._raises = raises or {}
        self._before = before
        self._lock = threading.Lock()

    def __call__(
        self,
        integration: Integration,
        *,
        syncs: frozenset[str],
        store: Store,
        environ: Mapping[str, str],
    ) -> Sequence[SyncMeasurement]:
        """One measurement a sync, `ok` unless the test said otherwise."""
        with self._lock:
            self.calls.append((integration.name, syncs))
        self._before(integration.name)
        if integration.name in self._raises:
            raise self._raises[integration.name]
        return [self._measurement(integration.name, sync) for sync in sorted(syncs)]

    def _measurement(self, integration: str, sync: str) -> SyncMeasurement:
        verdicts = [
            a_verdict(
                signal, self._verdicts.get((sync, signal), "ok"), integration=integration,
                subject=sync, tenants=("acme", "globex"),
            )
            for signal in ("reconciliation", "freshness", *schema_drift.SIGNALS)
        ]  # fmt: skip
        return SyncMeasurement(
            integration, sync, tuple(verdicts), {"records": 214.0, "read": 12.0}, {"records": 211.0}
        )


@contextmanager
def store_resource(url: str | None) -> Iterator[StoreResource]:
    """The resource on a store; afterwards the process forgets the stores it opened."""
    yield StoreResource(url=url)
    PROCESS_STORES.close()


class StoreIsAway(StoreResource):
    """A store that cannot be reached."""

    def open(self) -> Store:
        """Raise what a store that is away raises."""
        raise StoreError("the store does not answer: connection refused")


def defs_of(
    fleet: Fleet,
    measure: FakeMeasure,
    store: StoreResource,
    translator: IntegrationMonitorTranslator | None = None,
) -> dg.Definitions:
    """The plugin's definitions with a fake measurement."""
    return build_integration_monitor_defs(
        manifests=fleet, measure=measure, store=store, translator=translator
    )
