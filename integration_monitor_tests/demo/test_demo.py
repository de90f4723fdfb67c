"""Whole demos, as a user runs them: minutes each, on real parts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from integration_monitor.demo.faults import FAULTS, Fault
from integration_monitor.local_processes import MARK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DEMO = [str(Path(sys.executable).parent / "integration-monitor"), "demo"]
SAYS: Mapping[Fault, str] = {
    "validation": ": 422 invoices of status draft are not accepted (bad_request)",
    "sunset-header": "in 10 days",
}
FREE_PORTS = [
    *("--port", "0", "--partner-port", "0"),
    *("--inbox-port", "0", "--receiver-port", "0"),
]


def left_over(directory: Path) -> list[str]:
    """The processes that a demo of this directory left running."""
    found = []
    for process in psutil.process_iter():
        try:
            marked = process.environ().get(MARK, "").startswith(str(directory))
            if marked or str(directory) in " ".join(process.cmdline()):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def headless(fault: str, directory: Path) -> tuple[int, list[dict[str, Any]]]:
    finished = subprocess.run(
        [*DEMO, "--headless", "--break", fault, "--json"],
        env={**os.environ, "TMPDIR": str(directory)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return finished.returncode, [json.loads(line) for line in finished.stdout.splitlines()]


def first(events: Sequence[dict[str, Any]], name: str) -> datetime:
    return next(datetime.fromisoformat(event["at"]) for event in events if event["event"] == name)


def test_lost_records_are_told_by_name_and_so_is_the_recovery(tmp_path: Path) -> None:
    code, events = headless("drop-records", tmp_path)
    summary = events[-1]
    assert code == 0, summary
    assert summary["event"] == "summary"
    assert summary["fault"] == "drop-records"
    assert summary["alert_seconds"] <= 120
    order = [
        "started", "broken", "check_failed", "incident_opened", "alert_delivered",
        "fixed", "incident_resolved", "recovery_delivered",
    ]  # fmt: skip
    times = [first(events, name) for name in order]
    assert times == sorted(times)
    broken = next(event for event in events if event["event"] == "broken")
    failed = next(event for event in events if event["event"] == "check_failed")
    assert failed["status"] == "fail"
    assert set(failed["tenants"]) == set(broken["records"])
    lost = {key for keys in broken["records"].values() for key in keys}
    assert len(lost) == 15
    assert all(key in failed["reason"] for key in lost)
    told = [alert["reason"] for alert in summary["alerts"]]
    assert (told[0], told[-1]) == ("opened", "resolved")
    assert left_over(tmp_path) == []
    assert list(tmp_path.glob("im-demo-*")) == []


TOLD = [fault for fault, about in FAULTS.items() if about.told and fault != "drop-records"]
HANDLED = [fault for fault, about in FAULTS.items() if about.handled]


@pytest.mark.parametrize("fault", HANDLED)
def test_odd_webhooks_are_dealt_with_and_nobody_is_told(fault: Fault, tmp_path: Path) -> None:
    code, events = headless(fault, tmp_path)
    summary = events[-1]
    assert code == 0, summary
    assert summary["alerts"] == []
    assert summary["handled"]["seconds"] > 0
    assert [event["event"] for event in events[:-1]] == ["started", "broken", "handled", "fixed"]
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("fault", TOLD)
def test_every_other_fault_is_told_by_its_signals_and_so_is_its_end(
    fault: Fault, tmp_path: Path
) -> None:
    code, events = headless(fault, tmp_path)
    assert code == 0, events[-1]
    summary = events[-1]
    assert summary["alert_seconds"] > 0
    assert summary["recovery_seconds"] > 0
    told = " ".join(f"{alert['signals']} {alert['summary']}" for alert in summary["alerts"])
    assert all(each.signal in told for each in FAULTS[fault].told)
    assert SAYS.get(fault, "") in told
    assert left_over(tmp_path) == []


class Attended:
    """A demo in a process of its own, with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.environ = {**os.environ, "INTEGRATION_MONITOR_HOME": str(home)}
        self.process = subprocess.Popen(
            [*DEMO, *FREE_PORTS],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.output: list[str] = []
        for line in self.process.stdout:
            self.output.append(line)
            if "is ready" in line:
                return
        raise AssertionError("".join(self.output))

    def command(self, *arguments: str) -> str:
        return subprocess.run(
            [*DEMO, *arguments], env=self.environ, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.command("status", "--json"))
        return found

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        assert self.process.stdout is not None
        if number != signal.SIGKILL:
            self.output += self.process.stdout
        self.process.stdout.close()
        return self.process.wait(60)


def test_a_demo_is_green_at_the_start_recovers_from_a_kill_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    killed = Attended(tmp_path)
    killed.stop(signal.SIGKILL)
    demo = Attended(tmp_path)
    try:
        status = demo.status()
        assert {verdict["status"] for verdict in status["verdicts"]} == {"ok"}
        assert httpx.get(status["inbox"], trust_env=False).is_success
        assert "stop-sync on billing" in demo.command(
            "break", "stop-sync", "--integration", "billing"
        )
        assert demo.status()["fault"]["fault"] == "stop-sync"
        assert "begun anew" in demo.command("reset")
        assert demo.status()["fault"]["fault"] is None
    finally:
        began = time.monotonic()
        code = demo.stop(signal.SIGINT)
    assert code == 0
    assert time.monotonic() - began < 30
    assert left_over(tmp_path) == []
