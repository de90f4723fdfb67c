"""Calls made again: which, how often, and how long is waited in between.

`Retry-After` is honoured as RFC 9110 §10.2.3 has it; without it waits grow exponentially, each
drawn evenly from zero on, so that clients which failed together do not come back together. Only
methods that are idempotent by RFC 9110 §9.2.2 are repeated, and what carries an `Idempotency-Key`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from integration_monitor.ingest.outcome import outcome_of_answer, outcome_of_error
from integration_monitor.ingest.rate_limit import Limit
from integration_monitor.ingest.rate_limit_headers import LimitReader, tightest
from integration_monitor.manifest.calls import CallRules
from integration_monitor.observe.retry_after import retry_after

if TYPE_CHECKING:
    import httpx

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_OURS = frozenset({"PoolTimeout"})
"""A pool that is full is not the partner's; asking again makes it fuller."""
_NEVER = frozenset({501, 505})
_TOO_MANY = 429


class Retries:
    """The rules of one integration. May be shared by threads."""

    def __init__(
        self,
        rules: CallRules,
        *,
        drawn: Callable[[], float] = random.random,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`drawn` gives numbers from 0 to 1; `now` is in seconds since 1970."""
        self._rules = rules.retry
        self._reader = LimitReader(rules.rate_limit_headers)
        self._drawn = drawn
        self._now = now

    def begin(self, request: httpx.Request) -> Attempts:
        """A call of which the first attempt failed."""
        return Attempts(self, request)

    def wait_after(self, response: httpx.Response, attempt: int, waited: float) -> float | None:
        """Seconds until a failed call is made again; None where it is not."""
        status = response.status_code
        if status in _NEVER or (status == _TOO_MANY and self._rules.rate_limited == "pass_on"):
            return None
        at = datetime.fromtimestamp(self._now(), UTC)
        limits = self._reader.read(response.headers, at)
        outcome = outcome_of_answer(
            status,
            response.headers,
            limits=limits,
            wait_budget=self._rules.wait_budget,
            now=at,
        )
        if outcome not in ("server", "rate_limited"):
            return None
        hint = retry_after(response.headers, at)
        if hint is None and outcome == "rate_limited":
            hint = _reset(limits)
        return self._wait(attempt, waited, hint)

    def wait_after_error(self, error: Exception, attempt: int, waited: float) -> float | None:
        """As `wait_after`, of a call without an answer."""
        if type(error).__name__ in _OURS or outcome_of_error(error) not in ("network", "timeout"):
            return None
        return self._wait(attempt, waited, None)

    def passed_on(self, response: httpx.Response) -> httpx.Response:
        """An answer as the caller gets it: a 429 with normalized headers, where the rules say so.

        Never raises.
        """
        if response.status_code == _TOO_MANY and self._rules.rate_limited == "pass_on":
            with suppress(Exception):
                self._normalize(response)
        return response

    def _normalize(self, response: httpx.Response) -> None:
        at = datetime.fromtimestamp(self._now(), UTC)
        limits = self._reader.read(response.headers, at)
        told = tightest(limits, retry_after(response.headers, at))
        # In place of the partner's own, which whoever watches the call has still to read.
        response.headers = response.headers.copy()
        response.headers.update(told)

    def _wait(self, attempt: int, waited: float, hint: float | None) -> float | None:
        left = self._rules.wait_budget.total_seconds() - waited
        if attempt >= self._rules.attempts:
            return None
        if hint is not None:
            return hint if hint <= left else None
        longest = self._rules.base.total_seconds() * 2 ** (attempt - 1)
        wait = self._drawn() * longest
        return wait if wait <= left else None


class Attempts:
    """One call that is made repeatedly. Never raises."""

    def __init__(self, retries: Retries, request: httpx.Request) -> None:
        self._retries = retries
        self._repeatable = _is_repeatable(request)
        self._made = 0
        self._waited = 0.0

    def after(self, response: httpx.Response) -> float | None:
        """Seconds to wait before the call is made again; None where the answer is to be taken."""
        return self._next(lambda made, waited: self._retries.wait_after(response, made, waited))

    def after_error(self, error: Exception) -> float | None:
        """Seconds to wait before the call is made again; None where it is to be raised."""
        return self._next(lambda made, waited: self._retries.wait_after_error(error, made, waited))

    def _next(self, wait_after: Callable[[int, float], float | None]) -> float | None:
        self._made += 1
        if not self._repeatable:
            return None
        try:
            wait = wait_after(self._made, self._waited)
        except Exception:  # noqa: BLE001 - the caller gets what came, whatever we think of it
            return None
        self._waited += wait or 0.0
        return wait


def _is_repeatable(request: httpx.Request) -> bool:
    """Whether it may be sent twice, and can be: a body that is streamed is gone."""
    may_be = request.method in _IDEMPOTENT or "idempotency-key" in request.headers
    return may_be and type(request.stream).__name__ == "ByteStream"


def _reset(limits: tuple[Limit, ...]) -> float | None:
    resets = [one.reset_after_s for one in limits if one.remaining == 0 and one.reset_after_s]
    return max(resets, default=None)
