from __future__ import annotations

from pathlib import Path

import pytest

from integration_monitor.demo.home import Addresses, DemoHome, NoDemo
from integration_monitor.local_servers import exclusive
from integration_monitor.manifest.load import load_directory

ADDRESSES = Addresses(
    dagster="http://127.0.0.1:1",
    partner="http://127.0.0.1:2",
    inbox="http://127.0.0.1:3",
    receiver="http://127.0.0.1:4",
    product="postgresql://",
    store="postgresql://",
    pid=1,
    started_at="2026-03-01T12:00:00.000Z",
    ready_at="2026-03-01T12:00:30.000Z",
)


@pytest.fixture
def home(tmp_path: Path) -> DemoHome:
    return DemoHome(tmp_path / "demo")


def test_the_manifests_are_valid_and_watch_both_directions(home: DemoHome) -> None:
    home.copy_manifests()
    fleet = load_directory(home.manifests)
    assert fleet.errors == ()
    assert fleet.warnings == ()
    assert [one.name for one in fleet.integrations] == ["billing", "crm"]


def test_edited_manifests_stay_until_a_reset(home: DemoHome) -> None:
    home.copy_manifests()
    (home.manifests / "crm.yaml").write_text("# mine")
    home.copy_manifests()
    assert (home.manifests / "crm.yaml").read_text() == "# mine"
    home.forget_manifests()
    home.copy_manifests()
    assert "Harborview" in (home.manifests / "crm.yaml").read_text()


def test_links_in_alerts_lead_to_where_dagster_is(home: DemoHome) -> None:
    home.copy_manifests()
    home.set_dagster_url("http://127.0.0.1:4567")
    assert load_directory(home.manifests).monitor.dagster_url == "http://127.0.0.1:4567"


def test_only_a_running_demo_that_is_ready_has_addresses(home: DemoHome) -> None:
    with pytest.raises(NoDemo, match="no demo is running"):
        home.addresses()
    with exclusive(home.directory):
        with pytest.raises(NoDemo, match="still starting"):
            home.addresses()
        home.announce(ADDRESSES)
        assert home.addresses() == ADDRESSES
    with pytest.raises(NoDemo, match="no demo is running"):
        home.addresses()
