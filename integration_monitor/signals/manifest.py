"""Can the integration's manifest be read? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from integration_monitor.manifest.domain import ManifestError
from integration_monitor.signals.verdict import WHOLE, Verdict

SIGNAL = "manifest"


def judge_manifest(
    name: str,
    errors: Sequence[ManifestError],
    *,
    edited: bool,
    at: datetime,
    valid_until: datetime,
) -> Verdict:
    """Fail with the errors of the file as it is now; ok where it has none.

    `edited`: the file is no longer the one that the code location loaded.
    """
    return Verdict(
        integration=name,
        subject=WHOLE,
        signal=SIGNAL,
        status="fail" if errors else "ok",
        reason=_reason(errors, edited=edited),
        at=at,
        valid_until=valid_until,
        severity="ticket" if errors else None,
        evidence={"errors": float(len(errors)), "edited": float(edited)},
        details="\n".join(f"- {_as_code(error)}" for error in sorted(errors)),
    )


def _reason(errors: Sequence[ManifestError], *, edited: bool) -> str:
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"the manifest has {_count(errors)}: {min(errors)}{more}"
    if edited:
        return "the manifest is valid and was edited: reload the code location to use it"
    return "the manifest is valid"


def _count(errors: Sequence[ManifestError]) -> str:
    return "1 error" if len(errors) == 1 else f"{len(errors)} errors"


def _as_code(error: ManifestError) -> str:
    """Markdown would read the message's own backticks, so only the place is set apart."""
    return f"`{error.file}:{error.line}:{error.column}` {error.message}"
