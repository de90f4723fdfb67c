from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_monitor.demo.led import Led
from integration_monitor.local_processes import Processes, ServersError

ECHO = "import sys\nfor line in sys.stdin: print('heard', line.strip(), flush=True)"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path) as started:
        yield started


def lead(processes: Processes, code: str) -> Led:
    process = processes.start("echo", [sys.executable, "-c", code], os.environ, led=True)
    return Led("echo", process, why=processes.require_running)


def test_each_line_is_answered_until_there_is_nothing_more_to_do(processes: Processes) -> None:
    led = lead(processes, ECHO)
    assert led.ask("one") == "heard one"
    assert led.ask("two") == "heard two"
    led.end()


def test_an_end_is_told_with_its_reason(processes: Processes) -> None:
    led = lead(processes, "import sys; sys.exit('address already in use')")
    with pytest.raises(ServersError, match=r"echo ended unexpectedly .* address already in use"):
        led.listen()
