"""What a verdict keeps of the one before it, where nothing shows that it is over. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.signals.verdict import Part, Status

HELD = "; held: "
"""Before what is said of the time since."""
BEFORE = "; before: "
"""Before what was said when it failed by what came."""


def original(reason: str) -> str:
    """What was said when it failed by what came."""
    return reason.rpartition(BEFORE)[2].partition(HELD)[0]


def merged(found: Sequence[Part], kept: Sequence[Part], status: Status) -> tuple[Part, ...]:
    """The parts that were found, and others of before with a status."""
    names = {part.tenant for part in found}
    before = (replace(part, status=status) for part in kept if part.tenant not in names)
    return tuple(sorted((*found, *before), key=lambda part: part.tenant))


def tenants(parts: Sequence[Part]) -> tuple[str, ...]:
    """The tenants that these parts are about."""
    return tuple(part.tenant for part in parts if part.tenant != SINGLE)
