"""`top`: what is read of the store, and what is drawn."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from integration_monitor.cli import app
from integration_monitor.cli.top_rows import IntegrationRows, rows_of
from integration_monitor.cli.top_table import lines_of, table_of
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.latency_buckets import bucket_of
from integration_monitor.store import call_facts, calls
from integration_monitor.store.call_batch import Batch, CallCount, RateLimit
from integration_monitor.store.engine import Store
from integration_monitor_tests.call_examples import NOW, named, some_calls, store_calls
from integration_monitor_tests.ingest.calls_examples import MANIFEST

WINDOW = timedelta(minutes=5)


def read(store: Store, *names: str) -> list[CallFacts]:
    watched = [named(name, window=WINDOW) for name in names or ("crm",)]
    return list(call_facts.read(store, watched, NOW).values())


def rows(store: Store, *names: str) -> list[IntegrationRows]:
    return rows_of(read(store, *names), WINDOW, NOW)


def test_an_endpoint(store: Store) -> None:
    store_calls(
        store,
        [
            some_calls(1, 80, tenant="acme"),
            some_calls(1, 80, tenant="globex"),
            some_calls(2, 20, "bad_request", tenant="globex"),
            some_calls(2, 10, "server", tenant="initech"),
            some_calls(2, 4, "not_found"),
            some_calls(9, 1_000, "server"),
        ],
    )
    (crm,) = rows(store)
    (row,) = crm.endpoints
    assert (row.endpoint, row.called.calls, row.called.failed) == ("contacts", 194, 30)
    assert row.called.per_minute == pytest.approx(194 / 4.5), "the newest minute is half over"
    assert list(row.called.errors.items()) == [("bad_request", 20 / 194), ("server", 10 / 194)]
    assert row.worst is not None
    assert (row.worst.name, row.worst.error_share, row.worst.calls) == ("initech", 1, 10)
    assert row.latency["p99"] == pytest.approx(100, rel=0.02)
    assert crm.called == row.called


def test_what_fails_most_comes_first(store: Store) -> None:
    store_calls(
        store,
        [
            some_calls(1, 900, integration="busy"),
            some_calls(1, 5, integration="quiet"),
            some_calls(1, 50, endpoint="deals"),
            some_calls(1, 3, "server"),
        ],
    )
    found = rows(store, "quiet", "busy", "silent", "crm")
    assert [one.integration for one in found] == ["crm", "busy", "quiet"]
    assert [row.endpoint for row in found[0].endpoints] == ["contacts", "deals"]


def test_the_nearest_limit(store: Store) -> None:
    until = NOW + timedelta(minutes=1)
    limits = tuple(
        RateLimit("crm", "acme", policy, 100, left, until, 60, NOW)
        for policy, left in (("burst", 90), ("daily", 5))
    )
    calls.add(store, Batch("b", "w", (some_calls(1, 1),), rate_limits=limits), now=NOW)
    (crm,) = rows(store)
    assert crm.limit is not None
    assert (crm.limit.policy, crm.limit.headroom) == ("daily", 0.05)


def drawn(found: list[IntegrationRows], width: int, most: int | None = None) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table_of(found, width, most))
    return console.export_text().splitlines()


@pytest.fixture
def busy(store: Store) -> list[IntegrationRows]:
    store_calls(
        store,
        [
            some_calls(1, 4_000, tenant="acme", ms=12_345),
            some_calls(1, 300, "bad_request", tenant="[red]acme"),
            some_calls(1, 70, "server", tenant="acme"),
            some_calls(1, 6, "timeout", tenant="acme"),
            some_calls(1, 5, "network", tenant="acme"),
            some_calls(1, 7, endpoint="deals", ms=3.21),
        ],
    )
    return rows(store)


def test_wide(busy: list[IntegrationRows]) -> None:
    head, _, crm, contacts, deals = drawn(busy, 120)
    assert head.split() == [
        "endpoint", "calls/min", "errors", "p50", "p95", "p99", "left", "worst", "tenant",
    ]  # fmt: skip
    assert crm.startswith("crm ")
    for said in ("6.8 % bad_request, 1.6 % serv", "12.3 s", "100 % [red]acme"):
        assert said in contacts
    assert deals.split()[:4] == ["deals", "1.6", "-", "3.3"]


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit(busy: list[IntegrationRows], width: int) -> None:
    assert max(map(len, drawn(busy, width))) <= width


def test_narrow(busy: list[IntegrationRows]) -> None:
    contacts = drawn(busy, 80)[3]
    for said in ("  contacts", "6.8% bad_requ", "12.3s", "100% [re"):
        assert said in contacts


def test_no_more_lines_than_there_is_room(busy: list[IntegrationRows]) -> None:
    assert lines_of(busy) == 3
    assert len(drawn(busy, 80, most=2)) == 2 + 2


class Fleet:
    """The program, with a store and the manifests of an integration that is called now."""

    def __init__(self, directory: Path, store_url: str) -> None:
        (directory / "crm.yaml").write_text(MANIFEST)
        self.environ: Mapping[str, str] = {
            "INTEGRATION_MONITOR_HOME": str(directory / "home"),
            "INTEGRATION_MONITOR_DATABASE_URL": store_url,
            "INTEGRATION_MONITOR_MANIFESTS": str(directory),
        }

    def run(self, *arguments: str, **more: str) -> Result:
        environ = {**self.environ, "COLUMNS": "100", **more}
        return CliRunner().invoke(app, ["top", *arguments], env=environ)


@pytest.fixture
def fleet(tmp_path: Path, store_url: str) -> Fleet:
    return Fleet(tmp_path, store_url)


def call(store: Store, now: datetime) -> None:
    minute = now.replace(second=0, microsecond=0) - timedelta(minutes=1)
    counts = (
        CallCount(minute, "crm", "contacts", "acme", "ok", bucket_of(50), 96),
        CallCount(minute, "crm", "contacts", "acme", "server", bucket_of(50), 4),
    )
    calls.add(store, Batch(str(now), "w", counts), now=now)


def test_once(fleet: Fleet, store: Store) -> None:
    call(store, datetime.now(UTC))
    result = fleet.run("--once")
    assert result.exit_code == 0, result.output
    assert "4% server" in result.stdout
    assert "the last 5 min" in result.stdout


def test_json(fleet: Fleet, store: Store) -> None:
    call(store, datetime.now(UTC))
    (line,) = fleet.run("crm", "--json").stdout.splitlines()
    said: dict[str, Any] = json.loads(line)
    assert (said["integration"], said["endpoint"]) == ("crm", "contacts")
    assert (said["calls"], said["errors"], said["worst_tenant"]) == (100, {"server": 0.04}, "acme")
    assert said["limit_left_share"] is None


def test_how_to_begin(fleet: Fleet, store: Store) -> None:
    result = fleet.run("--once")
    assert result.exit_code == 0
    assert "No call was reported within the last 5 min." in result.stdout
    assert 'MonitoredTransport(integration="crm")' in result.stdout
    call(store, datetime.now(UTC) - timedelta(hours=1))
    assert "the last one was at" in fleet.run("--once").stdout
    assert fleet.run("--json").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "more", "said"),
    [
        (["crn"], {}, "no integration is called crn; there are: crm"),
        (["--window", "10s"], {}, "must be from 1m to 1d"),
        (["--interval", "soon"], {}, "`soon` is not a duration"),
        ([], {"INTEGRATION_MONITOR_MANIFESTS": ""}, "which manifests?"),
        ([], {"INTEGRATION_MONITOR_DATABASE_URL": ""}, "_DATABASE_URL is not set"),
    ],
)
def test_usage(fleet: Fleet, arguments: list[str], more: Mapping[str, str], said: str) -> None:
    result = fleet.run(*arguments, **more)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_live_until_ctrl_c(fleet: Fleet, store: Store) -> None:
    call(store, datetime.now(UTC))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "integration_monitor", "top", "--interval", "100ms"],
        env={**os.environ, **fleet.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "20"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        _see(ours, b"4% server")
        _see(ours, b"4% server")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _see(terminal: int, wanted: bytes, within_s: float = 60) -> None:
    """Read what is drawn until it says something."""
    seen, give_up = b"", time.monotonic() + within_s
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, give_up - time.monotonic()))
        assert ready, seen
        seen += os.read(terminal, 65_536)
