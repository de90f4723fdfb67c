"""Asking partners now and then: a job with a schedule of its own, apart from measuring."""

# No postponed annotations here: Dagster looks at those of `context` and `config`.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from integration_monitor.manifest.domain import Integration
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.store.engine import Store, StoreError

_CRON = "*/5 * * * *"
"""How often is looked who is due; only then is a run launched."""


class Chosen(dg.Config):
    """Whom to ask."""

    integrations: list[str] = Field(
        default=[], description="Names of integrations. Left empty: all that declare it."
    )


@dataclass(frozen=True)
class Asked:
    """What became of asking, for the run's log and its output."""

    log: str
    metadata: Mapping[str, dg.MetadataValue]


@dataclass(frozen=True)
class Asking:
    """What partners are asked. An answer that does not come is stored, and told by a check."""

    name: str
    """Of the job and of its schedule."""
    op: str
    description: str
    nothing_due: str
    due: Callable[[Store, Sequence[Integration], datetime], Sequence[Integration]]
    """Raises `StoreError` where the store is away, as `ask` does."""
    ask: Callable[[Store, Sequence[Integration]], Asked]


@dataclass(frozen=True)
class PartnerJob:
    """The job, and the schedule that launches it for those that are due."""

    job: dg.JobDefinition
    schedule: dg.ScheduleDefinition


def build_partner_job(
    asking: Asking, integrations: Sequence[Integration], status: dg.DefaultScheduleStatus
) -> PartnerJob:
    """The job and its schedule, for integrations that declare what is asked for."""
    job = _job(asking, integrations)
    return PartnerJob(job, _schedule(asking, job, integrations, status))


def _job(asking: Asking, integrations: Sequence[Integration]) -> dg.JobDefinition:
    @dg.op(name=asking.op, description=asking.description, required_resource_keys={STORE})
    def ask(context: dg.OpExecutionContext, config: Chosen) -> None:
        resource: StoreResource = getattr(context.resources, STORE)
        chosen = [each for each in integrations if each.name in config.integrations]
        try:
            found = asking.ask(resource.open(), chosen or integrations)
        except StoreError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        context.log.info(found.log)
        context.add_output_metadata(found.metadata)

    @dg.job(name=asking.name, description=asking.description, executor_def=dg.in_process_executor)
    def job() -> None:
        ask()

    return job


def _schedule(
    asking: Asking,
    job: dg.JobDefinition,
    integrations: Sequence[Integration],
    status: dg.DefaultScheduleStatus,
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=asking.name,
        job=job,
        cron_schedule=_CRON,
        execution_timezone="UTC",
        default_status=status,
        description=asking.description,
        required_resource_keys={STORE},
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        resource: StoreResource = getattr(context.resources, STORE)
        try:
            due = asking.due(resource.open(), integrations, datetime.now(UTC))
        except StoreError as error:
            return dg.SkipReason(str(error))
        if not due:
            return dg.SkipReason(asking.nothing_due)
        chosen = Chosen(integrations=[each.name for each in due])
        return dg.RunRequest(run_config=dg.RunConfig(ops={asking.op: chosen}))

    return schedule
