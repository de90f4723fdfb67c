"""Sampled answers of partners, followed in the store: what they are compared with, what differs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from integration_monitor.manifest.domain import Endpoint, Integration
from integration_monitor.observe.fingerprint import digest
from integration_monitor.signals.response_schema import LEARNING, RULES
from integration_monitor.signals.schema_changes import learn
from integration_monitor.signals.shape import Shape
from integration_monitor.store import baselines, response_shapes
from integration_monitor.store.engine import Store
from integration_monitor.store.follow_up import follow_up
from integration_monitor.store.response_shapes import Known

AT_ONCE = 200
"""Samples that one call looks at, some 2 ms each: judging the fleet must not wait for them."""
WAIT = timedelta(minutes=10)
"""So long a sample waits for its turn. What comes faster is thinned out: drift is not urgent."""


def follow_answers(store: Store, integrations: Sequence[Integration], now: datetime) -> int:
    """Compare the samples that wait with the baselines; how many endpoints were looked at.

    In a transaction of its own, which holds the lock of these baselines no longer than needed.
    Raises `StoreError` where the store is away.
    """
    endpoints = {
        (each.name, name): e for each in integrations for name, e in each.endpoints.items()
    }
    with store.begin() as connection:
        names = [each.name for each in integrations]
        taken = response_shapes.take(connection, names, AT_ONCE)
        response_shapes.drop_older(connection, names, now - WAIT)
        # Of URLs that match no endpoint anything may be answered.
        watched = {key: shape for key, shape in taken.items() if key in endpoints}
        known = response_shapes.known(connection, watched.keys())
        for key, shape in sorted(watched.items(), key=lambda item: item[0]):
            _follow(connection, key, endpoints[key], known.get(key), shape, now)
    return len(watched)


def definition(endpoint: Endpoint) -> str:
    """A digest of where an endpoint is: another path has other answers."""
    return digest(endpoint.path)


def _follow(
    connection: sa.Connection,
    key: tuple[str, str],
    endpoint: Endpoint,
    known: Known | None,
    observed: Shape,
    at: datetime,
) -> None:
    wanted = definition(endpoint)
    if known is not None and known.baseline.fingerprint != wanted:
        baselines.close(
            connection,
            known.baseline,
            known.changes,
            "superseded",
            at=at,
            note="the endpoint's path changed",
        )
        known = None
    if known is None:
        unit = response_shapes.unit(*key)
        baselines.record(connection, unit, observed, fingerprint=wanted, at=at)
    elif not known.changes and known.baseline.shape.records < LEARNING:
        learnt = learn(known.baseline.shape, observed)
        baselines.learn(connection, known.baseline, learnt)
    else:
        follow_up(
            connection, known.baseline, known.changes, observed, rules=RULES, mapped=(), at=at
        )
