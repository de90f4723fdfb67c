"""What one request may ask of the receiver, and how much may wait at once."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of the receiver; all of them end in an answer that a partner can act on."""

    bytes: int = MEGABYTE
    """Of one body."""
    within_s: float = 10
    """Seconds for a body to arrive."""
    waiting: int = 1000
    """Requests that wait for the store."""
    waiting_bytes: int = 64 * MEGABYTE
    """Of their bodies; and as much again of those that are still arriving."""
    at_once_bytes: int = 8 * MEGABYTE
    """Bodies that are written in one transaction, unless a single request has more."""


DEFAULT_LIMITS = Limits()
