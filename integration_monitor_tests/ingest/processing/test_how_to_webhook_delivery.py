"""What the how-to says of unified events is so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integration_monitor.ingest.processing import http_sink
from integration_monitor.ingest.processing.sink_tables import sink_tables
from integration_monitor.store.engine import Store
from integration_monitor_tests.ingest.processing.conftest import Work
from integration_monitor_tests.ingest.processing.examples import (
    SECRET,
    Clock,
    crm,
    event,
    http,
    receive,
)
from integration_monitor_tests.ingest.processing.product import Product

PAGE = (Path(__file__).parents[3] / "docs/how-to/webhook-delivery.md").read_text()


def test_the_example_takes_an_event_once(
    store: Store, shop: Product, work: Work, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    clock.now = datetime.now(UTC)
    receive(store, event(), at=clock.now)
    work(crm(product=http(shop.url))).once()
    (posted,) = shop.posted
    for _ in range(2):
        names["take"](posted.headers, posted.body, SECRET)
    said = capsys.readouterr().out
    assert said == "crm.contact.updated acme c1 {'plan': 'pro', 'email': '1@example.com'}\n"


def test_the_statuses_that_are_about_an_event() -> None:
    (row,) = re.findall(r"^\| answers (400.*?) \| something against", PAGE, re.MULTILINE)
    assert {int(status) for status in re.findall(r"\d+", row)} == http_sink._REFUSED


def test_the_columns_of_the_tables() -> None:
    tables = sink_tables("crm.events")
    for table in (tables.events, tables.objects):
        (row,) = re.findall(rf"^\| `{re.escape(table.fullname)}` \| (.*?) \|", PAGE, re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", row)) == set(table.c.keys())
