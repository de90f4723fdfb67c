"""Which subjects are watched, and whether those that are not may be let go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from integration_monitor.incidents.domain import Subject
from integration_monitor.manifest.domain import Fleet
from integration_monitor.signals.verdict import API, ASSET_CHECKS, WEBHOOKS, WHOLE


@dataclass(frozen=True)
class Scope:
    """`complete` is false while some manifest cannot be read: then no incident is let go."""

    watched: frozenset[Subject]
    complete: bool
    periods: Mapping[Subject, timedelta] = field(default_factory=dict)
    """How often a sync is to be measured; one that never was is not taken for a healthy one."""
    unread: frozenset[str] = frozenset()
    """Integrations whose manifest cannot be read: what was measured of them is still followed."""
    checks_known: bool = False
    """Whether the asset checks among `watched` are all that are to be watched."""

    def follows(self, subject: Subject) -> bool:
        """Whether the subject's verdicts count."""
        return subject in self.watched or subject.integration in self.unread

    def lets_go(self, subject: Subject) -> bool:
        """Whether a subject that is not followed is certain to have been removed."""
        return self.checks_known if subject.integration == ASSET_CHECKS else self.complete


def scope(fleet: Fleet, asset_checks: Iterable[str] | None = None) -> Scope:
    """The subjects of a fleet: integrations as a whole, syncs, calls, webhooks, asset checks.

    A broken manifest does not always tell the integration's name, so while there is one, a subject
    that is not watched may be one of its: its incidents are held, not closed. So are all where no
    manifest was found at all, which is more often a directory that is away than a decision.
    """
    periods = {
        Subject(integration.name, name): sync.every.period
        for integration in fleet.integrations
        for name, sync in integration.syncs.items()
    }
    calls = [Subject(each.name, API) for each in fleet.integrations if each.watches_calls]
    sent = [Subject(each.name, WEBHOOKS) for each in fleet.integrations if each.webhooks]
    checks = [Subject(ASSET_CHECKS, name) for name in asset_checks or ()]
    names = [each.name for each in fleet.integrations] + [each.name for each in fleet.broken]
    return Scope(
        watched=frozenset(
            [*(Subject(name, WHOLE) for name in names), *periods, *calls, *sent, *checks]
        ),
        complete=bool(fleet.integrations) and not fleet.errors,
        periods=periods,
        unread=frozenset(each.name for each in fleet.broken),
        checks_known=asset_checks is not None,
    )
