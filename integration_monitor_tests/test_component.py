"""The component: what its scaffolder writes, what a `defs.yaml` can say, and its mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster.components.core.component_tree import ComponentTreeException
from dagster.components.testing import create_defs_folder_sandbox
from dagster.components.testing.utils import DefsFolderSandbox

from integration_monitor import (
    AssetData,
    IntegrationMonitorComponent,
    IntegrationMonitorTranslator,
)
from integration_monitor.component import ComponentError
from integration_monitor.dagster_internals import disable_dagster_warnings
from integration_monitor.manifest.load import ManifestDirectoryError, load_directory
from integration_monitor.resources import STORE
from integration_monitor.scaffolder import write_examples
from integration_monitor.targets import KeysCollide

# Dagster's own reading of a defs.yaml uses it.
pytestmark = pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated")

JOB = "integration_monitor_every_15m"
SOURCE = dg.AssetKey(["shop", "orders_source"])
DESTINATION = dg.AssetKey(["shop", "orders_destination"])


class ByCode(IntegrationMonitorTranslator):
    """Everything in one group."""

    def get_asset_spec(self, data: AssetData) -> dg.AssetSpec:
        """The plain spec in a group of its own."""
        return super().get_asset_spec(data).replace_attributes(group_name="by_code")


class NamedByCode(IntegrationMonitorComponent):
    """A component that a user derived."""

    def build_translator(self) -> IntegrationMonitorTranslator:
        """The user's own translator."""
        return ByCode()


@pytest.fixture
def sandbox() -> Iterator[DefsFolderSandbox]:
    """An empty project, loaded without warnings of Dagster's own, as `dg` and servers do."""
    with disable_dagster_warnings(), create_defs_folder_sandbox() as folder:
        yield folder


def scaffold(
    sandbox: DefsFolderSandbox,
    attributes: Mapping[str, Any] | None = None,
    component: type[IntegrationMonitorComponent] = IntegrationMonitorComponent,
    at: str = "monitor",
) -> Path:
    """A scaffolded component, of which the attributes were edited."""
    name = f"{component.__module__}.{component.__name__}"
    contents = None if attributes is None else {"type": name, "attributes": dict(attributes)}
    return sandbox.scaffold_component(component, at, defs_yaml_contents=contents)


def load(sandbox: DefsFolderSandbox) -> dg.Definitions:
    """The definitions of the whole project."""
    with sandbox.build_all_defs() as defs:
        return defs


def reasons(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


def fault(sandbox: DefsFolderSandbox) -> BaseException:
    """Why the project cannot be loaded."""
    with pytest.raises(ComponentTreeException) as caught:
        load(sandbox)
    return list(reasons(caught.value))[-1]


def specs(defs: dg.Definitions) -> Mapping[dg.AssetKey, dg.AssetSpec]:
    """The specs of all assets."""
    return {spec.key: spec for spec in defs.resolve_all_asset_specs()}


def checks(defs: dg.Definitions) -> AbstractSet[dg.AssetCheckKey]:
    """The keys of all checks."""
    return defs.resolve_asset_graph().asset_check_keys


def test_what_was_scaffolded_loads(sandbox: DefsFolderSandbox) -> None:
    folder = scaffold(sandbox)
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.yaml")) == [
        "defs.yaml",
        "integrations/monitor.yaml",
        "integrations/orders.yaml",
    ]
    defs = load(sandbox)
    assert specs(defs).keys() == {SOURCE, DESTINATION, dg.AssetKey(["shop", "manifest"])}
    assert {schedule.name for schedule in defs.schedules or ()} == {JOB}
    assert {sensor.name for sensor in defs.sensors or ()} == {
        "integration_monitor_incidents",
        "integration_monitor_manifests",
    }


def test_the_scaffolded_manifests_have_no_mistake(tmp_path: Path) -> None:
    write_examples(tmp_path)
    fleet = load_directory(tmp_path)
    assert (fleet.errors, fleet.warnings) == ((), ())
    assert [integration.name for integration in fleet.integrations] == ["shop"]
    assert fleet.monitor.channels.keys() == {"team"}


