"""Whole measurements: a partner over HTTP, a warehouse and the store on PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from integration_monitor.manifest.domain import (
    Endpoint,
    Integration,
    ListedConnections,
    QueriedConnections,
    Reference,
)
from integration_monitor.manifest.load import load_texts
from integration_monitor.measure import measure_integration
from integration_monitor.measurement import SyncMeasurement
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import exemplars, verdicts
from integration_monitor.store.call_batch import Exemplar
from integration_monitor.store.embedded import EmbeddedPostgres
from integration_monitor.store.engine import Store, StoreError
from integration_monitor.store.locks import sync_locks
from integration_monitor_tests.observe.memory import Clock
from integration_monitor_tests.observe.partner import (
    Fault,
    Handler,
    Partner,
    cut_off,
    endless_cursor,
    hangs,
    html,
    running_partner,
    says,
    truncated_json,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANIFEST = """
version: 1
integration: crm
owner: {name: Owner, email: owner@example.com}
partner: {base_url: {env: PARTNER_URL}}
connections:
  list:
    - {tenant: acme, token: {env: ACME_TOKEN}}
    - {tenant: globex, token: {env: GLOBEX_TOKEN}}
auth: {type: bearer, token: "{connection.token}"}
endpoints:
  contacts: {path: /contacts}
deadline: 20s
request_timeout: 2s
wait_budget: 1s
syncs:
  contacts:
    every: 1m
    grace: 1m
    overlap: 0s
    window: 1d
    source:
      rest:
        endpoint: contacts
        list:
          method: POST
          path: /contacts/search
          body: {since: "{since}", until: "{until}", after: "{cursor}"}
          time: epoch_ms
        lookup: {method: POST, path: /contacts/read, body: {inputs: "{keys}"}, batch: 100}
        records: results
        next: paging.next.after
      key: id
      updated_at: updated
    destination:
      sql: {url: {env: WAREHOUSE_URL}, table: contacts}
      key: id
      updated_at: updated_at
      tenant: tenant
