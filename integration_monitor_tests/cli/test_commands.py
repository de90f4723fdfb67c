"""The command line on a real store, with two SQLite files as a sync's sides."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from integration_monitor.cli import app
from integration_monitor.cli.check import exit_code
from integration_monitor.store import exemplars
from integration_monitor.store.call_batch import Exemplar
from integration_monitor.store.engine import Store

MANIFEST = """
version: 1
integration: crm
owner: {name: Owner, email: owner@example.com}
syncs:
  contacts:
    every: 15m
    grace: 0s
    source:
      sql: {url: {env: PRODUCT_URL}, table: contacts}
      key: id
      updated_at: updated_at
      tenant: tenant
    destination:
      sql: {url: {env: WAREHOUSE_URL}, table: contacts}
      key: id
      updated_at: updated_at
      tenant: tenant
"""


class Company:
    """Two databases, a manifest directory and the program in that environment."""

    def __init__(self, directory: Path, store_url: str) -> None:
        self.directory = directory
        self.manifests = directory / "integrations"
        self.manifests.mkdir()
        self.manifest(MANIFEST)
        self.environ = {
            "INTEGRATION_MONITOR_HOME": str(directory / "home"),
            "INTEGRATION_MONITOR_DATABASE_URL": store_url,
            "INTEGRATION_MONITOR_MANIFESTS": str(self.manifests),
        }
        for name in ("PRODUCT", "WAREHOUSE"):
            self.environ[f"{name}_URL"] = f"sqlite:///{self._file(name)}"
            self.execute(name, "create table contacts (id text, updated_at text, tenant text)")

    def manifest(self, text: str, name: str = "crm.yaml") -> None:
        (self.manifests / name).write_text(text)

    def execute(self, name: str, statement: str, *values: str) -> None:
        with sqlite3.connect(self._file(name)) as connection:
            connection.execute(statement, values)
        connection.close()

    def put(self, name: str, key: str, tenant: str = "acme") -> None:
        at = datetime.now(UTC) - timedelta(minutes=5)
        self.execute(
            name, "insert into contacts values (?, ?, ?)", key, f"{at:%Y-%m-%d %H:%M:00}", tenant
        )

    def run(self, *arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env={**self.environ, **environ})

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        result = self.run(*arguments, "--json")
        return [json.loads(line) for line in result.stdout.splitlines()]

    def _file(self, name: str) -> Path:
        return self.directory / f"{name.lower()}.db"


@pytest.fixture
def company(tmp_path: Path, store_url: str) -> Company:
    return Company(tmp_path, store_url)


def test_check_measures_stores_and_says_by_exit_code_what_it_found(company: Company) -> None:
    company.put("PRODUCT", "c-1")
    company.put("WAREHOUSE", "c-1")
    result = company.run("check", "crm/contacts")
    assert (result.exit_code, result.stdout.splitlines()[1][:8]) == (0, "ok      ")
    assert "measuring crm: contacts" in result.stderr

    company.put("PRODUCT", "c-2")
    result = company.run("check")
    assert result.exit_code == 1
    assert "FAIL    crm/contacts reconciliation: acme: 1 missing (c-2)" in result.stdout

    company.environ.pop("WAREHOUSE_URL")
    company.execute("PRODUCT", "delete from contacts")
    (found,) = [v for v in company.lines("check", "crm") if v["signal"] == "reconciliation"]
    assert found["status"] == "fail", "a known gap outweighs what cannot be read"
    reasons = {part["status"]: part["reason"] for part in found["parts"]}
    assert reasons["unknown"] == "environment variable WAREHOUSE_URL is not set"


def test_what_cannot_be_measured_is_unknown(company: Company) -> None:
    company.environ["PRODUCT_URL"] = "postgresql://user:hunter2@127.0.0.1:1/none"
    result = company.run("check")
    assert result.exit_code == 3
    assert "UNKNOWN" in result.stdout
    assert result.stdout.count("Connection refused") == 2, "told once a check"
    assert "hunter2" not in result.output


def test_gaps_are_listed_by_name_and_accepted_with_a_reason(company: Company) -> None:
    for key in ("c-1", "c-2"):
        company.put("PRODUCT", key)
    company.run("check")
    company.run("check")
    assert [gap["key"] for gap in company.lines("gaps", "list", "crm")] == ["c-1", "c-2"]
    assert company.run("gaps").stdout == company.run("gaps", "list").stdout

    result = company.run("gaps", "accept", "crm/contacts", "--key", "c-1", "--why", "test data")
    assert (result.exit_code, result.stdout) == (0, "accepted 1 gap; the next run says so\n")
    assert [gap["key"] for gap in company.lines("gaps", "list")] == ["c-2"]
    company.run("gaps", "accept", "crm/contacts", "--why", "test data", "--by", "me")
    for _ in range(3):
        assert company.run("check").exit_code == 0, "accepted gaps stay accepted, also in totals"

    assert company.run("gaps").stdout == "no open gap\n"
    result = company.run("gaps", "accept", "crm/contacts", "--why", "again")
    assert result.exit_code == 2
    assert "no open gap of crm/contacts fits" in result.stderr


def test_a_gap_is_listed_with_the_call_that_failed(company: Company, store: Store) -> None:
    company.put("PRODUCT", "c-1")
    company.run("check")
    failed = Exemplar(
        datetime.now(UTC), "crm", "contact", "acme", "bad_request", 422, "email_invalid", "req_1",
        "invalid email", "c-1",
    )  # fmt: skip
    (before,) = company.lines("gaps", "list")
    with store.begin() as connection:
        exemplars.add(connection, [failed])
    (gap,) = company.lines("gaps", "list")
    assert (before["why"], before["request_id"]) == (None, None)
    assert (gap["why"], gap["request_id"]) == ("422 invalid email (bad_request)", "req_1")
    assert company.run("gaps").stdout.endswith(": 422 invalid email (bad_request)\n")


def test_a_user_without_a_name_says_who_accepts(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr("getpass.getuser", no_name)
    result = company.run("gaps", "accept", "crm/contacts", "--why", "test")
    assert (result.exit_code, "--by NAME" in result.stderr) == (2, True)


def test_validate_gives_every_mistake_of_every_file(company: Company) -> None:
    company.manifest("version: 1\nintegration: other\nownr: {}\n", "other.yaml")
    company.manifest("nonsense: [", "broken.yaml")
    result = company.run("validate", str(company.manifests))
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    assert any("other.yaml:3:1: " in line and "`owner`" in line for line in lines)
    assert any("broken.yaml:" in line for line in lines)
    assert company.run("check", "crm").exit_code == 0, "the broken files do not stop the others"


def test_validate_takes_the_directory_that_the_environment_names(company: Company) -> None:
    company.manifest("version: 1\nintegration: other\nownr: {}\n", "other.yaml")
    assert "other.yaml:3:1: " in company.run("validate").stdout


def test_validate_names_references_that_are_not_set(company: Company) -> None:
    company.environ.pop("PRODUCT_URL")
    result = company.run("validate", str(company.manifests))
    assert result.exit_code == 2
    assert "environment variable PRODUCT_URL is not set" in result.stdout


def test_validate_warns_of_a_webhook_secret_that_cannot_be_one(company: Company) -> None:
    company.environ["HOOK_SECRET"] = "whsec_hidden?"
    company.manifest(
        "version: 1\nintegration: other\nowner: {name: Owner, email: owner@example.com}\n"
        "webhooks: {signature: svix, secret: {env: HOOK_SECRET}}\n",
        "other.yaml",
    )
    result = company.run("validate", str(company.manifests))
    said = "other.yaml:4:37: HOOK_SECRET: the secret is not written in base64 after `whsec_`"
    assert f"{said}; webhooks are answered 503 (warning)" in result.stdout
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nothing"], "no integration is called nothing; there are: crm"),
        (["check", "crm/nothing"], "crm has no sync called nothing; there are: contacts"),
        (["check", "--manifests", "/nowhere"], "/nowhere"),
        (["validate", "/nowhere"], "/nowhere"),
        (["gaps", "accept", "crm", "--why", "x"], "Name a sync: crm/SYNC"),
        (["dev", "/nowhere"], "/nowhere"),
    ],
)
def test_usage_errors_are_one_line_and_exit_code_2(
    company: Company, arguments: list[str], message: str
) -> None:
    result = company.run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_without_a_store_the_message_says_what_to_set(company: Company) -> None:
    company.environ["INTEGRATION_MONITOR_DATABASE_URL"] = ""
    result = company.run("incidents")
    assert result.exit_code == 2
    assert "INTEGRATION_MONITOR_DATABASE_URL is not set" in result.stderr


def test_db_upgrade_and_incidents(company: Company, database_url: str) -> None:
    company.environ["INTEGRATION_MONITOR_DATABASE_URL"] = database_url
    assert "integration-monitor db upgrade" in company.run("incidents").stderr
    assert company.run("db", "upgrade").exit_code == 0
    assert company.run("db", "status").exit_code == 0
    assert company.run("incidents").stdout == "no incident\n"


def test_schema_is_json(company: Company) -> None:
    assert json.loads(company.run("schema").stdout)["properties"]["integration"]
    assert json.loads(company.run("schema", "--monitor").stdout)["properties"]["channels"]


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], 0),
        (["ok"], 0),
        (["ok", "warn"], 1),
        (["unknown", "fail"], 1),
        (["ok", "unknown"], 3),
    ],
)
def test_exit_codes(statuses: list[str], code: int) -> None:
    assert exit_code(statuses) == code


def test_dev_says_what_validate_says_of_the_manifests_and_starts(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.manifest("nonsense: [", "broken.yaml")
    company.environ.pop("PRODUCT_URL")
    started: list[Path] = []
    monkeypatch.setattr(
        "integration_monitor.dev_servers.serve_dev",
        lambda manifests, **_options: started.append(manifests),
    )
    said = company.run("dev", str(company.manifests)).stderr
    assert said == company.run("validate", str(company.manifests)).stdout
    assert "broken.yaml:" in said
    assert "environment variable PRODUCT_URL is not set" in said
    assert started == [company.manifests]


@pytest.mark.parametrize("directory_too", [False, True])
def test_dev_runs_a_code_location_of_ones_own(
    company: Company, monkeypatch: pytest.MonkeyPatch, directory_too: bool
) -> None:
    company.environ.pop("PRODUCT_URL")
    started: list[tuple[Path | None, str]] = []
    monkeypatch.setattr(
        "integration_monitor.dev_servers.serve_dev",
        lambda manifests, *, module, **_options: started.append((manifests, module)),
    )
    directory = [str(company.manifests)] if directory_too else []
    # Its environment is the project's business: it may come from a file that Dagster reads.
    assert company.run("dev", *directory, "--module", "theirs.definitions").stderr == ""
    assert started == [(company.manifests if directory_too else None, "theirs.definitions")]


def test_without_manifests_the_message_says_what_to_give(company: Company) -> None:
    company.environ["INTEGRATION_MONITOR_MANIFESTS"] = ""
    result = company.run("check")
    assert result.exit_code == 2
    assert "no `demo` or `dev` is running in this directory" in result.stderr
