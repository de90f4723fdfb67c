"""Headers that tell of limits, or announce an end: kept with few steps, understood later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from integration_monitor.ingest.deprecation_headers import DEPRECATION_NAMES, announcements_of
from integration_monitor.ingest.rate_limit import Limit
from integration_monitor.ingest.rate_limit_headers import LimitReader, as_seen
from integration_monitor.ingest.readings import Readings
from integration_monitor.manifest.calls import CallRules
from integration_monitor.store.call_batch import Notice, RateLimit

if TYPE_CHECKING:
    import httpx

_ANNOUNCING = frozenset(name.encode() for name in DEPRECATION_NAMES)


class TellingHeaders:
    """Notices them in the answers of one integration. May be shared by threads."""

    def __init__(self, name: str, rules: CallRules, readings: Readings) -> None:
        self._name = name
        self._readings = readings
        self._reader = LimitReader(rules.rate_limit_headers)
        self._limiting = frozenset(one.encode() for one in self._reader.names)
        self._telling = self._limiting | _ANNOUNCING

    def hear(
        self,
        endpoint: str,
        tenant: str,
        names: Collection[bytes],
        headers: httpx.Headers,
        now: float,
    ) -> None:
        """Keep an answer's headers, where their names, in lower case, are some that tell."""
        if self._telling.isdisjoint(names):
            return
        series = (self._name, endpoint, tenant)
        if not self._limiting.isdisjoint(names):
            self._readings.limits(series, partial(self._rate_limits, tenant, headers, now))
        if not _ANNOUNCING.isdisjoint(names):
            self._readings.notices(series, partial(self._notices, endpoint, headers, now))

    def limits(self, headers: httpx.Headers, now: float) -> tuple[Limit, ...]:
        """The limits that an answer tells."""
        return self._reader.read(headers, datetime.fromtimestamp(now, UTC))

    def _rate_limits(self, tenant: str, headers: httpx.Headers, now: float) -> list[RateLimit]:
        at = datetime.fromtimestamp(now, UTC)
        return [as_seen(one, self._name, tenant, at) for one in self._reader.read(headers, at)]

    def _notices(self, endpoint: str, headers: httpx.Headers, now: float) -> list[Notice]:
        at = datetime.fromtimestamp(now, UTC)
        return [
            Notice(self._name, endpoint, one.kind, one.on, one.link, at)
            for one in announcements_of(headers)
        ]
