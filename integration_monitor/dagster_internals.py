"""Every call into parts of Dagster that are not documented as public, in one place.

Those into its storage are in `dagster_storage_internals`: they load Alembic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import TypeVar

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.definitions.asset_selection import (
    AssetCheckKeysSelection,
    AssetChecksForAssetKeysSelection,
    ChainedAssetSelection,
    KeysAssetSelection,
    OperandListAssetSelection,
    SubtractAssetSelection,
)
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.events import (
    ASSET_CHECK_EVENTS,
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
    AssetCheckExecutionRecord,
)
from dagster._record import copy
from dagster._serdes import deserialize_value
from dagster._utils.warnings import disable_dagster_warnings
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from dagster_shared.libraries import DagsterLibraryRegistry

__all__ = [
    "CHECK_EVENTS",
    "OBSERVATION",
    "RUNLESS_RUN_ID",
    "AssetCheckExecutionRecord",
    "AssetGraph",
    "EntityKeys",
    "TranslationFn",
    "TranslationFnResolver",
    "UnresolvedAssetJobDefinition",
    "asset_graph",
    "check_key_of_event",
    "disable_dagster_warnings",
    "last_check_executions",
    "last_check_result",
    "pinned",
    "register_library",
    "report_past_event",
    "select_checks",
    "selection_from",
    "selections",
]

Value = TypeVar("Value")
EntityKeys = frozenset[dg.AssetKey | dg.AssetCheckKey]
CHECK_EVENTS = sorted(kind.value for kind in ASSET_CHECK_EVENTS)
"""The types of events about checks: planned, evaluated."""
OBSERVATION = DagsterEventType.ASSET_OBSERVATION.value


def pinned(
    key: str,
    read: Callable[[], Value],
    dump: Callable[[Value], str],
    restore: Callable[[str], Value],
) -> Value:
    """What `read` gave when the code location was loaded, in this process and in those of its runs.

    A run's process imports the code location anew. Dagster hands it what the code server kept
    under `key`, so that an edit between load and run changes nothing until the next reload.
    """
    context = DefinitionsLoadContext.get()
    kept: str | None = None
    if context.load_type is DefinitionsLoadType.RECONSTRUCTION:
        kept = context.reconstruction_metadata.get(key)
    value = read() if kept is None else restore(kept)
    context.add_to_pending_reconstruction_metadata(key, dump(value) if kept is None else kept)
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


def asset_graph(repository: dg.RepositoryDefinition) -> AssetGraph:
    """All assets and checks of a code location. Built once a repository."""
    return repository.asset_graph


def selection_from(text: str) -> dg.AssetSelection:
    """The selection that a string such as `group:analytics` or `*` means.

    Raises `DagsterInvalidAssetSelectionError` where it means nothing.
    """
    # Dagster reads strings by parts of its own that it calls a beta.
    with disable_dagster_warnings():
        return dg.AssetSelection.from_string(text)


def select_checks(
    selection: dg.AssetSelection, graph: AssetGraph
) -> tuple[Set[dg.AssetCheckKey], Set[str]]:
    """The checks that are selected, and the names of what is selected and not defined.

    Dagster itself refuses a whole selection where a part of it is missing.
    """
    defined, missing = _defined_part(selection, graph)
    return defined.resolve_checks(graph, allow_missing=True), missing


def last_check_executions(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, AssetCheckExecutionRecord]:
    """The latest execution of each check that was ever executed, in one query for thousands."""
    asked = set(keys)
    read = instance.event_log_storage.get_latest_asset_check_execution_by_key
    return {
        key: execution
        for some in _batches(keys)
        # It asks for all names on all assets, which may be more than these keys.
        for key, execution in read(some).items()
        if key in asked
    }


def last_check_result(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey
) -> AssetCheckExecutionRecord | None:
    """The latest execution of a check that gave a result, one query."""
    found = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=1, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
    )
    return found[0] if found else None


def _batches(keys: Sequence[dg.AssetCheckKey]) -> Iterable[Sequence[dg.AssetCheckKey]]:
    # A key takes two of the 32,766 parameters that SQLite allows.
    return (keys[start : start + 10_000] for start in range(0, len(keys), 10_000))


def _defined_part(
    selection: dg.AssetSelection, graph: AssetGraph
) -> tuple[dg.AssetSelection, set[str]]:
    """The selection without the assets that are not defined, wherever in it they are named."""
    match selection:
        case KeysAssetSelection(selected_keys=keys):
            known = [key for key in keys if graph.has(key)]
            missing = {key.to_user_string() for key in keys if not graph.has(key)}
            return KeysAssetSelection(selected_keys=known), missing
        case AssetCheckKeysSelection(selected_asset_check_keys=keys):
            unknown = set(keys) - graph.asset_check_keys
            return selection, {key.to_user_string() for key in unknown}
        case AssetChecksForAssetKeysSelection(selected_asset_keys=keys):
            return selection, {key.to_user_string() for key in keys if not graph.has(key)}
        case OperandListAssetSelection(operands=operands):
            parts = [_defined_part(each, graph) for each in operands]
            return copy(selection, operands=[part for part, _ in parts]), set().union(
                *(missing for _, missing in parts)
            )
        case SubtractAssetSelection(left=left, right=right):
            (left, gone), (right, gone_too) = (
                _defined_part(left, graph),
                _defined_part(right, graph),
            )
            return copy(selection, left=left, right=right), gone | gone_too
        case ChainedAssetSelection(child=child):
            child, missing = _defined_part(child, graph)
            return copy(selection, child=child), missing
    return selection, set()


def check_key_of_event(event: str) -> dg.AssetCheckKey | None:
    """The check that a stored event is about, None where it cannot be read or is about none."""
    try:
        about = deserialize_value(event, EventLogEntry).get_dagster_event().event_specific_data
    except Exception:  # noqa: BLE001 - written by any version of Dagster, or by hand
        return None
    if isinstance(about, dg.AssetCheckEvaluation | AssetCheckEvaluationPlanned):
        return dg.AssetCheckKey(about.asset_key, about.check_name)
    return None
