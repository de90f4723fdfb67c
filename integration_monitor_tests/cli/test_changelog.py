"""`changelog` on a real store, with a feed on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from integration_monitor.cli.app import app
from integration_monitor_tests.observe.feeds import FeedServer, item, rss, serving


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as started:
        started.body = rss(item("Faster lists"))
        yield started


@pytest.fixture
def run(tmp_path: Path, store_url: str, server: FeedServer) -> Run:
    (tmp_path / "crm.yaml").write_text(
        "version: 1\nintegration: crm\nowner: {name: CRM, email: crm@example.com}\n"
        f"partner: {{base_url: https://api.example.com, changelog: {server.url}/feed}}\n"
    )
    (tmp_path / "shop.yaml").write_text(
        "version: 1\nintegration: shop\nowner: {name: CRM, email: crm@example.com}\n"
    )
    return Run(tmp_path, store_url)


class Run:
    """Runs `changelog` and gives its exit code and what it printed."""

    def __init__(self, directory: Path, store_url: str) -> None:
        self._directory = str(directory)
        self._environ = {"INTEGRATION_MONITOR_DATABASE_URL": store_url}

    def __call__(self, *arguments: str) -> tuple[int, str]:
        command = ["changelog", *arguments, "--manifests", self._directory]
        result = CliRunner().invoke(app, command, env=self._environ)
        return result.exit_code, result.output


def test_shows_reads_and_acknowledges(run: Run, server: FeedServer) -> None:
    assert "it was not read yet" in run("show", "crm")[1]
    assert run("read", "crm") == (0, "read, 1 entry\n")
    server.body = rss(item("Lists are deprecated"), item("Faster lists"))
    assert run("read", "crm") == (0, "read, 2 entries\n")
    shown = run("show", "crm")[1]
    assert "to be read  deprecation  Lists are deprecated  https://example.com/20" in shown
    [told] = [
        entry
        for entry in map(json.loads, run("show", "crm", "--json")[1].splitlines())
        if entry["to_be_read"]
    ]
    assert told["speaks_of"] == ["deprecation"]
    assert run("acknowledge", "crm", "--note", "no", "--entry", "other")[0] == 2
    said = run("acknowledge", "crm", "--note", "moved to v2", "--by", "Dana", "--entry", told["id"])
    assert said == (0, "acknowledged 1 entry\n")
    assert "acknowledged by Dana: moved to v2" in run("show", "crm")[1]
    assert run("acknowledge", "crm", "--note", "again")[0] == 2


def test_a_feed_that_cannot_be_read(run: Run, server: FeedServer) -> None:
    server.status = 500
    code, said = run("read", "crm")
    assert code == 3
    assert "it cannot be read: the feed answered 500" in said
    assert "cannot be read: the feed answered 500" in run("show", "crm")[1]


def test_an_integration_without_a_changelog(run: Run) -> None:
    code, said = run("show", "shop")
    assert code == 2
    assert "shop declares no `changelog` of its partner" in said
