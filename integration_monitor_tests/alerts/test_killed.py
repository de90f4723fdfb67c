"""A process that is killed with SIGKILL leaves no alert behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from integration_monitor.alerts.deliver import deliver
from integration_monitor.store.engine import Store
from integration_monitor_tests.alerts.examples import ONCALL
from integration_monitor_tests.alerts.receiver import Receiver
from integration_monitor_tests.incidents.examples import at

DECIDE = """
import os, signal
from integration_monitor.store.engine import open_store
from integration_monitor_tests.alerts.examples import ONCALL, fleet, see
from integration_monitor_tests.incidents.examples import at, verdict
store = open_store(os.environ["STORE"])
see(store, fleet(), 0, verdict("fail", tenants=["acme"]))
"""
THEN_DIE = "os.kill(os.getpid(), signal.SIGKILL)"
THEN_SEND = """
from integration_monitor.alerts.deliver import deliver
deliver(store, ONCALL, os.environ, clock=lambda: at(0))
"""


def process(store_url: str, code: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, **environ, "STORE": store_url}
    )


def test_killed_between_deciding_and_delivering(
    store: Store, store_url: str, inbox: Receiver
) -> None:
    with process(store_url, DECIDE + THEN_DIE) as decider:
        assert decider.wait(30) == -signal.SIGKILL
    environ = {"ONCALL_URL": inbox.url}
    assert str(deliver(store, ONCALL, environ, clock=lambda: at(1))) == "1 alert sent"
    assert str(deliver(store, ONCALL, environ, clock=lambda: at(2))) == "0 alerts sent"
    assert inbox.reasons == ["opened"]


def test_killed_while_sending(store: Store, store_url: str, inbox: Receiver) -> None:
    with process(store_url, DECIDE + THEN_SEND, ONCALL_URL=f"{inbox.url}/hang") as sender:
        assert inbox.hanging.wait(30)
        sender.kill()
    environ = {"ONCALL_URL": inbox.url}
    assert str(deliver(store, ONCALL, environ, clock=lambda: at(0.9))) == "0 alerts sent"
    assert str(deliver(store, ONCALL, environ, clock=lambda: at(1))) == "1 alert sent"
