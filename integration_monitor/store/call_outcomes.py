"""How the calls of each endpoint ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from integration_monitor.signals.call_facts import EndpointCalls, OutcomeCounts, Stretches
from integration_monitor.store.call_spans import Span
from integration_monitor.store.call_tables import call_minutes

Endpoints = dict[str, EndpointCalls]

_SERIES = call_minutes.c.integration, call_minutes.c.endpoint, call_minutes.c.outcome


def read(connection: sa.Connection, spans: Sequence[Span], end: datetime) -> dict[str, Endpoints]:
    """The endpoints of each integration that were called in its window."""
    starts = sorted({start for span in spans for start in _starts(span)})
    minute, calls = call_minutes.c.minute, call_minutes.c.calls
    # A column for each stretch that any integration is judged by: a row then is all of a series.
    since = [
        sa.func.coalesce(sa.func.sum(calls).filter(minute >= start), 0).cast(sa.BigInteger)
        for start in starts
    ]
    rows = connection.execute(
        sa.select(*_SERIES, *since)
        .where(
            minute >= starts[0],
            minute < end,
            call_minutes.c.integration == sa.any_(names(spans)),
        )
        .group_by(*_SERIES)
    )
    at = {start: 3 + place for place, start in enumerate(starts)}
    places = {span.name: [at[start] for start in _starts(span)] for span in spans}
    found: dict[str, dict[str, dict[str, OutcomeCounts]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        window, older, newer, burst, rise = (row[place] for place in places[row[0]])
        stretches = Stretches(window, older - newer, newer)
        found[row[0]][row[1]][row[2]] = OutcomeCounts(stretches, burst, rise)
    return {name: _called(endpoints) for name, endpoints in found.items()}


def _called(endpoints: Mapping[str, Mapping[str, OutcomeCounts]]) -> Endpoints:
    known = {endpoint: EndpointCalls(outcomes) for endpoint, outcomes in endpoints.items()}
    return {endpoint: calls for endpoint, calls in known.items() if calls.calls.window}


def names(spans: Sequence[Span]) -> sa.BindParameter[Sequence[str]]:
    """The integrations as an array."""
    return sa.bindparam("integrations", [span.name for span in spans], sa.ARRAY(sa.Text))


def _starts(span: Span) -> tuple[datetime, ...]:
    return span.window, span.errors.older, span.errors.newer, span.burst, span.rise
