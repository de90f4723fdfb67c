"""What can be broken in the demo, and the file that says what is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from integration_monitor.demo.company import IntegrationName
from integration_monitor.signals.verdict import API, WEBHOOKS

Fault = Literal[
    "drop-records", "drop-tenant", "stop-sync", "partner-down", "rename-field", "retype-field",
    "slow", "expire-token", "rate-limit", "validation", "sunset-header", "outage",
    "stop-webhooks", "bad-signature", "late-webhooks", "duplicate-webhooks", "out-of-order",
]  # fmt: skip
INTEGRATIONS: tuple[IntegrationName, ...] = get_args(IntegrationName)


Topic = Literal["records", "calls", "webhooks"]
_TOPICS: Mapping[str, Topic] = {API: "calls", WEBHOOKS: "webhooks"}
"""By the subject of an alert; any other subject is a sync."""


@dataclass(frozen=True)
class Told:
    """By which signal people are to be told of a fault."""

    signal: str
    """`schema_drift` is that of either side."""
    topic: Topic = "records"
    within_s: float = 180.0
    """When the alert is there at the latest; what is judged by how it went on takes longer."""

    pages: bool = False
    """Whether only a page does: it may begin as less."""

    def by(self, alert: Mapping[str, Any]) -> bool:
        """Whether this alert does."""
        if self.pages and alert["severity"] != "page":
            return False
        signals = [str(finding["signal"]) for finding in alert["findings"]]
        return _TOPICS.get(alert["subject"], "records") == self.topic and any(
            name.endswith(self.signal) for name in signals
        )


@dataclass(frozen=True)
class About:
    """What is known of a fault."""

    what: str
    told: tuple[Told, ...]
    """Empty where nobody is to be told, because nothing is lost."""
    integrations: tuple[IntegrationName, ...] = INTEGRATIONS
    """Where it can happen; the first one is where it does, unless something else is asked for."""
    handled: str = ""
    """Where nobody is told: what becomes of it."""
    within: str = "about 90 seconds"
    look: str = "demo status"
    """The command that shows it."""


_WEBHOOKS: tuple[IntegrationName, ...] = ("crm",)
_RECORDS = Told("reconciliation")
_FIELDS = Told("schema_drift")
_ERRORS = Told("errors", "calls")

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
        (Told("latency", "calls"),),
    ),
    "expire-token": About(
        "one tenant's token has expired; the sync tries it again and again",
        (Told("auth", "calls"),),
    ),
    "rate-limit": About(
        "one call in five is turned away with 429 and Retry-After",
        (Told("rate_limits", "calls"),),
    ),
    "validation": About(
        "the partner refuses draft invoices with 422; the others go through",
        (_ERRORS, _RECORDS),
        integrations=("billing",),
    ),
    "sunset-header": About(
        "the partner announces, in headers, the end of the endpoint that is synced in ten days",
        (Told("deprecation", "calls"),),
    ),
    "outage": About("the partner drops connections, or answers 500 to everybody", (_ERRORS,)),
    "stop-webhooks": About(
        "the partner sends no webhooks any more, to nobody; its API answers as ever",
        (Told("volume", "webhooks", pages=True),),
        _WEBHOOKS,
        within="a minute or two",
    ),
    "bad-signature": About(
        "one webhook in three is signed by a secret that is not ours",
        (Told("signatures", "webhooks", within_s=360),),
        _WEBHOOKS,
        within="four minutes or so",
    ),
    "late-webhooks": About(
        "the partner holds every second event back for a minute",
        (Told("ingestion_lag", "webhooks", within_s=480),),
        _WEBHOOKS,
        within="three minutes or so",
    ),
    "duplicate-webhooks": About(
        "the partner sends each event three times",
        (),
        _WEBHOOKS,
        handled="each event is stored and handed on once, the others are counted as duplicates",
        look="webhooks stats",
    ),
    "out-of-order": About(
        "of two changes of a deal the partner sends the newer one first",
        (),
        _WEBHOOKS,
        handled="the older one, which comes later, does not overwrite the newer one",
    ),
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
