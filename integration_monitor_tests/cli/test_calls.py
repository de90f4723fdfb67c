"""`calls failed` on a real store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from integration_monitor.cli.app import app
from integration_monitor.store import calls
from integration_monitor.store.call_batch import Batch, Exemplar
from integration_monitor.store.engine import Store

NOW = datetime.now(UTC)
_MANIFEST = "version: 1\nintegration: crm\nowner: {name: CRM, email: crm@example.com}\n"


@pytest.fixture
def directory(tmp_path: Path, store: Store) -> Path:
    (tmp_path / "crm.yaml").write_text(_MANIFEST)
    kept = (
        Exemplar(
            NOW - timedelta(hours=1), "crm", "contacts", "acme", "bad_request", 422,
            "invalid_email", "req-1", "email is invalid", "123",
        ),
        Exemplar(NOW - timedelta(minutes=5), "crm", "deals", "bolt", "timeout"),
        Exemplar(NOW - timedelta(days=2), "crm", "deals", "bolt", "server", 503),
    )  # fmt: skip
    calls.add(store, Batch("b1", "worker-1", exemplars=kept), now=NOW)
    return tmp_path


def run(directory: Path, url: str, *arguments: str) -> tuple[int, str]:
    command = ["calls", "failed", *arguments, "--manifests", str(directory)]
    environ = {"INTEGRATION_MONITOR_DATABASE_URL": url}
    result = CliRunner().invoke(app, command, env=environ)
    return result.exit_code, result.output


def test_lists_the_latest_first(directory: Path, store_url: str) -> None:
    code, output = run(directory, store_url, "crm")
    header, first, second = output.splitlines()
    assert code == 0
    assert header.split()[:4] == ["at", "endpoint", "tenant", "class"]
    assert "deals     bolt    timeout" in first
    assert "422     invalid_email  req-1    123     email is invalid" in second


@pytest.mark.parametrize(
    ("arguments", "outcomes"),
    [
        (("crm", "--since", "3d"), ["timeout", "bad_request", "server"]),
        (("crm", "--tenant", "acme"), ["bad_request"]),
        (("crm", "--endpoint", "deals"), ["timeout"]),
        (("crm", "--endpoint", "notes"), []),
    ],
)
def test_only_some_of_them(
    directory: Path, store_url: str, arguments: tuple[str, ...], outcomes: list[str]
) -> None:
    code, output = run(directory, store_url, *arguments, "--json")
    assert code == 0
    assert [json.loads(line)["outcome"] for line in output.splitlines()] == outcomes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("crm", "--tenant", "corp"), "no failing call was kept within 24h"),
        (("crm", "--since", "soon"), "--since: "),
        (("erp",), "erp"),
    ],
)
def test_says_what_is_not_there(
    directory: Path, store_url: str, arguments: tuple[str, ...], words: str
) -> None:
    assert words in run(directory, store_url, *arguments)[1]
