"""What the how-to says of the calls API is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

from integration_monitor.ingest.call_event import json_schema, read_calls
from integration_monitor.ingest.metrics import FleetNow, families
from integration_monitor.signals.call_outcome import ERROR_CLASSES
from integration_monitor_tests.ingest.calls_examples import NOW

PAGE = (Path(__file__).parents[2] / "docs/how-to/calls-api.md").read_text()


def test_the_example_is_a_batch() -> None:
    (body,) = re.findall(r"-d '(.*?)'", PAGE, re.DOTALL)
    read = read_calls(body.encode())
    assert (len(read.events), read.rejected) == (len(json.loads(body)["events"]), ())


def test_every_field_is_described() -> None:
    schema = json_schema()
    fields = schema["properties"]["events"]["items"]["properties"]
    assert [name for name in [*fields, *schema["properties"]] if f"`{name}`" not in PAGE] == [
        "events"
    ]


def test_every_metric_is_described() -> None:
    told = {metric.name for metric in families(FleetNow(NOW, (), {}, (), 0))}
    assert told == set(re.findall(r"^\| `(integration_monitor_\w+)`", PAGE, re.MULTILINE))


def test_the_document_offers_every_class_of_error() -> None:
    error = json_schema()["properties"]["events"]["items"]["properties"]["error"]
    assert set(error["anyOf"][0]["enum"]) == set(ERROR_CLASSES)
