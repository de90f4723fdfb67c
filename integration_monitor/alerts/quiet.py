"""Keep addresses of channels out of the logs: they hold tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGERS = (
    "apprise",
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.proxy",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)
_sending: ContextVar[bool] = ContextVar("sending_an_alert", default=False)


def _is_harmless(record: logging.LogRecord) -> bool:
    return not _sending.get()


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what the HTTP libraries and Apprise log meanwhile in this thread, and only there."""
    for name in _LOGGERS:
        # Adding it again changes nothing.
        logging.getLogger(name).addFilter(_is_harmless)
    token = _sending.set(True)
    try:
        yield
    finally:
        _sending.reset(token)
