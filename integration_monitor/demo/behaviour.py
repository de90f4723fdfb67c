"""How a partner behaves: well, or in one of the ways that a fault asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from integration_monitor.demo.company import IntegrationName
from integration_monitor.demo.faults import Fault
from integration_monitor.demo.reshaping import Reshape, rename_field, retype_field, unchanged
from integration_monitor.demo.sending import AS_AGREED, Sending

SLOW_S = 0.8
"""Ten times what the slowest of a hundred answers takes on a busy machine."""
SLOW_EACH = 7
LIMITED_EACH = 5
"""Every fifth call is turned away. No divisor of the tenants, so that it is not always the same."""
ANNOUNCED = timedelta(days=10)
"""How long the endpoint that is announced to go away still answers."""
NOT_ACCEPTED = "draft"
"""The status of invoices that a partner which tightened its validation refuses."""

Treatment = Literal["serve", "delay", "turn_away", "fail", "drop"]


@dataclass(frozen=True)
class Behaviour:
    """Of one partner, to everybody unless a tenant is named."""

    down: bool = False
    """Answers 503."""
    outage: bool = False
    """Drops connections, or answers 500."""
    revoked: str | None = None
    """The tenant whose access was revoked."""
    expired: str | None = None
    """The tenant whose token is past its time."""
    slow: bool = False
    """Takes its time with some calls of the endpoint that the sync calls."""
    limited: bool = False
    """Turns some calls away."""
    strict: bool = False
    """Accepts fewer records than before."""
    sunset: datetime | None = None
    """When the endpoint that the sync calls goes away, as its answers announce."""
    reshape: Reshape = unchanged
    sending: Sending = AS_AGREED
    """How it posts its webhooks."""


WELL = Behaviour()

SYNCED: Mapping[IntegrationName, tuple[str, str]] = {
    "crm": ("GET", "/crm/contacts"),
    "billing": ("PUT", "/billing/invoices/"),
}
"""Method and beginning of the path of the endpoint that each sync calls again and again."""


def is_synced(integration: IntegrationName, method: str, path: str) -> bool:
    """Whether a request is for the endpoint that the sync calls."""
    return method == SYNCED[integration][0] and path.startswith(SYNCED[integration][1])


def behaviour(
    fault: Fault, integration: IntegrationName, *, tenant: str | None, now: datetime
) -> Behaviour:
    """What a fault makes of a partner that is well. `tenant` is whom it is about, if anybody."""
    ways: Mapping[Fault, Behaviour] = {
        "drop-tenant": Behaviour(revoked=tenant),
        "expire-token": Behaviour(expired=tenant),
        "partner-down": Behaviour(down=True),
        "outage": Behaviour(outage=True),
        "slow": Behaviour(slow=True),
        "rate-limit": Behaviour(limited=True),
        "validation": Behaviour(strict=True),
        "sunset-header": Behaviour(sunset=now + ANNOUNCED),
        "rename-field": Behaviour(reshape=rename_field(integration)),
        "retype-field": Behaviour(reshape=retype_field(integration)),
        "stop-webhooks": Behaviour(sending=Sending(stopped=True)),
        "bad-signature": Behaviour(sending=Sending(forged=True)),
        "late-webhooks": Behaviour(sending=Sending(late=True)),
        "duplicate-webhooks": Behaviour(sending=Sending(copied=True)),
        "out-of-order": Behaviour(sending=Sending(overtaken=True)),
    }
    return ways.get(fault, WELL)


def treatment(behaviour: Behaviour, number: int, *, synced: bool) -> Treatment:
    """What happens to the call of this number, before anybody looks at what it asks for."""
    if behaviour.outage:
        return "drop" if number % 2 else "fail"
    if behaviour.limited and number % LIMITED_EACH == 0:
        return "turn_away"
    if behaviour.slow and synced and number % SLOW_EACH == 0:
        return "delay"
    return "serve"
