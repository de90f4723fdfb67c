"""`serve`: takes webhooks, and calls from other languages, and shows metrics."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
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
from integration_monitor.cli.serve_app import TOKEN, Only, build_app

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from integration_monitor.supervisor import Child

MEGABYTE = 1024 * 1024
GRACE_S = 5
"""Seconds for requests that are under way when it is stopped."""
PATIENCE = timedelta(seconds=10)
"""Of the store, for a statement of a route."""


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")
    ] = 8000,
    directory: Directory = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer requests.")
    ] = 1,
    only: Annotated[
        Only | None,
        typer.Option(
            help="webhooks: what partners post, and nothing else, so that it may be public;"
            " private: all the rest."
        ),
    ] = None,
    max_body: Annotated[
        int, typer.Option(min=1024, help="The most bytes of a webhook.", metavar="BYTES")
    ] = MEGABYTE,
    fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Take webhooks and `POST /v1/calls`, and serve `/metrics`, until Ctrl-C.

    Beside it a process hands webhooks on, as `webhooks process` does, except with
    `--only webhooks`.

    The token of its private routes is read from INTEGRATION_MONITOR_CALLS_TOKEN; `/metrics` takes
    the one of INTEGRATION_MONITOR_METRICS_TOKEN instead, where that is set. Without a token only
    this machine is let in to them, and no other address can be listened on, unless with
    `--only webhooks`: these are let in by their signatures. `/docs` describes the routes.
    """
    environ = environment()
    _require_packages()
    if only != Only.webhooks:
        _require_token(host, environ, only)
    manifests = manifest_directory(directory, environ)
    opened = opened_store(environ, checked=fd is None, patience=PATIENCE)
    with clear_errors(), opened as store:
        app = build_app(store, manifests, environ, only=only, max_body=max_body)
        if fd is not None:
            _run(app, socket.socket(fileno=fd))
            return
        with ExitStack() as stack:
            sockets = [stack.enter_context(one) for one in _listening(host, port, workers)]
            options = ["--manifests", str(manifests), "--max-body", str(max_body)]
            if only is not None:
                options += ["--only", only.value]
            answering = _workers(sockets, host, options) if workers > 1 else []
            children = [*answering, *_beside(only, manifests)]
            progress(f"serving on {_address(host, sockets[0])}; Ctrl-C stops it")
            _supervise(children, environ, None if answering else app, sockets)


def _beside(only: Only | None, manifests: Path) -> Sequence[Child]:
    """Processes that run beside those that answer requests."""
    from integration_monitor.supervisor import Child

    if only == Only.webhooks:
        return []
    process = ("webhooks", "process", "--manifests", str(manifests))
    return [Child("processing", process)]


def _workers(
    sockets: Sequence[socket.socket], host: str, options: Sequence[str]
) -> Sequence[Child]:
    from integration_monitor.supervisor import Child

    return [
        Child(
            f"worker {number}",
            ("serve", "--host", host, "--fd", str(one.fileno()), *options),
            one,
        )
        for number, one in enumerate(sockets, 1)
    ]


def _supervise(
    children: Sequence[Child],
    environ: Mapping[str, str],
    app: ASGIApp | None,
    sockets: Sequence[socket.socket],
) -> None:
    """Run the children, and the app in this process where no child does, until it is stopped."""
    from integration_monitor.local_processes import Stopped, stop_signals
    from integration_monitor.supervisor import Supervisor

    try:
        with stop_signals(), Supervisor(children, environ, progress):
            if app is not None:
                _run(app, sockets[0])
            else:
                while True:
                    signal.pause()
    except Stopped:
        progress("stopped")


def _require_packages() -> None:
    try:
        import fastapi  # noqa: F401
        import httptools  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        fail(f"{error.name} is not installed: pip install 'integration-monitor[server]'")


def _require_token(host: str, environ: Mapping[str, str], only: Only | None) -> None:
    from integration_monitor.ingest.bearer import is_loopback

    if not is_loopback(host) and not environ.get(TOKEN):
        instead = "" if only else "; or take only webhooks, with `--only webhooks`"
        fail(
            f"{host} can be reached from other machines: set {TOKEN} to a long random text, and"
            f" give it to those who may send calls{instead}"
        )


def _listening(host: str, port: int, number: int) -> Sequence[socket.socket]:
    """A socket for each process: the system spreads connections over them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        first = socket.create_server((host, port), family=family, backlog=2048)
        if number == 1:
            return [first]
        # Sharing a port would also share it with a server that runs already: that was tried first.
        port = first.getsockname()[1]
        first.close()
        return [
            socket.create_server((host, port), family=family, backlog=2048, reuse_port=True)
            for _ in range(number)
        ]
    except OSError as error:
        # Python adds the address to what the system says.
        why = str(error.strerror).partition(" (")[0]
        fail(f"cannot listen on {host}, port {port}: {why}; see --host and --port")


def _address(host: str, listening: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"


def _run(app: ASGIApp, listening: socket.socket) -> None:
    """Until somebody stops it; what is under way is finished."""
    import uvicorn

    from integration_monitor.cli.app_server import AppServer
    from integration_monitor.ingest.patient_protocol import PatientProtocol

    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody asks where a request came from
        timeout_graceful_shutdown=GRACE_S,
    )
    AppServer(config).run(sockets=[listening])
