"""Raw events → one batch of the store. What is wrong with an event stays with that event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from integration_monitor.ingest.call_event import CallEvent, ReadCalls, Rejected, Taken
from integration_monitor.ingest.call_tally import Answer, Tally
from integration_monitor.ingest.endpoints import EndpointMatcher
from integration_monitor.ingest.error_details import request_id_of
from integration_monitor.ingest.outcome import outcome_of_answer
from integration_monitor.ingest.rate_limit_headers import LimitReader
from integration_monitor.ingest.redaction import redacted
from integration_monitor.manifest.domain import Fleet, Integration
from integration_monitor.signals.call_outcome import Outcome, is_failure
from integration_monitor.signals.latency_buckets import bucket_of
from integration_monitor.signals.wording import span
from integration_monitor.store import calls
from integration_monitor.store.call_batch import NO_TENANT, OTHER, Batch, Exemplar
from integration_monitor.store.engine import Store

SOURCE = "api"
_TURNED_AWAY = (403, 429)


@dataclass(frozen=True)
class Known:
    """What is known of an integration for reading its calls."""

    integration: Integration
    matcher: EndpointMatcher
    limits: LimitReader

    @classmethod
    def of(cls, integration: Integration) -> Known:
        """Compiles the templates of its endpoints."""
        rules = integration.calls.rate_limit_headers
        return cls(integration, EndpointMatcher(integration), LimitReader(rules))


@dataclass(frozen=True)
class KnownFleet:
    """The integrations by name, and for how long minutes are kept."""

    integrations: Mapping[str, Known]
    minutes: timedelta

    @classmethod
    def of(cls, fleet: Fleet) -> KnownFleet:
        """Of the manifests that are sound."""
        known = {one.name: Known.of(one) for one in fleet.integrations}
        # What is older than this the store does not take, however long minutes are kept.
        return cls(known, min(fleet.monitor.retention.minutes, calls.LATE_BY))


class CallIntake:
    """Takes batches of the calls API into the store. Safe to use from several threads."""

    def __init__(
        self,
        fleet: Callable[[], Fleet],
        store: Store,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`fleet` gives the same object as long as nothing changes."""
        self._fleet = fleet
        self._store = store
        self._clock = clock
        self._known: tuple[Fleet, KnownFleet] | None = None

    def take(self, read: ReadCalls) -> Taken:
        """Store the valid events of a batch, once. Raises `StoreError`; then nothing is stored."""
        now = self._clock()
        batch, rejected = batch_of(read, self._known_fleet(), now)
        accepted = sum(count.calls for count in batch.counts)
        if not accepted:
            return Taken(accepted=0, duplicate=False, rejected=rejected)
        is_new = calls.add(self._store, batch, now=now)
        return Taken(accepted=accepted if is_new else 0, duplicate=not is_new, rejected=rejected)

    def _known_fleet(self) -> KnownFleet:
        fleet, known = self._fleet(), self._known
        if known is None or known[0] is not fleet:
            known = self._known = (fleet, KnownFleet.of(fleet))
        return known[1]


def batch_of(read: ReadCalls, fleet: KnownFleet, now: datetime) -> tuple[Batch, list[Rejected]]:
    """The valid events as one batch, and the others by index. Pure."""
    tally = Tally()
    rejected = list(read.rejected)
    for index, event in read.events:
        try:
            _take(event, fleet, now, tally)
        except _Invalid as wrong:
            rejected.append(Rejected(index, wrong.field, wrong.reason))
    batch = Batch(
        id=f"{SOURCE}:{read.source}:{read.batch_id}",
        source=f"{SOURCE}:{read.source}",
        counts=tally.counts(),
        exemplars=tally.exemplars(),
        rate_limits=tally.rate_limits(),
        notices=tally.notices(),
    )
    return batch, sorted(rejected, key=lambda one: one.index)


class _Invalid(Exception):
    """An event that is not taken: which field, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def _take(event: CallEvent, fleet: KnownFleet, now: datetime, tally: Tally) -> None:
    known = fleet.integrations.get(event.integration)
    if known is None:
        raise _Invalid("integration", f"no manifest describes `{event.integration}`")
    at = _time(event, fleet, now)
    series = (event.integration, _endpoint(event, known), event.tenant or NO_TENANT)
    headers = {name.lower(): value for name, value in (event.headers or {}).items()}
    outcome = _outcome(event, known, headers, at)
    tally.count(at, series, outcome, bucket_of(event.duration_ms))
    if headers:
        tally.note(series, Answer(at, headers, known.limits))
    if is_failure(outcome):
        key = event.key or _key(event, series[1], known)
        tally.keep(_exemplar(event, at, series, outcome, headers, key))


def _time(event: CallEvent, fleet: KnownFleet, now: datetime) -> datetime:
    """When the call began; compared before it is converted, which the year 1 would not survive."""
    at = event.started_at
    if calls.in_time(at, now=now, minutes=fleet.minutes):
        return at.astimezone(UTC)
    if at > now:
        raise _Invalid(
            "started_at", f"is more than {span(calls.AHEAD)} in the future: see the clock"
        )
    raise _Invalid("started_at", f"is older than {span(fleet.minutes)}, for which minutes are kept")


def _endpoint(event: CallEvent, known: Known) -> str:
    if (event.endpoint is None) == (event.url is None):
        raise _Invalid("endpoint", "give either `endpoint` or `url`")
    if event.url is not None:
        return known.matcher.match(event.method.upper(), _path(event.url))
    endpoint = str(event.endpoint)
    if endpoint == OTHER or endpoint in known.integration.endpoints:
        return endpoint
    raise _Invalid("endpoint", f"{event.integration} has no endpoint `{endpoint}`: send its `url`")


def _key(event: CallEvent, endpoint: str, known: Known) -> str | None:
    return known.matcher.record_key(endpoint, _path(event.url)) if event.url else None


def _path(url: str) -> str:
    """Without the query, which is where secrets stand."""
    return url.partition("?")[0].partition("#")[0]


def _outcome(event: CallEvent, known: Known, headers: Mapping[str, str], at: datetime) -> Outcome:
    if event.error is not None:
        return event.error
    if event.status is None:
        raise _Invalid("status", "give `status`, or `error` for a call without an answer")
    return outcome_of_answer(
        event.status,
        headers,
        body={"code": event.error_code} if event.error_code else None,
        limits=known.limits.read(headers, at) if event.status in _TURNED_AWAY else (),
        wait_budget=known.integration.calls.retry.wait_budget,
        expects_json=event.method.upper() != "HEAD",
        now=at,
    )


def _exemplar(
    event: CallEvent,
    at: datetime,
    series: tuple[str, str, str],
    outcome: Outcome,
    headers: Mapping[str, str],
    key: str | None,
) -> Exemplar:
    return Exemplar(
        at,
        *series,
        outcome,
        status=event.status,
        error_code=redacted(event.error_code) if event.error_code else None,
        request_id=request_id_of(headers),
        message=redacted(_message(event)),
        key=key,
    )


def _message(event: CallEvent) -> str:
    """What was asked of the partner, and what it said."""
    attempt = f", attempt {event.attempt}" if event.attempt else ""
    return f"{event.method.upper()}{attempt}{f': {event.message}' if event.message else ''}"
