"""The examples of docs/how-to/webhooks.md are manifests without a mistake."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent, indent

import pytest

from integration_monitor.manifest.load import load_texts
from integration_monitor.manifest.references import unwatched

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "webhooks.md"
BLOCKS = [
    dedent(block)
    for block in re.findall(
        r"^ *```yaml\n(.*?)^ *```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
]
AROUND = """\
version: 1
integration: billing
owner: {name: Owner, email: owner@example.com}
partner: {base_url: https://api.example.com}
webhooks:
  signature: github
"""


def manifest(block: str) -> str:
    """An example as a whole manifest."""
    if block.startswith("#"):
        return block
    secret = "" if block.startswith("secret:") else "  secret: {env: A}\n"
    return AROUND + secret + indent(block, "  ")


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_is_sound(block: str) -> None:
    assert load_texts({"billing.yaml": manifest(block)}).errors == ()


def test_the_shortest_way_is_watched() -> None:
    assert unwatched(load_texts({"billing.yaml": manifest(BLOCKS[0])})) == ()


def test_the_page_has_examples() -> None:
    assert len(BLOCKS) >= 8
