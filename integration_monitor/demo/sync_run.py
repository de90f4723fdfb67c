"""What the demo's syncs say about themselves: their runs, as a company's log would show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx


class SyncError(Exception):
    """A run of a sync ended early; the next one begins where this one did."""


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
    """Tenants that were left out because their token was refused."""
    error: str | None = None

    @property
    def line(self) -> str:
        """`run 812: 214 records, 100 % HTTP 200`."""
        text = f"run {self.number}: {self.records} record{'' if self.records == 1 else 's'}"
        if self.calls:
            text += f", {share_of_200([self])}"
        if self.skipped:
            text += f", skipped {', '.join(self.skipped)}"
        return f"{text}, {self.error}" if self.error else text


def share_of_200(runs: Sequence[SyncRun]) -> str:
    """`100 % HTTP 200`; nothing where no call was made."""
    calls = sum(run.calls for run in runs)
    return f"{100 * sum(run.succeeded for run in runs) / calls:.4g} % HTTP 200" if calls else ""


class PartnerCalls:
    """Calls of one run to a partner, counted."""

    def __init__(self, http: httpx.Client, run: SyncRun) -> None:
        self._http = http
        self._run = run

    def send(self, method: str, path: str, *, token: str, **parts: object) -> httpx.Response | None:
        """The response; None where the token was refused. Raises `SyncError` for anything else."""
        self._run.calls += 1
        headers = {"authorization": f"Bearer {token}"}
        try:
            response = self._http.request(method, path, headers=headers, **parts)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise SyncError(f"stopped: {type(error).__name__}") from error
        if response.status_code == httpx.codes.UNAUTHORIZED:
            return None
        if response.status_code != httpx.codes.OK:
            raise SyncError(f"stopped: HTTP {response.status_code}")
        self._run.succeeded += 1
        return response
