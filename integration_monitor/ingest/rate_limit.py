"""What an answer says of one limit of a partner, and the numbers it is said in. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_POLICY = 64
_COUNT = re.compile(r"[0-9]{1,15}(?:\.0*)?", re.ASCII)
_TIME = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,9})?", re.ASCII)
LATEST_S = 366 * 86_400
"""A reset that is further away is none."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One policy, as far as it is told."""

    policy: str
    limit: int | None = None
    remaining: int | None = None
    reset_after_s: float | None = None
    window_s: float | None = None


def count_of(text: str) -> int | None:
    """A number of calls, such as `39` or `39.0`; None for anything else."""
    text = text.strip()
    return int(float(text)) if _COUNT.fullmatch(text) else None


def time_of(text: str) -> float | None:
    """A time in whatever unit; None for what is no number, or below zero."""
    text = text.strip()
    return float(text) if _TIME.fullmatch(text) else None


def policy_name(text: str) -> str:
    """A policy's name as the partner says it; nothing where it is not fit to be shown."""
    return text if text.isprintable() and len(text) <= _LONGEST_POLICY else ""
