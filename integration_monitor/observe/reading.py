"""What a measurement hands to every side that it opens."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from integration_monitor.manifest.domain import MissingReference, Reference
from integration_monitor.observe.authentication.tokens import Tokens
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.limits import Budget, Deadline, HostLimits
from integration_monitor.observe.side import ReadError


def _unseen(_record: object) -> None:
    """Nobody wants to look at records as they come."""


def utc_now() -> datetime:
    """Our own clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Reading:
    """The limits and the means of reading, shared by the sides of one connection and sync.

    `dataclasses.replace(reading, budget=…)` reads on another account.
    """

    deadline: Deadline
    budget: Budget
    hosts: HostLimits
    engines: Engines
    http: httpx.Client
    environ: Mapping[str, str] = field(repr=False)
    tokens: Tokens = field(default_factory=Tokens)
    """Access tokens, shared by all readings of a measurement."""
    request_timeout: timedelta = timedelta(seconds=10)
    """For one request or SQL statement."""
    wait_budget: timedelta = timedelta(seconds=10)
    """The longest wait before retries of one request, in sum."""
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    """A number from 0 to 1."""
    on_record: Callable[[object], None] = _unseen
    """Shown the records of a REST side as they came, before anything is asked of them.

    Those that are listed; those that are looked up only where nothing can be listed.
    """


def resolve(value: str | Reference, environ: Mapping[str, str]) -> str:
    """A text, or what a reference stands for. Raises `ReadError` of kind `config`."""
    if isinstance(value, str):
        return value
    try:
        return value.resolve(environ)
    except MissingReference as missing:
        raise ReadError("config", str(missing)) from missing
