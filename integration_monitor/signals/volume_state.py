"""How one stream is doing: silent for too long, dropping, well, or not to be told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.flat_line import chance, silence, threshold
from integration_monitor.signals.receiver_time import ReceiverTime
from integration_monitor.signals.volume_facts import ALL, Stream
from integration_monitor.signals.week_hours import HourClasses, week_hours

State = Literal["silent", "returning", "overdue", "dropped", "quiet", "ok", "young"]
"""`silent`, `returning` (one event came after an alarm, a second one is awaited) and `overdue` (the
heartbeat was missed) are alarms; `dropped`: fewer come than usual; `quiet`: half way to an alarm;
`young`: too new or too rare to be judged, and without a heartbeat that it keeps."""
SHORTEST = timedelta(minutes=1)
"""No shorter silence is an alarm, however busy a stream is: that receivers ran is known by the
minute, so that one which is started anew within a minute is not seen."""
ALARMS: tuple[State, ...] = ("silent", "returning", "overdue")


@dataclass(frozen=True, eq=False)
class StreamState:
    """A stream, and what its silence means."""

    stream: Stream
    state: State
    expected: float
    """Events that were expected since the last one, as far as receivers ran."""
    needed: float
    """So many make an alarm."""
    chance: float
    """Of such a silence, 0 to 1."""
    unheard: timedelta
    """How long no receiver ran since the last event."""
    turned_away: timedelta = timedelta(0)
    """How long receivers ran since, and turned the integration away."""

    @property
    def alarms(self) -> bool:
        """Whether it is an alarm."""
        return self.state in ALARMS


def week_of(rules: VolumeRules, receiver: ReceiverTime) -> HourClasses:
    """The hours of the week of all hours that are judged."""
    return week_hours(rules.timezone, rules.holidays, receiver.first_hour, len(receiver.hours))


def state_of(
    stream: Stream, rules: VolumeRules, week: HourClasses, receiver: ReceiverTime, now: datetime
) -> StreamState:
    """How a stream is doing."""
    base = stream.baseline
    mass = silence(base, week, receiver, stream.last_at, now)
    needed = threshold(base, rules.alarms)
    heard = timedelta(minutes=receiver.minutes(stream.last_at, now))
    state: State
    if not base.is_judged:
        state = _by_heartbeat(stream, heard, rules)
    elif mass >= needed and heard >= SHORTEST:
        state = "silent"
    elif _is_returning(stream, needed, week, receiver):
        state = "returning"
    elif stream.drop is not None:
        state = "dropped"
    else:
        state = "quiet" if mass >= needed / 2 else "ok"
    away = timedelta(minutes=receiver.turned_away(stream.last_at, now))
    unheard = max(now - stream.last_at - heard - away, timedelta(0))
    return StreamState(stream, state, mass, needed, chance(base, mass), unheard, away)


def _by_heartbeat(stream: Stream, heard: timedelta, rules: VolumeRules) -> State:
    """All together are held to it; one stream only if it kept it so far.

    A tenant that sends an event a week must not be an alarm on the other days.
    """
    if rules.every is None:
        return "young"
    longest = rules.every + rules.grace
    known = stream.baseline.long_gap
    if stream.type != ALL and (known is None or known > longest):
        return "young"
    return "overdue" if heard > longest else "ok"


def _is_returning(stream: Stream, needed: float, week: HourClasses, receiver: ReceiverTime) -> bool:
    """One event after an alarm may be a test that somebody sent; two are a recovery."""
    if stream.returned > 1 or stream.silent_since is None:
        return False
    before = silence(stream.baseline, week, receiver, stream.silent_since, stream.returned_at)
    return before >= needed
