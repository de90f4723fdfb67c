"""Cutting a range of time into pieces that a side can give and the budget can pay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from integration_monitor.observe.limits import Budget
from integration_monitor.observe.side import ReadAgain, ReadError, TooManyRecords

PIECE_RECORDS = 10_000
"""A longer piece is tried next only where the last one held a good deal less than this."""
_SHARE = 0.75
"""Of the requests that are left, what one piece may use."""
_SMALLER_BY_SIZE, _SMALLER_BY_BUDGET = 4, 16


class Piece(Protocol):
    """What was read of one piece."""

    @property
    def read(self) -> int:
        """Records in it."""
        ...


P = TypeVar("P", bound=Piece)


def pieces(
    read: Callable[[datetime, datetime], P],
    start: datetime,
    end: datetime,
    *,
    longest: timedelta | None,
    granularity: timedelta,
    budget: Budget,
) -> Iterator[P]:
    """Read `[start, end)` piece by piece; one that is too large is tried again, shorter.

    Too large is also what takes most of the requests that are left: it would be begun in each
    run and finished in none. Where `longest` is None, the side cannot read a part of the range
    for less than the whole: it is one piece. Raises `ReadError`.
    """
    if longest is None:
        yield _twice_at_most(read, start, end)
        return
    size = longest
    while start < end:
        stop = min(start + size, end)
        try:
            with budget.at_most(_SHARE):
                piece = _twice_at_most(read, start, stop)
        except ReadError as error:
            size = _shorter(stop - start, granularity, error)
            continue
        yield piece
        if piece.read * _SMALLER_BY_SIZE <= PIECE_RECORDS:
            size = min(size * 2, longest)
        start = stop


def _twice_at_most(read: Callable[[datetime, datetime], P], start: datetime, stop: datetime) -> P:
    try:
        return read(start, stop)
    except ReadAgain:
        return read(start, stop)


def _shorter(size: timedelta, granularity: timedelta, error: ReadError) -> timedelta:
    too_many = isinstance(error, TooManyRecords)
    if not too_many and error.kind != "budget":
        raise error
    steps = size // granularity
    if steps >= 2:
        divisor = _SMALLER_BY_SIZE if too_many else _SMALLER_BY_BUDGET
        return max(steps // divisor, 1) * granularity
    if too_many:
        raise ReadError("bad_request", f"{error}, and the stretch cannot be made shorter") from None
    raise error
