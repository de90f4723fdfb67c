"""What can be broken in the demo, and the file that says what is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from integration_monitor.demo.company import IntegrationName

Fault = Literal[
    "drop-records", "drop-tenant", "stop-sync", "partner-down", "rename-field", "retype-field"
]

FAULTS: Mapping[Fault, str] = {
    "drop-records": "five changed records of each of three tenants are lost; every call is a 200",
    "drop-tenant": "one tenant's token is refused from now on; the sync skips it and goes on",
    "stop-sync": "the sync does not run any more",
    "partner-down": "the partner answers 503 to everybody",
    "rename-field": "the partner renames a field of its records; the sync moves it empty",
    "retype-field": "a number of the partner's records arrives as text",
}
INTEGRATIONS: tuple[IntegrationName, ...] = get_args(IntegrationName)


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


def fault_named(name: str) -> Fault | None:
    """The fault of this name."""
    return cast("Fault", name) if name in FAULTS else None
