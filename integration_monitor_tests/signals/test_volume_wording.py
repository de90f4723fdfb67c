"""How silence is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from integration_monitor.signals.flat_line import Baseline
from integration_monitor.signals.volume_facts import Drop, Rejected, Stream, Subscribed
from integration_monitor.signals.volume_state import State, StreamState
from integration_monitor.signals.volume_wording import asked, likelihood, not_taken, sentence

NOW = datetime(2026, 3, 4, 14, 49, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=47)


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (0.5, "50 %"),
        (0.001, "0.1 %"),
        (2.04e-6, "2·10⁻⁶"),
        (9.7e-7, "1·10⁻⁶"),
        (1e-12, "1·10⁻¹²"),
        (0.0, "< 10⁻⁹⁹"),
    ],
)
def test_chances(chance: float, said: str) -> None:
    assert likelihood(chance) == said


def found(
    state: State,
    tenant: str = "-",
    unheard: timedelta = timedelta(0),
    away: timedelta = timedelta(0),
) -> StreamState:
    stream = Stream(
        tenant, "contact.propertyChange", Baseline(5, 1000, np.ones(168)), SINCE, SINCE, 1,
        drop=Drop(SINCE, 24, 240),
    )  # fmt: skip
    return StreamState(stream, state, 13.1, 12.6, 2.04e-6, unheard, away)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param(
            found("silent"),
            "no `contact.propertyChange` for 47 min; 13.1 expected since 14:02 UTC, chance 2·10⁻⁶",
            id="silent",
        ),
        pytest.param(
            found("silent", "acme", timedelta(minutes=12)),
            "acme: no `contact.propertyChange` for 47 min; 13.1 expected since 14:02 UTC,"
            " chance 2·10⁻⁶ (without 12 min in which no receiver ran)",
            id="while our receiver was down",
        ),
        pytest.param(
            found("overdue", away=timedelta(minutes=40)),
            "no `contact.propertyChange` for 47 min, longer than its heartbeat allows"
            " (without 40 min in which our receiver turned it away with 503)",
            id="while our receiver turned it away",
        ),
        pytest.param(
            found("overdue", unheard=timedelta(minutes=3), away=timedelta(minutes=40)),
            "no `contact.propertyChange` for 47 min, longer than its heartbeat allows"
            " (without 3 min in which no receiver ran and 40 min in which our receiver turned it"
            " away with 503)",
            id="both",
        ),
        pytest.param(
            found("overdue"),
            "no `contact.propertyChange` for 47 min, longer than its heartbeat allows",
            id="overdue",
        ),
        pytest.param(
            found("returning"),
            "one `contact.propertyChange` came at 14:02 UTC; a second one is awaited",
            id="returning",
        ),
        pytest.param(
            found("dropped"),
            "`contact.propertyChange` dropped to 10 % of what is usual:"
            " 24 of 240 expected since 14:02 UTC",
            id="dropped",
        ),
    ],
)
def test_states(state: StreamState, said: str) -> None:
    assert sentence(state, NOW) == said


def said_by(connection: str, enabled: bool | None) -> dict[str, Subscribed]:
    return {connection: Subscribed(connection, SINCE, enabled)}


def test_what_the_partner_says_of_the_subscription() -> None:
    disabled = "; the partner says that the subscription of acme is not enabled (asked 14:02 UTC)"
    enabled = "; the partner says that the subscription is enabled (asked 14:02 UTC)"
    assert asked(said_by("acme", False), ["acme"], NOW) == disabled
    assert asked(said_by("acme", False), ["acme"], NOW, "acme") == disabled.replace(" of acme", "")
    assert asked(said_by("acme", True), ["acme"], NOW) == enabled
    assert asked(said_by("acme", None), ["acme"], NOW) == ""
    assert asked({**said_by("acme", True), **said_by("bolt", False)}, ["acme"], NOW) == enabled


REJECTED = [
    Rejected("-", "mismatch", 1200, NOW),
    Rejected("acme", "timestamp", 3, NOW),
    Rejected("bolt", "mismatch", 7, NOW),
    Rejected("acme", "missing_header", 9, SINCE - timedelta(minutes=1)),
]


@pytest.mark.parametrize(
    ("tenants", "said"),
    [
        pytest.param(None, "1,210 requests", id="all together"),
        pytest.param(["acme"], "1,203 requests", id="one tenant, and addresses of all tenants"),
    ],
)
def test_requests_that_come_all_the_same(tenants: list[str] | None, said: str) -> None:
    told = not_taken(REJECTED, SINCE, tenants)
    assert told.startswith(f"; yet {said} came in the last hour that our receiver rejected")
    assert ", timestamp 3)" in told
    assert "missing_header" not in told


def test_nothing_is_said_where_none_came() -> None:
    assert not_taken(REJECTED[1:], SINCE, ["cove"]) == ""
