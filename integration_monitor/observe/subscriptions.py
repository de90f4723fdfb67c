"""Asking partners whether they still have our webhooks enabled, one request a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE, Integration, RequestTemplate
from integration_monitor.manifest.webhooks import Subscription
from integration_monitor.observe.connections import Connection, list_connections
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.json_path import Path
from integration_monitor.observe.limits import Deadline
from integration_monitor.observe.partner_access import partner_client
from integration_monitor.observe.reading import Reading, utc_now
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.single_questions import open_readings
from integration_monitor.observe.templates import Values, render
from integration_monitor.signals.webhook_subscription import Said
from integration_monitor.store import webhook_subscriptions
from integration_monitor.store.engine import Store

AT_ONCE = 4
"""Integrations, and connections of each."""
AGAIN_AFTER = timedelta(minutes=15)
"""When a partner that could not be asked is asked again."""
REQUESTS = 10
"""For one connection: a token, the question, and patience."""
_EARLY = timedelta(minutes=1)
"""A tick that comes a little early counts: the next one would be late."""

Answers = Mapping[str, Said]
"""By connection."""


def due(store: Store, integrations: Sequence[Integration], now: datetime) -> list[Integration]:
    """Those of which a partner is to be asked now. Raises `StoreError` where the store is away."""
    with store.begin() as connection:
        said = webhook_subscriptions.read(connection, [each.name for each in integrations])
    return [each for each in integrations if _is_due(said.get(each.name, {}), each, now)]


def _is_due(said: Answers, integration: Integration, now: datetime) -> bool:
    subscription = _declared(integration)
    if subscription is None:
        return False
    if not said:
        return True
    failed = any(each.enabled is None for each in said.values())
    wait = min(subscription.every, AGAIN_AFTER) if failed else subscription.every
    return now - min(each.asked_at for each in said.values()) >= wait - _EARLY


def ask_about_subscriptions(
    store: Store,
    integrations: Sequence[Integration],
    environ: Mapping[str, str],
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Mapping[str, Answers]:
    """Ask now, side by side, and keep what is said or why nobody could be asked; by integration.

    Integrations that declare no request for it are left out. Raises `StoreError`.
    """
    declared = [each for each in integrations if _declared(each) is not None]
    with ThreadPoolExecutor(AT_ONCE, "subscriptions") as pool:
        found = pool.map(lambda each: _ask_integration(store, each, environ, clock), declared)
        return {each.name: said for each, said in zip(declared, found, strict=True)}


def _ask_integration(
    store: Store,
    integration: Integration,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
) -> Answers:
    engines = Engines()
    try:
        try:
            deadline = Deadline(integration.deadline)
            connections = list_connections(integration, environ, engines, deadline)
        except ReadError as error:
            # What was said of each is not forgotten because the list cannot be read.
            unlisted = {SINGLE: Said(clock(), None, str(error))}
            with store.begin() as connection:
                webhook_subscriptions.save(connection, integration.name, unlisted, are_all=False)
            return unlisted
        said = _ask_connections(integration, connections, engines, environ, clock)
    finally:
        engines.dispose()
    with store.begin() as connection:
        webhook_subscriptions.save(connection, integration.name, said)
    return said


def _ask_connections(
    integration: Integration,
    connections: Sequence[Connection],
    engines: Engines,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
) -> Answers:
    with open_readings(
        integration, engines, requests=REQUESTS, environ=environ, clock=clock
    ) as reading:

        def ask(connection: Connection) -> Said:
            try:
                return Said(clock(), _is_enabled(integration, connection, reading()))
            except ReadError as error:
                return Said(clock(), None, str(error))

        with ThreadPoolExecutor(AT_ONCE, "connection") as pool:
            answers = list(pool.map(ask, connections))
    return {each.tenant: said for each, said in zip(connections, answers, strict=True)}


def _is_enabled(integration: Integration, connection: Connection, reading: Reading) -> bool:
    """What the partner says. Raises `ReadError`, also where its answer does not say it."""
    subscription = _declared(integration)
    if subscription is None:
        raise ReadError("config", f"{integration.name}: no `subscription` is declared")
    if connection.error is not None:
        raise connection.error
    client = partner_client(integration, connection, reading)
    request = RequestTemplate(subscription.method, subscription.path)
    values = Values(connection={"tenant": connection.tenant, **connection.credentials})
    answered = client.fetch(render(request, values))
    enabled = Path(subscription.enabled).of(answered.document)
    if not isinstance(enabled, bool):
        what = f"{subscription.method} {subscription.path}"
        raise ReadError(
            "bad_response", f"{what}: `{subscription.enabled}` is neither true nor false in it"
        )
    return enabled


def _declared(integration: Integration) -> Subscription | None:
    return integration.webhooks.subscription if integration.webhooks else None
