"""What processing says of its work."""

from __future__ import annotations

from integration_monitor.cli.webhook_process import Report
from integration_monitor.ingest.processing.lane import Handed
from integration_monitor.ingest.processing.processor import Processed
from integration_monitor.store.webhook_deliveries import Lane


def test_what_did_nothing_has_no_line() -> None:
    said: list[str] = []
    report = Report(said.append, every_s=0)
    idle, busy = Lane("crm", "archive"), Lane("crm", "product")
    report(Processed(handed={idle: Handed(), busy: Handed(delivered=2)}))
    assert said == [f"{busy}: 2 delivered"]
    assert not report.failed
