"""One op an integration: observations and check results from one measurement."""

# No postponed annotations here: Dagster compares that of `context` with its own classes.

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import dagster as dg

from integration_monitor.checks import (
    CheckOutcome,
    check_result,
    column_list,
    column_schema,
    observation,
    outcome,
    unmeasured,
)
from integration_monitor.dagster_internals import (
    EntityKeys,
    disable_dagster_warnings,
    selections,
)
from integration_monitor.failures import describe
from integration_monitor.fleet_results import (
    JudgeFleet,
    RunJudgement,
    fleet_results,
    judge_fleet_now,
    judge_webhooks_now,
)
from integration_monitor.manifest.domain import BrokenManifest, Integration
from integration_monitor.prefetch import Prefetcher
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.signals.mapped import mapped_paths
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.targets import Target
from integration_monitor.translator import AssetData, FleetRole, table_name

if TYPE_CHECKING:
    from integration_monitor.measurement import SyncMeasurement

Result = TypeVar("Result")
OpResult = dg.ObserveResult | dg.AssetCheckResult


class Measure(Protocol):
    """Measures syncs of an integration and stores their verdicts."""

    def __call__(
        self,
        integration: Integration,
        *,
        syncs: frozenset[str],
        store: Store,
        environ: Mapping[str, str],
    ) -> "Sequence[SyncMeasurement]":
        """One measurement a sync. Raises `StoreError` where the store is away."""


class JudgeManifest(Protocol):
    """Reads a manifest's file again and stores the verdict about it."""

    def __call__(self, manifest: Integration | BrokenManifest, store: Store) -> Verdict:
        """The verdict. Raises `StoreError` where the store is away."""


@dataclass(frozen=True)
class _Failed:
    """Measuring itself failed. The reason holds no secrets."""

    reason: str


_Measured = Mapping[str, "SyncMeasurement"]


def measure_now(
    integration: Integration, *, syncs: frozenset[str], store: Store, environ: Mapping[str, str]
) -> "Sequence[SyncMeasurement]":
    """The real `Measure`. Imported late: a code location loads without its database drivers."""
    from integration_monitor.measure import measure_integration

    return measure_integration(integration, syncs=syncs, store=store, environ=environ)


