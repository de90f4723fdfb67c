"""One job a cadence: it measures what has it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from integration_monitor.dagster_internals import UnresolvedAssetJobDefinition
from integration_monitor.manifest.domain import Cadence
from integration_monitor.targets import Target


@dataclass(frozen=True)
class CadenceJob:
    """A job and when it is due."""

    job: UnresolvedAssetJobDefinition
    cron: str


def build_jobs(
    targets: Sequence[Target], executor: dg.ExecutorDefinition = dg.in_process_executor
) -> list[CadenceJob]:
    """The jobs, by name. `executor` runs their steps: one step an integration."""
    keys: defaultdict[str, set[dg.AssetKey]] = defaultdict(set)
    checks: defaultdict[str, set[dg.AssetCheckKey]] = defaultdict(set)
    names: dict[str, str] = {}
    for target in targets:
        for key, data in target.assets.items():
            if (every := data.every) is not None:
                names.setdefault(every.cron, job_name(every))
                keys[every.cron].add(key)
        for check, asked in target.checks.items():
            if (every := asked.every) is not None:
                names.setdefault(every.cron, job_name(every))
                checks[every.cron].add(check)
    jobs = [_job(name, cron, keys[cron], checks[cron], executor) for cron, name in names.items()]
    return sorted(jobs, key=lambda entry: entry.job.name)


def job_name(every: Cadence) -> str:
    """`integration_monitor_every_15m`; for a cron expression a short hash of it."""
    if every.text.isalnum():
        return f"integration_monitor_every_{every.text}"
    digest = hashlib.sha256(every.cron.encode()).hexdigest()[:8]
    return f"integration_monitor_cron_{digest}"


def _job(
    name: str,
    cron: str,
    keys: set[dg.AssetKey],
    checks: set[dg.AssetCheckKey],
    executor: dg.ExecutorDefinition,
) -> CadenceJob:
    # Only our own checks: other checks on these assets have schedules of their own.
    assets = dg.AssetSelection.assets(*sorted(keys)).without_checks()
    selection = assets | dg.AssetSelection.checks(*sorted(checks))
    description = f"Measures what is due at `{cron}` (UTC)."
    job = dg.define_asset_job(
        name, selection=selection, description=description, executor_def=executor
    )
    return CadenceJob(job, cron)
