"""Manifests that change while a server runs."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from integration_monitor.ingest.watched_fleet import LOOK_EVERY_S, WatchedFleet
from integration_monitor.manifest.load import ManifestDirectoryError
from integration_monitor_tests.ingest.calls_examples import MANIFEST


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "crm.yaml").write_text(MANIFEST)
    return tmp_path


def names(watched: WatchedFleet) -> list[str]:
    return [one.name for one in watched.current().integrations]


def test_changes_are_seen_after_a_while(directory: Path, clock: Clock) -> None:
    watched = WatchedFleet(directory, clock=clock)
    first = watched.current()
    (directory / "billing.yaml").write_text(MANIFEST.replace("crm", "billing"))
    clock.now += LOOK_EVERY_S - 1
    assert watched.current() is first
    clock.now += 1
    assert names(watched) == ["billing", "crm"]
    again = watched.current()
    clock.now += LOOK_EVERY_S
    assert watched.current() is again, "nothing changed"


def test_a_manifest_that_breaks_counts_as_it_was(directory: Path, clock: Clock) -> None:
    watched = WatchedFleet(directory, clock=clock)
    for _ in range(2):
        (directory / "crm.yaml").write_text("version: 1\nintegration: crm\nowner: nobody\n")
        clock.now += LOOK_EVERY_S
        assert names(watched) == ["crm"]
    (directory / "crm.yaml").unlink()
    clock.now += LOOK_EVERY_S
    assert names(watched) == []


def test_a_directory_that_goes_away(
    directory: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    watched = WatchedFleet(directory, clock=clock)
    shutil.rmtree(directory)
    clock.now += LOOK_EVERY_S
    with caplog.at_level(logging.WARNING):
        assert names(watched) == ["crm"]
    assert "does not exist" in caplog.text


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ManifestDirectoryError):
        WatchedFleet(tmp_path / "nowhere")
