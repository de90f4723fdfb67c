"""`webhooks list`, `stats`, `show`, `dead`, `replay` and `process`, on a real store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from integration_monitor.cli.app import app
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import (
    webhook_counts,
    webhook_events,
    webhook_rejections,
)
from integration_monitor_tests.ingest.processing.examples import NOW, SECRET, event, receive
from integration_monitor_tests.ingest.processing.product import Product, product

MANIFEST = """
version: 1
integration: crm
title: CRM
owner: {name: Owner of crm, email: crm@example.com}
webhooks:
  signature: standard_webhooks
  secret: {env: CRM_SECRET}
  event_id: id
  type: type
  occurred_at: at
  tenant: account
  object: contact
  ordered_by: contact
  events: {contact.changed: {type: crm.contact.updated, data: {email: fields.email}}}
  sinks:
    product: {http: {url: {env: PRODUCT_URL}, secret: {env: PRODUCT_SECRET}}}
"""


class Program:
    """Runs commands on one store and one manifest directory."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["webhooks", *arguments], env=self.environ)
        assert result.exit_code == code, result.output
        return result

    def objects(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*arguments, "--json").stdout.splitlines()]


@pytest.fixture
def shop() -> Any:
    with product() as one:
        yield one


@pytest.fixture
def run(tmp_path: Path, store_url: str, shop: Product) -> Program:
    (tmp_path / "crm.yaml").write_text(MANIFEST)
    return Program(
        {
            "INTEGRATION_MONITOR_HOME": str(tmp_path / "home"),
            "INTEGRATION_MONITOR_DATABASE_URL": store_url,
            "INTEGRATION_MONITOR_MANIFESTS": str(tmp_path),
            "PRODUCT_URL": shop.url,
            "PRODUCT_SECRET": SECRET,
        }
    )


def test_events_are_processed_and_listed(run: Program, store: Store, shop: Product) -> None:
    receive(store, event(1), event(2, type="contact.merged"), b"{cut o")
    (one, *_) = run.objects("list")
    assert one["state"] == "received"
    result = run("process", "--once", code=1)
    assert "crm: 3 read, 1 dead, 1 not named" in result.stderr
    assert "crm → product: 1 delivered" in result.stderr
    assert shop.taken == ["e1"]
    first, second, third = run.objects("list", "--integration", "crm", "--since", "2026-03-02")
    assert {name: first[name] for name in ("id", "integration", "tenant", "type", "state")} == {
        "id": "e1",
        "integration": "crm",
        "tenant": "acme",
        "type": "contact.changed",
        "state": "processed",
    }
    assert first["received_at"] == "2026-03-02T09:30:00Z"
    assert first["occurred_at"] == "2026-03-02T09:29:00.001000Z"
    assert (second["state"], second["unified_type"]) == ("processed", None)
    assert (third["state"], third["error"]) == ("dead", "the body is not JSON")
    assert run.objects("list", "--since", "2099-01-01T00:00Z") == []
    assert "the manifest does not name its type" in run("list").stdout
    assert [one["id"] for one in run.objects("list", "--limit", "2")] == [second["id"], third["id"]]


def test_dead_events_are_replayed_once_what_was_wrong_is_mended(
    run: Program, store: Store, shop: Product
) -> None:
    shop.answer = lambda event: 410 if event["raw"]["id"] == "e1" else 204
    receive(store, event(1), event(2))
    run("process", "--once", code=1)
    (dead,) = run.objects("dead")
    assert (dead["id"], dead["error"]) == ("e1", "product: answered HTTP 410")
    assert "answered HTTP 410" in run("dead").stdout
    shop.answer = lambda event: 204
    assert run("replay", "--dead").stdout == "1 event is waiting to be processed again\n"
    assert run("replay", "--dead").stdout == "0 events are waiting to be processed again\n"
    run("process", "--once")
    assert shop.tried == ["e1", "e2", "e1"]
    assert shop.posted[0].headers["webhook-id"] == shop.posted[2].headers["webhook-id"]
    assert run.objects("dead") == []
    assert run("dead").stdout == "no dead event\n"


def test_an_event_is_replayed_by_its_id_and_by_time(
    run: Program, store: Store, shop: Product
) -> None:
    receive(store, event(1), event(2))
    run("process", "--once")
    for _ in range(2):
        assert run("replay", "--event", "e2").stdout.startswith("1 event is waiting")
    run("process", "--once")
    run("replay", "--since", "2026-03-02T09:00Z", "--integration", "crm")
    run("process", "--once")
    assert shop.taken == ["e1", "e2", "e2", "e1", "e2"]
    said = run("replay", "--event", "e9", code=2).stderr
    assert "no such event" in said
    assert "replay what?" in run("replay", code=2).stderr


def test_numbers_by_integration(run: Program, store: Store, shop: Product) -> None:
    (zeros,) = run.objects("stats")
    assert zeros["received"] == zeros["backlog"] == 0
    receive(store, event(1), event(2), b"{cut o")
    run("process", "--once", code=1)
    receive(store, event(3))
    with store.begin() as connection:
        series: dict[str, Any] = {
            "integration": "crm",
            "hour": NOW.replace(minute=0),
            "first_at": NOW,
            "last_at": NOW,
        }
        for tenant, received, duplicates in (("acme", 3, 1), ("-", 1, 4)):
            connection.execute(
                webhook_counts.insert().values(
                    tenant=tenant, type="", received=received, duplicates=duplicates, **series
                )
            )
        counted = {"mismatch": 7, "timestamp": 2, "unavailable": 100, "crowded": 1000}
        for reason, requests in counted.items():
            connection.execute(
                webhook_rejections.insert().values(
                    integration="crm", connection="-", reason=reason, minute=NOW,
                    requests=requests, first_at=NOW, last_at=NOW,
                )
            )  # fmt: skip
    assert run.objects("stats") == [
        {
            "integration": "crm",
            "received": 4,
            "duplicates": 5,
            "rejected": 9,
            "processed": 2,
            "not_handed_on": 0,
            "dead": 1,
            "backlog": 1,
        }
    ]
    head, line = run("stats").stdout.splitlines()
    assert dict(zip(head.split(), line.split(), strict=False))["received"] == "4"
    # The hour in which they came is counted whole.
    late = run("stats", "--since", "2026-03-02T09:59Z")
    assert late.stdout == run("stats").stdout
    assert late.stderr == "counted from 2026-03-02T09:00:00Z on\n"
    (none,) = run.objects("stats", "--since", "2026-03-02T10:00Z")
    assert {*none.values()} == {"crm", 0}


