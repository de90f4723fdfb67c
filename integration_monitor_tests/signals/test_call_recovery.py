"""When calls that failed are known to go well again."""

from __future__ import annotations

import pytest

from integration_monitor.manifest.calls import CallRules
from integration_monitor.signals.call_facts import (
    EndpointCalls,
    EndpointLatency,
    OutcomeCounts,
    Stretches,
    TenantCalls,
)
from integration_monitor.signals.call_recovery import (
    endpoint_is_fast,
    endpoint_is_well,
    tenant_is_well,
)

RULES = CallRules()


def endpoint(calls: Stretches, failed: Stretches) -> EndpointCalls:
    well = Stretches(
        calls.window - failed.window, calls.older - failed.older, calls.newer - failed.newer
    )
    return EndpointCalls({"ok": OutcomeCounts(well), "server": OutcomeCounts(failed)})


@pytest.mark.parametrize(
    ("calls", "failed", "told", "well"),
    [
        pytest.param((900, 120, 180), (300, 60, 0), 0.3, True, id="the newest calls are well"),
        pytest.param((900, 120, 180), (45, 6, 7), 0.06, False, id="below fail, above warn"),
        pytest.param((900, 120, 180), (18, 2, 3), 0.021, False, id="hovers below warn"),
        pytest.param((900, 120, 180), (9, 1, 2), 0.021, True, id="well below warn"),
        pytest.param((60, 8, 12), (6, 0, 0), 0.1, True, id="the newer half is too short"),
        pytest.param((60, 8, 12), (6, 3, 0), 0.1, False, id="and the older one fails"),
        pytest.param((9, 0, 9), (0, 0, 0), 0.3, False, id="too few calls to show it"),
        pytest.param((10, 0, 10), (0, 0, 0), 0.3, True, id="just enough calls to show it"),
        pytest.param((3, 0, 0), (0, 0, 0), 1.0, True, id="nothing worked, and three calls did"),
        pytest.param((20, 0, 0), (0, 0, 0), 0.01, True, id="no more than are judged are awaited"),
        pytest.param((900, 120, 180), (9, 1, 2), 0.008, False, id="a rise that was not over warn"),
        pytest.param((0, 0, 0), (0, 0, 0), 1.0, False, id="no calls"),
    ],
)
def test_an_endpoint_works_again(
    calls: tuple[int, int, int], failed: tuple[int, int, int], told: float, well: bool
) -> None:
    known = endpoint(Stretches(*calls), Stretches(*failed))
    assert endpoint_is_well(known, told, RULES) is well


@pytest.mark.parametrize(
    ("n", "ms", "fast"), [(19, 1700.0, False), (19, 1500.0, True), (20, 1700.0, True)]
)
def test_few_slow_calls_are_still_slow(n: int, ms: float, fast: bool) -> None:
    latency = EndpointLatency(Stretches(n), {"p99": ms})
    assert endpoint_is_fast(latency, "p99", 1600.0, 20) is fast


def test_without_answers_there_is_no_latency() -> None:
    assert endpoint_is_fast(None, "p99", 1600.0, 20)


@pytest.mark.parametrize(
    ("signal", "ended", "well"),
    [
        pytest.param("tenants", {"server": 4}, False, id="few calls, all failed"),
        pytest.param("tenants", {"server": 1, "ok": 2}, True, id="few calls, most went well"),
        pytest.param("tenants", {"server": 5}, True, id="enough calls were judged"),
        pytest.param("auth", {"auth_expired": 2}, False, id="two calls, both refused"),
        pytest.param("auth", {"auth_expired": 1, "ok": 1}, True, id="one got through"),
        pytest.param("auth", {"server": 2}, True, id="not refused"),
        pytest.param("auth", {}, True, id="not called in the window"),
    ],
)
def test_a_tenant_works_again(signal: str, ended: dict[str, int], well: bool) -> None:
    calls = TenantCalls({"contacts": {name: Stretches(n) for name, n in ended.items()}})
    assert tenant_is_well(calls, signal, RULES) is well
