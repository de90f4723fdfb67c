"""What the webhook receiver takes a second, durable before it answers, and how long answers take.

64 connections post 1.2 kB each, signed; the server verifies, stores with a group commit, answers.
Beside it, in turns: Starlette that answers 200 to everything, and the least that is durable on the
same PostgreSQL. Sender, server and PostgreSQL are processes of their own and share the machine.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import psycopg

from benchmarks.measuring import Row, options, show
from benchmarks.posting import SECRET
from benchmarks.serving import Server, new_store, serving
from integration_monitor.store.embedded import temporary_postgres

_MANIFEST = """
version: 1
integration: crm
owner: {name: Owner, email: owner@example.com}
webhooks:
  signature: github
  secret: {env: BENCH_SECRET}
  event_id: id
  type: type
  tenant: portal
  object: object.id
  occurred_at: occurred_at
"""

_NAMES = ("bare Starlette", "least that is durable", "ours", "ours, 2 processes")


def main() -> None:
    given = options(__doc__, starts=4, rounds=6, number=5_000, rate=1_000, seconds=10)
    fast = "--number", str(given.number)
    paced = "--number", str(given.rate * given.seconds), "--rate", str(given.rate)
    at_rate: Figures = defaultdict(list)
    at_full: Figures = defaultdict(list)
    orders = _orders()
    with temporary_postgres() as postgres, tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "crm.yaml").write_text(_MANIFEST)
        store_url = new_store(postgres)
        for _ in range(given.starts):
            with _servers(store_url, directory) as servers:
                # The fixed rate first: a disk is busy for a while with what came at full speed.
                _take_turns(servers, next(orders), paced, at_rate)
                for _ in range(given.rounds):
                    _take_turns(servers, next(orders), fast, at_full)
        stored = _stored(store_url)
    rows = [_row(name, at_full, at_rate, given.rate) for name in _NAMES]
    show(rows, as_json=given.json)
    print(f"{stored:,} events are stored")


Figures = dict[str, list[Mapping[str, float]]]
"""By server, one a round."""


def _row(name: str, at_full: Figures, at_rate: Figures, rate: int) -> Row:
    def middle(figures: Figures, figure: str) -> float:
        return statistics.median(one[figure] for one in figures[name])

    def of(other: str) -> float:
        # Within a round: the machine is not equally fast in all of them.
        rounds = zip(at_full[name], at_full[other], strict=True)
        return statistics.median(one["rate"] / peer["rate"] for one, peer in rounds)

    return {
        "server": name,
        "requests/s": middle(at_full, "rate"),
        "of bare": of(_NAMES[0]),
        "of the least": of(_NAMES[1]),
        "of ours": of(_NAMES[2]),
        "processor µs": middle(at_full, "processor"),
        "p99 ms": middle(at_full, "p99"),
        f"p50 ms at {rate:,}/s": middle(at_rate, "p50"),
        f"p99 ms at {rate:,}/s": middle(at_rate, "p99"),
    }


@contextmanager
def _servers(store_url: str, directory: str) -> Iterator[Mapping[str, Server]]:
    """Started anew now and then: of two processes of one program one may be faster by a tenth."""
    with ExitStack() as stack:
        started = (
            stack.enter_context(_floor("bare")),
            stack.enter_context(_floor("minimal", store_url)),
            stack.enter_context(_ours(store_url, directory, 1)),
            stack.enter_context(_ours(store_url, directory, 2)),
        )
        servers = dict(zip(_NAMES, started, strict=True))
        for server in servers.values():
            _post(server.url, ("--number", "1000"))  # to warm up
        yield servers


def _orders() -> Iterator[Sequence[str]]:
    """All 24 orders of four, mixed, again and again.

    PostgreSQL is still busy with what was written in the turn before: nobody shall always follow
    the one that writes nothing.
    """
    orders = list(itertools.permutations(_NAMES))
    random.Random(1).shuffle(orders)
    return itertools.cycle(orders)


def _take_turns(
    servers: Mapping[str, Server], order: Sequence[str], sizes: Sequence[str], found: Figures
) -> None:
    """A round of short turns: a slow moment of the machine meets all of them."""
    for name in order:
        server = servers[name]
        os.sync()
        before = _processor_s(server.process)
        figures = _post(server.url, sizes)
        used = _processor_s(server.process) - before
        found[name].append({**figures, "processor": used / figures["number"] * 1e6})


def _processor_s(process: psutil.Process) -> float:
    """Of a server with all its processes; PostgreSQL is nobody's child."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _post(url: str, sizes: Sequence[str]) -> Mapping[str, float]:
    command = [sys.executable, "-m", "benchmarks.posting", f"{url}/webhooks/crm", *sizes]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: Mapping[str, float] = json.loads(done.stdout)
    return figures


@contextmanager
def _floor(kind: str, *arguments: str) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        fd = listening.fileno()
        command = [sys.executable, "-m", "benchmarks.webhook_floors", kind, str(fd), *arguments]
        process = subprocess.Popen(command, pass_fds=(fd,))
        try:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            yield Server(url, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _ours(store_url: str, directory: str, workers: int) -> Iterator[Server]:
    environ = {"INTEGRATION_MONITOR_DATABASE_URL": store_url, "BENCH_SECRET": SECRET}
    where = "--manifests", directory
    with serving(environ, "--only", "webhooks", "--workers", str(workers), *where) as server:
        yield server


def _stored(store_url: str) -> int:
    with psycopg.connect(store_url) as connection:
        found = connection.execute("select count(*) from integration_monitor.webhook_events")
        (number,) = found.fetchone() or (0,)
    return int(number)


if __name__ == "__main__":
    main()
