"""Reading the partners' changelogs, each every `changelog_every`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from integration_monitor.manifest.domain import Integration
from integration_monitor.partner_job import Asked, Asking, PartnerJob, build_partner_job
from integration_monitor.signals.wording import count, table
from integration_monitor.store.engine import Store

NAME = "integration_monitor_changelogs"


def build_changelog_jobs(
    integrations: Sequence[Integration],
    status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.RUNNING,
) -> list[PartnerJob]:
    """One job for all changelogs; none where none is declared."""
    declared = [each for each in integrations if each.partner and each.partner.changelog]
    return [build_partner_job(_ASKING, declared, status)] if declared else []


# Both import late: a code location loads without the parser.


def _due(store: Store, integrations: Sequence[Integration], now: datetime) -> list[Integration]:
    from integration_monitor.observe.changelog import due

    return due(store, integrations, now)


def _read(store: Store, integrations: Sequence[Integration]) -> Asked:
    from integration_monitor.observe.changelog import read_changelogs

    found = read_changelogs(store, integrations)
    failed = [each for each in found if each.error]
    rows = [
        (each.integration, each.error or ("unchanged" if each.unchanged else each.entries))
        for each in found
    ]
    return Asked(
        f"{count(len(found), 'feed')} asked, {len(failed)} in vain",
        {
            "feeds": dg.MetadataValue.int(len(found)),
            "unread": dg.MetadataValue.int(len(failed)),
            "entries": dg.MetadataValue.md(table(("integration", "entries"), rows)),
        },
    )


_ASKING = Asking(
    name=NAME,
    op="read_changelogs",
    description="Reads each partner's changelog every `changelog_every`.",
    nothing_due="no changelog is due",
    due=_due,
    ask=_read,
)
