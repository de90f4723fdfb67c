"""The plugin as a component: the same as `build_integration_monitor_defs`, from a `defs.yaml`."""

# No postponed annotations here: Dagster derives the schema of `defs.yaml` from them.

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import dagster as dg
from pydantic import Field

from integration_monitor.asset_check_watch import as_selection
from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.dagster_internals import TranslationFn, TranslationFnResolver
from integration_monitor.manifest.domain import BrokenManifest, Owner
from integration_monitor.resources import StoreResource
from integration_monitor.scaffolder import MANIFESTS, IntegrationMonitorScaffolder
from integration_monitor.sensors import INTERVAL_S
from integration_monitor.signals.asset_check import CASES, Attention, CheckSeverities
from integration_monitor.translator import AssetData, IntegrationMonitorTranslator

DefaultStatus = Literal["running", "stopped"]

_ATTENTIONS = "|".join(get_args(Attention))
_TEMPLATE = r"\{\{"
"""A text in which this is found is known when it is loaded, and not when it is checked."""

_ENVIRONMENT_VARIABLE = re.compile(r"\{\{\s*env(?:\.(\w+)|\((['\"])(\w+)\2\))\s*\}\}")

_NOBODY = Owner("unknown", "unknown@owner.invalid")
"""Of a manifest that cannot be read: a template that names its owner still gives the same key."""


class ComponentError(Exception):
    """What a `defs.yaml` asks for cannot be had; the message says what to do."""


def _resolve_status(context: dg.ResolutionContext, value: str) -> str:
    # Judged here and not by the type: an error of a resolver comes with file and line.
    status = context.resolve_value(value, as_type=str)
    if status not in get_args(DefaultStatus):
        raise ComponentError(f"`{status}` is neither `running` nor `stopped`")
    return status


def _status(of: str) -> dg.Resolver:
    return dg.Resolver(
        _resolve_status,
        model_field_type=str,
        description=f"Whether {of} run without being switched on: `running` or `stopped`.",
        json_schema_extra={"pattern": f"^(running|stopped)$|{_TEMPLATE}"},
    )


def _resolve_selection(context: dg.ResolutionContext, value: str | None) -> str | None:
    selection = context.resolve_value(value, as_type=str)
    if selection is not None:
        as_selection(selection)
    return selection


def _resolve_interval(context: dg.ResolutionContext, value: Any) -> int:
    seconds: object = context.resolve_value(value)
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 1:
        raise ComponentError(f"`{seconds}` is not a whole number of seconds greater than 0")
    return seconds


