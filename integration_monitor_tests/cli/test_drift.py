"""`drift show` and `drift accept` on a real store, with two SQLite files as a sync's sides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from integration_monitor.store.engine import Store
from integration_monitor_tests.cli.test_commands import Company
from integration_monitor_tests.observe.test_response_schema import (
    HUBSPOT,
    RENAMED,
    USUAL,
    judged,
    sampled,
)

CRM = replace(HUBSPOT, name="crm")


@pytest.fixture
def company(tmp_path: Path, store_url: str) -> Company:
    company = Company(tmp_path, store_url)
    for name in ("PRODUCT", "WAREHOUSE"):
        company.execute(name, "drop table contacts")
        company.execute(
            name, "create table contacts (id text, updated_at text, tenant text, plan integer)"
        )
    return company


def rename(company: Company, name: str, was: str, now: str) -> None:
    company.execute(name, f"alter table contacts rename column {was} to {now}")


def test_shows_the_baseline_what_differs_and_what_was_accepted(company: Company) -> None:
    shown = company.run("drift", "show", "crm/contacts")
    assert (shown.exit_code, shown.stdout) == (0, "no baseline yet: nothing was ever measured\n")
    company.run("check")
    first = company.run("drift", "show", "crm/contacts").stdout
    assert "crm/contacts source: 4 columns, recorded at first sight 20" in first
    assert first.count("nothing differs from it") == 2

    rename(company, "PRODUCT", "plan", "tier")
    assert company.run("check").exit_code == 1
    lines = company.run("drift", "show", "crm/contacts").stdout.splitlines()
    assert lines[1].split() == [
        "path",
        "change",
        "was",
        "is",
        "first",
        "seen",
        "example,",
        "redacted",
    ]
    assert lines[2].startswith("plan  lost    integer or null  absent, `tier` is new  20")

    accepted = company.run(
        "drift", "accept", "crm/contacts", "--by", "Dana", "--note", "they say tier now"
    )
    assert accepted.stdout == "accepted 1 change; the next run says so\n"
    later = company.run("drift", "show", "crm/contacts").stdout
    assert "by Dana: they say tier now" in later
    assert "  before: plan lost (integer or null → absent, `tier` is new) from 20" in later
    assert "  before: 4 columns, recorded at first sight 20" in later
    company.run("check")
    (source,) = (line for line in company.lines("check") if line["signal"] == "source_schema_drift")
    assert source["status"] == "ok"


def test_for_programs_each_side_is_an_object(company: Company) -> None:
    company.run("check")
    rename(company, "PRODUCT", "plan", "tier")
    company.run("check")
    source, destination = company.lines("drift", "show", "crm/contacts")
    assert (source["side"], source["connection"]) == ("source", "-")
    assert [(c["path"], c["change"]) for c in source["open"]] == [("plan", "lost")]
    assert (destination["open"], destination["history"]) == ([], [])


def test_answers_of_an_api_are_shown_and_accepted_by_endpoint(
    company: Company, store: Store
) -> None:
    for endpoint in ("contacts", "deals"):
        sampled(store, USUAL, endpoint=endpoint, integration="crm")
        judged(store, CRM)
        sampled(store, RENAMED, endpoint=endpoint, integration="crm")
        judged(store, CRM)
    shown = company.run("drift", "show", "crm/api").stdout
    assert "crm/api response of contacts: 4 fields of 50 answers, recorded at first sight" in shown
    assert "results[].email  lost" in shown
    accept = ("drift", "accept", "crm/api", "--note", "v2", "--by", "Dana")
    assert company.run(*accept, "--endpoint", "contacts").stdout.startswith("accepted 1 change")
    verdict = judged(store, CRM)
    assert "deals: `results[].email` is lost" in verdict.reason
    assert "contacts:" not in verdict.reason
    assert company.run(*accept).stdout.startswith("accepted 1 change")
    assert judged(store, CRM).status == "ok"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["crm", "--note", "x"], "of which sync? Name one: crm/SYNC"),
        (["crm/contacts", "--note", "x"], "no open change of crm/contacts fits"),
        (["crm/contacts", "--note", "x", "--side", "destination"], "no open change"),
        (["crm/contacts", "--note", "x", "--tenant", "acme"], "no open change"),
        (["crm/deals", "--note", "x"], "crm has no sync called deals"),
        (["crm/api", "--note", "x"], "no open change of crm/api fits"),
        (["crm/api", "--note", "x", "--tenant", "acme"], "--endpoint is for INTEGRATION/api"),
        (["crm/contacts", "--note", "x", "--endpoint", "a"], "--endpoint is for INTEGRATION/api"),
        (["crm/contacts"], "Missing option '--note'"),
    ],
)
def test_what_cannot_be_accepted_is_said(
    company: Company, arguments: list[str], message: str
) -> None:
    company.run("check")
    if "--side" in arguments or "--tenant" in arguments:
        rename(company, "PRODUCT", "plan", "tier")
        company.run("check")
    result = company.run("drift", "accept", *arguments)
    assert (result.exit_code, message in result.stderr) == (2, True)
