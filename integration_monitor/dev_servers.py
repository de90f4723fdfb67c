"""`dev`: a code location on local servers."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from integration_monitor.local_processes import ServersError, stop_signals, take_port
from integration_monitor.local_servers import (
    DEFINITIONS,
    LocalServers,
    Say,
    exclusive,
    home,
    prepare,
    start_daemon,
    start_ui,
)
from integration_monitor.store.embedded import embedded_postgres

_POLL_S = 0.2
_ANSWER_WITHIN_S = 30.0
_QUERY = """
{
  workspaceOrError {
    ... on PythonError { ...why }
    ... on Workspace { locationEntries { locationOrLoadError { ... on PythonError { ...why } } } }
  }
}
fragment why on PythonError { message causes { message } }
"""
_MODULE_OF_ERROR = re.compile(r"^(?:\w+\.)+(?=\w+: )")


def serve_dev(manifests: Path | None, *, port: int, say: Say, module: str = DEFINITIONS) -> None:
    """Run a code location on local servers until Ctrl-C or SIGTERM.

    Raises `ServersError` and `StoreError`.
    """
    if manifests is not None and not manifests.is_dir():
        raise ServersError(f"{manifests} is not a directory")
    directory = home(os.environ) / "dev"
    port = take_port(port, "--port")
    with stop_signals(), ExitStack() as stack:
        say("starting PostgreSQL")
        processes = stack.enter_context(exclusive(directory))
        postgres = stack.enter_context(embedded_postgres(directory / "postgres"))
        # Entered last, so that it ends first: Dagster's processes go before their database.
        stack.callback(processes.stop)
        servers = prepare(
            processes,
            directory,
            postgres,
            manifests=manifests,
            port=port,
            environ=os.environ,
            module=module,
        )
        say("starting Dagster")
        start_ui(servers)
        start_daemon(servers)
        say(_what_runs(manifests or module, servers))
        while True:
            processes.require_running()
            time.sleep(_POLL_S)


def load_problem(url: str) -> str | None:
    """What keeps the webserver at `url` from showing its code location; None where nothing does."""
    try:
        answer = httpx.post(
            f"{url}/graphql", json={"query": _QUERY}, timeout=_ANSWER_WITHIN_S, trust_env=False
        )
        workspace = answer.raise_for_status().json()["data"]["workspaceOrError"]
        entries = () if "message" in workspace else workspace["locationEntries"]
        loaded = [entry["locationOrLoadError"] for entry in entries]
        error = next((each for each in (workspace, *loaded) if "message" in each), None)
        return None if error is None else f"cannot be loaded: {_in_words(error)}"
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as unexpected:
        name = type(unexpected).__name__
        return f"is not known to be loaded: Dagster's webserver does not say so ({name})"


def _what_runs(watched: Path | str, servers: LocalServers) -> str:
    problem = load_problem(servers.url)
    if problem is None:
        return f"watching {watched}: {servers.url} (Ctrl-C stops everything)"
    return (
        f"nothing is watched: the code location {servers.module} {problem}\n"
        f"Repair it, then press Reload on {servers.url}/locations (Ctrl-C stops everything)"
    )


def _in_words(error: Mapping[str, Any]) -> str:
    # The error itself says only that there is one, where it has causes.
    said = [cause["message"] for cause in error["causes"]] or [error["message"]]
    return ", caused by ".join(_MODULE_OF_ERROR.sub("", each.strip()) for each in said)
