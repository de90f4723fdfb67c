"""Which subjects are watched, and whether those that are not may be let go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from integration_monitor.incidents.domain import Subject
from integration_monitor.manifest.domain import Fleet
from integration_monitor.signals.verdict import WHOLE


@dataclass(frozen=True)
class Scope:
    """`complete` is false while some manifest cannot be read: then no incident is let go."""

    watched: frozenset[Subject]
    complete: bool
    periods: Mapping[Subject, timedelta] = field(default_factory=dict)
    """How often a sync is to be measured; one that never was is not taken for a healthy one."""
    unread: frozenset[str] = frozenset()
    """Integrations whose manifest cannot be read: what was measured of them is still followed."""

    def follows(self, subject: Subject) -> bool:
        """Whether the subject's verdicts count."""
        return subject in self.watched or subject.integration in self.unread


def scope(fleet: Fleet) -> Scope:
    """The subjects of a fleet: every integration as a whole, and every sync.

    A broken manifest does not always tell the integration's name, so while there is one, a subject
    that is not watched may be one of its: its incidents are held, not closed. So are all where no
    manifest was found at all, which is more often a directory that is away than a decision.
    """
    periods = {
        Subject(integration.name, name): sync.every.period
        for integration in fleet.integrations
        for name, sync in integration.syncs.items()
    }
    names = [each.name for each in fleet.integrations] + [each.name for each in fleet.broken]
    return Scope(
        watched=frozenset([*(Subject(name, WHOLE) for name in names), *periods]),
        complete=bool(fleet.integrations) and not fleet.errors,
        periods=periods,
        unread=frozenset(each.name for each in fleet.broken),
    )
