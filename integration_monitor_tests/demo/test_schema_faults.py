"""The demo's schema faults, measured by the demo's own manifests."""

from __future__ import annotations

import pytest

from integration_monitor.demo.company import TENANTS, IntegrationName
from integration_monitor.demo.faults import Fault
from integration_monitor.demo.home import DemoHome
from integration_monitor.manifest.load import load_directory
from integration_monitor.measure import measure_integration
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store
from integration_monitor_tests.demo.conftest import Company


@pytest.mark.parametrize(
    ("fault", "integration", "reason"),
    [
        (
            "rename-field",
            "crm",
            "`email`, used as email, is lost, it was string; `email_address` is new (for ",
        ),
        pytest.param(
            "retype-field",
            "crm",
            "`seats`, used as seats, is string, it was integer (for ",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "retype-field",
            "billing",
            "`amount_cents`, used as amount_cents, is string, it was integer (for ",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_check_of_that_side_fails_by_name_and_recovers(
    company: Company, store: Store, fault: Fault, integration: IntegrationName, reason: str
) -> None:
    home = DemoHome(company.faults.parent / "demo")
    home.copy_manifests()
    fleet = {each.name: each for each in load_directory(home.manifests).integrations}
    environ = {
        "PARTNER_URL": company.partner_url,
        "PRODUCT_URL": company.product.url.render_as_string(hide_password=False),
        "WAREHOUSE_URL": company.warehouse.url.render_as_string(hide_password=False),
    }

    def measured() -> dict[str, Verdict]:
        (found,) = measure_integration(
            fleet[integration], store=store, environ=environ, clock=lambda: company.now
        )
        return {verdict.signal: verdict for verdict in found.verdicts}

    signal = f"{'source' if integration == 'crm' else 'destination'}_schema_drift"
    assert {each.signal: each.reason for each in measured().values() if each.status != "ok"} == {}
    company.break_(fault, integration)
    company.step(60)
    broken = measured()
    assert broken[signal].reason.startswith(reason)
    assert (broken[signal].status, broken["reconciliation"].status) == ("fail", "ok")
    # The smallest tenants have too few records to be sure that a field is lost.
    assert len(broken[signal].tenants) > len(TENANTS) / 2
    company.fix()
    company.step(60)
    assert {each.signal: each.reason for each in measured().values() if each.status != "ok"} == {}
