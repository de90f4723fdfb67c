"""The hour before the demo: lived through in a few seconds, measured, and shown in Dagster.

Nothing is invented: the company makes its changes and runs its syncs, both sides are measured by
the code that runs live, and what was found is told to Dagster under the time it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial

import dagster as dg
import numpy as np

from integration_monitor.checks import check_evaluation, observation, outcome
from integration_monitor.dagster_internals import report_past_event
from integration_monitor.demo import webhook_history
from integration_monitor.demo.replay import STEP
from integration_monitor.manifest.domain import Cadence, Fleet, Integration
from integration_monitor.manifest_check import ManifestCheck
from integration_monitor.measure import measure_integration
from integration_monitor.measurement import SyncMeasurement
from integration_monitor.store.engine import Store
from integration_monitor.targets import Target, build_targets
from integration_monitor.translator import IntegrationMonitorTranslator, table_name

_CADENCE = Cadence(cron="*/5 * * * *", text="5m", period=STEP)


class History:
    """Measures moments of the past and reports them to Dagster."""

    def __init__(
        self,
        fleet: Fleet,
        store: Store,
        instance: dg.DagsterInstance,
        environ: Mapping[str, str],
    ) -> None:
        self._fleet = fleet
        self._store = store
        self._instance = instance
        self._environ = environ
        self._targets = build_targets(fleet, IntegrationMonitorTranslator())

    def measure(self, at: datetime) -> None:
        """Measure everything as of `at`, and report it under this time."""
        measure = partial(_measure, store=self._store, environ=self._environ, at=at)
        with ThreadPoolExecutor(max(1, len(self._fleet.integrations))) as pool:
            for found in pool.map(measure, self._fleet.integrations):
                for event in _events(self._targets, found):
                    report_past_event(self._instance, event, at)

    def finish(self, at: datetime) -> None:
        """Count the webhooks of five weeks up to `at`, and judge the manifests too."""
        with self._store.begin() as connection:
            webhook_history.load(connection, "crm", at, np.random.default_rng())
        judge = ManifestCheck(self._fleet)
        for target in self._targets:
            verdict = judge(target.manifest, self._store)
            check = target.manifest_check
            seen = observation(check.asset_key, verdict.evidence, verdict.at, None)
            self._instance.report_runless_asset_event(
                dg.AssetObservation(asset_key=check.asset_key, metadata=seen.metadata)
            )
            self._instance.report_runless_asset_event(check_evaluation(check, outcome(verdict)))


def _measure(
    integration: Integration, *, store: Store, environ: Mapping[str, str], at: datetime
) -> Sequence[SyncMeasurement]:
    # Measured every five minutes, so its verdicts hold until the next one of the replay.
    syncs = {name: replace(sync, every=_CADENCE) for name, sync in integration.syncs.items()}
    return measure_integration(
        replace(integration, syncs=syncs),
        store=store,
        environ=environ,
        clock=lambda: at,
        as_of=at,
    )


def _events(
    targets: Sequence[Target], found: Sequence[SyncMeasurement]
) -> Iterator[dg.AssetObservation | dg.AssetCheckEvaluation]:
    measured = {(one.integration, one.sync): one for one in found}
    for target in targets:
        for key, data in target.assets.items():
            one = measured.get((target.manifest.name, data.sync.name if data.sync else ""))
            if one is not None:
                numbers = one.source if data.role == "source" else one.destination
                at = one.verdicts[0].at
                seen = observation(key, numbers, at, table_name(data.side))
                yield dg.AssetObservation(asset_key=key, metadata=seen.metadata)
        for check, asked in target.checks.items():
            sync = asked.asset.sync
            one = measured.get((target.manifest.name, sync.name if sync else ""))
            for verdict in one.verdicts if one else ():
                if verdict.signal == asked.signal:
                    yield check_evaluation(check, outcome(verdict))