def test_numbers_of_one_integration(run: Program, store: Store) -> None:
    receive(store, event(1))
    receive(store, event(1), event(2), integration="erp")
    assert [one["backlog"] for one in run.objects("stats")] == [1, 2]
    (erp,) = run.objects("stats", "--integration", "erp")
    assert (erp["integration"], erp["backlog"]) == ("erp", 2)


@pytest.mark.parametrize("command", ["list", "dead", "stats", "replay --dead"])
def test_a_name_that_nothing_has_is_a_mistake(run: Program, store: Store, command: str) -> None:
    arguments = [*command.split(), "--integration"]
    receive(store, event(1), integration="erp")
    for known in ("crm", "erp"):  # of a manifest without an event, and the other way round
        run(*arguments, known)
    said = run(*arguments, "cmr", code=2).stderr
    assert said == (
        "integration-monitor: no manifest is called cmr, and nothing of it ever came;"
        " there are: crm, erp\n"
    )
    alone = Program({**run.environ, "INTEGRATION_MONITOR_MANIFESTS": ""})
    said = alone(*arguments, "crm", code=2).stderr
    assert "nothing of crm ever came; there are: erp. If it is new, set INTEGRATION_MON" in said


def test_an_integration_whose_manifest_is_broken_is_no_mistake(
    run: Program, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text("version: 1\nintegration: broken\n")
    run("list", "--integration", "broken")


def test_an_integration_whose_manifest_is_broken_has_its_numbers(
    run: Program, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text("version: 1\nintegration: broken\n")
    broken, crm = run.objects("stats")
    assert {*broken.values()} == {"broken", 0}
    assert crm["integration"] == "crm"


def test_all_that_is_known_of_an_event(run: Program, store: Store, shop: Product) -> None:
    receive(store, event(1))
    run("process", "--once")
    lines = run("show", "e1").stdout.splitlines()
    assert '    "email": "1@example.com",' in lines
    assert any(line.split()[:2] == ["product", "delivered"] for line in lines)
    assert "  content-type: application/json" in lines
    (shown,) = run.objects("show", "e1")
    assert json.loads(shown["body"]) == event(1)
    assert shown["deliveries"][0]["state"] == "delivered"
    assert "no such event" in run("show", "e9", code=2).stderr


def test_an_id_that_two_senders_use(run: Program, store: Store) -> None:
    receive(store, event(1))
    receive(store, event(1), integration="erp")
    said = run("show", "e1", code=2).stderr
    assert "--integration crm --connection -\n  --integration erp --connection -" in said
    assert len(run.objects("show", "e1", "--integration", "erp")) == 1
    with store.begin() as connection:
        connection.execute(webhook_events.update().values(state="processed"))
    assert run("replay", "--event", "e1", code=2).stderr == said
    run("replay", "--event", "e1", "--integration", "erp", "--connection", "acme", code=2)
    assert [one["state"] for one in run.objects("list")] == ["processed"] * 2
    run("replay", "--event", "e1", "--integration", "erp", "--connection", "-")
    assert [one["state"] for one in run.objects("list")] == ["processed", "received"]


def test_a_stranger_cannot_write_to_the_terminal(run: Program, store: Store) -> None:
    receive(store, event(1, id="e\x1b]0;1", account="a\x07", fields={"plan": "\x9b31m"}))
    receive(store, b"\x1b]0;title\x07 no json")
    broken = run.objects("list")[1]["id"]
    for arguments in (["list"], ["show", "e\x1b]0;1"], ["show", broken]):
        assert all(line.isprintable() for line in run(*arguments).stdout.split("\n")), arguments
    assert "e\\x1b]0;1" in run("list").stdout


def test_a_broken_manifest_is_told_of(run: Program, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("version: 1\n")
    result = run("process", "--once", code=1)
    assert "broken.yaml" in result.stderr
    assert "its webhooks wait" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "more", "said"),
    [
        (["list", "--since", "soon"], {}, "'soon' is neither a duration"),
        (["list"], {"INTEGRATION_MONITOR_DATABASE_URL": ""}, "_DATABASE_URL is not set"),
        (
            ["stats"],
            {"INTEGRATION_MONITOR_DATABASE_URL": "postgresql://x:hidden@127.0.0.1:1/x"},
            "the store does not answer",
        ),
        (["process"], {"INTEGRATION_MONITOR_MANIFESTS": ""}, "which manifests?"),
        (["process"], {"INTEGRATION_MONITOR_MANIFESTS": "/nowhere"}, "/nowhere does not exist"),
    ],
)
def test_what_is_said_of_mistakes(
    run: Program, arguments: list[str], more: dict[str, str], said: str
) -> None:
    stderr = Program({**run.environ, **more})(*arguments, code=2).stderr
    assert said in stderr
    assert "hidden" not in stderr
