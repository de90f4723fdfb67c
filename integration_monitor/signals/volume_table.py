"""The tables of a verdict about volume: the event types, and the streams in trouble. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.call_wording import minute
from integration_monitor.signals.volume_facts import VolumeFacts
from integration_monitor.signals.volume_numbers import usually
from integration_monitor.signals.volume_state import StreamState
from integration_monitor.signals.volume_wording import events, likelihood
from integration_monitor.signals.wording import number, span, table

MOST_ROWS = 20


def details(
    streams: Sequence[StreamState], facts: VolumeFacts, rules: VolumeRules, now: datetime
) -> str:
    """Markdown: a row an event type, then a row a stream that is not well."""
    header = ("type", "tenants", "last event", "in the last hour", "usually", "silent", "too new")
    types = table(header, _types(streams, facts, rules, now))
    troubled = [each for each in streams if each.state not in ("ok", "young")][:MOST_ROWS]
    header = ("tenant", "type", "state", "silent for", "expected", "alarm at", "chance")
    return "\n\n".join(filter(None, (types, table(header, (_row(e, now) for e in troubled)))))


def _types(
    streams: Sequence[StreamState], facts: VolumeFacts, rules: VolumeRules, now: datetime
) -> Iterator[Sequence[object]]:
    usual = usually(facts, rules, now)
    by_type: dict[str, list[StreamState]] = defaultdict(list)
    for each in streams:
        by_type[each.stream.type].append(each)
    for name in sorted(by_type, key=lambda name: (-usual[name], name))[:MOST_ROWS]:
        of = by_type[name]
        yield (
            name,
            number(len(of)),
            minute(max(each.stream.last_at for each in of), now),
            number(facts.last_hour.get(name, 0)),
            events(usual[name]),
            number(sum(each.alarms for each in of)),
            number(sum(each.state == "young" for each in of)),
        )


def _row(found: StreamState, now: datetime) -> Sequence[object]:
    stream = found.stream
    return (
        stream.tenant,
        stream.type,
        found.state,
        span(now - stream.last_at),
        events(found.expected),
        events(found.needed),
        likelihood(found.chance),
    )
