"""Every call into parts of Dagster that are not documented as public, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dagster as dg
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._utils.warnings import disable_dagster_warnings

__all__ = [
    "EntityKeys",
    "UnresolvedAssetJobDefinition",
    "disable_dagster_warnings",
    "pinned",
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
