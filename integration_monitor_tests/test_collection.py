"""Garbage collection is as it was after a fleet was loaded."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from integration_monitor import build_integration_monitor_defs
from integration_monitor.collection import collection_paused
from integration_monitor.manifest.load import ManifestDirectoryError


def test_paused_within_and_on_again_after_an_error() -> None:
    def fail() -> None:
        assert not gc.isenabled()
        raise KeyError

    with pytest.raises(KeyError), collection_paused():
        fail()
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_definitions_leave_it_on(tmp_path: Path) -> None:
    build_integration_monitor_defs(manifests=tmp_path)
    assert gc.isenabled()
    with pytest.raises(ManifestDirectoryError):
        build_integration_monitor_defs(manifests=tmp_path / "nowhere")
    assert gc.isenabled()