"""


class Case:
    """A partner with two tenants, a warehouse, and a clock turned by hand."""

    def __init__(self, store: Store, partner: Partner, warehouse: str) -> None:
        (self.integration,) = load_texts({"crm.yaml": MANIFEST}).integrations
        self.store = store
        self.partner = partner
        self.warehouse = warehouse
        self.clock = Clock(NOW)
        self.environ = {
            "PARTNER_URL": partner.url,
            "WAREHOUSE_URL": warehouse,
            "ACME_TOKEN": "token-acme",
            "GLOBEX_TOKEN": "token-globex",
        }
        with psycopg.connect(warehouse) as connection:
            connection.execute(
                "create table contacts (id text, updated_at timestamptz, tenant text)"
            )

    def change(self, tenant: str, key: str, *, synced: bool) -> None:
        """A record changes at the partner, and reaches the warehouse or not."""
        at = self.clock() - timedelta(seconds=30)
        contact = {"id": key, "updated": int(at.timestamp() * 1000)}
        self.partner.contacts.setdefault(tenant, []).append(contact)
        if synced:
            self.sync(tenant, key, at)

    def sync(self, tenant: str, key: str, at: datetime) -> None:
        with psycopg.connect(self.warehouse) as connection:
            connection.execute("insert into contacts values (%s, %s, %s)", [key, at, tenant])

    def measure(self, integration: Integration | None = None) -> SyncMeasurement:
        self.partner.clock = self.clock()
        (measured,) = measure_integration(
            integration or self.integration,
            store=self.store,
            environ=self.environ,
            clock=self.clock,
        )
        return measured

    def verdict(self) -> Verdict:
        return self.measure().verdicts[0]


@pytest.fixture
def case(store: Store, database_url: str) -> Iterator[Case]:
    partner = Partner(tokens={"token-acme": "acme", "token-globex": "globex"}, page=100)
    with running_partner(partner):
        yield Case(store, partner, database_url)


def test_a_lost_record_is_named_with_its_tenant_while_every_call_is_a_200(case: Case) -> None:
    case.change("acme", "a-1", synced=True)
    case.change("globex", "g-1", synced=False)
    assert case.verdict().status == "ok"
    case.clock.pass_(minutes=2)
    measured = case.measure()
    reconciliation, freshness, *_ = measured.verdicts
    assert (reconciliation.status, reconciliation.severity) == ("fail", "page")
    assert reconciliation.reason == "globex: 1 missing (g-1)"
    assert reconciliation.tenants == ("globex",)
    assert freshness.reason.startswith("freshness is not declared")
    assert measured.destination["gaps"] == 1
    with case.store.begin() as connection:
        stored = verdicts.latest(connection)
    assert sorted(stored, key=str) == sorted(measured.verdicts, key=str)

    case.sync("globex", "g-1", NOW - timedelta(seconds=30))
    assert case.verdict().status == "ok"


def test_a_gap_says_why_where_a_failing_call_named_the_record(case: Case) -> None:
    for key in ("g-1", "g-2"):
        case.change("globex", key, synced=False)
    failed = Exemplar(
        case.clock(), "crm", "contact", "globex", "bad_request", 422, "email_invalid", "req_1",
        "invalid email", "g-1",
    )  # fmt: skip
    with case.store.begin() as connection:
        exemplars.add(connection, [failed])
    case.verdict()
    case.clock.pass_(minutes=2)
    assert case.verdict().reason == "globex: 2 missing (g-1, g-2)", "the manifest says of no key"
    contact = Endpoint("contact", "/contacts/{id}", record_key="id")
    keyed = replace(case.integration, endpoints={"contact": contact})
    verdict = case.measure(keyed).verdicts[0]
    why = "422 invalid email (bad_request)"
    assert verdict.reason == f"globex: 2 missing (g-1, g-2): {why} for 1 of them"
    assert f"| {why} |" in verdict.markdown


def test_a_dead_token_of_one_tenant_does_not_blind_the_other(case: Case) -> None:
    case.change("acme", "a-1", synced=False)
    case.verdict()
    del case.partner.tokens["token-globex"]
    case.clock.pass_(minutes=2)
    verdict = case.verdict()
    assert verdict.status == "fail"
    assert verdict.blind == ("globex",)
    assert "acme: 1 missing (a-1)" in verdict.reason
    assert "globex: " in verdict.reason
    assert "401" in verdict.reason
    assert "token-globex" not in repr(verdict)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (html, "HTML"),
        (truncated_json, "JSON"),
        (cut_off, "acme: "),
        (endless_cursor, "cursor"),
        (says(500), "500"),
        (says(429), "429"),
        (says(429, headers={"Retry-After": "3600"}), "3600"),
    ],
)
def test_a_partner_that_cannot_be_read_is_unknown(case: Case, fault: Fault, words: str) -> None:
    case.verdict()
    case.partner.always = fault
    case.clock.pass_(hours=1)
    verdict = case.verdict()
    assert verdict.status == "unknown"
    assert words in verdict.reason
    assert verdict.blind == ("acme", "globex")


def test_a_partner_that_hangs_ends_with_the_deadline(case: Case) -> None:
    case.partner.always = hangs
    started = time.monotonic()
    measured = case.measure(replace(case.integration, deadline=timedelta(seconds=3)))
    assert time.monotonic() - started < 15
    assert measured.verdicts[0].status == "unknown"


def test_a_warehouse_that_is_away_or_wrong_is_unknown_and_says_why(case: Case) -> None:
    case.change("acme", "a-1", synced=True)
    with psycopg.connect(case.warehouse) as connection:
        connection.execute("alter table contacts rename updated_at to changed_at")
    verdict = case.verdict()
    assert verdict.status == "unknown"
    assert "updated_at" in verdict.reason
    case.environ["WAREHOUSE_URL"] = "postgresql://someone:hunter2@127.0.0.1:1/none"
    verdict = case.verdict()
    assert verdict.status == "unknown"
    assert "hunter2" not in repr(verdict)


def test_a_reference_that_is_not_set_concerns_only_its_connection(case: Case) -> None:
    del case.environ["ACME_TOKEN"]
    verdict = case.verdict()
    assert verdict.blind == ("acme",)
    assert "environment variable ACME_TOKEN is not set" in verdict.reason


UNLISTED = QueriedConnections(Reference("NOWHERE_URL"), "select 'acme' as tenant")


def test_what_is_known_to_be_missing_fails_also_while_nobody_lists_the_connections(
    case: Case,
) -> None:
    case.change("acme", "a-1", synced=False)
    case.measure()
    case.clock.pass_(minutes=2)
    assert case.verdict().status == "fail"
    case.clock.pass_(minutes=2)
    verdict = case.measure(replace(case.integration, connections=UNLISTED)).verdicts[0]
    assert verdict.status == "fail"
    assert "acme: 1 missing (a-1); the connections cannot be listed: " in verdict.reason
    assert [(p.tenant, p.status) for p in verdict.parts] == [("-", "unknown"), ("acme", "fail")]
    case.clock.pass_(minutes=2)
    assert "1 missing (a-1)" in case.verdict().reason, "nothing was forgotten"


def test_a_list_of_connections_that_cannot_be_read_is_unknown(case: Case) -> None:
    case.change("acme", "a-1", synced=True)
    case.measure()
    measured = case.measure(replace(case.integration, connections=UNLISTED))
    assert {verdict.status for verdict in measured.verdicts if verdict.signal != "freshness"} == {
        "unknown"
    }


def test_connections_that_left_are_superseded(case: Case) -> None:
    case.change("globex", "g-1", synced=False)
    case.verdict()
    case.clock.pass_(minutes=2)
    assert case.verdict().status == "fail"
    declared = case.integration.connections
    assert isinstance(declared, ListedConnections)
    connections = replace(declared, connections=declared.connections[:1])
    measured = case.measure(replace(case.integration, connections=connections))
    assert measured.verdicts[0].status == "ok"


def test_a_connection_that_comes_back_is_still_owed_what_it_lost(case: Case) -> None:
    case.change("globex", "g-1", synced=False)
    case.verdict()
    case.clock.pass_(minutes=2)
    case.verdict()
    declared = case.integration.connections
    assert isinstance(declared, ListedConnections)
    connections = replace(declared, connections=declared.connections[:1])
    for _ in range(2):
        case.clock.pass_(hours=3)
        case.measure(replace(case.integration, connections=connections))
    case.verdict()
    case.clock.pass_(minutes=2)
    verdict = case.verdict()
    assert (verdict.status, verdict.reason) == ("fail", "globex: 1 missing (g-1)")


def test_two_runs_of_one_sync_take_turns(case: Case) -> None:
    case.change("acme", "a-1", synced=False)
    case.change("globex", "g-1", synced=False)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: case.measure(), range(2)))
    assert [len(measured.verdicts) for measured in found] == [4, 4]
    case.clock.pass_(minutes=2)
    assert case.verdict().evidence["gaps"] == 2


def in_vain(case: Case) -> dict[str, Verdict]:
    """The verdicts by signal of a run that waits for another one until it may not any more."""
    measured = case.measure(replace(case.integration, deadline=timedelta(seconds=1)))
    return {verdict.signal: verdict for verdict in measured.verdicts}


def test_a_run_that_waits_in_vain_for_another_shows_what_is_stored(case: Case) -> None:
    stored = {verdict.signal: verdict for verdict in case.measure().verdicts}
    with sync_locks(case.store) as locks, locks.hold("crm", "contacts", lambda: 30.0):
        case.clock.pass_(minutes=1)
        assert in_vain(case) == stored
        case.clock.pass_(hours=1)
        late = in_vain(case)
    assert {verdict.status for verdict in late.values()} == {"unknown"}
    assert late["freshness"].reason.startswith("not measured since")


def test_what_another_run_measures_for_the_first_time_is_unknown(case: Case) -> None:
    with sync_locks(case.store) as locks, locks.hold("crm", "contacts", lambda: 30.0):
        found = in_vain(case)
    assert sorted(found) == [
        "destination_schema_drift",
        "freshness",
        "reconciliation",
        "source_schema_drift",
    ]
    assert {verdict.status for verdict in found.values()} == {"unknown"}


def test_postgres_restarted_mid_run_loses_nothing(case: Case, postgres: EmbeddedPostgres) -> None:
    case.change("acme", "a-1", synced=False)
    restarted = threading.Event()

    def restart(handler: Handler) -> None:
        if not restarted.is_set():
            restarted.set()
            postgres.restart()
        handler.answer(500, b"{}")

    case.partner.faults.extend([None, restart])
    with pytest.raises(StoreError):
        case.measure()
    assert restarted.is_set()
    case.clock.pass_(minutes=5)
    case.verdict()
    case.clock.pass_(minutes=2)
    assert case.verdict().reason == "acme: 1 missing (a-1)"


def test_a_store_that_is_away_is_an_error_of_its_own(case: Case) -> None:
    from integration_monitor.store.engine import open_store

    away = open_store("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreError):
        measure_integration(case.integration, store=away, environ=case.environ, clock=case.clock)
    away.dispose()


def test_measuring_as_of_a_moment_leaves_later_records_out(case: Case) -> None:
    case.change("acme", "a-1", synced=False)
    (measured,) = measure_integration(
        case.integration,
        store=case.store,
        environ=case.environ,
        clock=case.clock,
        as_of=NOW - timedelta(minutes=5),
    )
    assert measured.source["read"] == 0
