"""What the webhook receiver takes a second, durable before it answers, and how long answers take.

64 connections post 1.2 kB each, signed; the server verifies, stores with a group commit, answers.
Beside it, in turns: Starlette that answers 200 to everything, and the least that is durable on the
same PostgreSQL. Sender, server and PostgreSQL are processes of their own and share the machine.
"""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import psutil
import psycopg

from benchmarks.measuring import Row, options, show
from benchmarks.posting import SECRET
from benchmarks.serving import new_store, serving
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
Serving = Callable[[], AbstractContextManager[str]]


def main() -> None:
    given = options(__doc__, repeats=3, number=30_000, rate=1_000, seconds=10)
    with temporary_postgres() as postgres, tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "crm.yaml").write_text(_MANIFEST)
        store_url = new_store(postgres)
        servers: Mapping[str, Serving] = {
            "bare Starlette": partial(_floor, "bare"),
            "least that is durable": partial(_floor, "minimal", store_url),
            "ours": partial(_ours, store_url, directory, 1),
            "ours, 2 processes": partial(_ours, store_url, directory, 2),
        }
        fast = _rounds(servers, given.repeats, ("--number", str(given.number)))
        paced = ("--number", str(given.rate * given.seconds), "--rate", str(given.rate))
        slow = _rounds(servers, given.repeats, paced)
        stored = _stored(store_url)
    rows = [_row(name, fast, slow, given.rate) for name in servers]
    show(rows, as_json=given.json)
    print(f"{stored:,} events are stored")


def _row(name: str, fast: Figures, slow: Figures, rate: int) -> Row:
    def middle(figures: Figures, server: str, figure: str) -> float:
        return statistics.median(one[figure] for one in figures[server])

    mine = middle(fast, name, "rate")
    return {
        "server": name,
        "requests/s": mine,
        "of bare": mine / middle(fast, "bare Starlette", "rate"),
        "of the least": mine / middle(fast, "least that is durable", "rate"),
        "processor µs": middle(fast, name, "processor"),
        "p99 ms": middle(fast, name, "p99"),
        f"p50 ms at {rate:,}/s": middle(slow, name, "p50"),
        f"p99 ms at {rate:,}/s": middle(slow, name, "p99"),
    }


Figures = Mapping[str, Sequence[Mapping[str, float]]]


def _rounds(servers: Mapping[str, Serving], repeats: int, sizes: Sequence[str]) -> Figures:
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in servers}
    for _ in range(repeats):
        for name, started in servers.items():
            with started() as url:
                _post(url, ("--number", "1000"))  # to warm up
                before = _processor_s()
                figures = _post(url, sizes)
                used = _processor_s() - before
                found[name].append({**figures, "processor": used / figures["number"] * 1e6})
    return found


def _processor_s() -> float:
    """Of the server, with all its processes; the sender has ended, PostgreSQL is nobody's child."""
    times = [one.cpu_times() for one in psutil.Process().children(recursive=True)]
    return sum(one.user + one.system for one in times)


def _post(url: str, sizes: Sequence[str]) -> Mapping[str, float]:
    command = [sys.executable, "-m", "benchmarks.posting", f"{url}/webhooks/crm", *sizes]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: Mapping[str, float] = json.loads(done.stdout)
    return figures


@contextmanager
def _floor(kind: str, *arguments: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        fd = listening.fileno()
        command = [sys.executable, "-m", "benchmarks.webhook_floors", kind, str(fd), *arguments]
        process = subprocess.Popen(command, pass_fds=(fd,))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _ours(store_url: str, directory: str, workers: int) -> Iterator[str]:
    environ = {"INTEGRATION_MONITOR_DATABASE_URL": store_url, "BENCH_SECRET": SECRET}
    where = "--manifests", directory
    with serving(environ, "--only", "webhooks", "--workers", str(workers), *where) as url:
        yield url


def _stored(store_url: str) -> int:
    with psycopg.connect(store_url) as connection:
        found = connection.execute("select count(*) from integration_monitor.webhook_events")
        (number,) = found.fetchone() or (0,)
    return int(number)


if __name__ == "__main__":
    main()
