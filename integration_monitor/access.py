"""Trying once everything that an integration needs: what works, what does not, and why.

Nothing is stored and nothing is judged: this answers whether a measurement could read at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from integration_monitor.access_sides import Result, try_side
from integration_monitor.manifest.domain import (
    SINGLE,
    Endpoint,
    Integration,
    RequestTemplate,
    RestSide,
    Side,
    Sync,
)
from integration_monitor.observe.connections import Connection, list_connections
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.partner_access import partner_client
from integration_monitor.observe.reading import Reading, utc_now
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.single_questions import open_readings
from integration_monitor.observe.templates import Values, render
from integration_monitor.signals.mapped import Role
from integration_monitor.signals.wording import count

CONNECTIONS_AT_ONCE = 4
REQUESTS = 100
"""Requests per connection; each thing is tried with one or two."""


@dataclass(frozen=True)
class Attempt:
    """One thing that was tried. `said` holds no secret."""

    integration: str
    what: str
    """`connections`, `probe`, `endpoint contacts`, `contacts source list`…"""
    tenant: str
    result: Result
    said: str
    """What was seen, or why it does not work."""


@dataclass(frozen=True)
class _Trial:
    """One connection of an integration, with the means to read."""

    integration: Integration
    connection: Connection
    reading: Reading

    def attempt(self, what: str, try_it: Callable[[], str]) -> Attempt:
        """Try something that tells what it saw, or raises `ReadError`."""
        try:
            return self.result(what, "works", try_it())
        except ReadError as error:
            return self.result(what, "fails", str(error))

    def result(self, what: str, result: Result, said: str) -> Attempt:
        return Attempt(self.integration.name, what, self.connection.tenant, result, said)


def try_access(
    integration: Integration,
    *,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Attempt]:
    """Try its connections, probe, endpoints, and the sides of its syncs, as results come in.

    SQL sides are tried with the first connection only: they are the same for all.
    """
    engines = Engines()
    with open_readings(
        integration, engines, requests=REQUESTS, environ=environ, clock=clock
    ) as reading:

        def trial(connection: Connection) -> _Trial:
            return _Trial(integration, connection, reading())

        try:
            yield from _try_all(integration, environ, engines, trial)
        finally:
            engines.dispose()


def _try_all(
    integration: Integration,
    environ: Mapping[str, str],
    engines: Engines,
    trial: Callable[[Connection], _Trial],
) -> Iterator[Attempt]:
    try:
        connections = list_connections(
            integration, environ, engines, Deadline(integration.deadline)
        )
    except ReadError as error:
        yield Attempt(integration.name, "connections", SINGLE, "fails", str(error))
        return
    if not connections:
        yield Attempt(integration.name, "connections", SINGLE, "fails", "there are none")
        return
    if connections[0].tenant != SINGLE:
        said = count(len(connections), "connection")
        yield Attempt(integration.name, "connections", SINGLE, "works", said)
    first = connections[0]
    with ThreadPoolExecutor(CONNECTIONS_AT_ONCE, thread_name_prefix="connection") as pool:
        tried = pool.map(lambda c: list(_try_one(trial(c), with_sql=c is first)), connections)
        for attempts in tried:
            yield from attempts


def _try_one(trial: _Trial, *, with_sql: bool) -> Iterator[Attempt]:
    integration = trial.integration
    if trial.connection.error is not None:
        yield trial.result("credentials", "fails", str(trial.connection.error))
    elif integration.partner is not None:
        if integration.probe is not None:
            request = RequestTemplate(integration.probe.method, integration.probe.path)
            yield trial.attempt("probe", lambda: _answers(trial, request))
        for endpoint in integration.endpoints.values():
            yield _try_endpoint(trial, endpoint)
    for sync in integration.syncs.values():
        yield from _try_sync(trial, sync, with_sql=with_sql)


def _try_endpoint(trial: _Trial, endpoint: Endpoint) -> Attempt:
    what = f"endpoint {endpoint.name}"
    if "{" in endpoint.path:
        return trial.result(what, "not tried", f"{endpoint.path} needs values")
    attempt = trial.attempt(what, lambda: _answers(trial, RequestTemplate("GET", endpoint.path)))
    if attempt.result == "fails" and " 405" in attempt.said:
        return trial.result(what, "not tried", f"{endpoint.path} is there, but not for GET")
    return attempt


def _answers(trial: _Trial, request: RequestTemplate) -> str:
    client = partner_client(trial.integration, trial.connection, trial.reading)
    credentials = {"tenant": trial.connection.tenant, **trial.connection.credentials}
    client.fetch(render(request, Values(connection=credentials)))
    return f"{request.method} {request.path} answers"


def _try_sync(trial: _Trial, sync: Sync, *, with_sql: bool) -> Iterator[Attempt]:
    key: str | None = None
    ends: tuple[tuple[Role, Side], ...] = (
        ("source", sync.source),
        ("destination", sync.destination),
    )
    for role, side in ends:
        is_rest = isinstance(side.at, RestSide)
        if trial.connection.error is not None if is_rest else not with_sql:
            continue
        what = f"{sync.name} {role}"
        try:
            # A partner that hangs must not keep the other side from being tried.
            reading = replace(trial.reading, deadline=Deadline(trial.integration.deadline))
            opened = open_side(side, trial.integration, role, trial.connection, reading)
        except ReadError as error:
            yield trial.result(what, "fails", str(error))
            continue
        tried = try_side(opened, key, counts=_counts(side))
        yield from (trial.result(f"{what} {part.what}", part.result, part.said) for part in tried)
        key = key or next((part.key for part in tried if part.key), None)


def _counts(side: Side) -> bool:
    """Whether the partner's answers are to hold a number, which `where` would make worthless."""
    count = side.at.count if isinstance(side.at, RestSide) else None
    return count is not None and not count.paging and side.where is None
