"""Lists that come newest first: how far down they have to be read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from integration_monitor.observe.side import ReadError, Record

DISORDER = timedelta(seconds=1)
"""So much younger than one before it a record may be: some partners sort by whole seconds."""


def reaches(found: Sequence[Record | str], start: datetime) -> bool:
    """Whether a page ends before `start`, so that no later page has what is looked for.

    Raises `ReadError` of kind `config` where the page is in another order: it would end the
    reading too early, and nothing would tell.
    """
    versions = [r.version for r in found if isinstance(r, Record) and r.version is not None]
    if any(
        at - oldest > DISORDER
        for at, oldest in zip(versions, accumulate(versions, min), strict=True)
    ):
        raise ReadError("config", "mode newest_first, but a page is not sorted so by `updated_at`")
    return bool(versions) and versions[-1] < start