def test_scaffolding_again_keeps_what_was_edited(sandbox: DefsFolderSandbox) -> None:
    edited = scaffold(sandbox) / "integrations" / "orders.yaml"
    edited.write_text("# mine\n")
    scaffold(sandbox)
    assert edited.read_text() == "# mine\n"


def test_a_manifest_directory_is_relative_to_the_defs_yaml(sandbox: DefsFolderSandbox) -> None:
    folder = scaffold(sandbox, {"manifests": "../../elsewhere"})
    (folder / "integrations").rename(sandbox.defs_folder_path.parent / "elsewhere")
    assert DESTINATION in specs(load(sandbox))


def test_everything_that_a_defs_yaml_can_say(sandbox: DefsFolderSandbox) -> None:
    scaffold(
        sandbox,
        {
            "store": "{{ env.MY_STORE }}",
            "schedules": "stopped",
            "sensors": "stopped",
            "sensor_interval_s": 7,
            "extra_checks": "group:analytics",
            "extra_check_severities": {"warn": "ignore"},
            "translation": {
                "key_prefix": "monitor",
                "group_name": "{{ category }}",
                "description": "{{ title }}, {{ sync }}, {{ role }}, {{ spec.group_name }}",
                "owners": ["{{ owner.email }}", "team:data"],
                "tags": {"integration": "{{ integration }}"},
            },
        },
    )
    defs = load(sandbox)
    key = dg.AssetKey(["monitor", *DESTINATION.path])
    spec = specs(defs)[key]
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(["monitor", *SOURCE.path])]
    assert spec.group_name == "commerce"
    assert spec.description == "The shop, orders, destination, shop"
    assert spec.owners == ["shop-owner@example.com", "team:data"]
    assert spec.tags["integration"] == "shop"
    assert spec.tags["integration_monitor/sync"] == "orders"
    assert {check.asset_key for check in checks(defs)} == {
        key,
        dg.AssetKey(["monitor", *SOURCE.path]),
        dg.AssetKey(["monitor", "shop", "manifest"]),
    }
    (schedule,) = defs.schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    sensors = {sensor.name: sensor for sensor in defs.sensors or ()}
    assert {each.default_status for each in sensors.values()} == {dg.DefaultSensorStatus.STOPPED}
    assert sensors["integration_monitor_incidents"].minimum_interval_seconds == 7


