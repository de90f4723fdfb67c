from __future__ import annotations

from datetime import timedelta

import pytest

from integration_monitor.signals.wording import count, some, span, table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_span(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


def test_count_and_some() -> None:
    assert [count(n, "key") for n in (0, 1, 1204)] == ["0 keys", "1 key", "1,204 keys"]
    assert some(["a", "b"]) == "a, b"
    assert some(list("abcdefg")) == "a, b, c, d, e and 2 more"


def test_a_table_survives_what_is_in_it() -> None:
    assert table(("a", "b"), []) == ""
    assert table(("a", "b"), [("x|y", "1\n2")]).splitlines()[-1] == "| x\\|y | 1 2 |"
