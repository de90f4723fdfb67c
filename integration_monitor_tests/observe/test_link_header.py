from __future__ import annotations

import pytest

from integration_monitor.observe.link_header import link_target


@pytest.mark.parametrize(
    ("header", "target"),
    [
        (
            '<https://a/b?page=2>; rel="next", <https://a/b?page=9>; rel="last"',
            "https://a/b?page=2",
        ),
        ("<a>; rel=prev, </b?c=1,2;3>; rel=next", "/b?c=1,2;3"),
        (r'<b>; title="x, <c>; rel=\"next\""; rel="start next"', "b"),
        ("<b>;REL=NEXT", "b"),
        ("< b > ; rel = next ; hreflang", "b"),
        ("<>; rel=next", ""),
        ('<b>; rel="prev"; rel="next"', None),
        ('<b>; anchor="#x"; rel=next', None),
        ('<b>; rel="nextpage"', None),
        ("", None),
        ("next", None),
        ("<b; rel=next", None),
    ],
)
def test_the_next_page_is_that_of_the_relation(header: str, target: str | None) -> None:
    assert link_target(header, "next") == target


@pytest.mark.parametrize("text", ["<", "<a>; a", "<a>;", "<a>; a" + " " * 9, '<a>; a="\\', "; a"])
def test_a_long_header_takes_no_time(text: str) -> None:
    # Each repetition doubled the time, or squared it, if the expression could backtrack.
    assert link_target(text * 20_000, "next") is None
