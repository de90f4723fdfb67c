"""When the project's own work is done."""

import dagster as dg

JOB = "update_analytics"


@dg.definitions
def schedules() -> dg.Definitions:
    """All of the project's own assets with their checks, four times an hour."""
    job = dg.define_asset_job(JOB, dg.AssetSelection.groups("shop", "analytics"))
    four_times_an_hour = dg.ScheduleDefinition(
        job=job, cron_schedule="*/15 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING
    )
    return dg.Definitions(jobs=[job], schedules=[four_times_an_hour])
