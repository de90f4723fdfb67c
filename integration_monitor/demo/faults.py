"""What can be broken in the demo, and the file that says what is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from integration_monitor.demo.company import IntegrationName

Fault = Literal[
    "drop-records", "drop-tenant", "stop-sync", "partner-down", "rename-field", "retype-field",
    "slow", "expire-token", "rate-limit", "validation", "sunset-header", "outage",
]  # fmt: skip
INTEGRATIONS: tuple[IntegrationName, ...] = get_args(IntegrationName)


@dataclass(frozen=True)
class About:
    """What is known of a fault."""

    what: str
    signal: str
    """The one that is to tell of it; `schema_drift` stands for that of the partner's side."""
    calls: bool = False
    """Whether it is told by the calls of the sync, rather than by its records."""
    integrations: tuple[IntegrationName, ...] = INTEGRATIONS
    """Where it can happen; the first one is where it does, unless something else is asked for."""


FAULTS: Mapping[Fault, About] = {
    "drop-records": About(
        "five changed records of each of three tenants are lost; every call is a 200",
        "reconciliation",
    ),
    "drop-tenant": About(
        "one tenant's access is revoked; the sync gives it up and goes on with the others",
        "reconciliation",
    ),
    "stop-sync": About("the sync does not run any more", "reconciliation"),
    "partner-down": About("the partner answers 503 to everybody", "errors", calls=True),
    "rename-field": About(
        "the partner renames a field of its records; the sync moves it empty", "schema_drift"
    ),
    "retype-field": About(
        "a number of the partner's records arrives as text", "schema_drift"
    ),
    "slow": About(
        "one call in seven takes ten times as long, on the endpoint that is synced",
        "latency", calls=True,
    ),
    "expire-token": About(
        "one tenant's token has expired; the sync tries it again and again", "auth", calls=True
    ),
    "rate-limit": About(
        "one call in five is turned away with 429 and Retry-After", "rate_limits", calls=True
    ),
    "validation": About(
        "the partner refuses draft invoices with 422; the others go through",
        "errors", calls=True, integrations=("billing",),
    ),
    "sunset-header": About(
        "the partner announces, in headers, the end of the endpoint that is synced in ten days",
        "deprecation", calls=True,
    ),
    "outage": About(
        "the partner drops connections, or answers 500 to everybody", "errors", calls=True
    ),
}  # fmt: skip


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
