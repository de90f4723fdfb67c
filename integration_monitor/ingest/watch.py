"""What is watched of one integration's calls: which endpoint, how they ended, what was said."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from integration_monitor.ingest.call import Call
from integration_monitor.ingest.endpoints import EndpointMatcher
from integration_monitor.ingest.error_outcome import outcome_of_error
from integration_monitor.ingest.failing_calls import FailingCalls
from integration_monitor.ingest.outcome import NOT_MODIFIED, outcome_of_answer
from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.sampled_answers import (
    MOST_BYTES,
    SampledAnswer,
    parsed,
    records_paths,
)
from integration_monitor.ingest.some_a_minute import SomeAMinute
from integration_monitor.ingest.telling_headers import TellingHeaders
from integration_monitor.ingest.tenants import tenant_of
from integration_monitor.manifest.calls import CallRules
from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_outcome import Outcome
from integration_monitor.signals.latency_buckets import bucket_of
from integration_monitor.store.call_batch import NO_TENANT, OTHER

if TYPE_CHECKING:
    import httpx

FAILURES_A_MINUTE = 100
"""Failing answers per endpoint that are looked at: for their class, code and message."""
_FAILURE_BYTES = 64 * 1024
_WITHOUT_MANIFEST = CallRules(samples_per_minute=0)

_STARTS = frozenset({b"{", b"["})

_log = logging.getLogger(__name__)


class Watch:
    """Counts the calls of an integration. May be shared by threads."""

    def __init__(self, name: str, integration: Integration | None, recorder: Recorder) -> None:
        """Without a manifest every call is one to `other`, and no answer is sampled."""
        rules = integration.calls if integration else _WITHOUT_MANIFEST
        endpoints = integration.endpoints.values() if integration else ()
        self._name = name
        self._recorder = recorder
        self._counters = recorder.counters
        self._clock = recorder.clock
        self._matcher = EndpointMatcher(integration) if integration else None
        self._errors_in_200 = {e.name: e.error_in_200 for e in endpoints if e.error_in_200}
        self._wait_budget = rules.retry.wait_budget
        self._records = records_paths(integration) if integration else {}
        self._samples = SomeAMinute(rules.samples_per_minute)
        self._failures = SomeAMinute(FAILURES_A_MINUTE)
        self._failing = FailingCalls(name, integration, self._matcher)
        self._headers = TellingHeaders(name, rules, recorder.readings)
        self._told = False
        self.ask = recorder.ask
        self.flush = recorder.flush

    def begin(self, request: httpx.Request) -> Call:
        """A call is about to be made."""
        endpoint, tenant = OTHER, NO_TENANT
        try:
            self._recorder.start()
            tenant = tenant_of(request.extensions)
            if self._matcher is not None:
                # `url.path` is decoded: a slash within an id would end its step.
                endpoint = self._matcher.match(request.method, request.url.raw_path.decode())
        except Exception:  # noqa: BLE001 - watching a call never breaks it
            self.tell()
        return Call(self, request, endpoint, tenant)

    def heard(self, call: Call) -> int:
        """The answer to a call begins: how many bytes of it are to be looked at."""
        now = self._clock()
        self._headers.hear(call.endpoint, call.tenant, call.head, call.headers, now)
        if call.is_success:
            return self._bytes_of_success(call, int(now // 60))
        if call.status != NOT_MODIFIED and self._failures.take(call.endpoint, int(now // 60)):
            call.is_sampled = True
            return _FAILURE_BYTES
        return 0

    def listen(self, call: Call, names: Collection[bytes], headers: httpx.Headers) -> None:
        """An answer after which the call is made again, by its headers."""
        self._headers.hear(call.endpoint, call.tenant, names, headers, self._clock())

    def answered(self, call: Call) -> None:
        """The answer to a call was read, or closed before its end."""
        raw = call.body
        rule = self._errors_in_200.get(call.endpoint)
        body = parsed(raw, call.coding) if raw and (rule or not call.is_success) else None
        now = self._clock()
        outcome = "ok" if _is_plain(call, body) else self._outcome(call, body, now)
        self._count(call, outcome, now)
        if outcome != "ok":
            self._keep_failure(call, outcome, body, now)
        elif call.is_sampled and raw:
            answer = SampledAnswer(raw, call.coding, self._records.get(call.endpoint))
            self._recorder.readings.sample(self._name, call.endpoint, answer)

    def broke(self, call: Call, error: BaseException) -> None:
        """A call ended in an exception. One by which the program ends is not the partner's."""
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            return
        outcome = outcome_of_error(error)
        now = self._clock()
        self._count(call, outcome, now)
        at = datetime.fromtimestamp(now, UTC)
        self._counters.keep(self._failing.broke(call, outcome, error, at))

    def troubled(self) -> None:
        """A call could not be watched, by a mistake of ours."""
        self._counters.drop()
        self.tell()

    def _outcome(self, call: Call, body: object, now: float) -> Outcome:
        return outcome_of_answer(
            call.status,
            call.headers,
            first=call.first,
            body=body,
            error_in_200=self._errors_in_200.get(call.endpoint),
            limits=() if call.is_success else self._headers.limits(call.headers, now),
            wait_budget=self._wait_budget,
            expects_json=call.request.method != "HEAD",
        )

    def _bytes_of_success(self, call: Call, minute: int) -> int:
        is_json = b"json" in call.head.get(b"content-type", b"")
        if is_json and self._samples.take(call.endpoint, minute):
            call.is_sampled = True
            return MOST_BYTES
        return MOST_BYTES if call.endpoint in self._errors_in_200 else 0

    def _count(self, call: Call, outcome: Outcome, now: float) -> None:
        self._counters.add(
            int(now // 60),
            self._name,
            call.endpoint,
            call.tenant,
            outcome,
            bucket_of(call.waited * 1000),
        )

    def _keep_failure(self, call: Call, outcome: Outcome, body: object, now: float) -> None:
        # In an outage every call fails: the last ones of each series are enough, seldom renewed.
        if call.is_sampled or call.is_success:
            at = datetime.fromtimestamp(now, UTC)
            self._counters.keep(self._failing.answered(call, outcome, body, at))

    def tell(self) -> None:
        """Log a mistake of ours, the first one only."""
        if not self._told:
            self._told = True
            _log.warning("calls to %s could not be watched", self._name, exc_info=True)


def _is_plain(call: Call, body: object) -> bool:
    """Whether it is what nearly every call is, and needs no second look: JSON with a success."""
    return (
        call.is_success
        and body is None
        and call.first[:1] in _STARTS
        and b"json" in call.head.get(b"content-type", b"")
    )
