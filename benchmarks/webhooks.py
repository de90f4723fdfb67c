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


def main() -> None:
    given = options(__doc__, rounds=12, number=5_000, rate=1_000, seconds=10)
    fast = "--number", str(given.number)
    paced = "--number", str(given.rate * given.seconds), "--rate", str(given.rate)
    with temporary_postgres() as postgres, tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "crm.yaml").write_text(_MANIFEST)
        store_url = new_store(postgres)
        with ExitStack() as stack:
            servers = {
                "bare Starlette": stack.enter_context(_floor("bare")),
                "least that is durable": stack.enter_context(_floor("minimal", store_url)),
                "ours": stack.enter_context(_ours(store_url, directory, 1)),
                "ours, 2 processes": stack.enter_context(_ours(store_url, directory, 2)),
            }
            for server in servers.values():
                _post(server.url, ("--number", "1000"))  # to warm up
            # The fixed rate first: a disk is busy for a while with what came at full speed.
            at_rate = _in_turns(servers, max(1, given.rounds // 4), paced)
            at_full = _in_turns(servers, given.rounds, fast)
        stored = _stored(store_url)
    rows = [_row(name, at_full, at_rate, given.rate) for name in servers]
    show(rows, as_json=given.json)
    print(f"{stored:,} events are stored")


Figures = Mapping[str, Sequence[Mapping[str, float]]]
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
        "of bare": of("bare Starlette"),
        "of the least": of("least that is durable"),
        "of ours": of("ours"),
        "processor µs": middle(at_full, "processor"),
        "p99 ms": middle(at_full, "p99"),
        f"p50 ms at {rate:,}/s": middle(at_rate, "p50"),
        f"p99 ms at {rate:,}/s": middle(at_rate, "p99"),
    }


def _in_turns(servers: Mapping[str, Server], rounds: int, sizes: Sequence[str]) -> Figures:
    """Short turns, each round another one first: a slow moment of the machine meets all of them."""
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in servers}
    names = list(servers)
    for count in range(rounds):
        first = count % len(names)
        for name in names[first:] + names[:first]:
            server = servers[name]
            before = _processor_s(server.process)
            figures = _post(server.url, sizes)
            used = _processor_s(server.process) - before
            found[name].append({**figures, "processor": used / figures["number"] * 1e6})
    return found


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
