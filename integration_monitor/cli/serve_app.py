"""The app of `serve`, out of what it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.types import ASGIApp

    from integration_monitor.ingest.receiver.reception import Reception
    from integration_monitor.ingest.watched_fleet import WatchedFleet
    from integration_monitor.store.engine import Store

TOKEN = "INTEGRATION_MONITOR_CALLS_TOKEN"  # noqa: S105 - the name of a variable
METRICS_TOKEN = "INTEGRATION_MONITOR_METRICS_TOKEN"  # noqa: S105 - the name of a variable


class Only(StrEnum):
    """The part of the server that runs."""

    webhooks = "webhooks"
    private = "private"


def build_app(
    store: Store,
    manifests: Path,
    environ: Mapping[str, str],
    *,
    only: Only | None,
    max_body: int,
) -> ASGIApp:
    """The app of `serve`. Raises `ManifestDirectoryError`."""
    from integration_monitor.ingest.bearer import BearerGuard
    from integration_monitor.ingest.server import create_app
    from integration_monitor.ingest.watched_fleet import WatchedFleet
    from integration_monitor.store.migrate import require_current

    fleet = WatchedFleet(manifests)
    return create_app(
        routers=[] if only == Only.webhooks else _private(store, fleet, environ),
        check_store=lambda: require_current(store),
        reception=None if only == Only.private else _reception(store, fleet, environ, max_body),
        docs_guard=BearerGuard(environ.get(TOKEN), variable=TOKEN, here=True),
    )


def _private(store: Store, fleet: WatchedFleet, environ: Mapping[str, str]) -> list[APIRouter]:
    from integration_monitor.ingest.bearer import BearerGuard
    from integration_monitor.ingest.call_intake import CallIntake
    from integration_monitor.ingest.calls_api import calls_router
    from integration_monitor.ingest.metrics import Remembered, metrics_router, read_fleet

    writing = BearerGuard(environ.get(TOKEN), variable=TOKEN)
    reading = BearerGuard(environ.get(METRICS_TOKEN) or environ.get(TOKEN), variable=TOKEN)
    metrics = Remembered(lambda: read_fleet(store, fleet.current(), datetime.now(UTC)))
    return [
        calls_router(CallIntake(fleet.current, store).take, guard=writing),
        metrics_router(metrics, guard=reading),
    ]


def _reception(
    store: Store, fleet: WatchedFleet, environ: Mapping[str, str], max_body: int
) -> Reception:
    from integration_monitor.ingest.receiver.intakes import Intakes
    from integration_monitor.ingest.receiver.limits import Limits
    from integration_monitor.ingest.receiver.reception import Reception
    from integration_monitor.store.webhook_intake import WebhookWriter
    from integration_monitor.store.webhook_notes import NoteWriter

    intakes = Intakes(fleet.current, environ)
    limits = Limits(bytes=max_body)
    return Reception(intakes, WebhookWriter(store), NoteWriter(store), limits=limits)
