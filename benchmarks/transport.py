"""What watching a call adds to it, beside tracing it with OpenTelemetry.

Calls over a mock transport that answers 100 records in JSON, in turns: plain httpx, our transport,
and OpenTelemetry's with its batch processor and an exporter that throws everything away. Apart from
that, our transport where every answer is one of those whose fields are looked at. Each call asks
for another page; one with an id of its own in its path takes us about 3 µs more.
"""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx
from opentelemetry.instrumentation.httpx import SyncOpenTelemetryTransport
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from benchmarks.measuring import in_child, median, options, rounds, show
from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.sampled_answers import SampledAnswer, shape_of_answers
from integration_monitor.ingest.spill import Spill
from integration_monitor.ingest.tenants import tenant
from integration_monitor.ingest.transport import MonitoredTransport
from integration_monitor.store.call_batch import Batch

AT_MOST_US = 25.0
AT_MOST_SHARE = 0.2
_TURN = 100
"""Calls of one kind before the next has its turn; the first turn warms up."""
_SAMPLED = 200
_ENDPOINTS = 10
MANIFEST = """
version: 1
integration: {name}
owner: {{name: Owner, email: owner@example.com}}
partner: {{base_url: "https://api.example.com/v1"}}
calls: {{samples_per_minute: {samples}}}
endpoints:
"""
RECORD = {
    "id": "c-100017",
    "email": "ann.example@example.com",
    "name": "Ann Example",
    "plan": "enterprise",
    "seats": 42,
    "active": True,
    "score": 0.75,
    "company": {"id": "o-17", "name": "Example Company", "country": "DE"},
    "tags": ["customer", "newsletter"],
    "updated_at": "2026-11-01T12:00:00Z",
}
BODY = json.dumps({"results": [RECORD] * 100, "paging": {"next": "abc"}}).encode()
HEADERS = [
    (b"Date", b"Sat, 21 Nov 2026 12:00:00 GMT"),
    (b"Content-Type", b"application/json; charset=utf-8"),
    (b"Content-Length", str(len(BODY)).encode()),
    (b"Connection", b"keep-alive"),
    (b"Cache-Control", b"no-store"),
    (b"X-Request-Id", b"7f9c2ba4-e88f-4da8-9d2e-1f9b8f6c1f3a"),
    (b"Strict-Transport-Security", b"max-age=31536000"),
    (b"Server", b"nginx"),
    (b"RateLimit", b'"default";r=50;t=30'),
    (b"RateLimit-Policy", b'"default";q=100;w=60'),
    (b"Vary", b"Accept-Encoding"),
    (b"Etag", b'W/"5f3c"'),
]


def main() -> None:
    """Measure several times, and print the medians."""
    chosen = options(__doc__, repeats=5, calls=4000)
    costs, sampling = rounds(
        chosen.repeats,
        partial(in_child, measured, ("plain", "ours", "traced"), chosen.calls),
        partial(in_child, measured, ("plain", "sampled"), chosen.calls),
    )
    plain = median(costs, "plain")
    ours, traced = median(costs, "ours") - plain, median(costs, "traced") - plain
    row = {
        "plain µs": plain,
        "ours adds µs": ours,
        "at most µs": AT_MOST_US,
        "OpenTelemetry adds µs": traced,
        "ours of that": ours / traced,
        "at most": AT_MOST_SHARE,
        "sampled call adds µs": median(sampling, "sampled") - median(sampling, "plain"),
        "its fields in the background µs": median(sampling, "fields"),
    }
    show([row], as_json=chosen.json)


def measured(kinds: Sequence[str], calls: int) -> Mapping[str, float]:
    """The median µs of a call of each kind, made in turns."""
    with tempfile.TemporaryDirectory() as place:
        clients = {kind: httpx.Client(transport=_transport(kind, Path(place))) for kind in kinds}
        times: dict[str, list[float]] = {kind: [] for kind in clients}
        gc.freeze()
        with tenant("acme"):
            for first in range(0, calls, _TURN):
                for kind, client in clients.items():
                    times[kind] += [
                        _timed(client, number) for number in range(first, first + _TURN)
                    ]
    found = {kind: statistics.median(each[_TURN:]) * 1e6 for kind, each in times.items()}
    return {**found, "fields": _fields()}


def _timed(client: httpx.Client, number: int) -> float:
    url = f"https://api.example.com/v1/e{number % _ENDPOINTS}?limit=100&after=c-{number}"
    started = time.perf_counter()
    client.get(url)
    return time.perf_counter() - started


def _transport(kind: str, place: Path) -> httpx.BaseTransport:
    mock = httpx.MockTransport(_answer)
    if kind == "plain":
        return mock
    if kind == "traced":
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(_NullExporter()))
        return SyncOpenTelemetryTransport(mock, tracer_provider=provider)
    text = MANIFEST.format(name=kind, samples=1000 if kind == "sampled" else 5)
    for number in range(_ENDPOINTS):
        text += f"  e{number}: {{path: /e{number}}}\n"
    (place / f"{kind}.yaml").write_text(text)
    recorder = Recorder(_Nowhere(), Spill(place / "spill", "calls"))
    return MonitoredTransport(kind, mock, manifests=place, recorder=recorder)


def _answer(request: httpx.Request) -> httpx.Response:
    # A stream, as it comes from a connection: a body that was read already costs less to watch.
    return httpx.Response(200, headers=HEADERS, stream=httpx.ByteStream(BODY))


def _fields() -> float:
    """The µs that the background takes for an answer whose fields are looked at."""
    times = []
    for _ in range(_SAMPLED):
        started = time.perf_counter()
        list(shape_of_answers([SampledAnswer(BODY, None)]))
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


class _Nowhere:
    def add(self, batch: Batch) -> None:
        pass

    def forked(self) -> None:
        pass


class _NullExporter(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return SpanExportResult.SUCCESS


if __name__ == "__main__":
    main()
