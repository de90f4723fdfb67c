"""What the demo's syncs say about themselves: their runs, as a company's log would show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from integration_monitor.ingest.tenants import EXTENSION as TENANT

GIVEN_UP = "token_revoked"
"""The partner's word for a tenant that need not be tried again."""


class SyncError(Exception):
    """A run of a sync ended early; the next one begins where this one did."""


class TenantError(Exception):
    """The partner does not serve this tenant: not now, or not any more (`for_good`)."""

    def __init__(self, *, for_good: bool) -> None:
        super().__init__()
        self.for_good = for_good


class RecordError(Exception):
    """The partner does not accept this record."""


@dataclass
class SyncRun:
    """One run of a sync, by its own account."""

    number: int
    at: datetime
    records: int = 0
    """What it believes to have moved."""
    calls: int = 0
    succeeded: int = 0
    """Calls answered with 200."""
    skipped: list[str] = field(default_factory=list)
    """Tenants that were left out because the partner did not serve them."""
    refused: int = 0
    """Records that the partner did not accept."""
    error: str | None = None

    @property
    def line(self) -> str:
        """`run 812: 214 records, 100 % HTTP 200`."""
        text = f"run {self.number}: {self.records} record{'' if self.records == 1 else 's'}"
        if self.calls:
            text += f", {share_of_200([self])}"
        if self.refused:
            text += f", {self.refused} refused"
        if self.skipped:
            text += f", skipped {', '.join(self.skipped)}"
        return f"{text}, {self.error}" if self.error else text


def share_of_200(runs: Sequence[SyncRun]) -> str:
    """`100 % HTTP 200`; nothing where no call was made."""
    calls = sum(run.calls for run in runs)
    return f"{100 * sum(run.succeeded for run in runs) / calls:.4g} % HTTP 200" if calls else ""


@dataclass(frozen=True)
class Customer:
    """One tenant, and the token of its link to the partner."""

    tenant: str
    token: str = field(repr=False)


class PartnerCalls:
    """Calls of one run to a partner, counted."""

    def __init__(self, http: httpx.Client, run: SyncRun) -> None:
        self._http = http
        self._run = run

    def send(self, method: str, path: str, customer: Customer, **parts: Any) -> httpx.Response:
        """The response. Raises `TenantError`, `RecordError`, and `SyncError` for anything else."""
        self._run.calls += 1
        about: dict[str, Any] = {
            "headers": {"authorization": f"Bearer {customer.token}"},
            "extensions": {TENANT: customer.tenant},
        }
        try:
            response = self._http.request(method, path, **about, **parts)
        except httpx.HTTPError as error:
            raise SyncError(f"stopped: {type(error).__name__}") from error
        match response.status_code:
            case httpx.codes.OK:
                self._run.succeeded += 1
                return response
            case httpx.codes.UNAUTHORIZED:
                raise TenantError(for_good=response.json()["error"]["code"] == GIVEN_UP)
            case httpx.codes.TOO_MANY_REQUESTS:
                raise TenantError(for_good=False)
            case httpx.codes.UNPROCESSABLE_ENTITY:
                raise RecordError
        raise SyncError(f"stopped: HTTP {response.status_code}")
