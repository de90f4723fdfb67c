"""Does the partner still send what it usually does, for every tenant?

A flat line is an outage: of one stream it is a ticket, of several tenants or of all events
together it is a page. Time in which no receiver of ours ran, or ours turned the partner away, is
nobody's silence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from integration_monitor.manifest.domain import Integration, Severity
from integration_monitor.manifest.webhooks import VolumeRules
from integration_monitor.signals.call_wording import minute
from integration_monitor.signals.judged import Judged
from integration_monitor.signals.receiver_time import BLIND_AFTER
from integration_monitor.signals.verdict import Part, Status, Verdict
from integration_monitor.signals.volume_facts import ALL, Stream, VolumeFacts
from integration_monitor.signals.volume_numbers import numbers
from integration_monitor.signals.volume_state import StreamState, state_of, week_of
from integration_monitor.signals.volume_table import details
from integration_monitor.signals.volume_wording import asked, not_taken, sentence
from integration_monitor.signals.webhooks import WebhookSignal, verdict
from integration_monitor.signals.wording import count, some, span

SIGNAL: WebhookSignal = "volume"
REPEATED_FOR = timedelta(days=1)
"""So long after it was turned away a partner that sends little may not have come back yet."""


@dataclass(frozen=True, eq=False)
class _Found:
    """The states of all streams, those in trouble first, and that of their sum."""

    streams: Sequence[StreamState]
    whole: StreamState | None
    unheard: str | None
    """Why nothing can be heard: what was silent by then is, nothing else is known. None: it can."""

    def of(self, *states: str) -> list[StreamState]:
        return [each for each in self.streams if each.state in states]

    @property
    def silent(self) -> list[StreamState]:
        return [each for each in self.streams if each.alarms]

    @property
    def all_silent(self) -> bool:
        return self.whole is not None and self.whole.alarms

    @property
    def judged(self) -> int:
        return sum(each.state != "young" for each in self.streams)


def judge(facts: VolumeFacts, integration: Integration, now: datetime) -> Verdict:
    """Silence of streams against their baselines, or their heartbeat where they are new."""
    rules = integration.webhooks.volume if integration.webhooks else VolumeRules()
    found = _states(facts, rules, now)
    judged = (
        _alarm(found, facts, now)
        or _drop(found, facts, now)
        or _quiet(found, facts, now)
        or _calm(found, facts, rules, now)
    )
    full = Judged(
        judged.status,
        judged.reason,
        judged.severity,
        evidence=numbers(facts, found.streams, found.whole, rules, now),
        parts=_parts(found, now),
        details=partial(details, found.streams, facts, rules, now),
    )
    return verdict(SIGNAL, integration, full, now)


def _states(facts: VolumeFacts, rules: VolumeRules, now: datetime) -> _Found:
    week = week_of(rules, facts.receiver)

    def state(stream: Stream) -> StreamState:
        return state_of(stream, rules, week, facts.receiver, now)

    each = sorted(map(state, facts.streams), key=lambda one: -one.expected / one.needed)
    whole = state(facts.whole) if facts.whole else None
    return _Found(each, whole, _unheard(facts, now))


def _unheard(facts: VolumeFacts, now: datetime) -> str | None:
    newest, away = facts.receiver.newest, facts.turned_away
    if facts.receiver.is_blind(now):
        return f"no receiver has run{f' since {minute(newest, now)}' if newest else ' yet'}"
    if away is None or away.until - away.since < BLIND_AFTER or now - away.until > REPEATED_FOR:
        return None
    lasted, last = span(away.until - away.since), minute(away.until, now)
    return f"our receiver turned it away with 503 for {lasted}, at {last} for the last time"


def _alarm(found: _Found, facts: VolumeFacts, now: datetime) -> Judged | None:
    silent = found.silent
    if not silent and not found.all_silent:
        return None
    tenants = sorted({each.stream.tenant for each in silent})
    severity: Severity = "page" if found.all_silent or len(tenants) > 1 else "ticket"
    if found.all_silent and found.whole is not None:
        worst, whose = found.streams[0] if len(found.streams) == 1 else found.whole, None
    else:
        worst, whose = silent[0], tenants
    said = sentence(worst, now)
    if len(silent) > 1:
        whom = f" of {count(len(tenants), 'tenant')} ({some(tenants)})" if len(tenants) > 1 else ""
        said += f"; {count(len(silent), 'stream is', 'streams are')} silent{whom}"
    # Anybody can send what is rejected: it is no sign that the partner does, and still a page.
    said += not_taken(facts.rejected, worst.stream.last_at, whose)
    named = worst.stream.tenant if len(tenants) == 1 else None
    return Judged("fail", said + asked(facts.subscriptions, tenants, now, named), severity)


def _drop(found: _Found, facts: VolumeFacts, now: datetime) -> Judged | None:
    """Fewer events than usual, though not none."""
    dropped = found.of("dropped")
    whole = [found.whole] if found.whole and found.whole.state == "dropped" else []
    if not whole and not dropped:
        return None
    more = f"; {count(len(dropped), 'stream')} in all" if len(dropped) > 1 else ""
    worst = [*whole, *dropped][0]
    since = worst.stream.drop.since if worst.stream.drop else worst.stream.last_at
    more += not_taken(facts.rejected, since, None if whole else [worst.stream.tenant])
    return Judged("fail", sentence(worst, now) + more, "ticket")


def _quiet(found: _Found, facts: VolumeFacts, now: datetime) -> Judged | None:
    """Half way to an alarm."""
    whole = [found.whole] if found.whole and found.whole.state == "quiet" else []
    quiet = [*found.of("quiet"), *whole]
    if not quiet or found.unheard is not None:
        return None
    more = f"; {count(len(quiet), 'stream')} in all" if len(quiet) > 1 else ""
    worst = quiet[0].stream
    whose = None if worst.tenant == ALL else [worst.tenant]
    more += not_taken(facts.rejected, worst.last_at, whose)
    return Judged("warn", f"{sentence(quiet[0], now)}, not yet an alarm{more}", "watch")


def _calm(found: _Found, facts: VolumeFacts, rules: VolumeRules, now: datetime) -> Judged:
    """What is said where nothing is silent for too long, or nobody could have heard it."""
    if found.unheard is not None:
        return Judged("unknown", f"{found.unheard}, so that silence cannot be told", "ticket")
    if facts.whole is None:
        return _nothing_ever_came(facts, rules, now)
    young = len(found.streams) - found.judged
    if not found.judged and (found.whole is None or found.whole.state == "young"):
        known = facts.whole.baseline
        reason = (
            f"too new to judge: {count(known.events, 'event')} in {known.weeks * 7:.0f} days, of"
            " at least 30 in 14; `volume.heartbeat` tells silence meanwhile"
        )
        return Judged("unknown", reason, "watch")
    ago = span(now - facts.whole.last_at)
    more = f", {young} of them too new or too rare to judge" if young else ""
    reason = f"the last event came {ago} ago; {count(len(found.streams), 'stream')}{more}"
    return Judged("ok", reason)


def _nothing_ever_came(facts: VolumeFacts, rules: VolumeRules, now: datetime) -> Judged:
    # A receiver that ran for others before was not given this partner's address yet.
    since = max(facts.receiver.since or now, facts.watched_since or now)
    heard = timedelta(minutes=facts.receiver.minutes(since, now))
    said = f"no event has come since a receiver listens for it ({minute(since, now)})"
    rejected = not_taken(facts.rejected, since, None)
    if rules.every is None:
        return Judged("unknown", said + rejected, "watch")
    if heard > rules.every + rules.grace:
        said += f"; one is expected every {span(rules.every)}"
        return Judged("fail", said + rejected, "ticket")
    return Judged("ok", f"{said}, {span(heard)} ago{rejected}")


def _parts(found: _Found, now: datetime) -> list[Part]:
    """The tenants that are not well, each with its worst stream.

    Where nothing comes at all these are all tenants, long before each one's silence is an alarm.
    """
    by_tenant: Mapping[str, list[StreamState]] = defaultdict(list)
    for each in found.streams:
        if found.all_silent or each.alarms or each.state in ("dropped", "quiet"):
            by_tenant[each.stream.tenant].append(each)
    parts = []
    for tenant, states in by_tenant.items():
        worst = min(states, key=lambda each: (not each.alarms, each.state != "dropped"))
        only_quiet = worst.state == "quiet" and not found.all_silent
        status: Status = "warn" if only_quiet else "fail"
        parts.append(Part(tenant, status, sentence(worst, now, with_tenant=False)))
    return parts
