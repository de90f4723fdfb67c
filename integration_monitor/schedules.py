"""One schedule a cadence."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from integration_monitor.jobs import CadenceJob


def build_schedules(
    jobs: Sequence[CadenceJob],
    status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.RUNNING,
) -> list[dg.ScheduleDefinition]:
    """Schedules in UTC, named as their jobs."""
    return [
        dg.ScheduleDefinition(
            name=entry.job.name,
            job=entry.job,
            cron_schedule=entry.cron,
            execution_timezone="UTC",
            default_status=status,
            description=entry.job.description,
        )
        for entry in jobs
    ]
