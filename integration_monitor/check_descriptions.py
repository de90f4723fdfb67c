"""What a check says of itself: its question, its rule, and what to do. Markdown."""

from __future__ import annotations

from integration_monitor.asset_descriptions import allowed, limits
from integration_monitor.manifest.domain import Sync
from integration_monitor.signals.wording import span

MANIFEST = (
    "**Is the manifest on disk valid, and the one that is loaded?**\n\n"
    "Fails with `file:line:column` of each mistake; its integration goes on as it was loaded."
    " After an edit, reload the code location."
)


def of_reconciliation(integration: str, sync: Sync) -> str:
    """Has everything arrived?"""
    tolerated = sync.tolerance.missing or sync.tolerance.ratio
    rule = f"{allowed(sync.tolerance).capitalize()} may be missing"
    return (
        "**Has every record of the source arrived at the destination?**\n\n"
        f"Every changed record is looked up by its key. {span(sync.grace)} after it was first seen"
        " it is a gap: *missing*, *stale* (an older version is there) or *misplaced* (it is there"
        f" for another tenant). {rule}"
        + ("; within that it warns, above it fails." if tolerated else ", else it fails.")
        + " Red until each one arrived or was accepted.\n\n"
        f"By name: `integration-monitor gaps list {integration}/{sync.name}`"
    )


def of_freshness(integration: str, sync: Sync) -> str:
    """How late is it?"""
    rule = (
        f"The time that the oldest owed record has waited: {limits(sync.lag)}."
        if sync.lag
        else "`lag` is not declared in the manifest: it is measured, and never fails."
    )
    return (
        f"**How far is the destination behind the source?**\n\n{rule}\n\n"
        f"What is owed and lost: `integration-monitor gaps list {integration}/{sync.name}`"
    )


def of_schema_drift(integration: str, sync: Sync) -> str:
    """Are the fields as they were?"""
    rules = sync.schema
    called = {"fail": "fails", "warn": "warns", "ignore": "is ignored"}
    return (
        "**Do the records still have the fields of the accepted baseline?**\n\n"
        f"A field that the sync uses: lost {called[rules.lost]}, another type"
        f" {called[rules.retyped]}, null for the first time {called[rules.nullable]}."
        f" Of other fields what would fail only warns. A new field {called[rules.gained]}."
        " Red until it is as it was, or accepted.\n\n"
        f"See it: `integration-monitor drift show {integration}/{sync.name}`;"
        " it is right as it is now:"
        f" `integration-monitor drift accept {integration}/{sync.name} --note WHY`"
    )