def _resolve_severities(
    context: dg.ResolutionContext, value: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    severities = context.resolve_value(value, as_type=dict)
    CheckSeverities.of(severities or {})
    return severities


def _template_variables(data: AssetData) -> Mapping[str, object]:
    """What a `translation` can refer to, besides `spec`."""
    manifest = data.manifest
    known = None if isinstance(manifest, BrokenManifest) else manifest
    return {
        "data": data,
        "integration": manifest.name,
        "title": known.title if known else manifest.name,
        "category": known.category if known else None,
        "owner": known.owner if known else _NOBODY,
        "sync": data.sync.name if data.sync else None,
        "role": data.role,
    }


@dg.scaffold_with(IntegrationMonitorScaffolder)
class IntegrationMonitorComponent(dg.Component, dg.Model, dg.Resolvable):
    """Watches the integrations of a manifest directory: assets, checks, incidents and alerts.

    Example:
        ```yaml
        type: integration_monitor.IntegrationMonitorComponent
        attributes:
          manifests: integrations                  # a folder beside this file
          store: "{{ env.MONITOR_DATABASE_URL }}"  # or the default: INTEGRATION_MONITOR_…
          schedules: stopped                       # until they are switched on
          extra_checks: group:analytics            # checks of yours that alerts follow too
          translation:
            key_prefix: monitor
            group_name: "{{ category or 'integrations' }}"
            tags: {role: "{{ role }}"}
        ```

    One in a code location: a store holds the incidents of one fleet.
    """

    manifests: str = Field(
        default=MANIFESTS,
        description="The manifest directory, relative to the folder of the defs.yaml.",
    )
    store: Annotated[
        str | None,
        dg.Resolver(
            lambda context, value: value,
            model_field_type=str,
            inject_before_resolve=False,
            description=(
                "The environment variable with the URL of the PostgreSQL database of verdicts,"
                " as `{{ env.NAME }}`. Left out: INTEGRATION_MONITOR_DATABASE_URL."
            ),
        ),
    ] = None
    schedules: Annotated[DefaultStatus, _status("schedules")] = "running"
    sensors: Annotated[DefaultStatus, _status("sensors")] = "running"
    sensor_interval_s: Annotated[
        int,
        dg.Resolver(
            _resolve_interval,
            model_field_type=int | str,
            description="Least seconds between two ticks of the incident sensor.",
            json_schema_extra={"minimum": 1, "pattern": _TEMPLATE},
        ),
    ] = INTERVAL_S
    extra_checks: Annotated[
        str | None,
        dg.Resolver(
            _resolve_selection,
            model_field_type=str,
            description=(
                "Other asset checks of this code location that incidents and alerts follow too:"
                " a selection such as `group:analytics`."
            ),
        ),
    ] = None
    extra_check_severities: Annotated[
        Mapping[str, str] | None,
        dg.Resolver(
            _resolve_severities,
            model_field_type=dict[str, str],
            description=(
                "What becomes of extra checks that do not pass: `warn` (left out: a ticket),"
                " `error` (a page) and `unevaluated` (its run died; a ticket) to `page`, `ticket`,"
                " `watch` or `ignore`."
            ),
            json_schema_extra={
                "propertyNames": {"enum": list(CASES)},
                "additionalProperties": {"pattern": f"^({_ATTENTIONS})$|{_TEMPLATE}"},
            },
        ),
    ] = None
    translation: (
        Annotated[
            TranslationFn[AssetData],
            TranslationFnResolver[AssetData](_template_variables),
        ]
        | None
    ) = Field(
        default=None,
        description=(
            "What differs in the assets' specs. Templates may use `integration`, `title`,"
            " `category`, `owner.name`, `owner.email`, `sync`, `role`, and `spec`, the plain spec."
        ),
    )

    def build_translator(self) -> IntegrationMonitorTranslator:
        """Names and describes assets and checks. Override it to do so by code."""
        return _Translated(self.translation) if self.translation else IntegrationMonitorTranslator()

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The plugin's definitions.

        Raises `ComponentError` for a second component in the project, and
        `ManifestDirectoryError` where the directory cannot be listed. A manifest that cannot be
        read does not raise: its `manifest` check fails.
        """
        _require_alone(context)
        return build_integration_monitor_defs(
            manifests=_directory(context, self.manifests),
            translator=self.build_translator(),
            store=_store(self.store, context),
            schedules_status=dg.DefaultScheduleStatus[self.schedules.upper()],
            sensors_status=dg.DefaultSensorStatus[self.sensors.upper()],
            sensor_interval_s=self.sensor_interval_s,
            extra_checks=self.extra_checks,
            extra_check_severities=self.extra_check_severities,
        )


class _Translated(IntegrationMonitorTranslator):
    """The plain specs with what a `translation` replaces, also where specs refer to each other."""

    def __init__(self, translation: TranslationFn[AssetData]) -> None:
        self._translation = translation

    def get_asset_spec(self, data: AssetData) -> dg.AssetSpec:
        plain = super().get_asset_spec(data)
        try:
            spec = self._translation(plain, data)
        except Exception:
            # What a template misses in a broken file must not hinder the others.
            if isinstance(data.manifest, BrokenManifest):
                return plain
            raise
        return spec.replace_attributes(
            owners=[owner for owner in spec.owners if owner != _NOBODY.email]
        )


def _store(reference: str | None, context: dg.ComponentLoadContext) -> StoreResource:
    """A resource that knows the variable, not its value: Dagster shows resources to everybody."""
    if reference is None:
        return StoreResource()
    found = _ENVIRONMENT_VARIABLE.fullmatch(reference.strip())
    if found is None:
        # Not by the resolver: what it raises is shown with the line, and here it may be a secret.
        raise ComponentError(
            f"`store` in {context.path} has to be a reference to an environment variable, such as"
            ' "{{ env.MONITOR_DATABASE_URL }}"; a URL holds a password'
        )
    return StoreResource(url=dg.EnvVar(found[1] or found[3]))


def _directory(context: dg.ComponentLoadContext, manifests: str) -> Path:
    folder = context.path.parent if context.path.is_file() else context.path
    directory = Path(os.path.normpath(folder / manifests))
    if directory == folder:
        raise ComponentError(
            f"`manifests: {manifests}` is the folder of the defs.yaml itself; give the manifests"
            f" a folder of their own, such as {directory / MANIFESTS}"
        )
    return directory


def _require_alone(context: dg.ComponentLoadContext) -> None:
    # Each would close the incidents of the other: to its sensor they are about nothing it watches.
    found = context.component_tree.get_all_components(of_type=IntegrationMonitorComponent)
    if len(found) > 1:
        directories = ", ".join(sorted(f"`{each.manifests}`" for each in found))
        raise ComponentError(
            f"{len(found)} components of type IntegrationMonitorComponent ({directories}) in one"
            " project: a store holds the incidents of one fleet. Put the manifests into one"
            " folder, or give each component a code location and a store of its own."
        )
