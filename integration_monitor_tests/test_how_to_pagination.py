"""The examples of docs/how-to/pagination.md are manifests without a mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration_monitor.manifest.load import load_texts
from integration_monitor_tests.observe.rest_examples import manifest

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "pagination.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
LIST = 'list: {path: /a, query: {since: "{since}", after: "{cursor}"}}\nrecords: a\n'
WITHOUT_PAGES = 'list: {path: /a, query: {since: "{since}"}}\nrecords: a\n'


def sides() -> list[str]:
    """Each example as a whole side: one line a count, a list beside `pages` alone."""
    found = []
    for block in BLOCKS:
        if block.startswith("count:"):
            found += [WITHOUT_PAGES + line for line in block.splitlines()]
        else:
            found.append(block if block.startswith("list:") else LIST + block)
    return found


@pytest.mark.parametrize("side", sides())
def test_an_example_is_sound(side: str) -> None:
    assert load_texts({"a.yaml": manifest("https://api.example.com", side)}).errors == ()


def test_the_page_has_examples() -> None:
    assert len(BLOCKS) > 10
