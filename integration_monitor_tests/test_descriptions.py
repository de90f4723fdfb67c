"""What somebody reads on the pages of assets and checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration_monitor import asset_descriptions, check_descriptions
from integration_monitor.checks import column_list
from integration_monitor.manifest.domain import (
    Lag,
    ListedConnections,
    LookupRequest,
    Partner,
    Reference,
    RequestTemplate,
    RestSide,
    Runbook,
    SchemaRules,
    Sync,
    Tolerance,
)
from integration_monitor.signals.shape import FieldShape
from integration_monitor_tests.plugin import a_sync, an_integration

LAG = Lag(timedelta(minutes=15), timedelta(hours=3))
PARTNER = Partner(
    "https://api.example.com", "https://status.example.com", "https://api.example.com/changelog"
)
SYNC = replace(a_sync(), title="Contacts to the warehouse", lag=LAG)


def with_lookup(sync: Sync, where: str | None = None) -> Sync:
    """The sync with a look-up at its source."""
    assert isinstance(sync.source.at, RestSide)
    lookup = LookupRequest(RequestTemplate("POST", "/contacts/batch"), batch=100)
    return replace(
        sync, source=replace(sync.source, at=replace(sync.source.at, lookup=lookup), where=where)
    )


def test_a_source_says_what_it_is_where_it_is_and_what_is_promised() -> None:
    integration = replace(
        an_integration("crm", SYNC),
        partner=PARTNER,
        runbook=Runbook(
            summary="Feeds the mails.", pause="Stop `crm-contacts`.", contact="help@example.com"
        ),
    )
    assert (
        asset_descriptions.of_side(integration, with_lookup(SYNC), "source")
        == """\
The **source** of *Contacts to the warehouse* in Crm: `GET /contacts`. Its records go to the table \
`crm.contacts`.

Feeds the mails.

- **Partner** at `https://api.example.com`
- **Looked up** by `POST /contacts/batch`, 100 at once
- **Key** `id`, **changed at** `updated_at`
- **Measured** every 15m (`*/15 * * * *`, UTC)
- **Grace** 10 min: so long a record may be on its way before it is a gap
- **May be missing**: no record
- **Lag** warns above 15 min, fails above 3 h (page)
- **Owner** CRM team, crm@example.com
- **To pause it**: Stop `crm-contacts`.
- **Partner's contact**: help@example.com

[Partner's status](https://status.example.com) · \
[Partner's changelog](https://api.example.com/changelog)"""
    )


def test_a_destination_names_the_variables_not_what_is_in_them() -> None:
    integration = replace(
        an_integration("crm", SYNC),
        partner=Partner(Reference("PARTNER_URL")),
        connections=ListedConnections(()),
    )
    text = asset_descriptions.of_side(integration, SYNC, "destination")
    assert "**Database** that `WAREHOUSE_URL` names" in text
    assert "It is filled from `GET /contacts`." in text
    assert "for each connection apart" in text
    whole = asset_descriptions.of_manifest(integration)
    assert "**Partner** at the address that `PARTNER_URL` names" in whole
    assert "**Sync** Contacts to the warehouse: `GET /contacts` → the table `crm.contacts`" in whole


def test_a_condition_with_backticks_stays_one_piece_of_code() -> None:
    sync = with_lookup(SYNC, where="archived == `false`")
    text = asset_descriptions.of_side(an_integration(), sync, "source")
    assert "**only where** `` archived == `false` ``" in text


@pytest.mark.parametrize(
    ("tolerance", "text"),
    [
        (Tolerance(), "No record may be missing, else it fails."),
        (Tolerance(3), "Up to 3 records may be missing; within that it warns, above it fails."),
        (Tolerance(1, 0.001), "Up to 1 record or 0.1 % of those expected in 24 h may be missing"),
    ],
)
def test_reconciliation_says_its_rule(tolerance: Tolerance, text: str) -> None:
    description = check_descriptions.of_reconciliation("crm", replace(SYNC, tolerance=tolerance))
    assert text in description
    assert "10 min after it was first seen" in description
    assert "`integration-monitor gaps list crm/contacts`" in description


def test_freshness_says_its_limits_or_that_there_are_none() -> None:
    declared = check_descriptions.of_freshness("crm", SYNC)
    assert "has waited: warns above 15 min, fails above 3 h (page)." in declared
    undeclared = check_descriptions.of_freshness("crm", replace(SYNC, lag=None))
    assert "never fails" in undeclared


def test_schema_drift_says_what_is_bad_and_how_it_is_accepted() -> None:
    rules = SchemaRules(lost="fail", retyped="warn", gained="ignore", nullable="ignore")
    text = check_descriptions.of_schema_drift("crm", replace(SYNC, schema=rules))
    assert "lost fails, another type warns, null for the first time is ignored" in text
    assert "`integration-monitor drift accept crm/contacts --note WHY`" in text


def test_columns_are_listed_with_types_and_uses() -> None:
    fields = {
        "id": FieldShape({"string": 9}, seen=9, nulls=0, of=9),
        "plan": FieldShape({"string": 8}, seen=9, nulls=1, of=9),
    }
    assert column_list(fields, {"id": "key"}).splitlines()[2:] == [
        "| `id` | string | key |",
        "| `plan` | string or null |  |",
    ]
    assert column_list({}, {}) == ""


def test_many_columns_are_counted_and_stay_readable_in_place() -> None:
    seen = FieldShape({"string": 9}, seen=9, nulls=0, of=9)
    text = column_list({f"properties.number_{n:04}": seen for n in range(2000)}, {})
    shown = text.count("| `properties.number_")
    assert text.endswith(f"and {2000 - shown:,} more")
    assert shown > 10
    assert len(text) < 1000
