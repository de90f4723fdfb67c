"""A store that is ready, and `integration-monitor serve` as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from integration_monitor.store.embedded import EmbeddedPostgres
from integration_monitor.store.engine import open_store
from integration_monitor.store.migrate import upgrade


def new_store(postgres: EmbeddedPostgres) -> str:
    """The address of a store with all tables."""
    url = postgres.create_database("store")
    store = open_store(url)
    upgrade(store)
    store.dispose()
    return url


@contextmanager
def serving(environ: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """The address of `serve` on a free port; it is stopped at the end."""
    code = "from integration_monitor.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--port", "0", *arguments],
        env={**os.environ, **environ},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r"http://\S+:\d+", said)
        if not found:
            raise SystemExit(f"the server did not start: {said}{process.stderr.read()}")
        yield found[0]
    finally:
        process.terminate()
        process.communicate()
