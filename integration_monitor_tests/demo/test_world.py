from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from integration_monitor.demo.company import CONTACTS, INVOICES, TENANTS, invoices
from integration_monitor.demo.faults import Fault
from integration_monitor_tests.demo.conftest import Company


def dropped(company: Company) -> set[str]:
    records = company.world.state()["fault"]["records"]
    return {key for keys in records.values() for key in keys}


def last_run(company: Company, integration: str) -> str:
    syncs = {sync["integration"]: sync for sync in company.world.state()["syncs"]}
    return str(syncs[integration]["last_run"])


def test_the_company_is_as_large_as_promised(company: Company) -> None:
    assert len(TENANTS) >= 20
    assert len(company.world.partner.contacts) + len(company.world.partner.invoices) == 5000
    assert CONTACTS + INVOICES == 5000


def test_a_healthy_company_moves_everything(company: Company) -> None:
    for _ in range(10):
        company.step()
    assert company.behind() == set()
    assert last_run(company, "crm").endswith("100 % HTTP 200")


def test_a_replayed_change_is_loaded_by_the_next_run(company: Company) -> None:
    company.now = company.now.replace(minute=5)
    company.world.replay(company.now, changes=12)
    assert company.behind() == set()
    query = sa.text(
        "select max(loaded_at - source_updated_at) from crm.contacts"
        " where source_updated_at >= timestamptz '2026-03-01 12:00Z'"
    )
    with company.warehouse.connect() as connection:
        delay = connection.execute(query).scalar_one()
    assert 0 < delay.total_seconds() <= 1


def test_drop_records_loses_five_of_three_tenants_while_every_call_is_a_200(
    company: Company,
) -> None:
    company.break_("drop-records")
    lost = dropped(company)
    for _ in range(5):
        company.step()
    records = company.world.state()["fault"]["records"]
    assert [len(keys) for keys in records.values()] == [5, 5, 5]
    assert company.behind() == lost
    assert last_run(company, "crm").endswith("100 % HTTP 200")


def test_fix_moves_the_lost_records(company: Company) -> None:
    company.break_("drop-records")
    company.step()
    company.fix()
    assert company.behind() == set()


def test_fix_without_resync_leaves_the_lost_records_lost_until_a_plain_fix(
    company: Company,
) -> None:
    company.break_("drop-records")
    lost = dropped(company)
    company.step()
    company.fix(resync=False)
    for _ in range(20):
        company.step()
    assert company.behind() == lost
    assert set(company.world.state()["fault"]["not_resynced"]) == lost
    company.fix()
    assert company.behind() == set()


def test_two_breaks_in_a_row_are_both_mended(company: Company) -> None:
    company.break_("drop-records")
    first = dropped(company)
    company.break_("drop-records")
    assert company.behind() == first | dropped(company)
    company.fix()
    assert company.behind() == set()


def test_outward_records_are_dropped_too(company: Company) -> None:
    company.break_("drop-records", "billing")
    lost = dropped(company)
    company.step()
    assert len(lost) == 15
    sent = company.world.partner.invoices
    stale = {
        record["external_id"]
        for tenant in sent.tenants()
        for record in sent.read(tenant, lost)
        if record["source_updated_at"] < "2026-03-01T12"
    }
    assert stale == lost
    assert "100 % HTTP 200" in company.world.state()["syncs"][1]["last_minute"]
    company.fix()
    for tenant in sent.tenants():
        versions = [record["source_updated_at"] for record in sent.read(tenant, lost)]
        assert all(version >= "2026-03-01T12" for version in versions)


def test_drop_tenant_is_skipped_and_catches_up(company: Company) -> None:
    company.break_("drop-tenant")
    tenant = company.world.state()["fault"]["tenant"]
    assert f"skipped {tenant}" in last_run(company, "crm")
    key = company.world.partner.contacts.keys(tenant)[0]
    company.world.changes.touch("crm", [key], company.now)
    company.step()
    assert key in company.behind()
    company.fix()
    assert company.behind() == set()


def test_stop_sync_stands_still_and_catches_up(company: Company) -> None:
    company.break_("stop-sync")
    for _ in range(20):
        company.step()
    assert company.behind()
    assert company.world.state()["syncs"][0]["state"] == "stopped"
    company.fix()
    assert company.behind() == set()


