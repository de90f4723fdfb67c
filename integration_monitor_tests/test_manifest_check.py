"""The manifest check reads the file again: broken, repaired, edited, gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_monitor.loading import dump_fleet, restore_fleet
from integration_monitor.manifest.domain import BrokenManifest, Fleet, Integration
from integration_monitor.manifest.load import load_directory
from integration_monitor.manifest_check import ManifestCheck
from integration_monitor.signals.verdict import Status, Verdict
from integration_monitor.store.engine import Store
from integration_monitor.store.verdicts import latest

GOOD = "version: 1\nintegration: hubspot\nowner: {name: CRM, email: crm@example.com}\n"
BAD = f"{GOOD}titel: HubSpot\n"
OTHER = GOOD.replace("hubspot", "stripe")


def judge(fleet: Fleet, store: Store, name: str = "hubspot") -> Verdict:
    """The verdict about one manifest of a fleet."""
    manifests: list[Integration | BrokenManifest] = [*fleet.integrations, *fleet.broken]
    (manifest,) = [each for each in manifests if each.name == name]
    return ManifestCheck(fleet)(manifest, store)


@pytest.mark.parametrize("here", [True, False], ids=["where it was loaded", "in a run"])
@pytest.mark.parametrize(
    ("loaded", "now", "status", "words"),
    [
        (GOOD, GOOD, "ok", "the manifest is valid"),
        (GOOD, f"# a comment\n{GOOD}", "ok", "the manifest is valid"),
        (GOOD, BAD, "fail", "hubspot.yaml:4:1: unknown key `titel`"),
        (GOOD, f"{GOOD}title: New\n", "ok", "reload the code location"),
        (GOOD, None, "fail", "cannot be read"),
        (GOOD, OTHER.replace("stripe", "shopify"), "ok", "reload the code location"),
        (GOOD, OTHER, "fail", "`stripe` is already described in stripe.yaml"),
        (BAD, BAD, "fail", "unknown key `titel`"),
        (BAD, GOOD, "ok", "reload the code location"),
    ],
)
def test_judges_the_file_as_it_is_now(
    loaded: str,
    now: str | None,
    status: Status,
    words: str,
    here: bool,
    tmp_path: Path,
    store: Store,
) -> None:
    file = tmp_path / "hubspot.yaml"
    file.write_text(loaded)
    (tmp_path / "stripe.yaml").write_text(OTHER)
    fleet = load_directory(tmp_path)
    if now is None:
        file.unlink()
    else:
        file.write_text(now)
    verdict = judge(fleet if here else restore_fleet(dump_fleet(fleet)), store)
    assert verdict.status == status
    assert words in verdict.reason
    with store.begin() as connection:
        assert latest(connection) == (verdict,)


@pytest.mark.parametrize("here", [True, False], ids=["where it was loaded", "in a run"])
def test_a_second_file_for_one_integration_stays_broken(
    here: bool, tmp_path: Path, store: Store
) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    fleet = load_directory(tmp_path)
    verdict = judge(fleet if here else restore_fleet(dump_fleet(fleet)), store, "b")
    assert verdict.status == "fail"
    assert "already described in a.yaml" in verdict.reason


def test_a_broken_monitor_yaml_fails_every_manifest_check(tmp_path: Path, store: Store) -> None:
    (tmp_path / "hubspot.yaml").write_text(GOOD)
    (tmp_path / "monitor.yaml").write_text("version: 1\nroutez: {}\n")
    verdict = judge(load_directory(tmp_path), store)
    assert verdict.status == "fail"
    assert "monitor.yaml:2:1: unknown key `routez`" in verdict.reason
