"""Facts of calls, for many integrations at once: a query a kind of fact, grouped by the store.

Two connections read side by side: one computes while the rows of the other are taken. Rows are
appended and never changed, so everything here is a sum. Integrations that look back equally far
are read together; one that looks back for hours does not make all others do so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_facts import CallFacts, LimitFacts
from integration_monitor.signals.call_rules import end_of
from integration_monitor.store import (
    call_history,
    call_latencies,
    call_limits,
    call_outcomes,
    call_tenants,
)
from integration_monitor.store.arrays import each_text
from integration_monitor.store.call_latencies import Latencies
from integration_monitor.store.call_spans import Span, spans_of
from integration_monitor.store.call_tables import call_minutes
from integration_monitor.store.call_tenants import Followed
from integration_monitor.store.engine import Store

_NOBODY: Followed = {}


def read(
    store: Store,
    integrations: Iterable[Integration],
    now: datetime,
    followed: Followed = _NOBODY,
) -> dict[str, CallFacts]:
    """The facts of each integration by name, up to the newest minute that had time to arrive.

    Tenants are read where their calls fail, and where they are `followed`. Raises `StoreError`.
    """
    end = end_of(now)
    by_look_back: dict[datetime, list[Span]] = defaultdict(list)
    for span in spans_of(integrations, end):
        by_look_back[span.earliest].append(span)
    facts: dict[str, CallFacts] = {}
    with ThreadPoolExecutor(1, "call_facts") as beside:
        for spans in by_look_back.values():
            facts |= _read(store, beside, spans, end, now, followed)
    return facts


def _read(
    store: Store,
    beside: Executor,
    spans: Sequence[Span],
    end: datetime,
    now: datetime,
    followed: Followed,
) -> Mapping[str, CallFacts]:
    others = beside.submit(_read_others, store, spans, end, now)
    with _reading(store) as connection:
        endpoints = call_outcomes.read(connection, spans, end)
        endpoints = call_history.of_endpoints(connection, spans, endpoints, end)
        tenants = call_tenants.read(connection, spans, end, followed)
        tenants = call_history.of_tenants(connection, spans, tenants, end)
        silent = [span.name for span in spans if not endpoints.get(span.name)]
        newest = _last_calls(connection, silent)
    latencies, limits = others.result()
    return {
        span.name: CallFacts(
            span.name,
            end,
            endpoints=endpoints.get(span.name, {}),
            latencies=latencies.get(span.name, {}),
            tenants=tenants.get(span.name, {}),
            limits=limits.get(span.name, ()),
            last_call=newest.get(span.name),
        )
        for span in spans
    }


def _read_others(
    store: Store, spans: Sequence[Span], end: datetime, now: datetime
) -> tuple[Mapping[str, Latencies], Mapping[str, tuple[LimitFacts, ...]]]:
    with _reading(store) as connection:
        latencies = call_latencies.read(connection, spans, end)
        return latencies, call_limits.read(connection, spans, now)


@contextmanager
def _reading(store: Store) -> Iterator[sa.Connection]:
    """A transaction that may use more memory, compiles no queries, and keeps to one process.

    Two of them are two processes of the database already: with workers of their own each would
    only cost more.
    """
    with store.begin() as connection:
        connection.execute(sa.text("SET LOCAL work_mem = '128MB'"))
        connection.execute(sa.text("SET LOCAL jit = off"))
        connection.execute(sa.text("SET LOCAL max_parallel_workers_per_gather = 0"))
        yield connection


def _last_calls(connection: sa.Connection, names: Sequence[str]) -> dict[str, datetime]:
    """The newest minute that is kept of each integration, by the end of an index."""
    if not names:
        return {}
    each = each_text(names)
    newest = (
        sa.select(call_minutes.c.minute)
        .where(call_minutes.c.integration == each)
        .order_by(call_minutes.c.minute.desc())
        .limit(1)
        .lateral()
    )
    rows = connection.execute(sa.select(each, newest.c.minute).join(newest, sa.true()))
    return {row[0]: row[1] for row in rows}
