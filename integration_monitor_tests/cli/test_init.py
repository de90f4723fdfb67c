"""`init`: the manifest that is written reads the API it was drafted from."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from integration_monitor.cli import app
from integration_monitor.manifest.domain import Integration, Monitor, RestSide, Sync
from integration_monitor.manifest.load import load_file
from integration_monitor_tests.draft.api import TOKEN, Api, Habit, running_api

FLAGS = (
    "--auth", "bearer", "--token-env", "CRM_TOKEN", "--owner-name", "Owner",
    "--owner-email", "owner@example.com", "--list", "/v1/contacts",
    "--destination-env", "WAREHOUSE_URL", "--destination-table", "contacts",
)  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("warehouse.db") as connection:
        connection.execute(
            "create table contacts (contact_id text, email text, plan text,"
            " source_updated_at text, loaded_at text)"
        )
    connection.close()
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    monkeypatch.setenv("WAREHOUSE_URL", f"sqlite:///{tmp_path / 'warehouse.db'}")
    monkeypatch.setenv("INTEGRATION_MONITOR_HOME", str(tmp_path / "home"))
    return tmp_path


def init(*arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(app, ["init", *arguments], input=answers, env=dict(os.environ))


def written(here: Path) -> Sync:
    manifest = load_file(here / "integrations" / "crm.yaml", Monitor())
    assert isinstance(manifest, Integration)
    return manifest.syncs["contacts"]


def rest(sync: Sync) -> RestSide:
    assert isinstance(sync.source.at, RestSide)
    return sync.source.at


def test_everything_is_found_out_and_works(here: Path) -> None:
    with running_api(Api()) as api:
        result = init("crm", "--base-url", api.url, *FLAGS, "--yes")
    assert result.exit_code == 0, result.output
    sync = written(here)
    assert (sync.source.key, sync.source.updated_at) == ("id", "updated_at")
    listing = rest(sync).list
    assert listing is not None
    assert listing.mode == "changed"
    assert listing.request.query == {"cursor": "{cursor}", "updated_since": "{since}"}
    assert rest(sync).records == "data"
    lookup = rest(sync).lookup
    assert lookup is not None
    assert (lookup.request.path, lookup.batch) == ("/v1/contacts/{key}", 1)
    assert sync.destination.key == "contact_id"
    assert sync.destination.updated_at == "source_updated_at"
    assert sync.destination.loaded_at == "loaded_at"
    assert sync.fields == {"email": "email", "plan": "account.plan"}
    assert "their fields: id (" in result.stderr
    assert "account.plan (string)" in result.stderr
    assert "works     crm contacts source list: " in result.stdout
    assert "works     crm contacts source look-up: one key: found" in result.stdout
    assert TOKEN not in result.output + (here / "integrations" / "crm.yaml").read_text()


@pytest.mark.parametrize(
    ("habit", "expected"),
    [
        ("page", "type: page_number"),
        ("link", "type: link_header"),
        ("next_url", "type: next_url, body: links.next"),
        ("keyset", "type: keyset, cursor: '[-1].id', more: has_more"),
    ],
)
def test_the_way_to_the_next_page_is_tried(here: Path, habit: Habit, expected: str) -> None:
    with running_api(Api(habit=habit)) as api:
        result = init("crm", "--base-url", api.url, *FLAGS, "--yes")
    assert result.exit_code == 0, result.output
    assert expected in (here / "integrations" / "crm.yaml").read_text()


def test_without_a_filter_the_order_decides(here: Path) -> None:
    with running_api(Api(since=None, single=False)) as api:
        result = init("crm", "--base-url", api.url, *FLAGS, "--yes")
    assert result.exit_code == 0, result.output
    listing = rest(written(here)).list
    assert listing is not None
    assert listing.mode == "newest_first"
    assert rest(written(here)).lookup is None
    assert "a look-up by key: none was found" in result.stderr


def test_pages_that_were_not_found_are_left_to_a_person(here: Path) -> None:
    api = Api()
    api.contacts = api.contacts[:2]
    with running_api(api):
        result = init("crm", "--base-url", api.url, *FLAGS, "--yes")
    assert result.exit_code == 0, result.output
    assert "none was found; unless this is all of them, say it in `pages` by hand" in result.stderr


def test_a_person_is_asked(here: Path) -> None:
    with running_api(Api()) as api:
        answers = [
            api.url, "bearer", "CRM_TOKEN", "Owner", "owner@example.com", "/v1/contacts",
            "", "", "", "-", "WAREHOUSE_URL", "contacts", "", "", "", "",
        ]  # fmt: skip
        result = init("crm", answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    listing = rest(written(here)).list
    assert listing is not None
    assert listing.mode == "newest_first", "the filter was declined"


def test_a_wrong_answer_is_asked_again(here: Path) -> None:
    with running_api(Api()) as api:
        answers = [
            "localhost", api.url, "baerer", "bearer", "NOT_SET", "CRM_TOKEN", "Owner",
            "owner@example.com", "v1/contacts", "/v1/contacts", "", "number", "id", "", "",
            "WAREHOUSE_URL", "contact", "contacts", "id", "contact_id", "", "",
        ]  # fmt: skip
        result = init("crm", answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    for complaint in (
        "localhost: it must be an http or https address",
        "--auth baerer: it is one of bearer",
        "NOT_SET is not set: export it",
        "--list v1/contacts: write the path",
        "no record has a key at `number`; their fields are id, ",
        "no such table: contact",
        "the table has no column id; it has contact_id, ",
    ):
        assert complaint in result.stderr
    assert written(here).destination.key == "contact_id"


def test_a_key_that_no_record_has_writes_nothing(here: Path) -> None:
    with running_api(Api()) as api:
        result = init("crm", "--base-url", api.url, *FLAGS, "--key", "number", "--yes")
    assert result.exit_code == 2
    assert "no record has a key at `number`" in result.stderr
    assert not (here / "integrations" / "crm.yaml").exists()


def test_a_name_is_refused_before_anything_is_asked(here: Path) -> None:
    result = init("Crm", answers="")
    assert (result.exit_code, "`Crm` is not a name" in result.stderr) == (2, True)
    assert "address" not in result.output


def test_a_refused_token_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "wrong-token")
    with running_api(Api()) as api:
        result = init("crm", "--base-url", api.url, *FLAGS, "--yes")
    assert result.exit_code == 2
    assert "GET /v1/contacts answered 401" in result.stderr
    assert "wrong-token" not in result.output
    assert not (here / "integrations" / "crm.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--base-url", "http://127.0.0.1:1", *FLAGS), "GET /v1/contacts failed"),
        (("--base-url", "nonsense", *FLAGS), "nonsense: it must be an http or https address"),
        (("--base-url", "http://127.0.0.1:1", *FLAGS[2:]), "Give --auth"),
        (("--base-url", "http://127.0.0.1:1", "--auth", "magic"), "it is one of bearer"),
        ((*FLAGS,), "Give --base-url"),
    ],
)
def test_usage_errors(here: Path, arguments: tuple[str, ...], message: str) -> None:
    result = init("crm", *arguments, "--yes")
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_variable_that_is_not_set(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_TOKEN")
    result = init("crm", "--base-url", "http://127.0.0.1:1", *FLAGS, "--yes")
    assert (result.exit_code, "CRM_TOKEN is not set: export it" in result.stderr) == (2, True)


def test_a_manifest_that_is_there_is_kept(here: Path) -> None:
    (here / "integrations").mkdir()
    (here / "integrations" / "crm.yaml").write_text("mine")
    result = init("crm", "--yes")
    assert (result.exit_code, "--force" in result.stderr) == (2, True)
    assert (here / "integrations" / "crm.yaml").read_text() == "mine"
