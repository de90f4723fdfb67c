from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.domain import Partner
from integration_monitor.signals.changelog import Entry, Feed, judge
from integration_monitor.signals.changelog_marks import marks
from integration_monitor_tests.plugin import an_integration

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PARTNER = Partner("https://api.example.com", changelog="https://example.com/feed")
HUBSPOT = replace(an_integration(), partner=PARTNER)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Contacts v1 is deprecated", ("deprecation",)),
        ("Deprecating OAuth 1", ("deprecation", "authentication")),
        ("The field is no longer returned", ("removal",)),
        ("We will retire the endpoint; end of life in May", ("removal",)),
        ("A BREAKING change", ("breaking change",)),
        ("Not backwards-incompatible, no breaking changes", ("breaking change",)),
        ("No breaking changes, a non-breaking one", ()),
        ("Sunsetting v1", ("sunset",)),
        ("New <b>API</b> keys", ("authentication",)),
        ('<a href="https://x.example/deprecated">Faster lists</a>', ()),
        ("A premium partner; record-breaking speed; the oauthor", ("breaking change",)),
        ("", ()),
    ],
)
def test_what_an_entry_speaks_of(text: str, found: tuple[str, ...]) -> None:
    assert set(found) <= set(marks(text))
    if not found:
        assert marks(text) == ()


@given(st.lists(st.text()))
def test_any_text_can_be_looked_at(texts: list[str]) -> None:
    marks(*texts)


def feed(**given: object) -> Feed:
    return Feed(**{"tried_at": NOW, "read_at": NOW, "error": None, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "status", "severity", "says"),
    [
        (None, "unknown", "watch", "was not read yet"),
        (feed(), "ok", None, "read 0 s ago: 0 entries"),
        (feed(read_at=NOW - timedelta(hours=7)), "unknown", "watch", "is its schedule running?"),
        (feed(read_at=NOW - timedelta(hours=13)), "unknown", "ticket", "2026-11-20T23:00:00Z"),
        (feed(read_at=None, error="500"), "unknown", "ticket", "so far: 500"),
    ],
)
def test_a_feed_that_was_not_read_is_unknown(
    known: Feed | None, status: str, severity: str | None, says: str
) -> None:
    verdict = judge(HUBSPOT, known, NOW)
    assert (verdict.status, verdict.severity) == (status, severity)
    assert says in verdict.reason


def test_what_is_to_be_read_stays_said_while_the_feed_is_away() -> None:
    entry = Entry("1", "Gone", None, None, NOW, ("removal",))
    verdict = judge(HUBSPOT, feed(error="it is HTML", entries=(entry,)), NOW)
    assert (verdict.status, verdict.severity) == ("unknown", "ticket")
    assert "it is HTML; before that 1 new entry of the changelog" in verdict.reason


def test_no_changelog_is_declared() -> None:
    verdict = judge(an_integration(), None, NOW)
    assert (verdict.status, verdict.reason) == ("ok", "no changelog is declared")