def test_partner_down_stops_every_run_and_loses_nothing(company: Company) -> None:
    company.break_("partner-down")
    for _ in range(20):
        company.step()
    assert last_run(company, "crm").endswith("stopped: HTTP 503")
    company.fix()
    assert company.behind() == set()


def test_its_story_says_what_was_broken_and_mended(company: Company) -> None:
    company.break_("stop-sync", "billing")
    company.fix()
    commands = company.world.state()["commands"]
    assert [(one["event"], one.get("fault")) for one in commands] == [
        ("broken", "stop-sync"),
        ("fixed", None),
    ]


def test_a_renamed_field_arrives_empty_while_every_call_is_a_200(company: Company) -> None:
    company.break_("rename-field")
    key = company.world.partner.contacts.keys(TENANTS[0])[0]
    company.world.changes.touch("crm", [key], company.now)
    company.step()
    query = sa.text("select email from crm.contacts where contact_id = :key")
    with company.warehouse.connect() as connection:
        assert connection.execute(query, {"key": key}).scalar_one() == ""
    assert company.behind() == set()
    assert last_run(company, "crm").endswith("100 % HTTP 200")
    company.fix()
    with company.warehouse.connect() as connection:
        assert connection.execute(query, {"key": key}).scalar_one().endswith("@example.com")


def test_a_retyped_number_still_arrives(company: Company) -> None:
    company.break_("retype-field")
    company.step()
    assert last_run(company, "crm").endswith("100 % HTTP 200")
    assert company.behind() == set()


def test_a_revoked_tenant_is_given_up_while_one_with_an_expired_token_is_tried_again(
    company: Company,
) -> None:
    def calls_of_a_run() -> int:
        company.step()
        return company.world.runs("crm")[-1].calls

    company.break_("drop-tenant")
    assert calls_of_a_run() == len(TENANTS) - 1
    company.break_("expire-token")
    assert calls_of_a_run() == len(TENANTS)
    assert f"skipped {company.world.state()['fault']['tenant']}" in last_run(company, "crm")
    company.fix()
    company.step()
    assert company.behind() == set()


def test_a_tenant_whose_token_has_expired_has_something_to_send(company: Company) -> None:
    company.break_("expire-token", "billing")
    tenant = company.world.state()["fault"]["tenant"]
    assert company.world.runs("billing")[-1].skipped == [tenant]


@pytest.mark.parametrize("fault", ["expire-token", "rate-limit"])
def test_invoices_of_tenants_that_were_put_off_are_sent_later(
    company: Company, fault: Fault
) -> None:
    company.break_(fault, "billing")
    for _ in range(40):
        company.step()
    assert any(run.skipped for run in company.world.runs("billing"))
    company.fix(resync=False)
    assert unsent(company) == set()


def test_validation_refuses_some_invoices_until_they_are_sent_again(company: Company) -> None:
    company.break_("validation", "billing")
    for _ in range(40):
        company.step()
    refused = company.world.partner.refused()
    assert refused
    assert unsent(company) == refused
    assert any(run.refused for run in company.world.runs("billing"))
    company.fix(resync=False)
    for _ in range(20):
        company.step()
    assert set(company.world.state()["fault"]["not_resynced"]) == unsent(company) == refused
    company.fix()
    assert unsent(company) == set()


def test_an_outage_stops_every_run_and_loses_nothing(company: Company) -> None:
    company.break_("outage")
    for _ in range(5):
        company.step()
    said = {run.error for run in company.world.runs("crm")}
    assert {"stopped: HTTP 500", "stopped: RemoteProtocolError"} <= said
    company.fix()
    assert company.behind() == set()


def unsent(company: Company) -> set[str]:
    """The invoices that the partner does not have as the product has them."""
    query = sa.select(invoices.c.id, invoices.c.updated_at)
    with company.product.connect() as connection:
        ours = {str(row.id): row.updated_at for row in connection.execute(query)}
    sent = company.world.partner.invoices
    theirs = {
        record["external_id"]: datetime.fromisoformat(record["source_updated_at"])
        for tenant in sent.tenants()
        for record in sent.read(tenant, ours)
    }
    return {key for key, version in ours.items() if theirs.get(key) != version}
