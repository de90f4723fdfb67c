"""The reference of manifests says every key of every mapping."""

from __future__ import annotations

import re
from typing import Any

import pytest

from integration_monitor.manifest.reference_page import reference_page
from integration_monitor.manifest.schema import json_schema, monitor_json_schema


@pytest.mark.parametrize("schema", [json_schema(), monitor_json_schema()])
def test_every_key_has_a_row_with_words(schema: dict[str, Any]) -> None:
    page = reference_page(schema, "Title")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \| (.*) \|$", page, re.MULTILINE)
    keys = [key for part in (schema, *schema["$defs"].values()) for key in part["properties"]]
    assert sorted(row[0] for row in rows) == sorted(keys)
    assert [row[0] for row in rows if not row[1] or not row[3]] == []


def test_every_link_leads_to_a_section() -> None:
    page = reference_page(json_schema(), "Title")
    sections = {
        heading.lower().replace(" ", "-")
        for heading in re.findall(r"^## (.*)$", page, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#(.*?)\)", page)) <= sections


def test_a_row_says_what_may_stand_there_and_what_holds_without_it() -> None:
    page = reference_page(json_schema(), "The manifest")
    assert page.startswith("# The manifest\n\n## The file\n")
    assert "| `integration` | text | must be there | " in page
    assert '| `mode` | `changed`, `newest_first`, `full` | `"changed"` | ' in page
    assert "| `url` | `{env: NAME}` | must be there | " in page
    assert "| `syncs` | mapping of name to [Sync](#sync) |" in page
