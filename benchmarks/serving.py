"""A store that is ready, and `integration-monitor serve` as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import psutil

from integration_monitor.store.embedded import EmbeddedPostgres
from integration_monitor.store.engine import open_store
from integration_monitor.store.migrate import upgrade
from integration_monitor_tests import serve_process


class Server(NamedTuple):
    """One that runs."""

    url: str
    process: psutil.Process


def new_store(postgres: EmbeddedPostgres) -> str:
    """The address of a store with all tables."""
    url = postgres.create_database("store")
    store = open_store(url)
    upgrade(store)
    store.dispose()
    return url


@contextmanager
def serving(environ: Mapping[str, str], *arguments: str) -> Iterator[Server]:
    """`serve` on a free port; it is stopped at the end."""
    with serve_process.serving(environ, "--port", "0", *arguments) as (process, url):
        yield Server(url, psutil.Process(process.pid))
