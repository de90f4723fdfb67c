"""Sensors: each step of a tick gets its turn, and manifests are followed without a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from integration_monitor.manifest.domain import BrokenManifest, Fleet, Integration
from integration_monitor.manifest.load import load_directory
from integration_monitor.manifest_check import ManifestCheck
from integration_monitor.manifest_watch import ManifestWatch
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.sensors import (
    Named,
    TickFailed,
    build_incident_sensor,
    build_manifest_sensor,
    incident_steps,
)
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.verdicts import record
from integration_monitor.targets import build_targets
from integration_monitor.translator import IntegrationMonitorTranslator
from integration_monitor_tests.plugin import (
    StoreIsAway,
    a_fleet,
    a_verdict,
    an_integration,
    store_resource,
)


@pytest.fixture
def resource(store_url: str) -> Iterator[StoreResource]:
    """The resource on a real, empty store."""
    with store_resource(store_url) as opened:
        yield opened


def ticked(sensor: dg.SensorDefinition, resource: StoreResource) -> SensorExecutionData:
    """One evaluation of a sensor, as the daemon does it."""
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources={STORE: resource})
        return sensor.evaluate_tick(context)


def said(tick: SensorExecutionData) -> str:
    """The line in the tick's log."""
    return str(tick.skip_message)


def failing(_: Store) -> str:
    """A step with a bug, whose message quotes a password."""
    raise ValueError("hunter2")


def test_a_tick_says_what_its_steps_did(resource: StoreResource) -> None:
    steps = [Named("incidents", lambda _: "2 opened"), Named("alerts", lambda _: "1 alert sent")]
    assert said(ticked(build_incident_sensor(steps), resource)) == "2 opened; 1 alert sent"


def test_a_tick_without_news_says_so(resource: StoreResource) -> None:
    steps = [Named("incidents", lambda _: "")]
    assert said(ticked(build_incident_sensor(steps), resource)) == "nothing changed"


def test_a_failed_step_fails_the_tick_after_the_others_had_their_turn(
    resource: StoreResource,
) -> None:
    delivered: list[Store] = []

    def deliver(store: Store) -> str:
        delivered.append(store)
        return "1 alert sent"

    steps = [Named("incidents", failing), Named("alerts", deliver)]
    with pytest.raises(TickFailed) as caught:
        ticked(build_incident_sensor(steps), resource)
    assert len(delivered) == 1
    assert "1 alert sent" in str(caught.value)
    assert "incidents: stopped with ValueError in failing" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_store_that_is_away_skips_the_tick() -> None:
    sensor = build_incident_sensor(incident_steps(a_fleet()))
    assert "the store does not answer" in said(ticked(sensor, StoreIsAway()))


def test_a_failing_verdict_opens_an_incident(resource: StoreResource) -> None:
    now = datetime.now(UTC)
    verdict = a_verdict(status="fail", severity="page", at=now)
    with resource.open().begin() as connection:
        record(connection, verdict)
    sensor = build_incident_sensor(incident_steps(a_fleet()))
    assert "1 opened" in said(ticked(sensor, resource))
    assert "1 opened" not in said(ticked(sensor, resource))


def test_a_broken_manifest_opens_an_incident_and_a_repaired_one_closes_it(
    tmp_path: Path, resource: StoreResource
) -> None:
    file = tmp_path / "hubspot.yaml"
    good = "version: 1\nintegration: hubspot\nowner: {name: CRM, email: crm@example.com}\n"
    file.write_text(good)
    (tmp_path / "monitor.yaml").write_text("version: 1\nincidents: {stable_for: 0s}\n")
    fleet = load_directory(tmp_path)
    targets = build_targets(fleet, IntegrationMonitorTranslator())
    manifests = build_manifest_sensor(ManifestWatch(targets, str(tmp_path), ManifestCheck(fleet)))
    incidents = build_incident_sensor(incident_steps(fleet))
    ticked(manifests, resource)
    assert said(ticked(incidents, resource)) == "nothing changed"
    file.write_text(good + "titel: HubSpot\n")
    assert "hubspot is fail" in said(ticked(manifests, resource))
    assert "1 opened" in said(ticked(incidents, resource))
    file.write_text(good)
    assert "hubspot is ok" in said(ticked(manifests, resource))
    assert "1 resolved" in said(ticked(incidents, resource))