class _Bench:
    """What the ops of one code location share: how to measure, and the work already under way."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        measure: Measure,
        judge_manifest: JudgeManifest,
        judges: Mapping[FleetRole, JudgeFleet],
    ) -> None:
        self._targets = targets
        self._measure = measure
        self._judge_manifest = judge_manifest
        self._prefetcher: Prefetcher[_Measured | _Failed] = Prefetcher()
        self._judged = {role: RunJudgement(role, judge) for role, judge in judges.items()}

    def run(self, context: dg.AssetExecutionContext, target: Target) -> Iterator[OpResult]:
        """Yield a result for everything selected; then fail if something was not measured.

        The step fails *after* its checks said `unknown`: no check is left without an answer, the
        run is red, and the ops of other integrations go on.
        """
        resource: StoreResource = getattr(context.resources, STORE)
        by_op = selections(context)
        keys = by_op[target.op_name]
        failed: list[_Failed] = []
        if target.syncs(keys):
            work = self._work(by_op, resource)
            found = self._prefetcher.take(context.run.run_id, target.op_name, work)
            failed += [found] if isinstance(found, _Failed) else []
            yield from _sync_results(target, keys, found)
        for role, judgement in self._judged.items():
            if target.of_role(keys, role):
                asked = self._integrations(by_op, role)
                fleet = _attempt(partial(judgement.of, context.run.run_id, resource.open, asked))
                failed += [fleet] if isinstance(fleet, _Failed) else []
                known = fleet.reason if isinstance(fleet, _Failed) else fleet
                yield from fleet_results(target, keys, role, known)
        if target.of_role(keys, "manifest"):
            judged = _attempt(lambda: self._judge_manifest(target.manifest, resource.open()))
            failed += [judged] if isinstance(judged, _Failed) else []
            yield from _manifest_results(target, keys, judged)
        if failed:
            raise dg.Failure("; ".join(failure.reason for failure in failed), allow_retries=False)

    def _integrations(self, by_op: Mapping[str, EntityKeys], role: FleetRole) -> list[Integration]:
        """Those of the run of which this is to be judged."""
        targets = [(self._targets.get(name), keys) for name, keys in by_op.items()]
        found = [each.manifest for each, keys in targets if each and each.of_role(keys, role)]
        return [manifest for manifest in found if isinstance(manifest, Integration)]

    def _work(
        self, by_op: Mapping[str, EntityKeys], resource: StoreResource
    ) -> dict[str, Callable[[], _Measured | _Failed]]:
        work: dict[str, Callable[[], _Measured | _Failed]] = {}
        for name, keys in by_op.items():
            target = self._targets.get(name)
            if target and (syncs := target.syncs(keys)):
                work[name] = partial(_attempt, partial(self._syncs, target, syncs, resource))
        return work

    def _syncs(self, target: Target, syncs: frozenset[str], resource: StoreResource) -> _Measured:
        assert isinstance(target.manifest, Integration)  # noqa: S101 - only these have syncs
        measurements = self._measure(
            target.manifest, syncs=syncs, store=resource.open(), environ=os.environ
        )
        return {measurement.sync: measurement for measurement in measurements}


def build_assets(
    targets: Sequence[Target],
    *,
    measure: Measure,
    judge_manifest: JudgeManifest,
    judge_fleet: JudgeFleet = judge_fleet_now,
    judge_webhooks: JudgeFleet = judge_webhooks_now,
) -> list[dg.AssetsDefinition]:
    """One observable multi-asset a target; all ops of one process measure side by side."""
    by_op = {target.op_name: target for target in targets}
    judges: Mapping[FleetRole, JudgeFleet] = {"api": judge_fleet, "webhooks": judge_webhooks}
    bench = _Bench(by_op, measure, judge_manifest, judges)
    # Observable multi-assets are called beta; that is this package's concern, not its users'.
    with disable_dagster_warnings():
        return [_observed(target, bench) for target in targets]


def _observed(target: Target, bench: _Bench) -> dg.AssetsDefinition:
    def measured(context: dg.AssetExecutionContext) -> Iterator[OpResult]:
        yield from bench.run(context, target)

    observable = dg.multi_observable_source_asset(
        name=target.op_name,
        description=f"Measures {target.manifest.name}.",
        specs=target.specs,
        check_specs=target.check_specs,
        can_subset=True,
        required_resource_keys={STORE},
    )
    assets: dg.AssetsDefinition = observable(measured)
    return assets


def _attempt(work: Callable[[], Result]) -> Result | _Failed:
    try:
        return work()
    except StoreError as error:
        return _Failed(str(error))
    except Exception as error:  # noqa: BLE001 - a bug in one measurement concerns nobody else
        return _Failed(f"measuring {describe(error)}")


def _sync_results(
    target: Target, keys: EntityKeys, found: _Measured | _Failed
) -> Iterator[OpResult]:
    for key in target.ordered(keys):
        data = target.data(key)
        if data.sync is None:
            continue
        if isinstance(key, dg.AssetCheckKey):
            signal = target.checks[key].verdict_signal
            yield check_result(key, _sync_outcome(found, data.sync.name, signal))
        elif not isinstance(found, _Failed) and data.sync.name in found:
            yield _sync_observation(key, data, found[data.sync.name])


def _sync_outcome(found: _Measured | _Failed, sync: str, signal: str) -> CheckOutcome:
    if isinstance(found, _Failed):
        return unmeasured(found.reason)
    verdicts = found[sync].verdicts if sync in found else ()
    named = [verdict for verdict in verdicts if verdict.signal == signal]
    return outcome(named[0]) if named else unmeasured(f"nothing was measured of {sync}")


def _sync_observation(
    key: dg.AssetKey, data: AssetData, measurement: "SyncMeasurement"
) -> dg.ObserveResult:
    numbers = measurement.source if data.role == "source" else measurement.destination
    at = max((verdict.at for verdict in measurement.verdicts), default=None)
    if data.sync is None or data.role not in ("source", "destination"):
        return observation(key, numbers, at, None)
    fields = measurement.fields.get(data.role, {})
    return observation(
        key,
        numbers,
        at,
        table_name(data.side),
        column_schema(fields),
        column_list(fields, mapped_paths(data.sync, data.role)),
    )


def _manifest_results(
    target: Target, keys: EntityKeys, judged: Verdict | _Failed
) -> Iterator[OpResult]:
    known = outcome(judged) if isinstance(judged, Verdict) else unmeasured(judged.reason)
    for key in target.of_role(keys, "manifest"):
        if isinstance(key, dg.AssetCheckKey):
            yield check_result(key, known)
        elif isinstance(judged, Verdict):
            yield observation(key, judged.evidence, judged.at, None)
