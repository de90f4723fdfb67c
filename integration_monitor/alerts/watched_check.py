"""What an alert says of an asset check beside its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from integration_monitor.manifest.domain import Owner


@dataclass(frozen=True)
class WatchedCheck:
    """An asset check that is defined and selected."""

    asset: tuple[str, ...]
    """The parts of the asset's key."""
    name: str
    owners: tuple[str, ...] = ()
    """As Dagster knows them: e-mail addresses, and teams as `team:x`."""

    @property
    def owner(self) -> Owner | None:
        """All owners as one; without an address where only teams own the asset."""
        if not self.owners:
            return None
        addresses = [each for each in self.owners if not each.startswith("team:")]
        return Owner(name=", ".join(self.owners), email=addresses[0] if addresses else "")

    def page(self, base: str | None) -> str | None:
        """The check's page in Dagster; None without a base URL."""
        if base is None:
            return None
        asset = "/".join(_quoted(self.asset))
        return f"{base.rstrip('/')}/assets/{asset}?view=checks&checkDetail={quote(self.name)}"


def _quoted(parts: Sequence[str]) -> list[str]:
    return [quote(part, safe="") for part in parts]
