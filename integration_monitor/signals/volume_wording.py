"""How verdicts say silence. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import SINGLE
from integration_monitor.signals.call_wording import minute, percent
from integration_monitor.signals.volume_facts import ALL, Rejected, Stream, Subscribed
from integration_monitor.signals.volume_state import StreamState
from integration_monitor.signals.wording import count, number, span

_DIGITS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORTH_TELLING = timedelta(minutes=1)
_REASONS = 3


def sentence(found: StreamState, now: datetime, with_tenant: bool = True) -> str:
    """``no `contact.propertyChange` for 47 min; 13.1 expected since 14:02, chance 2·10⁻⁶``."""
    stream = found.stream
    tenant = stream.tenant if with_tenant else SINGLE
    whom = f"{tenant}: " if tenant not in (SINGLE, ALL) else ""
    since = minute(stream.last_at, now)
    if found.state == "dropped" and stream.drop is not None:
        drop = stream.drop
        return (
            f"{whom}{named(stream)} dropped to {percent(drop.share)} of what is usual: "
            f"{number(drop.received)} of {number(drop.expected)} expected"
            f" since {minute(drop.since, now)}"
        )
    if found.state == "returning":
        return f"{whom}one {named(stream)} came at {since}; a second one is awaited"
    silent = f"{whom}no {named(stream)} for {span(now - stream.last_at)}"
    if found.state == "overdue":
        return f"{silent}, longer than its heartbeat allows{_unheard(found)}"
    return (
        f"{silent}; {events(found.expected)} expected since {since},"
        f" chance {likelihood(found.chance)}{_unheard(found)}"
    )


def named(stream: Stream) -> str:
    """What comes: `event` where it is the sum of all."""
    return "event" if stream.type == ALL else f"`{stream.type or 'event without a type'}`"


def events(expected: float) -> str:
    """`13.1`, `1,204`."""
    return f"{expected:.1f}" if expected < 100 else number(expected)


def likelihood(chance: float) -> str:
    """`12 %`, `2·10⁻⁶`."""
    if chance >= 0.001:
        return percent(chance)
    if chance < 1e-99:
        return "< 10⁻⁹⁹"
    exponent = math.floor(math.log10(chance))
    mantissa = round(chance / 10**exponent)
    if mantissa == 10:
        mantissa, exponent = 1, exponent + 1
    return f"{mantissa}·10{str(exponent).translate(_DIGITS)}"


def asked(
    subscriptions: Mapping[str, Subscribed],
    tenants: Sequence[str],
    now: datetime,
    named: str | None = None,
) -> str:
    """What the partner says of the subscriptions of these tenants; `named` was said before."""
    known = [each for each in subscriptions.values() if each.enabled is not None]
    about = [each for each in known if each.connection in (*tenants, SINGLE)] or known
    off = [each for each in about if not each.enabled]
    if off:
        whose = "" if off[0].connection in (SINGLE, named) else f" of {off[0].connection}"
        when = minute(off[0].asked_at, now)
        return f"; the partner says that the subscription{whose} is not enabled (asked {when})"
    if about:
        when = minute(min(each.asked_at for each in about), now)
        return f"; the partner says that the subscription is enabled (asked {when})"
    return ""


def not_taken(rejected: Sequence[Rejected], since: datetime, tenants: Sequence[str] | None) -> str:
    """That requests do come meanwhile; of these tenants, or of anybody. Strangers count too."""
    by_reason: dict[str, int] = defaultdict(int)
    for each in rejected:
        if each.last_at > since and (tenants is None or each.connection in (*tenants, SINGLE)):
            by_reason[each.reason] += each.requests
    if not by_reason:
        return ""
    worst = sorted(by_reason, key=lambda reason: (-by_reason[reason], reason))[:_REASONS]
    why = ", ".join(f"{reason} {number(by_reason[reason])}" for reason in worst)
    came = count(sum(by_reason.values()), "request")
    return f"; yet {came} came in the last hour that our receiver rejected ({why})"


def _unheard(found: StreamState) -> str:
    told = [
        f"{span(lasted)} in which {what}"
        for lasted, what in (
            (found.unheard, "no receiver ran"),
            (found.turned_away, "our receiver turned it away with 503"),
        )
        if lasted >= _WORTH_TELLING
    ]
    return f" (without {' and '.join(told)})" if told else ""
