"""When the project's own work is done."""

import dagster as dg

JOB = "update_analytics"


@dg.definitions
def schedules() -> dg.Definitions:
    """All of the project's own assets with their checks, every minute."""
    job = dg.define_asset_job(JOB, dg.AssetSelection.groups("shop", "analytics"))
    every_minute = dg.ScheduleDefinition(
        job=job, cron_schedule="* * * * *", default_status=dg.DefaultScheduleStatus.RUNNING
    )
    return dg.Definitions(jobs=[job], schedules=[every_minute])
