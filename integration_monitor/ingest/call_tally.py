"""The events of one posted batch, summed up. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from integration_monitor.ingest.deprecation_headers import DEPRECATION_NAMES, announcements_of
from integration_monitor.ingest.rate_limit_headers import LimitReader, as_seen
from integration_monitor.store.call_batch import CallCount, Exemplar, Notice, RateLimit
from integration_monitor.store.exemplars import KEPT

_Series = tuple[str, str, str]
_Counted = tuple[int, _Series, str, int]


@dataclass(frozen=True)
class Answer:
    """The headers of an answer, with names in lower case, and when it was."""

    at: datetime
    headers: Mapping[str, str]
    limits: LimitReader


class Tally:
    """Counts of calls, failing ones, and the last that was told of limits and of ends."""

    def __init__(self) -> None:
        self._calls: Counter[_Counted] = Counter()
        self._limits: dict[tuple[str, str], Answer] = {}
        self._notices: dict[tuple[str, str], Answer] = {}
        self._failing: dict[tuple[_Series, str], deque[Exemplar]] = {}

    def count(self, at: datetime, series: _Series, outcome: str, bucket: int) -> None:
        """Count one call."""
        self._calls[int(at.timestamp() // 60), series, outcome, bucket] += 1

    def keep(self, failing: Exemplar) -> None:
        """Keep a failing call; of each series and outcome the store keeps no more than these."""
        series = (failing.integration, failing.endpoint, failing.tenant), failing.outcome
        self._failing.setdefault(series, deque(maxlen=KEPT)).append(failing)

    def note(self, series: _Series, answer: Answer) -> None:
        """Keep an answer that says something; a partner repeats itself, so the latest is enough."""
        integration, _, tenant = series
        if not answer.limits.names.isdisjoint(answer.headers):
            _keep_latest(self._limits, (integration, tenant), answer)
        if not DEPRECATION_NAMES.isdisjoint(answer.headers):
            _keep_latest(self._notices, series[:2], answer)

    def counts(self) -> tuple[CallCount, ...]:
        """One for each minute, series, outcome and bucket."""
        minutes = {minute for minute, *_ in self._calls}
        times = {minute: datetime.fromtimestamp(minute * 60, UTC) for minute in minutes}
        return tuple(
            CallCount(times[minute], *series, outcome, bucket, calls)
            for (minute, series, outcome, bucket), calls in self._calls.items()
        )

    def exemplars(self) -> tuple[Exemplar, ...]:
        """The failing calls that are kept."""
        return tuple(one for kept in self._failing.values() for one in kept)

    def rate_limits(self) -> tuple[RateLimit, ...]:
        """What was told of limits, the latest for each tenant."""
        return tuple(
            as_seen(limit, integration, tenant, answer.at)
            for (integration, tenant), answer in self._limits.items()
            for limit in answer.limits.read(answer.headers, answer.at)
        )

    def notices(self) -> tuple[Notice, ...]:
        """What was announced, the latest of each endpoint."""
        return tuple(
            Notice(integration, endpoint, told.kind, told.on, told.link, answer.at)
            for (integration, endpoint), answer in self._notices.items()
            for told in announcements_of(answer.headers)
        )


def _keep_latest(kept: dict[tuple[str, str], Answer], of: tuple[str, str], answer: Answer) -> None:
    if of not in kept or kept[of].at <= answer.at:
        kept[of] = answer
