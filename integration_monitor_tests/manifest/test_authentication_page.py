"""What the how-to page shows can be pasted into a manifest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration_monitor.manifest.authentication import MESSAGE_PLACES
from integration_monitor.manifest.wire_auth import ClientCredentialsAuth, HmacAuth
from integration_monitor_tests.manifest.texts import fleet_of

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "authentication.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HEAD = "version: 1\nintegration: crm\nowner: {name: Owner, email: owner@example.com}\n"
CONNECTIONS = "connections: {sql: {url: {env: PRODUCT_URL}, query: select * from accounts}}\n"


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_is_sound(block: str) -> None:
    text = HEAD + block + ("" if "connections:" in block else CONNECTIONS)
    assert fleet_of(text).errors == ()


def test_each_kind_place_and_key_is_there() -> None:
    assert len(BLOCKS) == 13
    for place in MESSAGE_PLACES:
        assert f"`{{{place}}}`" in PAGE
    for key in {*ClientCredentialsAuth.model_fields, *HmacAuth.model_fields} - {"type"}:
        assert key in PAGE
