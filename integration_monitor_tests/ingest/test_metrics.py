"""What Prometheus reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse

from integration_monitor.ingest.bearer import BearerGuard
from integration_monitor.ingest.metrics import (
    READ_EVERY_S,
    FleetNow,
    Remembered,
    metrics_router,
    read_fleet,
)
from integration_monitor.ingest.server import create_app
from integration_monitor.manifest.domain import Fleet
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import calls, verdicts
from integration_monitor.store.call_batch import Batch, RateLimit
from integration_monitor.store.engine import Store, StoreError
from integration_monitor_tests.call_examples import CRM, NOW, named, some_calls
from integration_monitor_tests.ingest.app_server import serving

FLEET = Fleet("integrations", (CRM, named("silent")))
LABELS = ("integration", "endpoint", "subject", "check", "policy", "outcome", "quantile")
Series = dict[tuple[str, ...], float]


def samples(text: str) -> dict[str, Series]:
    """The values by metric and labels."""
    return {
        family.name.removeprefix("integration_monitor_"): {
            tuple(sample.labels[name] for name in LABELS if name in sample.labels): sample.value
            for sample in family.samples
        }
        for family in parse(text)
    }


@contextmanager
def metrics(store: Store, token: str = "") -> Iterator[httpx.Client]:
    router = metrics_router(
        lambda: read_fleet(store, FLEET, NOW), guard=BearerGuard(token, variable="TOKEN")
    )
    with (
        serving(create_app(routers=[router], check_store=lambda: None)) as url,
        httpx.Client(base_url=url, trust_env=False) as http,
    ):
        yield http


def told(store: Store) -> dict[str, Series]:
    with metrics(store) as http:
        return samples(http.get("/metrics").raise_for_status().text)


def test_an_empty_store(store: Store) -> None:
    found = told(store)
    assert found["calls"] == found["check_status"] == {}
    assert found["dropped_calls"] == {(): 0}
    assert found["calls_window_seconds"] == {("crm",): 900, ("silent",): 900}


def test_calls_limits_and_what_was_dropped(store: Store) -> None:
    limit = RateLimit("crm", "acme", "burst", 100, 20, NOW + timedelta(seconds=30), 60, NOW)
    counts = (
        some_calls(1, 90, tenant="acme"),
        some_calls(2, 10, "server", tenant="globex", ms=3_000),
        some_calls(99, 5),
        some_calls(1, 7, integration="elsewhere"),
    )
    calls.add(store, Batch("b", "w", counts, rate_limits=(limit,), dropped=3), now=NOW)
    found = told(store)
    assert found["calls"] == {
        ("crm", "contacts", "ok"): 90,
        ("crm", "contacts", "server"): 10,
    }
    quantiles = found["call_latency_seconds"]
    assert set(quantiles) == {("crm", "contacts", share) for share in ("0.5", "0.95", "0.99")}
    assert quantiles["crm", "contacts", "0.99"] == pytest.approx(0.1, rel=0.02)
    assert found["rate_limit_left_ratio"] == {("crm", "burst"): pytest.approx(0.2)}
    assert found["dropped_calls"] == {(): 3}


def test_tenants_are_no_label(store: Store) -> None:
    tenants = [some_calls(1, 1, "server", tenant=f"tenant-{n}") for n in range(50)]
    calls.add(store, Batch("b", "w", tuple(tenants)), now=NOW)
    with metrics(store) as http:
        assert "tenant-" not in http.get("/metrics").text


@pytest.mark.parametrize(
    ("status", "age", "value"),
    [("ok", 0, 0), ("warn", 0, 1), ("fail", 0, 2), ("unknown", 0, 3), ("ok", 2, 3), ("fail", 2, 3)],
)
def test_checks(store: Store, status: str, age: int, value: float) -> None:
    at = NOW - timedelta(minutes=age)
    verdict = Verdict(
        "crm", "api", "errors", status, "so it is", at, at + timedelta(minutes=1),  # type: ignore[arg-type]
        severity=None if status == "ok" else "ticket",
    )  # fmt: skip
    with store.begin() as connection:
        verdicts.record(connection, verdict)
    assert told(store)["check_status"] == {("crm", "api", "errors"): value}


def test_both_formats_and_the_token(store: Store) -> None:
    with metrics(store, token="scraper") as http:
        assert http.get("/metrics").status_code == 401
        http.headers["Authorization"] = "Bearer scraper"
        plain = http.get("/metrics")
        assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
        wanted = {"Accept": "application/openmetrics-text; version=1.0.0, text/plain; q=0.1"}
        answer = http.get("/metrics", headers=wanted)
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        families = parse_openmetrics(answer.text)  # type: ignore[no-untyped-call]
        assert "integration_monitor_calls" in {family.name for family in families}


def test_a_store_that_is_away() -> None:
    def away() -> FleetNow:
        raise StoreError("the store does not answer")

    router = metrics_router(Remembered(away), guard=BearerGuard(None, variable="TOKEN"))
    with serving(create_app(routers=[router], check_store=lambda: None)) as url:
        assert [httpx.get(f"{url}/metrics").status_code for _ in range(2)] == [503, 503]


def test_the_store_is_read_once_in_a_while() -> None:
    seconds, read = 0.0, 0

    def count() -> FleetNow:
        nonlocal read
        read += 1
        return FleetNow(NOW, (), {}, (), read)

    remembered = Remembered(count, clock=lambda: seconds)
    assert [remembered().dropped for _ in range(3)] == [1, 1, 1]
    seconds = READ_EVERY_S
    assert [remembered().dropped for _ in range(2)] == [2, 2]


def test_who_waits_for_a_store_that_hangs_is_told_so() -> None:
    begun, let_go = threading.Event(), threading.Event()

    def hang() -> FleetNow:
        begun.set()
        assert let_go.wait(20)
        return FleetNow(NOW, (), {}, (), 1)

    remembered = Remembered(hang, wait_s=0.05)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(remembered)
        assert begun.wait(20)
        with pytest.raises(StoreError, match="takes too long"):
            remembered()
        let_go.set()
        assert reading.result().dropped == remembered().dropped == 1
