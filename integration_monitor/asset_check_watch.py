"""Following asset checks that are not ours, in each tick of the incident sensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from integration_monitor.alerts.watched_check import WatchedCheck
from integration_monitor.asset_check_facts import Executions, read_executions, result
from integration_monitor.dagster_internals import (
    AssetGraph,
    asset_graph,
    last_check_result,
    select_checks,
    selection_from,
)
from integration_monitor.signals.asset_check import (
    CheckSeverities,
    LastExecution,
    judge_asset_check,
)
from integration_monitor.signals.verdict import Verdict
from integration_monitor.signals.wording import count, some
from integration_monitor.store import check_verdicts
from integration_monitor.store.engine import Store

ExtraChecks = dg.AssetSelection | str | Sequence[dg.AssetCheckKey]
"""Which checks: a selection, a selection string such as `group:analytics`, or the keys."""

CATCH_UP = 200
"""Checks under way of which one tick looks up what they said before; each costs a query."""


def as_selection(checks: ExtraChecks) -> dg.AssetSelection:
    """The selection that was meant. Raises `TypeError` where it is none."""
    if isinstance(checks, dg.AssetSelection):
        return checks
    if isinstance(checks, str):
        return selection_from(checks)
    if not all(isinstance(key, dg.AssetCheckKey) for key in checks):
        raise TypeError(
            "extra_checks is an AssetSelection, a selection string, or a list of AssetCheckKey"
        )
    return dg.AssetSelection.checks(*checks)


@dataclass(frozen=True)
class Selected:
    """The checks of a code location that are selected, and what is selected and not defined."""

    descriptions: Mapping[dg.AssetCheckKey, str]
    watched: Mapping[str, WatchedCheck]
    """By the subject of their verdicts."""
    missing: Set[str]


class AssetCheckWatch:
    """Judges the last execution of each selected check, and stores the verdicts that are new.

    Remembers, in its process, what is selected of a code location, and which executions that are
    under way it has seen.
    """

    def __init__(
        self,
        checks: ExtraChecks,
        *,
        own: Set[dg.AssetCheckKey] = frozenset(),
        severities: CheckSeverities | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.watched: Mapping[str, WatchedCheck] | None = None
        """The checks that are followed, by subject; None where the definitions were not read."""
        self._selection = as_selection(checks)
        self._own = own
        self._severities = severities or CheckSeverities()
        self._clock = clock
        self._selected: tuple[dg.RepositoryDefinition, Selected] | None = None
        self._seen: dict[dg.AssetCheckKey, int] = {}

    def look(
        self, instance: dg.DagsterInstance, repository: dg.RepositoryDefinition | None, store: Store
    ) -> str:
        """Follow the checks; what was found, for the tick's log.

        Raises `StoreError` where the store is away, and whatever Dagster raises where its storage
        cannot be read.
        """
        self.watched = None
        if repository is None:
            return "asset checks are held: Dagster gave no definitions to this tick"
        selected = self._select(repository)
        self.watched = selected.watched
        now = self._clock()
        found = read_executions(instance, selected.descriptions, now)
        unseen = self._unseen(found)
        last = self._judge(found.last)
        earlier = self._judge(_before(instance, unseen, selected))
        subjects = selected.watched.keys()
        with store.begin() as connection:
            new = check_verdicts.record(connection, last, subjects, now, earlier=earlier)
        self._seen = {
            key: number
            for key, number in found.under_way.items()
            if key in unseen or self._seen.get(key) == number
        }
        return _summary(selected, new)

    def _judge(self, executions: Mapping[dg.AssetCheckKey, LastExecution]) -> list[Verdict]:
        judged = (
            judge_asset_check(subject_of(key), execution, self._severities)
            for key, execution in executions.items()
        )
        return [verdict for verdict in judged if verdict is not None]

    def _select(self, repository: dg.RepositoryDefinition) -> Selected:
        if self._selected is None or self._selected[0] is not repository:
            found = select(self._selection, asset_graph(repository), self._own)
            self._selected = repository, found
        return self._selected[1]

    def _unseen(self, found: Executions) -> list[dg.AssetCheckKey]:
        """Checks under way that were not seen so: what they said just before may be news.

        Otherwise a check that is under way at every tick would never be judged.
        """
        unseen = [key for key, number in found.under_way.items() if self._seen.get(key) != number]
        return unseen[:CATCH_UP]


def select(selection: dg.AssetSelection, graph: AssetGraph, own: Set[dg.AssetCheckKey]) -> Selected:
    """What a selection means in a code location, our own checks left out."""
    keys, missing = select_checks(selection, graph)
    chosen = sorted(keys - own)
    return Selected(
        descriptions={key: graph.get_check_spec(key).description or "" for key in chosen},
        watched={subject_of(key): _watched(key, graph) for key in chosen},
        missing=missing,
    )


def subject_of(key: dg.AssetCheckKey) -> str:
    """`analytics/orders:not_null`."""
    return f"{key.asset_key.to_escaped_user_string()}:{key.name}"


def _watched(key: dg.AssetCheckKey, graph: AssetGraph) -> WatchedCheck:
    # A check may be about an asset that this code location does not define.
    owners = graph.get(key.asset_key).owners if graph.has(key.asset_key) else ()
    return WatchedCheck(tuple(key.asset_key.path), key.name, tuple(owners))


def _before(
    instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey], selected: Selected
) -> dict[dg.AssetCheckKey, LastExecution]:
    found: dict[dg.AssetCheckKey, LastExecution] = {}
    for key in keys:
        execution = last_check_result(instance, key)
        said = result(execution, selected.descriptions[key]) if execution else None
        if said is not None:
            found[key] = said
    return found


def _summary(selected: Selected, new: int) -> str:
    said = [f"{count(new, 'asset check')} evaluated"] if new else []
    if selected.missing:
        said.append(f"selected and not defined: {some(sorted(selected.missing))}")
    if not selected.watched:
        said.append("no asset check is selected")
    return "; ".join(said)
