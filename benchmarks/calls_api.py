"""What `POST /v1/calls` takes a second, beside Postgres COPY of the same rows.

The server is a process of its own, as `integration-monitor serve` starts it. Each batch is an event
a row: COPY writes the rows as they are, in a transaction a batch; we check each event, match its
address, judge its answer, sum up, and store counts, failing calls and limits, in a transaction too.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import psycopg

from benchmarks.measuring import Cost, Row, in_child, median, options, rounds, show
from benchmarks.serving import new_store, serving
from integration_monitor.store.embedded import EmbeddedPostgres, temporary_postgres

BATCH = 1_000
AT_ONCE = 4
_TOKEN = "bench"
_MANIFEST = """
version: 1
integration: {name}
owner: {{name: Owner, email: owner@example.com}}
partner: {{base_url: https://api.example.com}}
endpoints:
  contacts: {{path: /contacts}}
  contact: {{path: "/contacts/{{id}}"}}
  deals: {{path: /deals}}
  search: {{path: /deals/search}}
  notes: {{path: "/contacts/{{id}}/notes"}}
"""
_PATHS = ("/contacts", "/contacts/{}", "/deals", "/deals/search", "/contacts/{}/notes")
_STATUS = (*[200] * 97, 422, 429, 500)
_TABLE = """
create table events (
    integration text, url text, tenant text, method text, status int, started_at timestamptz,
    duration_ms float
)
"""
_COLUMNS = ("integration", "url", "tenant", "method", "status", "started_at", "duration_ms")


def main() -> None:
    """Run all in turns, and print the medians."""
    chosen = options(__doc__, events=100_000, repeats=3)
    with temporary_postgres() as server, _serving(server) as url:
        rows = server.create_database("rows")
        with psycopg.connect(rows) as connection:
            connection.execute(_TABLE)
        works = {
            "COPY of the rows": partial(in_child, copy, rows, chosen.events),
            "POST, one sender": partial(in_child, post, url, chosen.events, 1),
            f"POST, {AT_ONCE} senders": partial(in_child, post, url, chosen.events, AT_ONCE),
        }
        costs = dict(zip(works, rounds(chosen.repeats, *works.values()), strict=True))
    floor = median(costs["COPY of the rows"], "took")
    table: list[Row] = [_row(name, found, chosen.events, floor) for name, found in costs.items()]
    show(table, as_json=chosen.json)


def _row(name: str, found: Sequence[Cost], events: int, floor: float) -> Row:
    took = median(found, "took")
    return {
        "events": events,
        "what": name,
        "s": took,
        "events a second": round(events / took),
        "ms a batch": took / (events / BATCH) * 1_000,
        "COPY takes times": took / floor,
    }


def copy(url: str, events: int) -> Mapping[str, float]:
    """The floor: the rows into a plain table without an index."""
    batches = [
        [tuple(event[name] for name in _COLUMNS) for event in batch] for batch in _batches(events)
    ]
    started = time.perf_counter()
    with psycopg.connect(url) as connection:
        for batch in batches:
            with connection.cursor() as cursor, cursor.copy("copy events from stdin") as writing:
                for row in batch:
                    writing.write_row(row)
            connection.commit()
    return {"took": time.perf_counter() - started}


def post(url: str, events: int, senders: int) -> Mapping[str, float]:
    """The same as batches of JSON, over connections that are kept open."""
    bodies = [
        json.dumps({"batch_id": f"{os.getpid()}-{number}", "events": batch}).encode()
        for number, batch in enumerate(_batches(events))
    ]
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as http:
        started = time.perf_counter()
        with ThreadPoolExecutor(senders) as pool:
            answers = list(pool.map(lambda body: http.post("/v1/calls", content=body), bodies))
        took = time.perf_counter() - started
    accepted = sum(answer.raise_for_status().json()["accepted"] for answer in answers)
    if accepted != events:
        raise SystemExit(f"{accepted} of {events} events were taken: {answers[0].text[:500]}")
    return {"took": took}


def _batches(events: int) -> Iterator[list[dict[str, object]]]:
    """4 integrations with 5 endpoints and 50 tenants, over some minutes; 3 % fail."""
    chance, now = random.Random(7), datetime.now(UTC)
    for _ in range(events // BATCH):
        yield [_event(chance, now) for _ in range(BATCH)]


def _event(chance: random.Random, now: datetime) -> dict[str, object]:
    path = chance.choice(_PATHS).format(chance.randrange(10_000))
    return {
        "integration": f"partner_{chance.randrange(4)}",
        "url": f"https://api.example.com{path}",
        "tenant": f"tenant-{chance.randrange(50)}",
        "method": "GET",
        "status": chance.choice(_STATUS),
        "started_at": (now - timedelta(seconds=chance.uniform(0, 120))).isoformat(),
        "duration_ms": round(chance.lognormvariate(5, 0.7), 3),
        "headers": {"content-type": "application/json", "ratelimit": '"burst";r=50;t=30'},
    }


@contextmanager
def _serving(postgres: EmbeddedPostgres) -> Iterator[str]:
    """`integration-monitor serve` with a store of its own."""
    store_url = new_store(postgres)
    with tempfile.TemporaryDirectory() as directory:
        for number in range(4):
            name = f"partner_{number}"
            (Path(directory) / f"{name}.yaml").write_text(_MANIFEST.format(name=name))
        environ = {
            "INTEGRATION_MONITOR_DATABASE_URL": store_url,
            "INTEGRATION_MONITOR_CALLS_TOKEN": _TOKEN,
        }
        with serving(environ, "--manifests", directory) as server:
            yield server.url


if __name__ == "__main__":
    main()
