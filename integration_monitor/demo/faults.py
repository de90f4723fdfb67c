"""What can be broken in the demo, and the file that says what is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from integration_monitor.demo.company import IntegrationName
from integration_monitor.signals.verdict import API

Fault = Literal[
    "drop-records", "drop-tenant", "stop-sync", "partner-down", "rename-field", "retype-field",
    "slow", "expire-token", "rate-limit", "validation", "sunset-header", "outage",
]  # fmt: skip
INTEGRATIONS: tuple[IntegrationName, ...] = get_args(IntegrationName)


@dataclass(frozen=True)
class Told:
    """By which signal people are to be told of a fault."""

    signal: str
    """`schema_drift` is that of either side."""
    of_calls: bool = False
    """Whether it is about the calls of the sync, rather than about its records."""

    def by(self, alert: Mapping[str, Any]) -> bool:
        """Whether this alert does."""
        signals = [str(finding["signal"]) for finding in alert["findings"]]
        return (alert["subject"] == API) == self.of_calls and any(
            name.endswith(self.signal) for name in signals
        )


@dataclass(frozen=True)
class About:
    """What is known of a fault."""

    what: str
    told: tuple[Told, ...]
    integrations: tuple[IntegrationName, ...] = INTEGRATIONS
    """Where it can happen; the first one is where it does, unless something else is asked for."""


_RECORDS = Told("reconciliation")
_FIELDS = Told("schema_drift")
_ERRORS = Told("errors", of_calls=True)

FAULTS: Mapping[Fault, About] = {
    "drop-records": About(
        "five changed records of each of three tenants are lost; every call is a 200", (_RECORDS,)
    ),
    "drop-tenant": About(
        "one tenant's access is revoked; the sync gives it up and goes on with the others",
        (_RECORDS,),
    ),
    "stop-sync": About("the sync does not run any more", (_RECORDS,)),
    "partner-down": About("the partner answers 503 to everybody", (_ERRORS,)),
    "rename-field": About(
        "the partner renames a field of its records; the sync moves it empty", (_FIELDS,)
    ),
    "retype-field": About("a number of the partner's records arrives as text", (_FIELDS,)),
    "slow": About(
        "one call in seven takes ten times as long, on the endpoint that is synced",
        (Told("latency", of_calls=True),),
    ),
    "expire-token": About(
        "one tenant's token has expired; the sync tries it again and again",
        (Told("auth", of_calls=True),),
    ),
    "rate-limit": About(
        "one call in five is turned away with 429 and Retry-After",
        (Told("rate_limits", of_calls=True),),
    ),
    "validation": About(
        "the partner refuses draft invoices with 422; the others go through",
        (_ERRORS, _RECORDS),
        integrations=("billing",),
    ),
    "sunset-header": About(
        "the partner announces, in headers, the end of the endpoint that is synced in ten days",
        (Told("deprecation", of_calls=True),),
    ),
    "outage": About("the partner drops connections, or answers 500 to everybody", (_ERRORS,)),
}


@dataclass(frozen=True)
class Command:
    """What was last asked for: to break something, or to mend it (`fault` is None)."""

    number: int = 0
    fault: Fault | None = None
    integration: IntegrationName = "crm"
    resync: bool = True
    """When mended: whether what was lost meanwhile is moved again."""


def read_command(path: Path) -> Command:
    """The last command; the one of a healthy demo where there is none."""
    try:
        return Command(**json.loads(path.read_text()))
    except FileNotFoundError:
        return Command()


def write_command(
    path: Path,
    *,
    fault: Fault | None,
    integration: IntegrationName = "crm",
    resync: bool = True,
) -> Command:
    """Ask for something; returns the command with the number to wait for."""
    command = Command(read_command(path).number + 1, fault, integration, resync)
    written = path.with_suffix(".tmp")
    written.write_text(json.dumps(asdict(command)))
    # Whoever reads meanwhile sees the old command or the new one, never half of one.
    written.replace(path)
    return command
