"""Reading the partners' changelogs: a job with a schedule of its own, apart from measuring."""

# No postponed annotations here: Dagster looks at those of `context` and `config`.

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from integration_monitor.manifest.domain import Integration
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.signals.wording import count, table
from integration_monitor.store.engine import StoreError

NAME = "integration_monitor_changelogs"
_OP = "read_changelogs"
_CRON = "*/5 * * * *"
"""How often is looked which feeds are due; only then is a run launched."""


class Changelogs(dg.Config):
    """Whose changelogs are read."""

    integrations: list[str] = Field(
        default=[], description="Names of integrations. Left empty: all that declare a changelog."
    )


@dataclass(frozen=True)
class ChangelogJob:
    """The job, and the schedule that launches it for the feeds that are due."""

    job: dg.JobDefinition
    schedule: dg.ScheduleDefinition


def build_changelog_jobs(
    integrations: Sequence[Integration],
    status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.RUNNING,
) -> list[ChangelogJob]:
    """One job for all changelogs; none where none is declared."""
    declared = [each for each in integrations if each.partner and each.partner.changelog]
    if not declared:
        return []
    job = _job(declared)
    return [ChangelogJob(job, _schedule(job, declared, status))]


def _job(integrations: Sequence[Integration]) -> dg.JobDefinition:
    # A feed that cannot be read is told by its check, so it does not fail the run.
    @dg.op(name=_OP, description="Reads feeds.", required_resource_keys={STORE})
    def read(context: dg.OpExecutionContext, config: Changelogs) -> None:
        # Imported late: a code location loads without the parser.
        from integration_monitor.observe.changelog import read_changelogs

        resource: StoreResource = getattr(context.resources, STORE)
        chosen = [each for each in integrations if each.name in config.integrations]
        try:
            found = read_changelogs(resource.open(), chosen or integrations)
        except StoreError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        failed = [each for each in found if each.error]
        rows = [
            (each.integration, each.error or ("unchanged" if each.unchanged else each.entries))
            for each in found
        ]
        context.log.info("%s asked, %s in vain", count(len(found), "feed"), len(failed))
        context.add_output_metadata(
            {
                "feeds": len(found),
                "unread": len(failed),
                "entries": dg.MetadataValue.md(table(("integration", "entries"), rows)),
            }
        )

    @dg.job(
        name=NAME,
        description="Reads what the partners' changelogs say.",
        executor_def=dg.in_process_executor,
    )
    def changelogs() -> None:
        read()

    return changelogs


def _schedule(
    job: dg.JobDefinition, integrations: Sequence[Integration], status: dg.DefaultScheduleStatus
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=NAME,
        job=job,
        cron_schedule=_CRON,
        execution_timezone="UTC",
        default_status=status,
        description="Reads each partner's changelog every `changelog_every`.",
        required_resource_keys={STORE},
    )
    def changelogs(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from integration_monitor.observe.changelog import due

        resource: StoreResource = getattr(context.resources, STORE)
        try:
            names = [e.name for e in due(resource.open(), integrations, datetime.now(UTC))]
        except StoreError as error:
            return dg.SkipReason(str(error))
        if not names:
            return dg.SkipReason("no changelog is due")
        return dg.RunRequest(run_config=dg.RunConfig(ops={_OP: Changelogs(integrations=names)}))

    return changelogs
