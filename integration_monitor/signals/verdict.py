"""The answer to a question about a subject, at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from integration_monitor.failures import describe
from integration_monitor.manifest.domain import Severity

Status = Literal["ok", "warn", "fail", "unknown"]

Details = str | Callable[[], str]
"""Markdown for people, such as a table of what is missing for whom; or what writes it."""

WHOLE = "-"
"""The subject of a signal that is about the integration as a whole."""
API = "api"
"""The subject of verdicts about the calls to a partner. No sync can be called so."""
WEBHOOKS = "webhooks"
"""The subject of verdicts about what a partner sends. No sync can be called so."""
ASSET_CHECKS = "@checks"
"""Stands for the integration in verdicts about asset checks of the user's own. No manifest can be
called so: names begin with a letter."""


@dataclass(frozen=True)
class Part:
    """One tenant's share of a verdict: a failing tenant does not hide an unreadable one."""

    tenant: str
    status: Status
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What a signal says about a subject of an integration.

    `evidence` holds numbers under stable keys (Dagster plots them); `tenants` are the affected
    ones, sorted; `parts` are the tenants that are not ok, each with its own status.
    """

    integration: str
    subject: str
    """The sync's name, `api` for the calls, or `-` for the integration as a whole."""
    signal: str
    """`reconciliation`, `freshness`, `source_schema_drift`, `manifest`, …"""
    status: Status
    reason: str
    """One sentence, with the numbers in it."""
    at: datetime
    valid_until: datetime
    """After this the verdict is stale and counts as `unknown` (twice its cadence)."""
    severity: Severity | None = None
    """Set where the status is not `ok`."""
    evidence: Mapping[str, float] = field(default_factory=dict)
    tenants: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    details: Details = ""

    @cached_property
    def markdown(self) -> str:
        """The details, written when they are first asked for: of most verdicts nobody asks."""
        if isinstance(self.details, str):
            return self.details
        try:
            return self.details()
        except Exception as error:  # noqa: BLE001 - what was judged holds without its table
            return f"the details could not be written: the monitor {describe(error)}"

    @property
    def blind(self) -> tuple[str, ...]:
        """The tenants that could not be measured."""
        return tuple(sorted({part.tenant for part in self.parts if part.status == "unknown"}))
