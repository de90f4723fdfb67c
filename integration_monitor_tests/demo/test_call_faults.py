"""The demo's faults as its calls show them, judged by the demo's own manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integration_monitor.demo.company import IntegrationName
from integration_monitor.demo.faults import FAULTS, INTEGRATIONS, Fault
from integration_monitor.demo.home import DemoHome
from integration_monitor.ingest.delivery import StoreSink
from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.spill import Spill
from integration_monitor.ingest.transport import MonitoredTransport
from integration_monitor.manifest.load import load_directory
from integration_monitor.measure import measure_integration
from integration_monitor.signals.call_rules import LATENESS
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import ledger_listing, refusals
from integration_monitor.store.engine import Store
from integration_monitor.telemetry import judge_fleet
from integration_monitor_tests.demo.conftest import Company

STEP_S = 5
STEPS = 11
"""Within one minute; an outage ends each run at its first call, and ten calls are asked for."""
STEPS_OF: Mapping[Fault, int] = {"slow": 4}
MINUTES_OF: Mapping[Fault, int] = {"validation": 2}
"""Only one invoice in four is a draft."""
QUICK: tuple[Fault, ...] = ("validation", "expire-token")
"""The others take a minute together."""
OF_CALLS = [
    pytest.param(fault, told.signal, id=fault, marks=() if fault in QUICK else pytest.mark.slow)
    for fault, about in FAULTS.items()
    for told in about.told
    if told.topic == "calls"
]


@dataclass
class Watched:
    """The company, whose calls are watched."""

    company: Company
    store: Store
    home: DemoHome
    recorder: Recorder

    def live(self, steps: int = STEPS) -> None:
        """Live from the next whole minute on, for less than a minute."""
        now = self.company.now
        self.company.now = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for _ in range(steps):
            self.company.step(STEP_S)
        assert self.recorder.flush(10)

    def judged(self, integration: IntegrationName) -> dict[str, Verdict]:
        """What the calls of the last minute tell, by signal, as soon as they can be judged."""
        fleet = load_directory(self.home.manifests).integrations
        found = judge_fleet(self.store, fleet, self.company.now + LATENESS)
        return {each.signal: each for each in found if each.integration == integration}


@pytest.fixture
def watched(company: Company, store: Store, store_url: str) -> Iterator[Watched]:
    """A company that lives today, because calls of long ago are not kept.

    Some minutes ago: what its database is asked for ends with the database's own now.
    """
    company.now = datetime.now(UTC) - timedelta(minutes=15)
    home = DemoHome(company.faults.parent / "demo")
    home.copy_manifests()
    recorder = Recorder(
        StoreSink(store_url), Spill(home.spill, "test"), clock=lambda: company.now.timestamp()
    )
    with ExitStack() as stack:
        clients = {
            name: stack.enter_context(
                httpx.Client(
                    base_url=company.partner_url,
                    transport=MonitoredTransport(name, manifests=home.manifests, recorder=recorder),
                )
            )
            for name in INTEGRATIONS
        }
        company.world.call_through(clients)
        yield Watched(company, store, home, recorder)


@pytest.mark.parametrize(("fault", "signal"), OF_CALLS)
def test_a_fault_is_told_by_its_signal_and_so_is_its_end(
    watched: Watched, fault: Fault, signal: str
) -> None:
    integration = FAULTS[fault].integrations[0]
    watched.live()
    well = watched.judged(integration)
    assert {each.signal: each.reason for each in well.values() if each.status != "ok"} == {}
    watched.company.break_(fault, integration)
    for _ in range(MINUTES_OF.get(fault, 1)):
        watched.live(STEPS_OF.get(fault, STEPS))
    assert watched.judged(integration)[signal].status in ("fail", "warn")
    watched.company.fix()
    watched.company.now += timedelta(minutes=2)
    watched.live()
    assert watched.judged(integration)[signal].status == "ok"


def test_one_tenant_is_named_where_its_token_has_expired(watched: Watched) -> None:
    watched.company.break_("expire-token")
    watched.live()
    tenant = watched.company.world.state()["fault"]["tenant"]
    found = watched.judged("crm")
    assert found["tenants"].tenants == (tenant,)
    assert tenant in found["tenants"].reason
    assert found["errors"].status != "fail", "one tenant of many is no failing endpoint"


@pytest.mark.slow
def test_a_refused_invoice_is_a_gap_that_says_why(watched: Watched) -> None:
    watched.company.break_("validation", "billing")
    watched.live()
    refused = watched.company.world.partner.refused()
    assert refused
    environ = {
        "PARTNER_URL": watched.company.partner_url,
        "PRODUCT_URL": watched.company.product.url.render_as_string(hide_password=False),
    }
    billing = {each.name: each for each in load_directory(watched.home.manifests).integrations}
    for _ in range(2):
        watched.company.now += timedelta(minutes=1)
        (found,) = measure_integration(
            billing["billing"],
            store=watched.store,
            environ=environ,
            clock=lambda: watched.company.now,
        )
    why = "422 invoices of status draft are not accepted (bad_request)"
    verdict = found.verdicts[0]
    assert (verdict.signal, verdict.status) == ("reconciliation", "fail")
    assert verdict.markdown.count(why) == len(refused)
    assert f": {why}" in verdict.reason
    with watched.store.begin() as connection:
        rows = ledger_listing.gaps(connection, "billing", "invoices")
        calls = refusals.of_gaps(connection, "billing", "invoices")
    assert {row.key for row in rows} == refused
    assert {calls[row.id].error_code for row in rows} == {"status_not_accepted"}
    assert all((calls[row.id].request_id or "").startswith("req_") for row in rows)
