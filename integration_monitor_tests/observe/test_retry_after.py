from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.observe.retry_after import retry_after
from integration_monitor_tests.observe.readings import NOW

DATE = "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 2.0 "}, 2),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT", "date": DATE}, 30),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 90),
        ({"retry-after": "Sunday, 01-Mar-26 12:00:30 GMT", "date": DATE}, 30),
        ({"retry-after": DATE, "date": DATE}, None),
        ({"retry-after": "Sun, 01 Mar 2020 12:00:00 GMT", "date": DATE}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1_0"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "+5"}, None),
        ({"retry-after": "5 s"}, None),
        ({"retry-after": "5, 10"}, None),
        ({"retry-after": "\u0665"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -1400"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_hints(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW - timedelta(minutes=1)) == seconds


def test_a_date_without_anything_to_measure_it_against_is_no_hint() -> None:
    assert retry_after({"retry-after": DATE}) is None
    assert retry_after({"retry-after": "7"}) == 7


@given(st.text(), st.text())
def test_garbage_never_raises(hint: str, date: str) -> None:
    seconds = retry_after({"retry-after": hint, "date": date}, NOW)
    assert seconds is None or seconds > 0
