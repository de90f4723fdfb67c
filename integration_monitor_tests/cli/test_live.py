"""`validate --live` against a partner on loopback and a real database."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from integration_monitor.cli import app
from integration_monitor_tests.access_examples import ENVIRONMENT, MANIFEST, warehouse
from integration_monitor_tests.observe.partner import Partner, contact, running_partner


@pytest.fixture
def partner() -> Iterator[Partner]:
    stocked = Partner(tokens={"token-acme": "acme", "token-globex": "globex"}, clock=None)
    for tenant in ("acme", "globex"):
        stocked.contacts[tenant] = [contact("1", datetime.now(UTC) - timedelta(minutes=30))]
    with running_partner(stocked) as served:
        yield served


@pytest.fixture
def home(partner: Partner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    manifests = tmp_path / "integrations"
    manifests.mkdir()
    (manifests / "crm.yaml").write_text(MANIFEST.format(url=partner.url))
    for name, value in {**ENVIRONMENT, "WAREHOUSE_URL": warehouse(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("INTEGRATION_MONITOR_HOME", str(tmp_path / "home"))
    return manifests


def validate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["validate", *arguments], env=dict(os.environ))


@pytest.mark.parametrize(
    "arguments",
    [["--live"], ["--live", "crm"], ["integrations", "--live"], ["integrations", "crm", "--live"]],
)
def test_what_works_is_said_one_a_line(home: Path, arguments: list[str]) -> None:
    result = validate(*arguments)
    assert result.exit_code == 0, result.output
    assert "works     crm connections: 2 connections" in result.stdout.splitlines()
    assert "works     crm probe for acme: GET /contacts answers" in result.stdout.splitlines()
    assert "trying crm" in result.stderr


def test_what_does_not_work_is_exit_code_1(home: Path, partner: Partner) -> None:
    del partner.tokens["token-globex"]
    result = validate("--live")
    assert result.exit_code == 1
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAILS")]
    assert failed
    assert all(" for globex: " in line for line in failed)
    assert "token-globex" not in result.output


def test_a_mistake_in_a_manifest_is_exit_code_2_and_the_others_are_tried(home: Path) -> None:
    (home / "broken.yaml").write_text("nonsense: [")
    result = validate("--live")
    assert result.exit_code == 2
    assert "broken.yaml:" in result.stdout
    assert "works     crm connections: 2 connections" in result.stdout


def test_machine_output(home: Path) -> None:
    lines = [json.loads(line) for line in validate("--live", "--json").stdout.splitlines()]
    assert {"note", "works"} <= {line.get("level") or line["result"] for line in lines}
    probes = [line for line in lines if line.get("what") == "probe"]
    assert [probe["tenant"] for probe in probes] == ["acme", "globex"]


def test_a_wrong_name_says_which_there_are(home: Path) -> None:
    result = validate("--live", "crn")
    assert result.exit_code == 2
    assert "no integration is called crn; there are: crm" in result.stderr


def test_nothing_is_asked_without_live(home: Path, partner: Partner) -> None:
    assert validate().exit_code == 0
    assert partner.requests == []
