"""What a run of many integrations takes where one partner hangs and a few are slow.

Each integration reads a partner's REST API on loopback and looks its records up in the embedded
PostgreSQL. The peer is the same run with nobody hanging: one that hangs may cost it no more than
its deadline.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

import dagster as dg
import psycopg

from benchmarks.measuring import in_child, median, options, rounds, show
from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.manifest.load import load_texts
from integration_monitor.resources import StoreResource
from integration_monitor.store.embedded import EmbeddedPostgres, temporary_postgres
from integration_monitor.store.engine import open_store
from integration_monitor.store.migrate import upgrade

DEADLINE_S = 15
SLOW_S = 2.0
"""What a slow partner takes for each answer."""
_JOB = "integration_monitor_every_15m"
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_MANIFEST = """
version: 1
integration: {name}
owner: {{name: Owner, email: owner@example.com}}
partner: {{base_url: {{env: PARTNER_URL}}}}
auth: {{type: none}}
deadline: {deadline}s
request_timeout: {deadline}s
syncs:
  records:
    every: 15m
    window: 1d
    overlap: 0s
    source:
      rest:
        list: {{path: /{behaviour}/records, query: {{since: "{{since}}", until: "{{until}}"}}}}
        records: results
      key: id
      updated_at: updated_at
    destination:
      sql: {{url: {{env: SIDES_URL}}, table: destination}}
      key: id
      updated_at: updated_at
    lag: {{warn: 15m, fail: 1h}}
"""


def main() -> None:
    """Run both in turns, and print the medians."""
    chosen = options(__doc__, integrations=200, slow=5, repeats=3)
    with temporary_postgres() as server, _partner() as url:
        environ = _databases(server) | {"PARTNER_URL": url}
        without, with_one = rounds(
            chosen.repeats,
            partial(in_child, run, chosen.integrations, chosen.slow, 0, environ),
            partial(in_child, run, chosen.integrations, chosen.slow, 1, environ),
        )
    rest, took = median(without, "run"), median(with_one, "run")
    row = {
        "integrations": chosen.integrations,
        "slow": chosen.slow,
        "none hangs s": rest,
        "one hangs s": took,
        "more s": took - rest,
        "at most more s (its deadline)": DEADLINE_S,
    }
    show([row], as_json=chosen.json)


def run(count: int, slow: int, hanging: int, environ: Mapping[str, str]) -> Mapping[str, float]:
    """One run of all integrations. Those that hang are `unknown`, all others are measured."""
    os.environ.update(environ)
    behaviours = ["hanging"] * hanging + ["slow"] * slow
    behaviours += ["quick"] * (count - len(behaviours))
    texts = {
        f"partner_{n:03}.yaml": _MANIFEST.format(
            name=f"partner_{n:03}", behaviour=behaviour, deadline=DEADLINE_S
        )
        for n, behaviour in enumerate(behaviours)
    }
    defs = build_integration_monitor_defs(
        manifests=load_texts(texts), store=StoreResource(url=environ["STORE_URL"])
    )
    job = defs.resolve_job_def(_JOB)
    with dg.DagsterInstance.local_temp() as instance:
        started = time.perf_counter()
        result = job.execute_in_process(instance=instance, run_config=_QUIET)
        took = time.perf_counter() - started
    checks = result.get_asset_check_evaluations()
    # Of nothing but empty answers no schema is known.
    reconciled = [check for check in checks if check.check_name == "reconciliation"]
    unknown = [c for c in reconciled if c.metadata["status"].value == "unknown"]
    if len(unknown) != hanging:
        reasons = {check.description for check in unknown}
        raise SystemExit(f"{len(unknown)} instead of {hanging} were not measured: {reasons}")
    return {"run": took}


def _databases(server: EmbeddedPostgres) -> dict[str, str]:
    sides, store_url = server.create_database("sides"), server.create_database("store")
    with psycopg.connect(sides) as connection:
        connection.execute(
            "create table destination (id text primary key, updated_at timestamptz not null)"
        )
    store = open_store(store_url)
    upgrade(store)
    store.dispose()
    return {"SIDES_URL": sides, "STORE_URL": store_url}


@contextmanager
def _partner() -> Iterator[str]:
    """A partner in a process of its own, at the URL given."""
    receiving, sending = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(sending,))
    process.start()
    try:
        yield receiving.recv()
    finally:
        process.terminate()
        process.join()


def _serve(sending: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    sending.send(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


class _Handler(BaseHTTPRequestHandler):
    """Answers `/quick/…` at once, `/slow/…` late, and `/hanging/…` never."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        behaviour = self.path.split("/")[1]
        if behaviour == "hanging":
            threading.Event().wait()
        if behaviour == "slow":
            time.sleep(SLOW_S)
        body = json.dumps({"results": []}).encode()
        self.send_response_only(200)
        self.send_header("Date", format_datetime(datetime.now(UTC), usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    main()
