"""The `manifest` check: is the file on disk valid, and is it the one that is loaded?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integration_monitor.manifest.domain import BrokenManifest, Fleet, Integration, ManifestError
from integration_monitor.manifest.load import load_file
from integration_monitor.signals.manifest import judge_manifest
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store
from integration_monitor.store.verdicts import record

CONFIRM_EVERY = timedelta(hours=1)
"""How often a verdict that did not change is given again."""


@dataclass(frozen=True)
class ManifestCheck:
    """Judges manifests of a loaded fleet as they are on disk now, and stores the verdicts."""

    fleet: Fleet
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __call__(self, manifest: Integration | BrokenManifest, store: Store) -> Verdict:
        """The verdict, already stored. Raises `StoreError` where the store is away."""
        errors, edited = self._compare(manifest)
        # A broken monitor.yaml concerns everybody, and has no asset of its own to show it.
        errors += self.fleet.monitor_errors
        at = self.clock()
        verdict = judge_manifest(
            manifest.name, errors, edited=edited, at=at, valid_until=at + 2 * CONFIRM_EVERY
        )
        with store.begin() as connection:
            record(connection, verdict)
        return verdict

    def _compare(
        self, loaded: Integration | BrokenManifest
    ) -> tuple[tuple[ManifestError, ...], bool]:
        """What is wrong with the file, and whether it says something else than what is loaded."""
        if _text(loaded.file) == self.fleet.texts.get(loaded.file, ""):
            return (loaded.errors if isinstance(loaded, BrokenManifest) else ()), False
        on_disk = load_file(loaded.file, self.fleet.monitor)
        if isinstance(on_disk, BrokenManifest):
            return on_disk.errors, True
        other = self._described_elsewhere(on_disk)
        if other is not None:
            message = f"`integration`: `{on_disk.name}` is already described in {other}"
            return (ManifestError(on_disk.file, 1, 1, message),), True
        return (), on_disk != loaded

    def _described_elsewhere(self, on_disk: Integration) -> str | None:
        for each in self.fleet.integrations:
            if each.name == on_disk.name and each.file != on_disk.file:
                return Path(each.file).name
        return None


def _text(file: str) -> str | None:
    try:
        return Path(file).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
