"""A demo that somebody watches: it runs until Ctrl-C, and can begin anew."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from integration_monitor.demo.home import DemoHome, NoDemo
from integration_monitor.demo.running import Ports, RunningDemo, demo_servers
from integration_monitor.local_processes import ServersError, Stopped, stop_signals
from integration_monitor.local_servers import Say

RESET_WITHIN_S = 180.0
_POLL_S = 0.5


def serve(home: DemoHome, ports: Ports, *, say: Say, show: Callable[[RunningDemo], None]) -> None:
    """Run a demo until Ctrl-C or SIGTERM; `show` is called whenever it is ready.

    Raises `ServersError` and `StoreError`.
    """
    with stop_signals(), _reset_requests() as reset:
        try:
            with demo_servers(home, ports, say) as servers:
                try:
                    while True:
                        show(servers.start(say))
                        _watch(servers.require_running, reset)
                        say("beginning anew")
                        servers.stop()
                        home.forget_manifests()
                except Stopped:
                    say("stopping everything")
                    raise
        except Stopped:
            say("stopped")


def request_reset(home: DemoHome) -> None:
    """Let the running demo begin anew, and wait for it. Raises `NoDemo` and `ServersError`."""
    before = home.addresses()
    os.kill(before.pid, signal.SIGUSR1)
    give_up = time.monotonic() + RESET_WITHIN_S
    while time.monotonic() < give_up:
        time.sleep(_POLL_S)
        try:
            if home.addresses().ready_at != before.ready_at:
                return
        except NoDemo:
            continue
    raise ServersError(f"the demo did not begin anew within {RESET_WITHIN_S:g} s")


def _watch(require_running: Callable[[], None], reset: threading.Event) -> None:
    while not reset.is_set():
        require_running()
        reset.wait(_POLL_S)
    reset.clear()


@contextmanager
def _reset_requests() -> Iterator[threading.Event]:
    requested = threading.Event()

    def request(_number: int, _frame: FrameType | None) -> None:
        requested.set()

    before = signal.signal(signal.SIGUSR1, request)
    try:
        yield requested
    finally:
        signal.signal(signal.SIGUSR1, before)
