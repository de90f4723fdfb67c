"""Schema drift of a real partner and a real table, measurement by measurement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, fields, make_dataclass, replace
from typing import Any

import dagster as dg
import psycopg
import pytest

from integration_monitor.builder import build_integration_monitor_defs
from integration_monitor.manifest.domain import (
    Fleet,
    Integration,
    ListedConnections,
    RestSide,
    SchemaRules,
    SqlSide,
)
from integration_monitor.measure import measure_integration
from integration_monitor.measurement import SyncMeasurement
from integration_monitor.observe.fingerprint import digest
from integration_monitor.observe.schema import Observed, definition, observe_side
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import baselines
from integration_monitor.store.baselines import SideUnit
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.partner import Partner, running_partner, says
from integration_monitor_tests.plugin import store_resource
from integration_monitor_tests.test_measure import UNLISTED, Case

TENANTS = ("acme", "globex")


class Drifting(Case):
    """A case whose contacts have more fields, of which the sync uses some."""

    def __init__(self, store: Store, partner: Partner, warehouse: str) -> None:
        super().__init__(store, partner, warehouse)
        self.sync_as({"email": "properties.email", "seats": "seats"})
        for tenant in TENANTS:
            for number in range(30):
                self.add(tenant, f"{tenant}-{number}")

    def sync_as(self, fields: dict[str, str], rules: SchemaRules | None = None) -> None:
        """Map these fields, by these rules."""
        known = self.integration.syncs["contacts"]
        changed = replace(known, fields=fields, schema=rules or known.schema)
        self.integration = replace(self.integration, syncs={"contacts": changed})

    def add(self, tenant: str, key: str) -> None:
        self.change(tenant, key, synced=True)
        self.partner.contacts[tenant][-1] |= {
            "seats": 3,
            "note": "Call back",
            "properties": {"email": f"{key}@example.com", "city": "Bern"},
        }

    def reshape(self, tenant: str, **fields: Any) -> None:
        """Change every contact of a tenant; None takes a field away."""
        for contact in self.partner.contacts[tenant]:
            for name, value in fields.items():
                contact[name] = value
                if value is None:
                    del contact[name]

    def source(self) -> Verdict:
        return self.schema("source")

    def schema(self, side: str) -> Verdict:
        """The verdict of a measurement a minute later."""
        self.clock.pass_(minutes=1)
        return by_signal(self.measure())[f"{side}_schema_drift"]

    def accept(self, tenant: str | None = None) -> int:
        units = [
            SideUnit("crm", "contacts", "source", name)
            for name in TENANTS
            if tenant in (None, name)
        ]
        with self.store.begin() as connection:
            return sum(
                baselines.accept_changes(
                    connection, unit, by="Dana", note="agreed", at=self.clock()
                )
                for unit in units
            )

    def sql(self, *statements: str) -> None:
        with psycopg.connect(self.warehouse) as connection:
            for statement in statements:
                connection.execute(statement)


def by_signal(measured: SyncMeasurement) -> dict[str, Verdict]:
    return {verdict.signal: verdict for verdict in measured.verdicts}


@pytest.fixture
def case(store: Store, database_url: str) -> Iterator[Drifting]:
    partner = Partner(tokens={"token-acme": "acme", "token-globex": "globex"}, page=100)
    with running_partner(partner):
        yield Drifting(store, partner, database_url)


def test_the_first_observation_is_the_baseline_and_says_so(case: Drifting) -> None:
    found = by_signal(case.measure())
    source, destination = found["source_schema_drift"], found["destination_schema_drift"]
    assert (source.status, destination.status) == ("ok", "ok")
    assert source.reason == "baseline recorded from 60 records with 7 fields"
    assert destination.reason.startswith("baseline recorded from 3 columns; never seen: `email`")
    assert case.source().reason.startswith("the fields of the source are as they were")


def test_a_renamed_field_that_is_mapped_fails_for_the_tenant_it_hits(case: Drifting) -> None:
    case.measure()
    case.reshape("globex", properties={"mail": "x@example.com", "city": "Bern"})
    verdict = case.source()
    assert (verdict.status, verdict.severity, verdict.tenants) == ("fail", "page", ("globex",))
    assert verdict.reason == (
        "`properties.email`, used as email, is lost, it was string;"
        " `properties.mail` is new (for globex)"
    )
    assert [(part.tenant, part.status) for part in verdict.parts] == [("globex", "fail")]
    assert (verdict.evidence["lost"], verdict.evidence["retyped"]) == (1, 0)
    assert "| `properties.email` | email | lost | string |" in verdict.markdown
    case.reshape("globex", properties={"email": "x@example.com", "city": "Bern"})
    assert case.source().status == "ok"


def test_a_renamed_key_is_lost_although_no_record_can_be_read(case: Drifting) -> None:
    case.measure()
    for contact in case.partner.contacts["acme"]:
        contact["identifier"] = contact.pop("id")
    verdict = case.source()
    assert verdict.status == "fail"
    assert "`id`, used as key, is lost" in verdict.reason


def test_a_number_that_arrives_as_text_is_retyped_and_shown_redacted(case: Drifting) -> None:
    case.measure()
    for tenant in TENANTS:
        case.reshape(tenant, seats="17 Seats")
    verdict = case.source()
    assert verdict.reason == (
        "`seats`, used as seats, is string, it was integer (for acme, globex)"
    )
    assert "`99 Aaaaa`" in verdict.markdown
    assert "17 Seats" not in verdict.markdown


def test_a_field_that_is_not_used_warns(case: Drifting) -> None:
    case.measure()
    case.reshape("acme", note=None)
    verdict = case.source()
    assert (verdict.status, verdict.severity) == ("warn", "ticket")


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        (SchemaRules(lost="warn"), "warn"),
        (SchemaRules(lost="ignore"), "ok"),
        (SchemaRules(), "fail"),
    ],
)
def test_the_manifest_says_what_a_change_means(
    case: Drifting, rules: SchemaRules, status: str
) -> None:
    case.sync_as({"seats": "seats"}, rules)
    case.measure()
    case.reshape("acme", seats=None)
    assert case.source().status == status


def test_it_stays_failing_while_nothing_can_be_sampled(case: Drifting) -> None:
    case.measure()
    case.reshape("globex", seats="3")
    first = case.source()
    case.partner.contacts = {}
    later = case.source()
    assert (later.status, later.reason) == ("fail", first.reason)
    assert later.evidence["sampled"] == 0


def test_a_tenant_without_records_now_is_as_it_was(case: Drifting) -> None:
    case.measure()
    case.partner.contacts = {}
    verdict = case.source()
    assert verdict.status == "ok"
    assert verdict.reason.startswith("nothing to sample since the baseline of 2026-03-01T12:00:00Z")


def test_without_any_record_ever_it_is_unknown(case: Drifting) -> None:
    case.partner.contacts = {}
    verdict = case.source()
    assert (verdict.status, verdict.reason) == (
        "unknown",
        "there is no record yet to see the fields of",
    )


def test_a_reading_that_fails_is_unknown_and_hides_no_known_drift(case: Drifting) -> None:
    case.measure()
    case.reshape("globex", seats="3")
    case.source()
    del case.partner.tokens["token-acme"]
    del case.partner.tokens["token-globex"]
    verdict = case.source()
    assert (verdict.status, verdict.blind) == ("fail", ("acme", "globex"))
    case.accept()
    verdict = case.source()
    assert (verdict.status, verdict.blind) == ("unknown", ("acme", "globex"))


def test_a_known_drift_fails_also_while_nobody_lists_the_connections(case: Drifting) -> None:
    case.measure()
    case.reshape("acme", seats="3")
    assert case.source().status == "fail"
    listed, case.integration = case.integration, replace(case.integration, connections=UNLISTED)
    verdict = case.source()
    assert verdict.status == "fail"
    assert "the connections cannot be listed: " in verdict.reason
    assert "`seats`, used as seats, is string, it was integer (for acme)" in verdict.reason
    case.integration = listed
    assert case.source().status == "fail"


def test_keys_that_a_later_release_adds_to_a_manifest_change_no_baseline(case: Drifting) -> None:
    sync = case.integration.syncs["contacts"]
    assert definition(sync, "source") == digest(sync.source.at)
    longer: Any = make_dataclass(
        "RestSide", [("added", str, field(default=""))], bases=(RestSide,), frozen=True
    )
    at = sync.source.at
    later = longer(**{each.name: getattr(at, each.name) for each in fields(at)})
    assert digest(later) == digest(at)
    assert digest(replace(later, added="x")) != digest(at)


def test_accepting_makes_the_next_check_green_and_is_kept(case: Drifting) -> None:
    case.measure()
    for tenant in TENANTS:
        case.reshape(tenant, properties={"mail": "x@example.com"}, seats="3")
    assert case.source().status == "fail"
    assert case.accept("acme") > 0
    assert case.source().tenants == ("globex",)
    case.accept()
    assert case.source().status == "ok"
    with case.store.begin() as connection:
        kept = [b for b in baselines.history(connection, "crm", "contacts") if b.accepted_by]
        old = baselines.changes_of(connection, baselines.history(connection, "crm", "contacts")[1])
    assert {(b.unit.connection, b.accepted_by, b.note) for b in kept} == {
        ("acme", "Dana", "agreed"),
        ("globex", "Dana", "agreed"),
    }
    assert {(c.closed_reason, c.closed_by) for c in old} == {("accepted", "Dana")}


def test_what_is_accepted_while_a_run_is_on_is_not_what_that_run_is_about_to_see(
    case: Drifting, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.measure()
    case.reshape("acme", seats="3")
    assert case.source().status == "fail"
    case.reshape("acme", properties={"city": "Bern"})
    accepted: list[int] = []

    def accept_before_it_is_judged(*args: Any) -> list[Observed]:
        seen = observe_side(*args)
        if not accepted:
            accepted.append(case.accept())
        return seen

    monkeypatch.setattr("integration_monitor.measure.observe_side", accept_before_it_is_judged)
    verdict = case.source()
    assert accepted == [1]
    assert (verdict.status, verdict.tenants) == ("fail", ("acme",))
    assert verdict.evidence["lost"] == 1
    assert verdict.evidence["retyped"] == 0


def test_no_request_is_made_for_it_but_for_a_page_where_nothing_was_read(case: Drifting) -> None:
    case.measure()
    case.partner.requests.clear()
    case.partner.contacts = {}
    case.measure()
    # Per tenant: the partner's clock, one list request of the reading, two for the sample: of
    # late, and of all times.
    assert len(case.partner.requests) == 8


def test_columns_of_a_table(case: Drifting) -> None:
    case.sql("alter table contacts add column email varchar(50) not null default ''")
    case.sql("alter table contacts add column seats int, add column extra text")
    case.measure()
    case.sql("alter table contacts alter column email type varchar(80)")
    case.sql("alter table contacts alter column seats type bigint")
    assert case.schema("destination").status == "ok", "widened, not retyped"
    case.sql("alter table contacts drop column extra")
    assert case.schema("destination").status == "warn"
    case.sql("alter table contacts alter column seats type text")
    case.sql("alter table contacts alter column email drop not null")
    verdict = case.schema("destination")
    assert verdict.status == "fail"
    assert [verdict.evidence[kind] for kind in ("lost", "retyped", "nullable")] == [1, 1, 1]
    assert "`seats`, used as seats, is text, it was int8" in verdict.reason


def test_a_lost_column_that_keeps_the_table_from_being_read_is_named(case: Drifting) -> None:
    case.measure()
    case.sql("alter table contacts rename column updated_at to changed_at")
    verdict = case.schema("destination")
    assert verdict.status == "fail"
    assert "`updated_at`, used as updated_at, is lost" in verdict.reason
    assert "`changed_at` is new" in verdict.reason


def test_another_place_has_another_baseline(case: Drifting) -> None:
    case.measure()
    case.sql("create table others (id text, updated_at timestamptz, tenant text, seats text)")
    known = case.integration.syncs["contacts"]
    assert isinstance(known.destination.at, SqlSide)
    moved = replace(known.destination, at=replace(known.destination.at, table="others"))
    case.integration = replace(
        case.integration, syncs={"contacts": replace(known, destination=moved)}
    )
    verdict = case.schema("destination")
    assert (verdict.status, verdict.reason[:17]) == ("ok", "baseline recorded")


def test_a_record_of_five_megabytes_and_one_with_thousands_of_fields(case: Drifting) -> None:
    wide = {f"field_{number:05}": number for number in range(5_000)}
    case.reshape("acme", **wide)
    for contact in case.partner.contacts["acme"][:1]:
        contact["blob"] = "x" * 5_000_000
        contact["zz_mapped"] = [{"deep": n} for n in range(50_000)]
    case.sync_as({"deep": "zz_mapped[].deep", "seats": "seats"})
    found = by_signal(case.measure())["source_schema_drift"]
    assert found.status == "ok"
    assert "only the first 2,000 fields are watched, and mapped ones" in found.reason
    for contact in case.partner.contacts["acme"]:
        del contact["seats"]
    assert case.source().status == "fail", "what is mapped is watched beyond the limit"


def test_says_what_is_wrong_with_the_partner_and_not_with_its_fields(case: Drifting) -> None:
    case.measure()
    case.partner.always = says(503)
    verdict = case.source()
    assert (verdict.status, verdict.severity) == ("unknown", "ticket")


def test_a_tenant_that_left_takes_its_changes_with_it(case: Drifting) -> None:
    case.measure()
    case.reshape("globex", seats="3")
    assert case.source().status == "fail"
    everybody = case.integration
    declared = everybody.connections
    assert isinstance(declared, ListedConnections)
    staying = replace(declared, connections=declared.connections[:1])
    case.integration = replace(everybody, connections=staying)
    assert case.source().status == "ok"
    case.integration = everybody
    assert case.source().status == "fail", "it came back as it had left"


def test_dagster_shows_both_checks_and_the_columns_of_both_sides(
    case: Drifting, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.measure()
    case.reshape("globex", seats="3")
    case.clock.pass_(minutes=1)
    for name, value in case.environ.items():
        monkeypatch.setenv(name, value)

    def measure(integration: Integration, **means: Any) -> Sequence[SyncMeasurement]:
        return measure_integration(integration, clock=case.clock, **means)

    with store_resource(store_url) as resource:
        defs = build_integration_monitor_defs(
            manifests=Fleet("integrations", (case.integration,)), measure=measure, store=resource
        )
        job = defs.resolve_job_def("integration_monitor_every_1m")
        result = job.execute_in_process(raise_on_error=False)
    checks = {
        (check.asset_key.path[-1], check.check_name): check
        for check in result.get_asset_check_evaluations()
    }
    source = checks["contacts_source", "schema_drift"]
    destination = checks["contacts_destination", "schema_drift"]
    assert (source.passed, source.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert destination.passed
    assert source.metadata["retyped"] == dg.MetadataValue.int(1)
    details = str(source.metadata["details"].value)
    assert "| `seats` | seats | retyped | integer | string |" in details
    columns = dict(observed_columns(result))
    seen = [(column.name, column.type) for column in columns["contacts_source"]]
    assert seen[:4] == [
        ("id", "string"),
        ("properties.email", "string"),
        ("seats", "integer or string"),
        ("updated", "integer"),
    ]
    assert [(column.name, column.type) for column in columns["contacts_destination"]] == [
        ("id", "text"),
        ("tenant", "text"),
        ("updated_at", "timestamptz"),
    ]
    assert columns["contacts_destination"][0].constraints.nullable


def observed_columns(
    result: dg.ExecuteInProcessResult,
) -> Iterator[tuple[str, Sequence[dg.TableColumn]]]:
    """What each observation says of columns, by the last part of the asset's key."""
    for event in result.all_events:
        if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
            seen = event.asset_observation_data.asset_observation
            schema = seen.metadata["dagster/column_schema"]
            assert isinstance(schema, dg.TableSchemaMetadataValue)
            yield seen.asset_key.path[-1], schema.schema.columns
