"""Every call into parts of Dagster that are not documented as public, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import dagster as dg
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.events import AssetObservationData, DagsterEvent, DagsterEventType
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._utils.warnings import disable_dagster_warnings
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from dagster_shared.libraries import DagsterLibraryRegistry

__all__ = [
    "EntityKeys",
    "TranslationFn",
    "TranslationFnResolver",
    "UnresolvedAssetJobDefinition",
    "disable_dagster_warnings",
    "pinned",
    "register_library",
    "report_past_event",
    "selections",
]

EntityKeys = frozenset[dg.AssetKey | dg.AssetCheckKey]


def pinned(key: str, read: Callable[[], str]) -> str:
    """What `read` gave when the code location was loaded, in this process and in those of its runs.

    A run's process imports the code location anew. Dagster hands it what the code server kept
    under `key`, so that an edit between load and run changes nothing until the next reload.
    """
    context = DefinitionsLoadContext.get()
    kept: str | None = None
    if context.load_type is DefinitionsLoadType.RECONSTRUCTION:
        kept = context.reconstruction_metadata.get(key)
    value = read() if kept is None else kept
    context.add_to_pending_reconstruction_metadata(key, value)
    return value


def register_library(name: str, version: str) -> None:
    """Have Dagster's instance name this library beside its own."""
    DagsterLibraryRegistry.register(name, version, is_dagster_package=False)


def selections(context: dg.AssetExecutionContext) -> Mapping[str, EntityKeys]:
    """Op name to the asset and check keys selected of it, for every op this process will run.

    With the in-process executor these are all ops of the run; a step process of another
    executor has its own op only.
    """
    plan = context.get_step_execution_context().execution_plan
    layer = context.job_def.asset_layer
    steps = [plan.get_step(handle) for handle in plan.step_handles_to_execute]
    return {
        step.node_handle.name: frozenset(layer.get_selected_entity_keys_for_node(step.node_handle))
        for step in steps
    }


def report_past_event(
    instance: dg.DagsterInstance,
    event: dg.AssetObservation | dg.AssetCheckEvaluation,
    at: datetime,
) -> None:
    """Store an event without a run, as of a time in the past."""
    data: AssetObservationData | dg.AssetCheckEvaluation
    if isinstance(event, dg.AssetObservation):
        kind, data = DagsterEventType.ASSET_OBSERVATION, AssetObservationData(event)
    else:
        kind, data = DagsterEventType.ASSET_CHECK_EVALUATION, event
    instance.report_dagster_event(
        DagsterEvent(kind.value, job_name=RUNLESS_JOB_NAME, event_specific_data=data),
        run_id=RUNLESS_RUN_ID,
        timestamp=at.timestamp(),
    )
