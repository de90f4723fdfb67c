"""A fleet survives the way to another process, and nothing secret goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_monitor.loading import dump_fleet, restore_fleet
from integration_monitor.manifest.load import load_directory

MONITOR = """\
version: 1
owner: {name: Lead, email: lead@example.com}
channels:
  oncall: {type: webhook, url: {env: ONCALL_URL}, headers: {X-Token: {env: ONCALL_TOKEN}}}
routes: {page: [oncall], ticket: [], watch: []}
incidents: {stable_for: 90s, remind: 2h}
"""
SYNCED = """\
version: 1
integration: hubspot
alerts: {page: [oncall]}
auth: {type: bearer, token: {env: HUBSPOT_TOKEN}}
partner: {base_url: http://127.0.0.1:9}
syncs:
  contacts:
    every: 15m
    source:
      rest: {list: {path: /contacts, query: {since: "{since}"}}, records: results}
      key: id
      updated_at: updated_at
    destination:
      sql: {url: {env: WAREHOUSE_URL}, table: crm.contacts}
      key: id
"""
LITERAL = SYNCED.replace("{env: HUBSPOT_TOKEN}", "hunter2hunter2hunter2")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.yaml": SYNCED, "monitor.yaml": MONITOR},
        {"a.yaml": SYNCED, "b.yaml": SYNCED, "monitor.yaml": MONITOR},
        {"a.yaml": SYNCED, "c.yaml": "version: 1\nintegratoin: x\n", "monitor.yaml": MONITOR},
        {"a.yaml": SYNCED, "monitor.yaml": MONITOR + "retentoin: {}\n"},
        {"a.yaml": SYNCED, "monitor.yaml": MONITOR.replace("type: webhook", "type: fax")},
        {"a.yaml": LITERAL, "monitor.yaml": "version: ["},
    ],
    ids=["empty", "good", "one name twice", "broken", "bad monitor", "bad channels", "all broken"],
)
def test_a_fleet_is_restored_as_it_was(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    fleet = load_directory(tmp_path)
    assert restore_fleet(dump_fleet(fleet)) == fleet


def test_a_secret_in_a_file_goes_no_further(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LITERAL)
    (tmp_path / "monitor.yaml").write_text(MONITOR.replace("{env: ONCALL_URL}", "json://hunter2/x"))
    fleet = load_directory(tmp_path)
    assert fleet.broken
    assert fleet.monitor_errors
    assert "hunter2" not in dump_fleet(fleet)
