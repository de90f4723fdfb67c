"""Words for exceptions that nobody foresaw."""

from __future__ import annotations

import traceback


def describe(error: Exception) -> str:
    """What stopped and where, without the exception's message: it may quote a password."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"stopped with {type(error).__name__}{where}"
