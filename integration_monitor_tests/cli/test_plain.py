from __future__ import annotations

from integration_monitor.cli.plain import plain
from integration_monitor.signals.wording import table

TENANTS = table(("tenant", "missing", "oldest owed"), [("acme", 12, ""), ("brio", 3, "noon")])
UNREAD = table(("connection", "could not be read because"), [("-", "HTTP 503 | no answer")])


def test_tables_have_aligned_columns_and_no_markup() -> None:
    assert list(plain(TENANTS)) == [
        "tenant  missing  oldest owed",
        "acme    12",
        "brio    3        noon",
    ]


def test_sections_stay_apart_and_other_text_stays() -> None:
    assert list(plain("- one\n- two\n\nand 3 more")) == ["- one", "- two", "", "and 3 more"]
    assert list(plain("")) == []


def test_a_table_that_only_repeats_the_reason_is_left_out() -> None:
    assert list(plain(UNREAD, "cannot be read: HTTP 503 | no answer")) == []
    assert list(plain(f"{TENANTS}\n\n{UNREAD}", "12 are missing"))[-1].startswith("-  ")
