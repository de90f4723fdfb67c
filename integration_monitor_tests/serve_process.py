"""`serve` as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def serving(
    environ: Mapping[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the address of `serve`; it is stopped at the end."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "integration_monitor", "serve", *arguments],
        env={**os.environ, **environ},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, said + process.stderr.read()
        yield process, found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)
