"""Whose fault is a failing endpoint? What the rest of the fleet says of it. Pure.

Partners have endpoints of the same kind (`Endpoint.kind`, otherwise the name). One endpoint that
fails beside others that work points at what we do with it; a partner of which everything fails
points at the partner; one kind that fails at several partners points at what we share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from integration_monitor.manifest.domain import Integration
from integration_monitor.signals.call_facts import CallFacts
from integration_monitor.signals.call_rules import fails
from integration_monitor.signals.wording import number

_NAMED = 3


@dataclass(frozen=True)
class _Partner:
    """The declared endpoints of a partner that were called often enough, and whether they fail."""

    title: str
    kinds: Mapping[str, str]
    failing: Mapping[str, bool]

    @property
    def down(self) -> bool:
        """Everything fails, and it is more than one thing."""
        return len(self.failing) > 1 and all(self.failing.values())


@dataclass
class _Kind:
    """The partners that have an endpoint of a kind, by whether it fails there; sorted titles."""

    failing: list[str] = field(default_factory=list)
    working: list[str] = field(default_factory=list)
    down: int = 0
    """How many of them fail altogether."""


def compare(
    facts: Mapping[str, CallFacts], integrations: Iterable[Integration]
) -> dict[str, dict[str, str]]:
    """A sentence for each failing endpoint, by integration and endpoint."""
    partners = {each.name: _partner(facts[each.name], each) for each in integrations}
    kinds = _kinds(partners.values())
    said = {
        name: {
            endpoint: _sentence(partner, endpoint, kinds[partner.kinds[endpoint]])
            for endpoint, failing in partner.failing.items()
            if failing
        }
        for name, partner in partners.items()
    }
    return {name: sentences for name, sentences in said.items() if sentences}


def _partner(facts: CallFacts, integration: Integration) -> _Partner:
    compared = {
        name: calls
        for name, calls in facts.endpoints.items()
        if name in integration.endpoints and calls.calls.window >= integration.calls.minimum
    }
    return _Partner(
        integration.title,
        {name: integration.endpoints[name].kind or name for name in compared},
        {name: fails(calls, integration.calls) for name, calls in compared.items()},
    )


def _kinds(partners: Iterable[_Partner]) -> Mapping[str, _Kind]:
    kinds: dict[str, _Kind] = defaultdict(_Kind)
    for partner in sorted(partners, key=lambda each: each.title):
        failing = {partner.kinds[name] for name, fails_ in partner.failing.items() if fails_}
        for kind in set(partner.kinds.values()):
            known = kinds[kind]
            (known.failing if kind in failing else known.working).append(partner.title)
            known.down += partner.down
    return kinds


def _sentence(partner: _Partner, endpoint: str, kind: _Kind) -> str:
    name = partner.kinds[endpoint]
    if partner.down and kind.down == 1:
        return f"all of {partner.title} fails: likely theirs"
    if len(kind.failing) > 1:
        return f"{name} fail at {_others(kind.failing, partner)} too: likely ours"
    failing, of = sum(partner.failing.values()), len(partner.failing)
    if failing > 1:
        return f"{failing} of {of} endpoints of {partner.title} fail"
    working = [f"its other {'endpoint' if of == 2 else 'endpoints'}"] if of > 1 else []
    if kind.working:
        working.append(f"{name} of {_others(kind.working, partner)}")
    if not working:
        return "nothing else is called that it could be compared with"
    return f"only {partner.title}'s {endpoint} fail, not {' or '.join(working)}: likely ours"


def _others(titles: Sequence[str], partner: _Partner) -> str:
    """`A, B, C and 4 more`, without looking at each of a thousand."""
    of = len(titles) - (partner.title in titles)
    shown = list(islice((title for title in titles if title != partner.title), _NAMED))
    more = of - len(shown)
    return ", ".join(shown) + (f" and {number(more)} more" if more else "")
