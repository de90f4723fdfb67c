"""Whether what a command names is there, and is one: a slip must not look like silence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from integration_monitor.cli.context import MANIFESTS, fail, load_fleet
from integration_monitor.program import program

if TYPE_CHECKING:
    import sqlalchemy as sa


def require_known(
    connection: sa.Connection,
    name: str | None,
    environ: Mapping[str, str],
    directory: Path | None = None,
) -> None:
    """Ends the command where neither the store nor a manifest knows the integration.

    Manifests are read only where there are some to be read, and the store has nothing of it.
    Raises `ManifestDirectoryError`.
    """
    from integration_monitor.store import webhook_names

    if name is None or webhook_names.was_seen(connection, name):
        return
    has_manifests = bool(directory or environ.get(MANIFESTS))
    manifests = _in_manifests(directory, environ) if has_manifests else set()
    if name in manifests:
        return
    known = ", ".join(sorted({*manifests, *webhook_names.seen(connection)})) or "none"
    if has_manifests:
        fail(f"no manifest is called {name}, and nothing of it ever came; there are: {known}")
    fail(
        f"nothing of {name} ever came; there are: {known}."
        f" If it is new, set {MANIFESTS}: its manifest tells of it"
    )


def require_one_sender(
    connection: sa.Connection, event_id: str, integration: str | None, whose: str | None
) -> None:
    """Ends the command where there is no such event, or several senders have one of that id."""
    from integration_monitor.store.webhook_listing import senders

    found = senders(connection, event_id, integration=integration, whose=whose)
    if not found:
        fail(f"no such event; `{program()} webhooks list` shows them")
    if len(found) > 1:
        which = "\n".join(f"  --integration {name} --connection {one}" for name, one in found)
        fail(f"{len(found)} senders have an event of that id; say which one:\n{which}")


def _in_manifests(directory: Path | None, environ: Mapping[str, str]) -> set[str]:
    """Also those whose manifest is broken: they are no slip."""
    fleet = load_fleet(directory, environ)
    return {
        *(one.name for one in fleet.integrations),
        *(one.name for one in fleet.broken),
    }
