"""`serve`: the server that takes calls from other languages and shows metrics."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from integration_monitor.cli.context import (
    Directory,
    clear_errors,
    environment,
    fail,
    manifest_directory,
    opened_store,
    progress,
)

if TYPE_CHECKING:
    from fastapi import FastAPI

    from integration_monitor.store.engine import Store

TOKEN = "INTEGRATION_MONITOR_CALLS_TOKEN"  # noqa: S105 - the name of a variable
METRICS_TOKEN = "INTEGRATION_MONITOR_METRICS_TOKEN"  # noqa: S105 - the name of a variable


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = 8000,
    directory: Directory = None,
) -> None:
    """Take calls by `POST /v1/calls` and serve `/metrics`, until Ctrl-C.

    The token of its private routes is read from INTEGRATION_MONITOR_CALLS_TOKEN; `/metrics` takes
    the one of INTEGRATION_MONITOR_METRICS_TOKEN instead, where that is set. Without a token only
    this machine is let in, and no other address can be listened on. `/docs` describes the routes.
    """
    environ = environment()
    _require_packages()
    _require_token(host, environ)
    manifests = manifest_directory(directory, environ)
    with clear_errors(), opened_store(environ) as store:
        app = build_app(store, manifests, environ)
        with _listening(host, port) as listening:
            progress(f"serving on {_address(host, listening)}; Ctrl-C stops it")
            _run(app, listening)


def build_app(store: Store, manifests: Path, environ: Mapping[str, str]) -> FastAPI:
    """The app of `serve`. Raises `ManifestDirectoryError`."""
    from integration_monitor.ingest.bearer import BearerGuard
    from integration_monitor.ingest.call_intake import CallIntake
    from integration_monitor.ingest.calls_api import calls_router
    from integration_monitor.ingest.metrics import Remembered, metrics_router, read_fleet
    from integration_monitor.ingest.server import create_app
    from integration_monitor.ingest.watched_fleet import WatchedFleet
    from integration_monitor.store.migrate import require_current

    fleet = WatchedFleet(manifests).current
    writing = BearerGuard(environ.get(TOKEN), variable=TOKEN)
    reading = BearerGuard(environ.get(METRICS_TOKEN) or environ.get(TOKEN), variable=TOKEN)
    metrics = Remembered(lambda: read_fleet(store, fleet(), datetime.now(UTC)))
    return create_app(
        routers=[
            calls_router(CallIntake(fleet, store).take, guard=writing),
            metrics_router(metrics, guard=reading),
        ],
        check_store=lambda: require_current(store),
    )


def _require_packages() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        fail(f"{error.name} is not installed: pip install 'integration-monitor[server]'")


def _require_token(host: str, environ: Mapping[str, str]) -> None:
    from integration_monitor.ingest.bearer import is_loopback

    if not is_loopback(host) and not environ.get(TOKEN):
        fail(
            f"{host} can be reached from other machines: set {TOKEN} to a long random text, and"
            " give it to those who may send calls"
        )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # Python adds the address to what the system says.
        why = str(error.strerror).partition(" (")[0]
        fail(f"cannot listen on {host}, port {port}: {why}; see --host and --port")


def _address(host: str, listening: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"


def _run(app: FastAPI, listening: socket.socket) -> None:
    """Until somebody stops it; what is under way is finished."""
    import uvicorn

    from integration_monitor.local_processes import Stopped, stop_signals

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5
    )
    try:
        with stop_signals():
            uvicorn.Server(config).run(sockets=[listening])
    except Stopped:
        progress("stopped")
