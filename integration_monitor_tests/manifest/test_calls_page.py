"""What the how-to page about calls shows is sound, and complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration_monitor.manifest.calls import CallRules
from integration_monitor.manifest.rate_limit_presets import PRESETS
from integration_monitor.signals.call_outcome import ERROR_CLASSES
from integration_monitor_tests.manifest.texts import SMALL, fleet_of

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "calls.md").read_text("utf-8")
BLOCKS = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if block.startswith(("endpoints:", "calls:", "partner:"))
]
DEFAULTS = next(block for block in BLOCKS if "minimum:" in block)


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_is_sound(block: str) -> None:
    assert fleet_of(SMALL + block).errors == ()


def test_the_defaults_are_those_that_hold() -> None:
    (integration,) = fleet_of(SMALL + DEFAULTS).integrations
    assert integration.calls == CallRules()


@pytest.mark.parametrize("name", ERROR_CLASSES)
def test_each_class_is_told_with_its_next_move(name: str) -> None:
    known = {one: told for one, told in ERROR_CLASSES.items() if one == name}
    (told,) = known.values()
    assert re.search(rf"^\| `{name}` \| .* \| {re.escape(told.next_move)} \|$", PAGE, re.MULTILINE)


def test_each_preset_is_told() -> None:
    assert re.findall(r"^\| `([a-z]+)` \| [^|]+ \|$", PAGE, re.MULTILINE) == list(PRESETS)
