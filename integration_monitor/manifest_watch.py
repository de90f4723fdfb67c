"""Following the manifests on disk while a code location that loaded them is running."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from integration_monitor.assets import JudgeManifest
from integration_monitor.manifest.load import MONITOR_FILES, SUFFIXES
from integration_monitor.manifest_check import CONFIRM_EVERY
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store.engine import Store
from integration_monitor.targets import Target

_Stamp = tuple[int, int] | None


@dataclass(frozen=True)
class _Seen:
    stamp: _Stamp
    at: datetime
    status: str
    reason: str


class ManifestWatch:
    """Judges a manifest when its file changed, and hourly; remembers what it said.

    The memory is one process's: a code server that starts anew reports every manifest once.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        directory: str,
        judge: JudgeManifest,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._targets = targets
        self._directory = Path(directory)
        self._judge = judge
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def look(self, store: Store) -> Mapping[dg.AssetCheckKey, Verdict]:
        """The verdicts that are new, by check; they are in the store already.

        Raises `StoreError` where the store is away; the rest is looked at next time.
        """
        changed = {}
        for target in self._targets:
            verdict = self._look(target, store)
            if verdict is not None:
                changed[target.manifest_check] = verdict
        return changed

    def summary(self, changed: Mapping[dg.AssetCheckKey, Verdict]) -> str:
        """A line for the tick's log."""
        parts = [f"{verdict.integration} is {verdict.status}" for verdict in changed.values()]
        if new := self.new_files():
            parts.append(f"new: {', '.join(new)}, reload the code location to watch it")
        return "; ".join(parts) or "no manifest changed"

    def new_files(self) -> list[str]:
        """Names of manifests that appeared after loading: only a reload can add their assets."""
        known = {Path(target.manifest.file).name for target in self._targets}
        found = {path.name for suffix in SUFFIXES for path in self._directory.glob(f"*{suffix}")}
        return sorted(name for name in found - known - {*MONITOR_FILES} if name[0] != ".")

    def _look(self, target: Target, store: Store) -> Verdict | None:
        name, now = target.manifest.name, self._clock()
        stamp = _stamp(Path(target.manifest.file))
        seen = self._seen.get(name)
        due = seen is None or now - seen.at >= CONFIRM_EVERY
        if seen is not None and seen.stamp == stamp and not due:
            return None
        verdict = self._judge(target.manifest, store)
        same = seen is not None and (seen.status, seen.reason) == (verdict.status, verdict.reason)
        at = seen.at if seen is not None and same and not due else now
        self._seen[name] = _Seen(stamp, at, verdict.status, verdict.reason)
        return None if same and not due else verdict


def _stamp(file: Path) -> _Stamp:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
