"""Measuring an integration: read both sides of its syncs, judge, and store the verdicts.

The one entry of schedules, the Dagster UI and the CLI. Syncs and connections run at once, in
threads, within the integration's deadline; one that hangs makes only itself `unknown`.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import astuple
from datetime import datetime

from integration_monitor.manifest.cadence import valid_until
from integration_monitor.manifest.domain import Integration, Sync
from integration_monitor.measurement import Means, SyncMeasurement, open_means
from integration_monitor.observe.connections import Connection, list_connections
from integration_monitor.observe.facts import connection_facts
from integration_monitor.observe.limits import Budget
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import utc_now
from integration_monitor.observe.reconcile import reconcile
from integration_monitor.observe.run import Reconciled, Run
from integration_monitor.observe.schema import (
    ROLES,
    SideSchema,
    judge_side,
    observe_side,
    sampled_by,
    samples,
    top_up,
)
from integration_monitor.observe.shape_sample import ShapeSample
from integration_monitor.observe.side import OpenSide, ReadError
from integration_monitor.observe.stretch import Sides
from integration_monitor.signals import freshness, reconciliation, schema_drift
from integration_monitor.signals.effective import effective
from integration_monitor.signals.facts import SyncFacts
from integration_monitor.signals.mapped import Role, side_of
from integration_monitor.signals.side_numbers import destination_numbers, source_numbers
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import verdicts
from integration_monitor.store.coverage import Unit, known_connections
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.forget import forget_connections

_SIGNALS = (reconciliation.SIGNAL, freshness.SIGNAL, *schema_drift.SIGNALS)
_log = logging.getLogger(__name__)


def measure_integration(
    integration: Integration,
    *,
    syncs: Collection[str] | None = None,
    store: Store,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], datetime] = utc_now,
    as_of: datetime | None = None,
) -> tuple[SyncMeasurement, ...]:
    """Measure some or all syncs of an integration now, and store their verdicts.

    `as_of` measures a moment in the past as far as the sides still show it. Raises `StoreError`
    where the store is away; whatever else goes wrong is in the verdicts.
    """
    wanted = [sync for name, sync in integration.syncs.items() if syncs is None or name in syncs]
    if not wanted:
        return ()
    with open_means(integration, store, environ, clock, as_of) as means:
        connections, error = _connections(means)
        with ThreadPoolExecutor(len(wanted), thread_name_prefix="sync") as pool:
            futures = [
                pool.submit(_measure_sync, means, sync, connections, error) for sync in wanted
            ]
            return tuple(future.result() for future in futures)


def _connections(means: Means) -> tuple[Sequence[Connection], str | None]:
    try:
        found = list_connections(means.integration, means.environ, means.engines, means.deadline)
    except ReadError as error:
        return (), str(error)
    return found, None


def _measure_sync(
    means: Means, sync: Sync, connections: Sequence[Connection], error: str | None
) -> SyncMeasurement:
    try:
        with means.locks.hold(means.integration.name, sync.name, means.deadline.remaining):
            results = _reconcile_all(means, sync, connections)
            return _judge_and_store(means, sync, results, error)
    except ReadError:
        return _measured_by_another(means, sync)


def _reconcile_all(means: Means, sync: Sync, connections: Sequence[Connection]) -> list[Reconciled]:
    units = [Unit(means.integration.name, sync.name, c.tenant) for c in connections]
    futures = [
        means.pool.submit(_reconcile_one, means, sync, unit, connection)
        for unit, connection in zip(units, connections, strict=True)
    ]
    with suppress(ReadError):
        wait(futures, timeout=means.deadline.remaining())
    return [_result(unit, future, means) for unit, future in zip(units, futures, strict=True)]


def _result(unit: Unit, future: Future[Reconciled], means: Means) -> Reconciled:
    if not future.done():
        seconds = means.integration.deadline.total_seconds()
        return Reconciled(unit, error=f"not finished within {seconds:g} s")
    try:
        return future.result()
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - one connection must not blind the others
        # Without the message: that of a library may quote a secret.
        where = "".join(traceback.format_tb(error.__traceback__))
        name = type(error).__name__
        _log.error("measuring %s/%s for %s failed: %s\n%s", *astuple(unit), name, where)
        return Reconciled(unit, error=f"internal error: {type(error).__name__}")


def _reconcile_one(means: Means, sync: Sync, unit: Unit, connection: Connection) -> Reconciled:
    budget = Budget(sync.requests)
    run = Run(unit, sync, means.store, means.clock, means.deadline, budget, means.as_of)
    looked_at = samples(sync)
    try:
        sides = _open(means, sync, connection, budget, looked_at)
    except ReadError as error:
        return Reconciled(unit, error=str(error))
    try:
        result = reconcile(run, sides)
        result.samples = looked_at
        if result.error is None:
            for role, sample in looked_at.items():
                side = sides.source if role == "source" else sides.destination
                top_up(side, sample, means.clock())
        return result
    finally:
        sides.source.close()
        sides.destination.close()


def _open(
    means: Means,
    sync: Sync,
    connection: Connection,
    budget: Budget,
    looked_at: Mapping[Role, ShapeSample],
) -> Sides:
    reading = means.reading(budget)

    def opened(role: Role) -> OpenSide:
        shown = sampled_by(reading, looked_at.get(role))
        return open_side(side_of(sync, role), means.integration, role, connection, shown)

    return Sides(opened("source"), opened("destination"), connection.tenant)


def _judge_and_store(
    means: Means, sync: Sync, results: Sequence[Reconciled], error: str | None
) -> SyncMeasurement:
    name, at = means.integration.name, means.clock()
    fresh_until = valid_until(sync.every, at)
    reading = means.reading(Budget(sync.requests))
    observed = {role: observe_side(sync, role, results, reading) for role in ROLES}
    with means.store.begin() as connection:
        if error is not None:
            # What is known to be missing is no less missing while nobody can list the tenants.
            known = sorted(known_connections(connection, name, sync.name))
            results = [Reconciled(Unit(name, sync.name, each)) for each in known]
        else:
            listed = {result.unit.connection for result in results}
            forget_connections(connection, name, sync.name, keep=listed, at=at)
        keyed = any(each.record_key for each in means.integration.endpoints.values())
        found_out = connection_facts(
            connection, name, sync.name, results, grace=sync.grace, now=at, keyed=keyed
        )
        facts = SyncFacts(found_out, error)
        schemas: dict[Role, SideSchema] = {
            role: judge_side(
                connection, name, sync, role, seen, at=at, valid_until=fresh_until, error=error
            )
            for role, seen in observed.items()
        }
        found = (
            reconciliation.judge(name, sync, facts, at=at, valid_until=fresh_until),
            freshness.judge(name, sync, facts, at=at, valid_until=fresh_until),
            *(schema.verdict for schema in schemas.values()),
        )
        verdicts.record(connection, *found)
    return SyncMeasurement(
        name,
        sync.name,
        found,
        source_numbers(facts),
        destination_numbers(facts),
        {role: schema.fields for role, schema in schemas.items()},
    )


def _measured_by_another(means: Means, sync: Sync) -> SyncMeasurement:
    """What the stored verdicts are worth now: another run holds the sync, and stores newer ones."""
    name, now = means.integration.name, means.clock()
    with means.store.begin() as connection:
        stored = verdicts.latest(connection, name)
    known = {each.signal: effective(each, now) for each in stored if each.subject == sync.name}
    found = tuple(
        known.get(signal) or _not_measured_yet(name, sync, signal, now) for signal in _SIGNALS
    )
    return SyncMeasurement(name, sync.name, found, {}, {})


def _not_measured_yet(integration: str, sync: Sync, signal: str, now: datetime) -> Verdict:
    reason = "another run is measuring it, for the first time"
    return Verdict(integration, sync.name, signal, "unknown", reason, now, now, "ticket")
