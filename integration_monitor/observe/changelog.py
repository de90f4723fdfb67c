"""Reading partners' changelogs: which are due, side by side, and keeping what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from integration_monitor.manifest.domain import Integration, Partner
from integration_monitor.observe.feed import read_feed
from integration_monitor.observe.feed_request import Validators, open_feed_client, request_feed
from integration_monitor.observe.fingerprint import digest
from integration_monitor.observe.reading import utc_now
from integration_monitor.observe.side import ReadError
from integration_monitor.store import changelog
from integration_monitor.store.changelog import Tried
from integration_monitor.store.engine import Store

AT_ONCE = 8
AGAIN_AFTER = timedelta(minutes=15)
"""When a feed that could not be read is tried again."""
_EARLY = timedelta(minutes=1)
"""A tick that comes a little early counts: the next one would be late."""


@dataclass(frozen=True)
class FeedRead:
    """What became of reading one feed."""

    integration: str
    entries: int = 0
    unchanged: bool = False
    error: str | None = None


def due(store: Store, integrations: Sequence[Integration], now: datetime) -> list[Integration]:
    """Those whose changelog is to be read now. Raises `StoreError` where the store is away."""
    with store.begin() as connection:
        tried = changelog.tried(connection, [each.name for each in integrations])
    return [each for each in integrations if _is_due(tried.get(each.name), each.partner, now)]


def _is_due(last: Tried | None, partner: Partner | None, now: datetime) -> bool:
    if partner is None or partner.changelog is None:
        return False
    if last is None or (last.error is None and last.feed != digest(partner.changelog)):
        return True
    every = partner.changelog_every
    wait = every if last.error is None else min(every, AGAIN_AFTER)
    return now - last.tried_at >= wait - _EARLY


def read_changelogs(
    store: Store,
    integrations: Sequence[Integration],
    *,
    clock: Callable[[], datetime] = utc_now,
    open_client: Callable[[], httpx.Client] = open_feed_client,
) -> list[FeedRead]:
    """Read their feeds now, side by side, and keep what they say or why they could not be read.

    Integrations without a changelog are left out. Raises `StoreError` where the store is away.
    """
    feeds = [
        _Feed(each.name, each.partner.changelog)
        for each in integrations
        if each.partner and each.partner.changelog
    ]
    with open_client() as client, ThreadPoolExecutor(AT_ONCE, "changelog") as pool:
        return list(pool.map(lambda feed: _read_one(store, client, feed, clock), feeds))


@dataclass(frozen=True)
class _Feed:
    integration: str
    url: str

    @property
    def id(self) -> str:
        """Of another address another feed is read."""
        return digest(self.url)


def _read_one(
    store: Store, client: httpx.Client, feed: _Feed, clock: Callable[[], datetime]
) -> FeedRead:
    name = feed.integration
    known = _validators(store, feed)
    try:
        answer = request_feed(client, feed.url, known)
        found = read_feed(answer, clock()) if answer else None
    except ReadError as error:
        with store.begin() as connection:
            changelog.save_failure(connection, name, str(error), clock())
        return FeedRead(name, error=str(error))
    given = Validators.of(answer) if answer else known
    with store.begin() as connection:
        changelog.save_read(
            connection, name, found, at=clock(), feed=feed.id, etag=given.etag,
            modified=given.modified,
        )  # fmt: skip
    return FeedRead(name, len(found or ()), unchanged=found is None)


def _validators(store: Store, feed: _Feed) -> Validators:
    with store.begin() as connection:
        last = changelog.tried(connection, [feed.integration]).get(feed.integration)
    if last is None or last.feed != feed.id:
        return Validators()
    return Validators(last.etag, last.modified)
