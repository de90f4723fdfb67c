"""Somebody's project with a check, and the sensor that follows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.test_utils import instance_for_test

from integration_monitor.dagster_storage import psycopg2_url
from integration_monitor.resources import STORE, StoreResource
from integration_monitor.signals.verdict import ASSET_CHECKS, Verdict
from integration_monitor.store import incidents, outbox, verdicts

MONITOR = """\
version: 1
owner: {name: Data platform, email: data@example.com}
channels:
  oncall: {type: webhook, url: {env: ONCALL_URL}}
  queue: {type: webhook, url: {env: QUEUE_URL}}
routes: {page: [oncall], ticket: [queue]}
incidents: {stable_for: 0s, unknown_for: 0s}
dagster_url: http://127.0.0.1:3000
"""
NOT_NULL = dg.AssetCheckKey(dg.AssetKey(["analytics", "orders"]), "not_null")
SUBJECT = "analytics/orders:not_null"


class Project:
    """Somebody's project: an asset with a check of which a test says what it finds."""

    def __init__(self) -> None:
        self.passed = True
        self.severity = dg.AssetCheckSeverity.ERROR
        self.raises = False

        @dg.asset(key=NOT_NULL.asset_key, owners=["orders@example.com", "team:sales"])
        def orders() -> None: ...

        @dg.asset_check(asset=orders, name="not_null", description="Has every order a customer?")
        def not_null() -> dg.AssetCheckResult:
            if self.raises:
                raise RuntimeError("no answer")
            return dg.AssetCheckResult(
                passed=self.passed,
                severity=self.severity,
                metadata={"null_rows": 0 if self.passed else 1204, "ratio": 0.02, "table": "o"},
            )

        self.defs = dg.Definitions(assets=[orders], asset_checks=[not_null])

    def run(self, instance: dg.DagsterInstance) -> None:
        """Materialize the asset and evaluate its check."""
        self.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, raise_on_error=False
        )


@contextmanager
def sqlite(directory: Path, url: str) -> Iterator[dg.DagsterInstance]:
    """Dagster's default storage."""
    del url
    with instance_for_test(temp_dir=str(directory)) as instance:
        yield instance


@contextmanager
def postgres_storage(directory: Path, url: str) -> Iterator[dg.DagsterInstance]:
    """Dagster's storage on Postgres."""
    storage = {"storage": {"postgres": {"postgres_url": psycopg2_url(url)}}}
    with instance_for_test(temp_dir=str(directory), overrides=storage) as instance:
        yield instance


@contextmanager
def ephemeral(directory: Path, url: str) -> Iterator[dg.DagsterInstance]:
    """No storage at all."""
    del directory, url
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class Ticks:
    """The incident sensor of a project that the daemon evaluates."""

    def __init__(
        self, instance: dg.DagsterInstance, resource: StoreResource, alerts: dg.Definitions
    ) -> None:
        self.instance = instance
        self.resource = resource
        self.alerts = alerts

    def tick(self, project: dg.Definitions) -> str:
        """One evaluation; what it says in the tick's log."""
        repository = dg.Definitions.merge(project, self.alerts).get_repository_def()
        context = dg.build_sensor_context(
            instance=self.instance,
            resources={STORE: self.resource},
            repository_def=repository,
        )
        sensor = repository.get_sensor_def("integration_monitor_incidents")
        return str(sensor.evaluate_tick(context).skip_message)

    def verdicts(self) -> dict[str, Verdict]:
        """The latest verdicts about asset checks, by subject."""
        with self.resource.open().begin() as connection:
            return {each.subject: each for each in verdicts.latest(connection, ASSET_CHECKS)}

    def history(self) -> list[tuple[str, str, str, str | None]]:
        """The incidents, oldest first: subject, kind, severity, state or why closed."""
        with self.resource.open().begin() as connection:
            found = incidents.history(connection)
        return [
            (each.subject.name, each.kind, each.severity, each.closed_reason or each.state)
            for each in reversed(found)
        ]

    def told(self) -> list[tuple[str, object]]:
        """(channel, reason) of all alerts."""
        return [(each.channel, each.alert["reason"]) for each in self.queued()]

    def queued(self) -> Sequence[outbox.Queued]:
        """The alerts in the outbox."""
        with self.resource.open().begin() as connection:
            return list(outbox.undelivered(connection))
