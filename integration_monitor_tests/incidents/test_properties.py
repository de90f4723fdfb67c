from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.incidents.step import step
from integration_monitor.manifest.domain import IncidentRules
from integration_monitor.signals.verdict import Verdict
from integration_monitor_tests.incidents.examples import WATCHED, World, at, verdict

TENANTS = st.lists(st.sampled_from(["acme", "bolt", "cove"]), unique=True)
MINUTES = st.integers(0, 40).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def verdicts(draw: st.DrawFn) -> list[Verdict]:
    signals = draw(st.sets(st.sampled_from(["reconciliation", "freshness"])))
    return [
        verdict(
            draw(st.sampled_from(["ok", "ok", "warn", "fail", "unknown"])),
            signal=signal,
            tenants=draw(TENANTS),
            blind=draw(st.one_of(st.just([]), TENANTS)),
        )
        for signal in sorted(signals)
    ]


RULE_SETS = st.builds(
    IncidentRules,
    open_after=MINUTES,
    stable_for=MINUTES,
    unknown_for=MINUTES,
    remind=st.none() | st.integers(1, 60).map(lambda minutes: timedelta(minutes=minutes)),
)
TICKS = st.lists(st.tuples(st.integers(0, 30), verdicts()), min_size=1, max_size=25)


def at_tick(found: list[Verdict], minutes: float) -> list[Verdict]:
    return [replace(each, at=at(minutes), valid_until=at(minutes + 60)) for each in found]


@given(RULE_SETS, TICKS)
def test_a_life_of_incidents(rules: IncidentRules, ticks: list[tuple[int, list[Verdict]]]) -> None:
    world, minutes = World(rules=rules), 0
    for wait, found in ticks:
        minutes += wait
        seen = at_tick(found, minutes)
        done = world.step(minutes, *seen)
        everything_ok = bool(seen) and all(v.status == "ok" and not v.blind for v in seen)
        everything_seen = all(v.status != "unknown" and not v.blind for v in seen)
        for transition in done.transitions:
            if transition.happened in ("recovering", "resolved"):
                broken = transition.incident.kind == "broken"
                assert everything_ok if broken else everything_seen
            if transition.happened == "resolved":
                recovering_since = transition.incident.recovering_since
                assert recovering_since is not None
                assert at(minutes) - recovering_since >= rules.stable_for
        _again_changes_nothing(world, rules, minutes, seen)
    _told_in_order(world)


def _again_changes_nothing(
    world: World, rules: IncidentRules, minutes: int, seen: list[Verdict]
) -> None:
    unresolved = tuple(each for each in world.incidents if each.state != "resolved")
    again = step(unresolved, seen, WATCHED, rules, at(minutes))
    assert (again.incidents, again.transitions, again.dropped) == (unresolved, (), ())


def _told_in_order(world: World) -> None:
    """Nothing happens to an incident before it opened, or after it was resolved."""
    unresolved: set[str] = set()
    for transition in world.transitions:
        kind = transition.incident.kind
        if transition.happened == "opened":
            assert kind not in unresolved
            unresolved.add(kind)
        else:
            assert kind in unresolved
        if transition.happened == "resolved":
            unresolved.remove(kind)
