"""Announcements in headers, as the RFCs have them and as partners write them."""

from __future__ import annotations

from datetime import date

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.deprecation_headers import Announcement, announcements_of

JULY = date(2023, 6, 30)
NEW_YEAR = date(2026, 12, 31)
MARKED = Announcement("deprecation")
ENDING = Announcement("sunset")
LINKS = (
    '<https://example.com/old?key=abc#v1>; rel="deprecation"; type="text/html", '
    '<https://user:pass@example.com/end>; rel="sunset"'
)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        # RFC 9745, and its earlier drafts.
        ({"deprecation": "@1688169599"}, [Announcement("deprecation", JULY)]),
        ({"deprecation": " @1688169599 "}, [Announcement("deprecation", JULY)]),
        ({"deprecation": "@4102444800"}, [Announcement("deprecation", date(2100, 1, 1))]),
        ({"deprecation": "@1688169599;a=1"}, [Announcement("deprecation", JULY)]),
        ({"deprecation": "true"}, [MARKED]),
        ({"deprecation": "True"}, [MARKED]),
        ({"deprecation": "?1"}, [MARKED]),
        ({"deprecation": "Fri, 30 Jun 2023 23:59:59 GMT"}, [Announcement("deprecation", JULY)]),
        # Malformed, or not deprecated.
        ({"deprecation": "1688169599"}, []),
        ({"deprecation": "@1688169599.5"}, []),
        ({"deprecation": "@99999999999999"}, []),
        ({"deprecation": "@"}, []),
        ({"deprecation": "@1688169599, @1688169599"}, []),
        ({"deprecation": "?0"}, []),
        ({"deprecation": "false"}, []),
        ({"deprecation": "soon"}, []),
        ({"deprecation": ""}, []),
        # RFC 8594, leniently: `UTC`, a wrong weekday, another zone, a day alone.
        ({"sunset": "Thu, 31 Dec 2026 23:59:59 GMT"}, [Announcement("sunset", NEW_YEAR)]),
        ({"sunset": "Sat, 31 Dec 2026 23:59:59 UTC"}, [Announcement("sunset", NEW_YEAR)]),
        ({"sunset": "Thursday, 31-Dec-26 23:59:59 GMT"}, [Announcement("sunset", NEW_YEAR)]),
        ({"sunset": "31 Dec 2026 23:59:59 GMT"}, [Announcement("sunset", NEW_YEAR)]),
        ({"sunset": "Fri, 01 Jan 2027 00:59:59 +0100"}, [Announcement("sunset", NEW_YEAR)]),
        ({"sunset": "2026-12-31"}, [Announcement("sunset", NEW_YEAR)]),
        ({"sunset": "2026-12-31T23:59:59Z"}, [Announcement("sunset", NEW_YEAR)]),
        # That something ends is said all the same.
        ({"sunset": "1798761599"}, [ENDING]),
        ({"sunset": "20261231"}, [ENDING]),
        ({"sunset": "0001-01-01T00:00:00+14:00"}, [ENDING]),
        ({"sunset": "Fri, 31 Dec 9999 23:59:59 -1400"}, [ENDING]),
        ({"sunset": "Thu, 32 Dec 2026 23:59:59 GMT"}, [ENDING]),
        ({"sunset": "true"}, [ENDING]),
        ({"sunset": "next year"}, [ENDING]),
        ({"sunset": "never"}, []),
        ({"sunset": " "}, []),
        # A sunset before its deprecation: both are kept as told.
        ({"deprecation": "@4102444800", "sunset": "Thu, 31 Dec 2026 23:59:59 GMT"},
         [Announcement("deprecation", date(2100, 1, 1)), Announcement("sunset", NEW_YEAR)]),
        ({"deprecation": "nonsense", "sunset": "2026-12-31"}, [Announcement("sunset", NEW_YEAR)]),
        # Links say more, and nothing alone; what they hold beside an address is left out.
        ({"deprecation": "true", "sunset": "2026-12-31", "link": LINKS},
         [Announcement("deprecation", None, "https://example.com/old"),
          Announcement("sunset", NEW_YEAR, "https://example.com/end")]),
        ({"link": LINKS}, []),
        ({"deprecation": "true", "link": "</docs/old>; rel=deprecation"},
         [Announcement("deprecation", None, "/docs/old")]),
        ({"deprecation": "true", "link": "<javascript:alert()>; rel=deprecation"}, [MARKED]),
        ({"deprecation": "true", "link": "<https://[bad>; rel=deprecation"}, [MARKED]),
        ({"deprecation": "true", "link": '<https://e.example/next>; rel="next"'}, [MARKED]),
        # A vendor's way.
        ({"warning": '299 - "This endpoint is deprecated"'}, [MARKED]),
        ({"warning": '299 - "Cached data"'}, []),
        ({"warning": '110 - "Deprecated"'}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_announcements(headers: dict[str, str], found: list[Announcement]) -> None:
    assert list(announcements_of(headers)) == found
    assert list(announcements_of(httpx.Headers(headers))) == found


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=60))
def test_garbage_announces_nothing_by_raising(deprecation: str, sunset: str, link: str) -> None:
    for one in announcements_of({"deprecation": deprecation, "sunset": sunset, "link": link}):
        assert one.link is None or "?" not in one.link
