"""The broken tenant in a healthy whole."""

from __future__ import annotations

import pytest

from integration_monitor.signals import call_tenants
from integration_monitor.signals.call_facts import (
    CallFacts,
    EndpointCalls,
    OutcomeCounts,
    Stretches,
    TenantCalls,
)
from integration_monitor.signals.verdict import Verdict
from integration_monitor_tests.call_examples import CRM, NOW, ago

ALL = EndpointCalls(
    {
        "ok": OutcomeCounts(Stretches(9950, 1000, 1500)),
        "server": OutcomeCounts(Stretches(50, 10, 20)),
    }
)


def even(n: int) -> Stretches:
    return Stretches(n, 2 * n // 15, 3 * n // 15)


def tenant(ok: int, failed: int, outcome: str = "bad_request", at: str = "contacts") -> TenantCalls:
    return TenantCalls({at: {"ok": even(ok), outcome: even(failed)}}, since=ago(15))


def judged(whose: dict[str, str] | None = None, **tenants: TenantCalls) -> Verdict:
    named = {name.replace("single", "-"): each for name, each in tenants.items()}
    facts = CallFacts(
        "crm", ago(-1), {"contacts": ALL, "deals": ALL}, tenants=named, whose=whose or {}
    )
    return call_tenants.judge(facts, CRM, NOW)


@pytest.mark.parametrize(
    ("calls", "status", "severity"),
    [
        pytest.param(tenant(15, 15), "fail", "page", id="half of the calls"),
        pytest.param(tenant(16, 14), "ok", None, id="less than half"),
        pytest.param(tenant(0, 5), "fail", "page", id="as few as five calls"),
        pytest.param(tenant(0, 4), "ok", None, id="four calls are too few"),
        pytest.param(tenant(3, 2), "ok", None, id="two failed calls are isolated"),
        pytest.param(tenant(0, 30, at="deals"), "fail", "ticket", id="nothing critical"),
        pytest.param(tenant(0, 30, "needs_reauth"), "fail", "ticket", id="up to the customer"),
        pytest.param(tenant(0, 30, "not_found"), "ok", None, id="nothing failed"),
        pytest.param(
            TenantCalls({"contacts": {"server": Stretches(30, 0, 30), "ok": Stretches(9, 9, 0)}}),
            "ok",
            None,
            id="it has only begun",
        ),
        pytest.param(
            TenantCalls({**tenant(0, 30).endpoints, **tenant(300, 0, at="deals").endpoints}),
            "fail",
            "page",
            id="one endpoint of several",
        ),
    ],
)
def test_who_is_broken(calls: TenantCalls, status: str, severity: str | None) -> None:
    verdict = judged(acme=calls)
    assert (verdict.status, verdict.severity) == (status, severity)
    assert verdict.tenants == (("acme",) if status == "fail" else ())


def test_calls_without_a_tenant_are_not_one() -> None:
    assert judged(single=tenant(0, 30)).status == "ok"


def test_the_reason_tells_the_broken_from_the_whole() -> None:
    assert judged(acme=tenant(1, 29)).reason == (
        "acme: 97 % of 30 calls fail since 14:05 UTC, mostly bad_request on contacts;"
        " of the other 19,970 calls 0.4 % fail"
    )


def test_the_reason_of_several_says_whose_it_likely_is() -> None:
    verdict = judged({"contacts": "all of CRM fails: likely theirs"}, **{
        name: tenant(0, 30, "server") for name in ("bolt", "acme", "corp")
    })  # fmt: skip
    assert verdict.reason == (
        "3 tenants (acme, bolt, corp) fail since 14:05 UTC: mostly server on contacts;"
        " of the other 19,910 calls < 0.1 % fail; all of CRM fails: likely theirs"
    )


def test_parts_and_table_are_sorted() -> None:
    verdict = judged(bolt=tenant(0, 30), acme=tenant(15, 15))
    assert verdict.tenants == ("acme", "bolt")
    assert [part.reason[:4] for part in verdict.parts] == ["50 %", "100 "]
    assert verdict.markdown.splitlines()[2] == (
        "| bolt | 30 | 30 | 100 % | contacts | bad_request | 14:05 UTC |"
    )
    assert verdict.evidence["tenants_broken"] == 2
    assert verdict.evidence["success_rate"] == 0.995


def test_failures_that_break_nobody_are_counted() -> None:
    verdict = judged(acme=tenant(300, 9), bolt=tenant(300, 9))
    assert verdict.reason == "2 tenants with failed calls in 15 min, none of them broken"
    assert judged(acme=tenant(300, 0)).evidence["tenants_with_failures"] == 0
    assert judged().reason == "no tenant has failing calls to speak of in 15 min"
