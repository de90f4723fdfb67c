"""`db stats` and `db prune`, on a real store and Dagster's default storage."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from integration_monitor.cli.stats import size
from integration_monitor.dagster_internals import report_past_event
from integration_monitor.store import calls, verdicts
from integration_monitor.store.engine import Store
from integration_monitor_tests.cli.test_commands import Company
from integration_monitor_tests.incidents.examples import verdict
from integration_monitor_tests.store.call_examples import batch, count

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
DAY = timedelta(days=1)
MONITOR = "version: 1\nretention: {minutes: 3d, verdicts: 30d, dagster: 10d}\n"
CONTACTS = dg.AssetKey(["crm", "contacts_destination"])


@pytest.fixture
def company(tmp_path: Path, store_url: str) -> Company:
    made = Company(tmp_path, store_url)
    made.manifest(MONITOR, "monitor.yaml")
    return made


@pytest.fixture
def full(store: Store) -> Store:
    """A store with calls of last week and of today, and with a verdict that ended long ago."""
    for days in (7, 0):
        at = NOW - days * DAY
        calls.add(store, batch(count(at, n=5), name=str(days), dropped=2), now=at)
    with store.begin() as connection:
        verdicts.record(connection, verdict("fail", -10), verdict("fail", -10, subject="deals"))
        verdicts.record(connection, verdict("ok", -5))
    return store


def logged(home: Path) -> dg.DagsterInstance:
    """An instance with results of our check and of somebody's, old and new."""
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    instance = dg.DagsterInstance.from_config(str(home))
    for name in ("freshness", "their_own"):
        for days in (30, 20, 1):
            evaluation = dg.AssetCheckEvaluation(CONTACTS, name, passed=True, metadata={})
            report_past_event(instance, evaluation, NOW - days * DAY)
    return instance


def executions(instance: dg.DagsterInstance, name: str) -> int:
    key = dg.AssetCheckKey(CONTACTS, name)
    return len(instance.event_log_storage.get_asset_check_execution_history(key, limit=99))


def test_stats_say_how_much_there_is(company: Company, full: Store) -> None:
    result = company.run("db", "stats", DAGSTER_HOME="")
    assert result.exit_code == 0
    assert "last day: 1 batch of 5 calls; 2 calls dropped" in result.stdout
    assert "DAGSTER_HOME is not set" in result.stderr
    (minutes,) = [line for line in result.stdout.splitlines() if line.startswith("call_minutes")]
    _name, rows, _, _, oldest, newest, partitions = minutes.split()
    assert (rows, partitions) == ("2", "2")
    assert oldest == f"{NOW - 7 * DAY:%Y-%m-%dT%H:%M:%SZ}"
    assert newest == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"


def test_stats_as_json(company: Company, full: Store, tmp_path: Path) -> None:
    with logged(tmp_path / "dagster"):
        result = company.run("db", "stats", "--json", DAGSTER_HOME=str(tmp_path / "dagster"))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    tables = {line["table"]: line for line in lines if "table" in line}
    assert tables["verdicts"]["rows"] == 3
    assert tables["tenant_minutes"]["partitions"] == 2
    assert tables["verdicts"]["bytes"] > 0
    assert lines[-2]["last_day"] == {"batches": 1, "calls": 5, "dropped": 2}
    assert lines[-1]["dagster"]["executions"] == 3


def test_prune_applies_the_retention(company: Company, full: Store, tmp_path: Path) -> None:
    with logged(tmp_path / "dagster") as instance:
        home = {"DAGSTER_HOME": str(tmp_path / "dagster")}
        dry = json.loads(company.run("db", "prune", "--dry-run", "--json", **home).stdout)
        assert [executions(instance, name) for name in ("freshness", "their_own")] == [3, 3]
        done = json.loads(company.run("db", "prune", "--json", **home).stdout)
        assert [executions(instance, name) for name in ("freshness", "their_own")] == [1, 3]
    week_ago = f"{NOW - 7 * DAY:%Y%m%d}"
    assert dry["partitions"] == [f"call_minutes_{week_ago}", f"tenant_minutes_{week_ago}"]
    assert dry["dagster"] == done["dagster"] == {"executions": 2, "observations": 0}
    assert (dry["rolled_up"], dry["rows"]) == (1, 1)
    assert done["partitions"] == dry["partitions"]
    # Its day is due once its hour was rolled up, and its batch is old once its minutes went.
    assert (done["rolled_up"], done["rows"]) == (2, 2)
    assert done["complete"] is True


def test_prune_says_what_it_does(company: Company, full: Store) -> None:
    would = company.run("db", "prune", "--dry-run", DAGSTER_HOME="")
    assert "store: 2 partitions (call_minutes_" in would.stdout
    assert "and 1 rows would be deleted" in would.stdout
    done = company.run("db", "prune", DAGSTER_HOME="")
    assert done.exit_code == 0
    assert "calls: 2 hours and days of an integration rolled up" in done.stdout
    assert "left as it is, DAGSTER_HOME is not set" in done.stderr


def test_without_a_sound_monitor_yaml_nothing_goes(company: Company, full: Store) -> None:
    company.manifest("version: 1\nretention: {minutes: never}\n", "monitor.yaml")
    result = company.run("db", "prune")
    assert result.exit_code == 2
    assert "what is to be kept is not known" in result.stderr
    assert "monitor.yaml:2:" in result.stderr
    assert len(company.lines("db", "stats")) > 1


@pytest.mark.parametrize("command", ["stats", "prune"])
def test_a_wrong_home_of_dagster_is_one_line(company: Company, command: str) -> None:
    result = company.run("db", command, DAGSTER_HOME="/nowhere")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "integration-monitor: DAGSTER_HOME is /nowhere, which is not a directory"
    )


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        pytest.param(
            "storage: {postgres: {postgres_url: 'postgresql://x:hunter2@127.0.0.1:1/x'}}",
            "answer",
            marks=pytest.mark.slow,  # Dagster tries for some seconds
        ),
        ("storage: {nonsense: {}}", "dagster instance info"),
    ],
)
def test_a_storage_of_dagster_that_cannot_be_used_is_one_line(
    company: Company, tmp_path: Path, storage: str, said: str
) -> None:
    (tmp_path / "dagster.yaml").write_text(storage)
    for command in ("stats", "prune"):
        result = company.run("db", command, DAGSTER_HOME=str(tmp_path))
        assert result.exit_code == 2
        assert said in result.stderr.splitlines()[-1]
        assert "hunter2" not in result.output
        assert ("last day: 0 batches" in result.stdout) is (command == "stats")


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (250_000_000, "250 MB"), (3e15, "3000 TB")],
)
def test_sizes_are_said_in_units(bytes_: float, said: str) -> None:
    assert size(bytes_) == said
