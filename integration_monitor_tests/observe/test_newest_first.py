from __future__ import annotations

from datetime import timedelta

import pytest

from integration_monitor.observe.newest_first import reaches
from integration_monitor.observe.side import ReadError, Record
from integration_monitor_tests.observe.readings import NOW


def page(*seconds_ago: float) -> list[Record | str]:
    return [Record(str(n), NOW - timedelta(seconds=ago)) for n, ago in enumerate(seconds_ago)]


@pytest.mark.parametrize(
    ("found", "reached"),
    [
        (page(1, 2, 3), False),
        (page(1, 60), False),  # the start itself is still looked for
        (page(1, 61), True),
        (page(100, 101), True),
        (page(1, 1, 1), False),
        (page(3, 2.5, 61), True),  # sorted by whole seconds
        (["no time", *page(61), "no time"], True),
        (["no time"], False),
        ([], False),
    ],
)
def test_a_page_that_ends_before_the_start_is_the_last(
    found: list[Record | str], reached: bool
) -> None:
    assert reaches(found, NOW - timedelta(minutes=1)) is reached


@pytest.mark.parametrize("found", [page(61, 1), page(70, 69.5, 69, 68.5), page(1, 61, 3)])
def test_a_page_that_is_not_sorted_so_is_an_error(found: list[Record | str]) -> None:
    with pytest.raises(ReadError, match="not sorted") as caught:
        reaches(found, NOW - timedelta(minutes=1))
    assert caught.value.kind == "config"
