from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.alerts.decide import decide
from integration_monitor.incidents.domain import Kind
from integration_monitor.manifest.domain import IncidentRules, Severity
from integration_monitor.signals.verdict import Verdict
from integration_monitor_tests.incidents.examples import World
from integration_monitor_tests.incidents.test_properties import RULE_SETS, TICKS, at_tick

CHANNELS = st.lists(st.sampled_from(["pager", "queue", "log"]), unique=True).map(tuple)
ROUTES: st.SearchStrategy[Mapping[Severity, tuple[str, ...]]] = st.fixed_dictionaries(
    {"page": CHANNELS, "ticket": CHANNELS, "watch": CHANNELS}
)


@given(RULE_SETS, TICKS, st.lists(ROUTES, min_size=25, max_size=25))
def test_every_channel_hears_a_whole_story(
    rules: IncidentRules,
    ticks: list[tuple[int, list[Verdict]]],
    routes: list[Mapping[Severity, tuple[str, ...]]],
) -> None:
    """First opened, last resolved, both once, to the same channels; also while routes change."""
    world, minutes = World(rules=rules), 0
    stories: dict[Kind, dict[str, list[str]]] = defaultdict(dict)
    for (wait, found), now in zip(ticks, routes, strict=False):
        minutes += wait
        for transition in world.step(minutes, *at_tick(found, minutes)).transitions:
            incident = transition.incident
            heard = stories[incident.kind]
            decision = decide(transition, now[incident.severity], frozenset(heard))
            for channel, reason in decision.tell.items():
                heard.setdefault(channel, []).append(reason)
            if transition.happened == "resolved":
                assert all(told[-1] == "resolved" for told in heard.values())
                stories.pop(incident.kind)
            for told in heard.values():
                assert told.index("opened") == 0
                assert told.count("opened") == 1
                assert "resolved" not in told[:-1]