@pytest.mark.parametrize("reference", ["{{ env.MY_STORE }}", "{{ env('MY_STORE') }}"])
def test_a_resource_names_the_variable_and_not_its_value(
    sandbox: DefsFolderSandbox, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.setenv("MY_STORE", "postgresql://monitor:hunter2@db.example/monitor")
    scaffold(sandbox, {"store": reference})
    resource = (load(sandbox).resources or {})[STORE]
    assert "hunter2" not in repr(resource)
    assert resource.url == dg.EnvVar("MY_STORE")


def test_a_derived_component_names_by_code(sandbox: DefsFolderSandbox) -> None:
    scaffold(sandbox, {}, NamedByCode)
    assert {spec.group_name for spec in specs(load(sandbox)).values()} == {"by_code"}


@pytest.mark.parametrize(
    ("translation", "key", "owners"),
    [
        (None, ["broken", "manifest"], []),
        (
            {"key_prefix": "monitor", "owners": ["{{ owner.email }}", "team:data"]},
            ["monitor", "broken", "manifest"],
            ["team:data"],
        ),
        # Nothing can be made of it: the plain spec is shown.
        ({"key_prefix": "{{ category.upper() }}"}, ["broken", "manifest"], []),
    ],
)
def test_a_broken_manifest_breaks_no_loading_and_keeps_its_key(
    sandbox: DefsFolderSandbox,
    translation: Mapping[str, Any] | None,
    key: Sequence[str],
    owners: Sequence[str],
) -> None:
    folder = scaffold(sandbox, {"translation": translation} if translation else None)
    (folder / "integrations" / "broken.yaml").write_text("version: 1\nintegratoin: x\n")
    defs = load(sandbox)
    assert dg.AssetCheckKey(dg.AssetKey(key), "manifest") in checks(defs)
    assert specs(defs)[dg.AssetKey(key)].owners == owners
    assert {each.name for each in checks(defs)} >= {"reconciliation"}


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"manifets": "integrations"}, "manifets"),
        ({"schedules": "runing"}, "`runing` is neither `running` nor `stopped`"),
        ({"sensor_interval_s": 0}, "greater than 0"),
        ({"sensor_interval_s": "fast"}, "`fast` is not a whole number"),
        ({"sensor_interval_s": 1.5}, "sensor_interval_s"),
        ({"extra_checks": "group:(analytics"}, "group:(analytics"),
        ({"extra_check_severities": {"eror": "page"}}, "eror"),
        ({"extra_check_severities": {"error": "pager"}}, "pager"),
        ({"translation": {"grup_name": "x"}}, "grup_name"),
        ({"translation": {"group_name": "{{ integratoin }}"}}, "'integratoin' not found"),
    ],
)
def test_a_typo_is_told_with_file_and_line(
    sandbox: DefsFolderSandbox, attributes: Mapping[str, Any], said: str
) -> None:
    file = scaffold(sandbox, attributes) / "defs.yaml"
    lines = file.read_text().splitlines()
    last = next(number for number, line in enumerate(lines, 1) if line.startswith("type:")) - 1
    message = str(fault(sandbox))
    assert said in message
    assert any(f"{file}:{number}" in message for number in range(2, last + 1))


def test_a_store_that_is_no_reference_is_refused_without_repeating_it(
    sandbox: DefsFolderSandbox,
) -> None:
    scaffold(sandbox, {"store": "postgresql://monitor:hunter2@db.example/monitor"})
    error = fault(sandbox)
    assert isinstance(error, ComponentError)
    assert "reference to an environment variable" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("attributes", "kind", "said"),
    [
        ({"manifests": "nowhere"}, ManifestDirectoryError, "nowhere does not exist"),
        ({"manifests": "."}, ComponentError, "a folder of their own"),
        ({"translation": {"key": "{{ role }}s", "deps": []}}, None, None),
        ({"translation": {"key": "one", "deps": []}}, KeysCollide, "3 assets have the key `one`"),
    ],
)
def test_what_cannot_be_had(
    sandbox: DefsFolderSandbox,
    attributes: Mapping[str, Any],
    kind: type[Exception] | None,
    said: str | None,
) -> None:
    scaffold(sandbox, attributes)
    if kind is None or said is None:
        assert dg.AssetKey("destinations") in specs(load(sandbox))
        return
    error = fault(sandbox)
    assert isinstance(error, kind)
    assert said in str(error)


def test_two_components_in_a_project_are_refused(sandbox: DefsFolderSandbox) -> None:
    scaffold(sandbox)
    scaffold(sandbox, {"manifests": "integrations"}, at="second")
    error = fault(sandbox)
    assert isinstance(error, ComponentError)
    assert "2 components of type IntegrationMonitorComponent" in str(error)


TEMPLATES = """\
type: integration_monitor.IntegrationMonitorComponent
attributes:
  manifests: "{{ env.MANIFESTS }}"
  schedules: "{{ env.STATUS }}"
  sensor_interval_s: "{{ 15 * 4 }}"
  extra_check_severities: {warn: "{{ env.ATTENTION }}"}
"""


def test_templates_are_resolved(
    sandbox: DefsFolderSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANIFESTS", "integrations")
    monkeypatch.setenv("STATUS", "stopped")
    monkeypatch.setenv("ATTENTION", "watch")
    (scaffold(sandbox) / "defs.yaml").write_text(TEMPLATES)
    (sensor,) = (each for each in load(sandbox).sensors or () if each.name.endswith("incidents"))
    assert sensor.minimum_interval_seconds == 60
