"""The ops on real Dagster instances: what is selected is measured and reported, nothing else."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from integration_monitor.manifest.domain import BrokenManifest, Fleet, ManifestError
from integration_monitor.resources import StoreResource
from integration_monitor_tests.plugin import (
    EVERY_DAY,
    FakeMeasure,
    StoreIsAway,
    a_fleet,
    a_sync,
    an_integration,
    defs_of,
    store_resource,
)

SOURCE = dg.AssetKey(["hubspot", "contacts_source"])
DESTINATION = dg.AssetKey(["hubspot", "contacts_destination"])
RECONCILIATION = dg.AssetCheckKey(DESTINATION, "reconciliation")
FRESHNESS = dg.AssetCheckKey(DESTINATION, "freshness")
SOURCE_SCHEMA = dg.AssetCheckKey(SOURCE, "schema_drift")
DESTINATION_SCHEMA = dg.AssetCheckKey(DESTINATION, "schema_drift")


@pytest.fixture
def resource(store_url: str) -> Iterator[StoreResource]:
    """The resource on a real, empty store."""
    with store_resource(store_url) as opened:
        yield opened


def run(
    defs: dg.Definitions, selection: dg.AssetSelection, instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    """Run a selection with the in-process executor."""
    job = dg.define_asset_job("selected", selection=selection)
    merged = dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
    selected = merged.resolve_job_def("selected")
    return selected.execute_in_process(instance=instance, raise_on_error=False)


def everything(integration: str, *syncs: str) -> dg.AssetSelection:
    """All assets of an integration with all their checks."""
    sides = [f"{sync}_{role}" for sync in syncs for role in ("source", "destination")]
    return dg.AssetSelection.assets(*([integration, name] for name in [*sides, "manifest"]))


def checked(result: dg.ExecuteInProcessResult) -> dict[dg.AssetCheckKey, bool]:
    """Which checks a run evaluated, and whether they passed."""
    return {check.asset_check_key: check.passed for check in result.get_asset_check_evaluations()}


def observed(result: dg.ExecuteInProcessResult) -> dict[dg.AssetKey, dg.AssetObservation]:
    """What a run observed, by asset."""
    found = {}
    for event in result.all_events:
        if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
            observation = event.asset_observation_data.asset_observation
            found[observation.asset_key] = observation
    return found


@pytest.mark.parametrize(
    ("selection", "assets", "checks"),
    [
        (dg.AssetSelection.assets(SOURCE), {SOURCE}, {SOURCE_SCHEMA}),
        (
            dg.AssetSelection.assets(DESTINATION),
            {DESTINATION},
            {RECONCILIATION, FRESHNESS, DESTINATION_SCHEMA},
        ),
        (dg.AssetSelection.assets(DESTINATION).without_checks(), {DESTINATION}, set()),
        (dg.AssetSelection.checks(FRESHNESS), set(), {FRESHNESS}),
        (
            dg.AssetSelection.assets(SOURCE) | dg.AssetSelection.checks(RECONCILIATION),
            {SOURCE},
            {SOURCE_SCHEMA, RECONCILIATION},
        ),
    ],
    ids=["source", "destination", "asset only", "check only", "mixed"],
)
def test_yields_exactly_what_was_selected_of_one_measurement(
    resource: StoreResource,
    selection: dg.AssetSelection,
    assets: set[dg.AssetKey],
    checks: set[dg.AssetCheckKey],
) -> None:
    measure = FakeMeasure()
    fleet = a_fleet(an_integration("hubspot", a_sync(), a_sync("deals")))
    result = run(defs_of(fleet, measure, resource), selection)
    assert result.success
    assert set(observed(result)) == assets
    assert set(checked(result)) == checks
    assert measure.calls == [("hubspot", frozenset({"contacts"}))]


def test_metadata_are_numbers_that_plot_and_text_for_people(resource: StoreResource) -> None:
    measure = FakeMeasure({("contacts", "reconciliation"): "fail"})
    result = run(
        defs_of(a_fleet(), measure, resource),
        dg.AssetSelection.assets(SOURCE, DESTINATION),
    )
    (check,) = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert check.metadata["gaps"] == dg.MetadataValue.int(3)
    assert check.metadata["ratio"] == dg.MetadataValue.float(0.25)
    assert check.metadata["status"] == dg.MetadataValue.text("fail")
    assert check.metadata["tenants"] == dg.MetadataValue.text("2: acme, globex")
    assert check.metadata["next_step"] == dg.MetadataValue.text(
        "integration-monitor gaps list hubspot/contacts"
    )
    assert isinstance(check.metadata["details"], dg.MarkdownMetadataValue)
    assert check.description == "reconciliation of contacts is fail"
    assert observed(result)[SOURCE].metadata["dagster/row_count"] == dg.MetadataValue.int(214)
    assert observed(result)[DESTINATION].metadata["records"] == dg.MetadataValue.int(211)
    assert observed(result)[DESTINATION].metadata["dagster/table_name"] == dg.MetadataValue.text(
        "crm.contacts"
    )


@pytest.mark.parametrize(
    ("status", "passed", "severity"),
    [
        ("ok", True, dg.AssetCheckSeverity.WARN),
        ("warn", False, dg.AssetCheckSeverity.WARN),
        ("unknown", False, dg.AssetCheckSeverity.WARN),
        ("fail", False, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_only_ok_passes(
    resource: StoreResource, status: str, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    measure = FakeMeasure({("contacts", "freshness"): status})  # type: ignore[dict-item]
    result = run(defs_of(a_fleet(), measure, resource), dg.AssetSelection.checks(FRESHNESS))
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (passed, severity)
    assert result.success


def test_a_cadence_job_measures_its_syncs_only(resource: StoreResource) -> None:
    measure = FakeMeasure()
    fleet = a_fleet(
        an_integration("hubspot", a_sync(), a_sync("deals", EVERY_DAY)), an_integration("stripe")
    )
    defs = defs_of(fleet, measure, resource)
    job = defs.resolve_job_def("integration_monitor_every_15m")
    assert job.execute_in_process().success
    assert sorted(measure.calls) == [
        ("hubspot", frozenset({"contacts"})),
        ("stripe", frozenset({"contacts"})),
    ]


def test_integrations_of_a_run_are_measured_side_by_side(resource: StoreResource) -> None:
    together = threading.Barrier(3, timeout=10)
    names = ("hubspot", "shopify", "stripe")
    measure = FakeMeasure(before=lambda _: bool(together.wait()))
    fleet = a_fleet(*(an_integration(name) for name in names))
    job = defs_of(fleet, measure, resource).resolve_job_def("integration_monitor_every_15m")
    assert job.execute_in_process().success
    assert len(measure.calls) == len(names)


def test_a_measurement_that_raises_is_unknown_and_blinds_nobody_else(
    resource: StoreResource,
) -> None:
    secret = "postgresql://user:hunter2@db/x"
    measure = FakeMeasure(raises={"hubspot": ValueError(f"cannot parse {secret}")})
    fleet = a_fleet(an_integration("hubspot"), an_integration("stripe"))
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs_of(fleet, measure, resource).resolve_job_def("integration_monitor_every_15m")
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        events = [repr(entry) for entry in instance.all_logs(result.run_id)]
    assert not result.success
    by_check = {str(c.asset_check_key): c for c in result.get_asset_check_evaluations()}
    assert len(by_check) == 8
    for check in by_check.values():
        broken = check.asset_key.path[0] == "hubspot"
        assert check.passed is not broken
        if broken:
            assert check.severity is dg.AssetCheckSeverity.WARN
            assert check.metadata["status"] == dg.MetadataValue.text("unknown")
            assert "ValueError" in str(check.description)
    assert {key.path[0] for key in observed(result)} == {"stripe"}
    assert not [event for event in events if "hunter2" in event]


def test_a_store_that_is_away_is_said_by_every_check() -> None:
    result = run(
        defs_of(a_fleet(), FakeMeasure(), StoreIsAway()),
        everything("hubspot", "contacts"),
    )
    assert not result.success
    found = result.get_asset_check_evaluations()
    assert {check.check_name for check in found} == {
        "reconciliation",
        "freshness",
        "schema_drift",
        "manifest",
    }
    assert all(not check.passed for check in found)
    assert all("the store does not answer" in str(check.description) for check in found)


def test_a_broken_manifest_among_good_ones_shows_its_errors(
    resource: StoreResource, tmp_path: Path
) -> None:
    file = tmp_path / "stripe.yaml"
    file.write_text("version: 1\nintegratoin: stripe\n")
    error = ManifestError(str(file), 2, 1, "unknown key integratoin")
    fleet = Fleet(
        str(tmp_path), (an_integration(),), (BrokenManifest("stripe", str(file), (error,)),)
    )
    defs = defs_of(fleet, FakeMeasure(), resource)
    dg.Definitions.validate_loadable(defs)
    assert dg.AssetKey(["stripe", "manifest"]) in defs.resolve_all_asset_keys()
    result = run(defs, everything("stripe"))
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert f"{file}:2:1" in str(check.metadata["details"].value)


INSTANCES = ["ephemeral", "sqlite", "postgres"]


@pytest.mark.parametrize("storage", INSTANCES)
def test_runs_on_every_storage(
    resource: StoreResource,
    storage: str,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", database_url)
    with _instance(storage, tmp_path) as instance:
        measure = FakeMeasure({("contacts", "reconciliation"): "fail"})
        result = run(
            defs_of(a_fleet(), measure, resource),
            dg.AssetSelection.assets(DESTINATION),
            instance,
        )
        assert result.success
        records = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [RECONCILIATION, FRESHNESS]
        )
        assert {key.name: record.status.value for key, record in records.items()} == {
            "reconciliation": "FAILED",
            "freshness": "SUCCEEDED",
        }


def _instance(storage: str, tmp_path: Path) -> dg.DagsterInstance:
    if storage == "ephemeral":
        return dg.DagsterInstance.ephemeral()
    if storage == "sqlite":
        return dg.DagsterInstance.local_temp(str(tmp_path))
    # The checkout's own dagster.yaml.
    shutil.copy(Path(__file__).parent.parent / "dagster.yaml", tmp_path)
    return dg.DagsterInstance.from_config(str(tmp_path))
