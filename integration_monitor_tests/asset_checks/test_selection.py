"""Which checks are followed, and what becomes of those that are not any more."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from integration_monitor.asset_check_alerts import build_asset_check_alerts
from integration_monitor.asset_check_watch import AssetCheckWatch, as_selection, select
from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.dagster_internals import asset_graph
from integration_monitor.resources import StoreResource
from integration_monitor_tests.asset_checks.project import (
    MONITOR,
    NOT_NULL,
    SUBJECT,
    Project,
    Ticks,
)
from integration_monitor_tests.plugin import FakeMeasure, a_fleet


def test_checks_that_left_the_definitions_are_let_go(ticks: Ticks) -> None:
    project = Project()
    project.passed = False
    project.run(ticks.instance)
    ticks.tick(project.defs)
    said = ticks.tick(dg.Definitions())
    assert "1 resolved" in said
    assert "no asset check is selected" in said
    assert ticks.history() == [(SUBJECT, "broken", "page", "no longer watched")]
    assert ticks.verdicts() == {}
    assert ticks.told() == [("oncall", "opened"), ("oncall", "no-longer-watched")]
    # Put back, it is wrong as before.
    assert "1 opened" in ticks.tick(project.defs)


@pytest.mark.parametrize(
    "checks",
    [
        [dg.AssetCheckKey(dg.AssetKey("gone"), "not_null"), NOT_NULL],
        dg.AssetSelection.assets(["analytics", "orders"], "gone"),
        dg.AssetSelection.checks_for_assets(["analytics", "orders"], "gone"),
        dg.AssetSelection.assets("gone").downstream() | dg.AssetSelection.all_asset_checks(),
        dg.AssetSelection.all() - dg.AssetSelection.assets("gone"),
    ],
)
def test_what_is_selected_and_not_defined_is_said(
    checks: dg.AssetSelection | list[dg.AssetCheckKey],
) -> None:
    found = select(as_selection(checks), asset_graph(Project().defs.get_repository_def()), set())
    assert found.missing == {"gone:not_null" if isinstance(checks, list) else "gone"}
    assert list(found.watched) == [SUBJECT]


def test_a_key_that_is_not_defined_is_said_in_the_tick(
    instance: dg.DagsterInstance, resource: StoreResource, monitor: Path
) -> None:
    gone = dg.AssetCheckKey(dg.AssetKey("gone"), "not_null")
    alerts = build_asset_check_alerts(monitor=monitor, checks=[gone, NOT_NULL])
    said = Ticks(instance, resource, alerts).tick(Project().defs)
    assert said == "selected and not defined: gone:not_null; nothing changed"


@pytest.mark.parametrize(
    ("checks", "followed"),
    [
        ("*", True),
        ("key:analytics/orders", True),
        ('owner:"orders@example.com"', True),
        ("group:nothing", False),
        ([NOT_NULL], True),
        ([], False),
        (dg.AssetSelection.assets(NOT_NULL.asset_key).without_checks(), False),
        (dg.AssetSelection.checks(NOT_NULL), True),
    ],
)
def test_which_checks_are_followed(
    checks: dg.AssetSelection | str | list[dg.AssetCheckKey], followed: bool
) -> None:
    found = select(as_selection(checks), asset_graph(Project().defs.get_repository_def()), set())
    assert found.watched.keys() == ({SUBJECT} if followed else set())
    assert not found.missing


def test_something_else_than_checks_is_refused(monitor: Path) -> None:
    with pytest.raises(TypeError, match="extra_checks is an AssetSelection"):
        build_asset_check_alerts(monitor=monitor, checks=[dg.AssetKey("orders")])  # type: ignore[list-item]


def test_beside_manifests_our_own_checks_are_judged_from_our_store(
    fast: dg.DagsterInstance, resource: StoreResource
) -> None:
    project = Project()
    ours = build_integration_monitor_defs(
        manifests=a_fleet(), measure=FakeMeasure(), store=resource, extra_checks="*",
        extra_check_severities={"error": "ticket"},
    )  # fmt: skip
    ticks = Ticks(fast, resource, ours)
    project.passed = False
    project.run(fast)
    assert "1 asset check evaluated" in ticks.tick(project.defs)
    assert list(ticks.verdicts()) == [SUBJECT]
    assert ticks.history() == [(SUBJECT, "broken", "ticket", "open")]


def test_a_directory_with_monitor_yaml_alone_is_enough(
    fast: dg.DagsterInstance, resource: StoreResource, tmp_path: Path
) -> None:
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "monitor.yaml").write_text(MONITOR)
    project = Project()
    project.passed = False
    project.run(fast)
    ours = build_integration_monitor_defs(manifests=tmp_path / "alone", extra_checks="*")
    ticks = Ticks(fast, resource, ours)
    assert "1 opened, 1 alert queued" in ticks.tick(project.defs)
    assert "1 resolved" in ticks.tick(dg.Definitions())


def test_a_sensor_that_follows_no_checks_leaves_their_incidents_alone(
    ticks: Ticks, resource: StoreResource
) -> None:
    project = Project()
    project.passed = False
    project.run(ticks.instance)
    ticks.tick(project.defs)
    ours = build_integration_monitor_defs(manifests=a_fleet(), measure=FakeMeasure())
    Ticks(ticks.instance, resource, ours).tick(project.defs)
    assert ticks.history() == [(SUBJECT, "broken", "page", "open")]


def test_without_definitions_incidents_are_held(
    ticks: Ticks, fast: dg.DagsterInstance, resource: StoreResource
) -> None:
    watch = AssetCheckWatch("*")
    project = Project()
    project.passed = False
    project.run(fast)
    ticks.tick(project.defs)
    assert "held" in watch.look(fast, None, resource.open())
    assert watch.watched is None