class Judge:
    """Says `fail` of a file that contains `broken`; counts how often it read."""

    def __init__(self) -> None:
        self.read = 0
        self.away = False

    def __call__(self, manifest: Integration | BrokenManifest, store: Store) -> Verdict:
        """The verdict about the file as it is now."""
        if self.away:
            raise StoreError("the store does not answer")
        self.read += 1
        text = Path(manifest.file).read_text()
        status: Status = "fail" if "broken" in text else "ok"
        return a_verdict("manifest", status, integration=manifest.name, subject="-")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now


class Watched:
    """A directory of two manifests, followed by a watch."""

    def __init__(self, directory: Path) -> None:
        self.files = {name: directory / f"{name}.yaml" for name in ("hubspot", "stripe")}
        for name in self.files:
            self.write(name, "fine")
        self.judge = Judge()
        self.clock = Clock()
        fleet = Fleet(
            str(directory),
            tuple(an_integration(name, file=str(file)) for name, file in self.files.items()),
        )
        targets = build_targets(fleet, IntegrationMonitorTranslator())
        self.watch = ManifestWatch(targets, str(directory), self.judge, self.clock)
        self.sensor = build_manifest_sensor(self.watch)

    def write(self, name: str, text: str) -> None:
        """Change a file, visibly also where two writes share a tick of the file system's clock."""
        before = self.files[name].stat().st_mtime_ns if self.files[name].exists() else 0
        self.files[name].write_text(text)
        os.utime(self.files[name], ns=(before + 1_000_000, before + 1_000_000))

    def reported(self, resource: StoreResource) -> dict[str, bool]:
        """The evaluations one tick reports: integration to passed."""
        events = ticked(self.sensor, resource).asset_events
        evaluations = [event for event in events if isinstance(event, dg.AssetCheckEvaluation)]
        assert len(evaluations) == len(events)
        return {found.asset_key.path[0]: found.passed for found in evaluations}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Two manifests and their watch."""
    return Watched(tmp_path)


def test_reports_each_manifest_once_and_then_only_changes(
    watched: Watched, resource: StoreResource
) -> None:
    assert watched.reported(resource) == {"hubspot": True, "stripe": True}
    assert watched.reported(resource) == {}
    watched.write("stripe", "broken")
    assert watched.reported(resource) == {"stripe": False}
    assert watched.reported(resource) == {}
    watched.write("stripe", "fine again")
    assert watched.reported(resource) == {"stripe": True}


def test_reads_only_files_that_changed(watched: Watched, resource: StoreResource) -> None:
    watched.reported(resource)
    watched.reported(resource)
    assert watched.judge.read == 2
    watched.write("stripe", "fine, with a comment")
    assert watched.reported(resource) == {}
    assert watched.judge.read == 3


def test_reports_again_after_an_hour(watched: Watched, resource: StoreResource) -> None:
    watched.reported(resource)
    watched.clock.now += timedelta(minutes=59)
    assert watched.reported(resource) == {}
    watched.clock.now += timedelta(minutes=1)
    assert watched.reported(resource) == {"hubspot": True, "stripe": True}


def test_a_verdict_that_was_not_stored_is_tried_again(
    watched: Watched, resource: StoreResource
) -> None:
    watched.judge.away = True
    assert said(ticked(watched.sensor, resource)) == "the store does not answer"
    watched.judge.away = False
    assert watched.reported(resource) == {"hubspot": True, "stripe": True}


def test_a_new_file_asks_for_a_reload(watched: Watched, resource: StoreResource) -> None:
    watched.reported(resource)
    (watched.files["stripe"].parent / "shopify.yaml").write_text("new")
    (watched.files["stripe"].parent / "monitor.yaml").write_text("version: 1")
    line = said(ticked(watched.sensor, resource))
    assert "new: shopify.yaml, reload the code location to watch it" in line
