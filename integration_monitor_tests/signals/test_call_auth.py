"""One stray refusal against a pattern."""

from __future__ import annotations

import pytest

from integration_monitor.signals import call_auth
from integration_monitor.signals.call_facts import (
    CallFacts,
    EndpointCalls,
    OutcomeCounts,
    Stretches,
    TenantCalls,
)
from integration_monitor.signals.call_outcome import AUTH
from integration_monitor.signals.verdict import Verdict
from integration_monitor_tests.call_examples import CRM, NOW, ago

Counted = tuple[int, int, int]


def tenant(ok: Counted, refused: Counted, outcome: str = "auth_expired") -> TenantCalls:
    ended = {"ok": Stretches(*ok), outcome: Stretches(*refused)}
    return TenantCalls({"contacts": ended}, since=ago(6))


def judged(**tenants: TenantCalls) -> Verdict:
    refused = Stretches.sum(each.of(AUTH) for each in tenants.values())
    ended = {"ok": OutcomeCounts(Stretches(900, 120, 180)), "auth_expired": OutcomeCounts(refused)}
    facts = CallFacts(
        "crm",
        ago(-1),
        {"contacts": EndpointCalls(ended)},
        tenants={name.replace("single", "-"): each for name, each in tenants.items()},
    )
    return call_auth.judge(facts, CRM, NOW)


LOCKED_OUT = tenant((20, 0, 0), (3, 1, 2))
STRAY = tenant((20, 2, 3), (1, 0, 1))
REFRESHED = tenant((1, 0, 1), (1, 0, 1))
ONE_OF_ONE = tenant((0, 0, 0), (1, 0, 1))


@pytest.mark.parametrize(
    ("tenants", "status", "severity", "named"),
    [
        pytest.param({}, "ok", None, (), id="nobody"),
        pytest.param({"acme": STRAY}, "ok", None, (), id="one stray refusal"),
        pytest.param({"acme": LOCKED_OUT}, "fail", "ticket", ("acme",), id="nothing gets through"),
        pytest.param(
            {"acme": tenant((20, 0, 0), (2, 1, 1))}, "ok", None, (), id="two refusals are too few"
        ),
        pytest.param(
            {"acme": tenant((20, 0, 1), (9, 3, 6))}, "ok", None, (), id="something gets through"
        ),
        pytest.param(
            {"acme": tenant((0, 0, 0), (3, 0, 0))}, "fail", "ticket", ("acme",), id="a while ago"
        ),
        pytest.param({"single": LOCKED_OUT}, "fail", "page", (), id="the account of everybody"),
        pytest.param(
            {"acme": tenant((0, 0, 0), (3, 1, 2), "our_config")},
            "fail",
            "page",
            ("acme",),
            id="our own client",
        ),
        pytest.param(
            {"acme": LOCKED_OUT, "bolt": LOCKED_OUT},
            "fail",
            "page",
            ("acme", "bolt"),
            id="two tenants without access",
        ),
        pytest.param(
            dict.fromkeys(("acme", "bolt", "corp"), ONE_OF_ONE),
            "fail",
            "page",
            ("acme", "bolt", "corp"),
            id="several tenants at once",
        ),
        pytest.param(
            dict.fromkeys(("acme", "bolt"), ONE_OF_ONE), "ok", None, (), id="two are not several"
        ),
        pytest.param(
            dict.fromkeys(("acme", "bolt", "corp", "dyne"), REFRESHED),
            "ok",
            None,
            (),
            id="tokens that ran out and were refreshed",
        ),
    ],
)
def test_what_is_a_pattern(
    tenants: dict[str, TenantCalls], status: str, severity: str | None, named: tuple[str, ...]
) -> None:
    verdict = judged(**tenants)
    assert (verdict.status, verdict.severity, verdict.tenants) == (status, severity, named)
    assert verdict.evidence["tenants_without_access"] == len(verdict.parts)


def test_the_reason_names_whom_and_what_to_do() -> None:
    assert judged(acme=LOCKED_OUT).reason == (
        "acme: auth_expired on all 3 calls since 14:14 UTC — the token is no longer accepted;"
        " refresh it; if that fails, authorize anew"
    )
    assert judged(**dict.fromkeys("abcdefg", ONE_OF_ONE)).reason.startswith(
        "auth_expired for 7 tenants (a, b, c, d, e and 2 more): 7 of 7 calls since 14:14 UTC — "
    )
    assert judged(acme=STRAY).reason == "1 refused call (acme) in 15 min, which is no pattern"
    assert judged().reason == "no call was refused in 15 min"


def test_the_parts_and_the_table_have_a_line_for_each_tenant() -> None:
    verdict = judged(bolt=LOCKED_OUT, acme=LOCKED_OUT)
    assert [part.tenant for part in verdict.parts] == ["acme", "bolt"]
    assert verdict.parts[0].reason == "auth_expired on all 3 calls since 14:14 UTC"
    assert "| acme | 3 | 3 | auth_expired | 14:14 UTC |" in verdict.markdown
