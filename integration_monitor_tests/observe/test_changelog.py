"""Partners' feeds, read from real servers into a real store."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integration_monitor.manifest.domain import Integration, Partner
from integration_monitor.observe.changelog import AGAIN_AFTER, FeedRead, due, read_changelogs
from integration_monitor.observe.feed_request import LARGEST, open_feed_client
from integration_monitor.signals.changelog import Feed, judge
from integration_monitor.signals.verdict import Verdict
from integration_monitor.store import changelog
from integration_monitor.store.engine import Store
from integration_monitor_tests.observe.feeds import ATOM, FeedServer, item, rss, serving
from integration_monitor_tests.plugin import an_integration

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as started:
        started.body = rss(item("Faster lists"))
        yield started


def of(server: FeedServer, path: str = "/feed") -> Integration:
    partner = Partner("https://api.example.com", changelog=server.url + path)
    return replace(an_integration(), partner=partner)


def read(store: Store, server: FeedServer, at: datetime = NOW, path: str = "/feed") -> FeedRead:
    def client() -> object:
        return open_feed_client(timedelta(milliseconds=300))

    [found] = read_changelogs(
        store,
        [of(server, path), an_integration("stripe")],
        clock=lambda: at,
        open_client=client,  # type: ignore[arg-type]
    )
    return found


def feed(store: Store, at: datetime = NOW) -> Feed:
    with store.begin() as connection:
        return changelog.of_fleet(connection, ["hubspot"], at)["hubspot"]


def judged(store: Store, server: FeedServer, at: datetime = NOW) -> Verdict:
    return judge(of(server), feed(store, at), at)


def test_the_first_reading_tells_nobody_of_the_past(store: Store, server: FeedServer) -> None:
    old = item("v0 is deprecated", published="Sat, 01 Jan 2022 00:00:00 GMT")
    server.body = rss(item("v1 is deprecated"), old)
    assert read(store, server) == FeedRead("hubspot", 2)
    verdict = judged(store, server)
    assert verdict.status == "ok"
    assert verdict.reason == "read 0 s ago: 1 entry in 30 d, none to be read"
    assert "Last read: 2026-11-21T12:00:00Z" in verdict.markdown
    assert "[v1 is deprecated](https://example.com/16) | deprecation |" in verdict.markdown


def test_a_new_marked_entry_warns_until_it_is_acknowledged(
    store: Store, server: FeedServer
) -> None:
    read(store, server)
    server.body = rss(item("Lists will be removed"), item("Faster still"), item("Faster lists"))
    later = NOW + 6 * HOUR
    read(store, server, later)
    verdict = judged(store, server, later)
    assert (verdict.status, verdict.severity) == ("warn", "ticket")
    assert "1 new entry of the changelog to be read: “Lists will be removed” (removal)" in (
        verdict.reason
    )
    assert verdict.evidence["entries_to_read"] == 1
    [told] = [entry for entry in feed(store, later).entries if entry.is_told(later)]
    with store.begin() as connection:
        done = [
            changelog.acknowledge(
                connection, "hubspot", [told.id], by="Dana", note="moved", at=later
            )
            for _ in range(2)
        ]
    assert done == [1, 0]
    read(store, server, later + HOUR)
    after = judged(store, server, later + HOUR)
    assert after.status == "ok"
    assert "acknowledged by Dana: moved" in after.markdown


def test_a_marked_entry_ages_out_after_a_week(store: Store, server: FeedServer) -> None:
    read(store, server)
    server.body = rss(item("A breaking change"))
    read(store, server, NOW + HOUR)
    for days, status in ((6, "warn"), (8, "ok")):
        read(store, server, NOW + days * DAY)
        assert judged(store, server, NOW + days * DAY).status == status


def test_atom_is_read_with_links_that_are_relative(store: Store, server: FeedServer) -> None:
    server.body, server.kind = ATOM, "application/atom+xml"
    read(store, server)
    [entry] = feed(store).entries
    assert entry.title == "Contacts v1 will sunset"
    assert entry.marks == ("removal", "sunset")
    assert entry.link == f"{server.url}/v1"
    assert entry.published_at == datetime(2026, 11, 19, 6, tzinfo=UTC)


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_what_did_not_change_is_not_sent_again(
    store: Store, server: FeedServer, header: str
) -> None:
    value = '"v7"' if header == "ETag" else "Fri, 20 Nov 2026 10:00:00 GMT"
    server.headers = {header: value}
    read(store, server)
    if header != "ETag":
        server.status = 304
    later = NOW + HOUR
    assert read(store, server, later) == FeedRead("hubspot", unchanged=True)
    asked = {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}[header]
    assert server.asked[-1][asked] == value
    assert feed(store).read_at == later
    assert judged(store, server, later).status == "ok"
    assert read(store, server, later) == FeedRead("hubspot", unchanged=True)


def hang(server: FeedServer) -> None:
    server.before = server.closing.wait


def fail(server: FeedServer) -> None:
    server.status, server.body = 500, b"oops"


def gone(server: FeedServer) -> None:
    server.status = 410


def html(server: FeedServer) -> None:
    server.body, server.kind = b"<!DOCTYPE html><html><p>Log in</p></html>", "text/html"


def json(server: FeedServer) -> None:
    server.body, server.kind = b'{"items": []}', "application/json"


def nothing(server: FeedServer) -> None:
    server.body = b""


def a_file_name(server: FeedServer) -> None:
    server.body = b"/etc/passwd"


def no_entries(server: FeedServer) -> None:
    server.body = rss()


def huge(server: FeedServer) -> None:
    server.body = rss("<!--" + "x" * LARGEST + "-->")


def huge_when_unpacked(server: FeedServer) -> None:
    huge(server)
    server.body, server.headers = gzip.compress(server.body), {"Content-Encoding": "gzip"}


def not_packed(server: FeedServer) -> None:
    server.headers = {"Content-Encoding": "gzip"}


def circle(server: FeedServer) -> None:
    server.status, server.headers = 302, {"Location": "/feed"}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (hang, "does not answer in time"),
        (fail, "answered 500"),
        (gone, "answered 410"),
        (html, "it is an HTML page"),
        (json, "it is JSON"),
        (nothing, "it is empty"),
        (a_file_name, "it is neither RSS nor Atom"),
        (no_entries, "has no entries"),
        (huge, "larger than 5 MB"),
        (huge_when_unpacked, "larger than 5 MB"),
        (not_packed, "cannot be unpacked"),
        (circle, "TooManyRedirects"),
    ],
)
def test_a_feed_that_cannot_be_read_is_unknown(
    store: Store, server: FeedServer, broken: object, says: str
) -> None:
    read(store, server)
    broken(server)  # type: ignore[operator]
    later = NOW + 6 * HOUR
    assert says in str(read(store, server, later).error)
    verdict = judged(store, server, later)
    assert (verdict.status, verdict.severity) == ("unknown", "watch")
    assert f"cannot be read since 2026-11-21T12:00:00Z: {'the feed'}" in verdict.reason
    assert says in verdict.reason
    # What it said before is still shown, and it is a ticket where it lasts.
    assert "Faster lists" in verdict.markdown
    assert judged(store, server, NOW + 13 * HOUR).severity == "ticket"


def test_nobody_answers(store: Store, server: FeedServer) -> None:
    nowhere = replace(server, url="http://127.0.0.1:1")
    assert "cannot be reached" in str(read(store, nowhere).error)
    verdict = judged(store, nowhere)
    assert (verdict.status, verdict.severity) == ("unknown", "ticket")
    assert "cannot be read so far" in verdict.reason


def test_a_feed_that_fails_at_first_tells_nobody_of_the_past_either(
    store: Store, server: FeedServer
) -> None:
    server.status = 500
    read(store, server)
    server.status, server.body = 200, rss(item("v1 is deprecated"))
    read(store, server, NOW + HOUR)
    assert judged(store, server, NOW + HOUR).status == "ok"


def test_another_address_is_another_feed(store: Store, server: FeedServer) -> None:
    server.headers = {"ETag": '"v7"'}
    read(store, server)
    server.body = rss(item("v1 is deprecated"))
    read(store, server, NOW + HOUR, path="/new")
    assert "if-none-match" not in server.asked[-1]
    assert judged(store, server, NOW + HOUR).status == "ok"


def test_a_feed_that_breaks_off_is_read_as_far_as_it_goes(store: Store, server: FeedServer) -> None:
    server.body = rss(item("One"), item("Two"))[:-40]
    assert read(store, server).error is None
    assert "One" in {entry.title for entry in feed(store).entries}


def test_strange_entries_do_no_harm(store: Store, server: FeedServer) -> None:
    server.body = rss(
        "<item/>",
        "<item><title>![x](http://evil.example) | &lt;script&gt;a&lt;/script&gt;</title></item>",
        item("Far", published="Fri, 20 Nov 2999 10:00:00 GMT"),
        item("When", published="some day"),
        item("x" * 1000),
        "<item><title>Script</title><link>javascript:alert(1)</link></item>",
        item("Twice"),
        item("Twice"),
    )
    assert read(store, server).error is None
    entries = {entry.title: entry for entry in feed(store).entries}
    assert entries["Far"].published_at is None
    assert entries["When"].published_at is None
    assert entries["Script"].link is None
    assert max(map(len, entries)) == 200
    details = judged(store, server).markdown
    assert "\\!\\[x\\](http://evil.example)" in details
    assert "<script>" not in details


def test_an_entity_bomb_is_no_bomb(store: Store, server: FeedServer) -> None:
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
    server.body = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "lol">{entities}]>'
        f'<rss version="2.0"><channel>{item("&a12;")}</channel></rss>'
    ).encode()
    read(store, server)
    assert all(len(entry.title) <= 200 for entry in feed(store).entries)


def test_which_are_due(store: Store, server: FeedServer) -> None:
    hubspot, fleet = of(server), [of(server), an_integration("stripe")]
    assert due(store, fleet, NOW) == [hubspot]
    read(store, server)
    every = hubspot.partner.changelog_every if hubspot.partner else DAY
    assert due(store, fleet, NOW + every - HOUR) == []
    assert due(store, fleet, NOW + every) == [hubspot]
    moved = of(server, "/new")
    assert due(store, [moved], NOW) == [moved]
    server.status = 500
    read(store, server, NOW + every)
    assert due(store, fleet, NOW + every + AGAIN_AFTER / 2) == []
    assert due(store, fleet, NOW + every + AGAIN_AFTER) == [hubspot]
