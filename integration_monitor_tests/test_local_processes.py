from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from integration_monitor.local_processes import (
    HOST,
    Processes,
    ServersError,
    Stopped,
    end_marked,
    stop_signals,
    take_port,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# Says the pid of a child that has left for a session of its own, as some servers' children do.
PARENT = [
    sys.executable,
    "-c",
    """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                         start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
""",
]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path) as started:
        yield started


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_port_in_use_is_named_with_the_option_that_changes_it() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServersError, match=rf"port {port} is in use already: .* --inbox-port"):
            take_port(port, "--inbox-port")
    assert take_port(port, "--inbox-port") == port


def test_port_zero_takes_a_free_one() -> None:
    assert take_port(0, "--port") > 0


def test_leaving_ends_children_of_children_too(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        parent = processes.start("parent", PARENT, os.environ, led=True)
        assert parent.stdout is not None
        grandchild = int(parent.stdout.readline())
        assert alive(grandchild)
    assert not alive(parent.pid)
    assert not alive(grandchild)


def test_what_a_killed_run_left_is_ended_by_the_next_one(tmp_path: Path) -> None:
    earlier = Processes(tmp_path)
    earlier.__enter__()
    left = earlier.start("left", SLEEP, os.environ)
    with Processes(tmp_path) as processes:
        assert not alive(left.pid)
        left.wait(5)
        processes.require_running()


def test_only_processes_of_this_directory_are_ended(tmp_path: Path) -> None:
    with Processes(tmp_path / "mine") as processes:
        mine = processes.start("mine", SLEEP, os.environ)
        assert end_marked(tmp_path / "other") == 0
        assert alive(mine.pid)


def test_an_ended_process_is_told_with_the_end_of_its_log(processes: Processes) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such table')"]
    processes.start("daemon", command, os.environ).wait(10)
    with pytest.raises(ServersError, match=r"daemon ended .* 1\).*daemon.log; .* no such table"):
        processes.require_running()


def test_after_a_stop_nothing_counts_as_running(processes: Processes) -> None:
    processes.start("one", SLEEP, os.environ)
    processes.stop()
    with pytest.raises(ServersError, match="stopped"):
        processes.require_running()
    processes.begin_again()
    processes.require_running()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_once_and_does_not_disturb_the_stopping(number: signal.Signals) -> None:
    stopping = False
    before = signal.getsignal(number)
    with stop_signals():
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        except Stopped:
            os.kill(os.getpid(), number)
            stopping = True
    assert stopping
    assert signal.getsignal(number) is before
