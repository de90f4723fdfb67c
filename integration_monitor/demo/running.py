"""Starting a whole demo, and ending it."""

from __future__ import annotations

import json
import os
import secrets
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from integration_monitor.demo.clock import iso, utc_now
from integration_monitor.demo.home import Addresses, DemoHome
from integration_monitor.demo.led import Led
from integration_monitor.demo.replay import beginning, times
from integration_monitor.demo.variables import (
    INBOX_URL,
    PARTNER_URL,
    PRODUCT_URL,
    WAREHOUSE_URL,
    WEBHOOK_SECRET,
)
from integration_monitor.ingest.spill import DIRECTORY as SPILL
from integration_monitor.local_processes import HOST, Processes, take_port
from integration_monitor.local_servers import (
    LocalServers,
    Say,
    exclusive,
    prepare,
    start_daemon,
    start_receiver,
    start_ui,
)
from integration_monitor.program import program
from integration_monitor.store.embedded import EmbeddedPostgres, embedded_postgres
from integration_monitor.store.engine import DATABASE_URL

SENSOR_INTERVAL_S = 5
_DATABASES = ("monitor", "dagster", "product", "warehouse")


@dataclass(frozen=True)
class Ports:
    """Where a demo is to answer; 0 takes a free port."""

    dagster: int = 3000
    partner: int = 3001
    inbox: int = 3002
    receiver: int = 3003

    def taken(self) -> Ports:
        """The same with free ports for zeros. Raises `ServersError` where one is in use."""
        return Ports(
            dagster=take_port(self.dagster, "--port"),
            partner=take_port(self.partner, "--partner-port"),
            inbox=take_port(self.inbox, "--inbox-port"),
            receiver=take_port(self.receiver, "--receiver-port"),
        )


@dataclass(frozen=True)
class RunningDemo:
    """A demo that is ready to be watched."""

    home: DemoHome
    addresses: Addresses
    processes: Processes


class DemoServers:
    """The database server of a demo, on which it can be started again and again."""

    def __init__(
        self, home: DemoHome, ports: Ports, processes: Processes, postgres: EmbeddedPostgres
    ) -> None:
        self._home = home
        self._ports = ports
        self._processes = processes
        self._postgres = postgres

    def start(self, say: Say) -> RunningDemo:
        """Begin a new story. Raises `ServersError` and `StoreError`."""
        started_at = iso(utc_now())
        self._processes.begin_again()
        self._home.begin()
        self._home.copy_manifests()
        dagster = f"http://{HOST}:{self._ports.dagster}"
        self._home.set_dagster_url(dagster)
        say("setting up a company: two partners, a product database, a warehouse")
        for name in _DATABASES:
            self._postgres.drop_database(name)
        secret = _webhook_secret()
        world, urls = self._start_world(dagster, secret)
        servers = self._prepare(urls, secret)
        say("starting Dagster, and living through an hour of history")
        with ThreadPoolExecutor(2) as pool:
            ui = pool.submit(start_ui, servers)
            receiver = pool.submit(start_receiver, servers, self._ports.receiver)
            try:
                self._live_through(world, servers, say)
            except BaseException:
                # Otherwise leaving the block waits until the UI is there.
                self._processes.stop()
                raise
            # At once: what is waited for between history and life would be the partner's silence.
            receiver.result()
            world.ask("live")
            ui.result()
        start_daemon(servers)
        addresses = Addresses(
            dagster=dagster,
            partner=urls["partner"],
            inbox=urls["inbox"],
            receiver=f"http://{HOST}:{self._ports.receiver}",
            product=urls[PRODUCT_URL],
            store=self._postgres.url("monitor"),
            pid=os.getpid(),
            started_at=started_at,
            ready_at=iso(utc_now()),
        )
        self._home.announce(addresses)
        return RunningDemo(self._home, addresses, self._processes)

    def require_running(self) -> None:
        """Raises `ServersError` where a process has ended."""
        self._processes.require_running()

    def stop(self) -> None:
        """End the story; the database server goes on."""
        self._processes.stop()

    def _start_world(self, dagster: str, secret: str) -> tuple[Led, dict[str, str]]:
        databases = {
            PRODUCT_URL: self._postgres.create_database("product"),
            WAREHOUSE_URL: self._postgres.create_database("warehouse"),
        }
        command = [
            *(sys.executable, "-m", "integration_monitor.demo.world_main"),
            *("--faults", str(self._home.faults)),
            *("--partner-port", str(self._ports.partner)),
            *("--inbox-port", str(self._ports.inbox)),
            *("--receiver", f"http://{HOST}:{self._ports.receiver}"),
            *("--links", json.dumps({"Dagster": dagster})),
            *("--program", program()),
        ]
        environ = {
            **os.environ,
            **databases,
            WEBHOOK_SECRET: secret,
            # For the transports of the syncs: it exists before they make their first watched call.
            DATABASE_URL: self._postgres.url("monitor"),
            "INTEGRATION_MONITOR_MANIFESTS": str(self._home.manifests.resolve()),
            SPILL: str(self._home.spill),
        }
        world = self._lead("company", command, environ)
        return world, {**databases, **json.loads(world.listen())}

    def _lead(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> Led:
        process = self._processes.start(name, command, environ, led=True)
        return Led(name, process, why=self._processes.require_running)

    def _prepare(self, urls: dict[str, str], secret: str) -> LocalServers:
        environ = {
            **os.environ,
            PRODUCT_URL: urls[PRODUCT_URL],
            WAREHOUSE_URL: urls[WAREHOUSE_URL],
            WEBHOOK_SECRET: secret,
            PARTNER_URL: urls["partner"],
            INBOX_URL: f"{urls['inbox']}/alerts",
            "INTEGRATION_MONITOR_SENSOR_INTERVAL_S": str(SENSOR_INTERVAL_S),
        }
        return prepare(
            self._processes,
            self._home.directory,
            self._postgres,
            manifests=self._home.manifests,
            port=self._ports.dagster,
            environ=environ,
        )

    def _live_through(self, world: Led, servers: LocalServers, say: Say) -> None:
        command = [
            *(sys.executable, "-m", "integration_monitor.demo.history_main"),
            str(self._home.manifests),
        ]
        history = self._lead("history", command, servers.environ)
        history.listen()
        now = utc_now()
        world.ask(f"begin {iso(beginning(now))}")
        moments = times(now)
        for done, at in enumerate(moments, 1):
            world.ask(f"replay {iso(at)}")
            history.ask(f"measure {iso(at)}")
            say(f"history: {done} of {len(moments)} measured")
        history.ask(f"finish {iso(utc_now())}")
        history.end()
        self._processes.forget("history")


def _webhook_secret() -> str:
    """A new one for each story, as Standard Webhooks writes them."""
    return f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"


@contextmanager
def demo_servers(home: DemoHome, ports: Ports, say: Say) -> Iterator[DemoServers]:
    """A database server for a demo; leaving the block ends everything.

    Raises `ServersError` where a port is in use or another demo runs in the same home.
    """
    with exclusive(home.directory) as processes:
        taken = ports.taken()
        say("starting PostgreSQL")
        with embedded_postgres(home.directory / "postgres") as postgres:
            try:
                yield DemoServers(home, taken, processes, postgres)
            finally:
                # Before their database goes.
                processes.stop()
