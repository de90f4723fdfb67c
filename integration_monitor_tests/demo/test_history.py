from __future__ import annotations

from datetime import timedelta

import dagster as dg
import pytest

from integration_monitor.demo.history import History
from integration_monitor.demo.home import DemoHome
from integration_monitor.manifest.load import load_directory
from integration_monitor.signals import schema_drift
from integration_monitor.store.engine import Store
from integration_monitor.store.verdicts import latest
from integration_monitor_tests.demo.conftest import Company

DESTINATION = dg.AssetKey(["crm", "contacts_destination"])


@pytest.fixture
def environ(company: Company) -> dict[str, str]:
    return {
        "PARTNER_URL": company.partner_url,
        "PRODUCT_URL": company.product.url.render_as_string(hide_password=False),
        "WAREHOUSE_URL": company.warehouse.url.render_as_string(hide_password=False),
        "INBOX_URL": "http://127.0.0.1:9/alerts",
    }


def test_what_was_measured_of_the_past_shows_in_dagster_under_its_time(
    company: Company, store: Store, environ: dict[str, str]
) -> None:
    home = DemoHome(company.faults.parent / "demo")
    home.copy_manifests()
    with dg.DagsterInstance.ephemeral() as instance:
        history = History(load_directory(home.manifests), store, instance, environ)
        moments = [company.now + timedelta(minutes=5 * step) for step in (1, 2)]
        for at in moments:
            company.world.replay(at, changes=5)
            history.measure(at)
        history.finish(company.now)
        records = instance.fetch_observations(DESTINATION, limit=10).records
        assert sorted(record.timestamp for record in records) == [at.timestamp() for at in moments]
        counts = [observed(record)["records"].value for record in records]
        assert counts[0] == len(company.world.partner.contacts)
    with store.begin() as connection:
        verdicts = latest(connection)
    assert {verdict.status for verdict in verdicts} == {"ok"}
    assert {(verdict.integration, verdict.signal) for verdict in verdicts} == {
        (integration, signal)
        for integration in ("crm", "billing")
        for signal in ("reconciliation", "freshness", *schema_drift.SIGNALS, "manifest")
    }


def observed(record: dg.EventLogRecord) -> dict[str, dg.MetadataValue]:
    assert record.asset_observation is not None
    return dict(record.asset_observation.metadata)
