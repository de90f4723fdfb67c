"""Whose data a call moves: said by the code around it, or by the request itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from integration_monitor.store.call_batch import NO_TENANT

EXTENSION = "tenant"
"""The key in `request.extensions`; it wins over the block around the call."""
_LONGEST = 200

_current: ContextVar[str] = ContextVar("integration_monitor_tenant", default=NO_TENANT)


@contextmanager
def tenant(name: object) -> Iterator[None]:
    """All calls within are for this tenant, in this thread or task and the tasks it starts.

    Threads that are started within do not know it; say `extensions={"tenant": …}` there.
    """
    token = _current.set(tidy(name))
    try:
        yield
    finally:
        _current.reset(token)


def tenant_of(extensions: Mapping[str, Any]) -> str:
    """The tenant of a request with these extensions."""
    named = extensions.get(EXTENSION)
    return _current.get() if named is None else tidy(named)


def tidy(name: object) -> str:
    """A tenant's name as it is kept: on one line, 200 characters at most, `-` for nothing."""
    text = name if isinstance(name, str) else str(name)
    if not text.isprintable():
        text = "".join(letter for letter in text if letter.isprintable())
    return text.strip()[:_LONGEST] or NO_TENANT
