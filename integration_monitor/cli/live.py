"""`validate --live`: the access check before an integration is promised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from integration_monitor.cli.context import find, progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integration_monitor.access import Attempt
    from integration_monitor.manifest.domain import Fleet, Integration

_MARKS = {"works": "works    ", "fails": "FAILS    ", "not tried": "not tried"}


def chosen(fleet: Fleet, name: str | None) -> Sequence[Integration]:
    """The integration of this name, or all that can be read. Ends the program for a wrong name."""
    if name is None:
        return fleet.integrations
    integration, _ = find(fleet, name)
    return (integration,)


def try_live(integration: Integration, environ: Mapping[str, str], *, as_json: bool) -> bool:
    """Print each attempt as it is made; whether nothing failed."""
    from integration_monitor.access import try_access

    progress(f"trying {integration.name}")
    works = True
    for attempt in try_access(integration, environ=environ):
        typer.echo(json.dumps(_as_json(attempt)) if as_json else _as_text(attempt))
        works = works and attempt.result != "fails"
    return works


def _as_text(attempt: Attempt) -> str:
    from integration_monitor.manifest.domain import SINGLE

    whose = "" if attempt.tenant == SINGLE else f" for {attempt.tenant}"
    mark = _MARKS[attempt.result]
    return f"{mark} {attempt.integration} {attempt.what}{whose}: {attempt.said}"


def _as_json(attempt: Attempt) -> dict[str, str]:
    return {
        "integration": attempt.integration,
        "what": attempt.what,
        "tenant": attempt.tenant,
        "result": attempt.result,
        "said": attempt.said,
    }
