"""The numbers of a verdict about volume, under keys that stay the same. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.volume_facts import VolumeFacts
from integration_monitor.signals.volume_state import StreamState
from integration_monitor.signals.week_hours import hour_number, week_hours

MOST_TYPES = 20
"""Event types whose counts are numbers of their own, those that usually come most often."""


def numbers(
    facts: VolumeFacts,
    streams: Sequence[StreamState],
    whole: StreamState | None,
    rules: VolumeRules,
    now: datetime,
) -> dict[str, float]:
    """What plots: events in the last whole hour, of each type too, and how silent it is."""
    usual = usually(facts, rules, now)
    named = sorted(usual, key=lambda name: (-usual[name], name))[:MOST_TYPES]
    return {
        "streams": float(len(streams)),
        "silent_streams": float(sum(each.alarms for each in streams)),
        "dropped_streams": float(sum(each.state == "dropped" for each in streams)),
        "unjudged_streams": float(sum(each.state == "young" for each in streams)),
        "expected_since_last": whole.expected if whole else 0.0,
        "events_last_hour": float(sum(facts.last_hour.values())),
        "events_usually": sum(usual.values()),
        **{f"events_last_hour {name}": float(facts.last_hour.get(name, 0)) for name in named},
    }


def usually(facts: VolumeFacts, rules: VolumeRules, now: datetime) -> Mapping[str, float]:
    """By event type, how many are expected in the last whole hour."""
    hour = week_hours(rules.timezone, rules.holidays, hour_number(now) - 1, 1)[0]
    found: dict[str, float] = defaultdict(float)
    for stream in facts.streams:
        known = stream.baseline
        found[stream.type] += float(known.shapes[hour]) / (known.weeks + 1)
    return found
