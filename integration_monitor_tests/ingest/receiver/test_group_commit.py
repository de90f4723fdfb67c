"""Who is told what, whatever the store does. The store is a fake one; nothing waits for a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import chain

import pytest

from integration_monitor.ingest.receiver.group_commit import GroupCommit, QueueFull, Unavailable
from integration_monitor.ingest.receiver.limits import Limits
from integration_monitor.store.engine import StoreError
from integration_monitor.store.kept_connection import RefusedByStore
from integration_monitor.store.webhook_intake import Arrival, NewEvent

AT = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS = Limits(waiting=4, waiting_bytes=1000, at_once_bytes=100)


def arrival(name: str, size: int = 1) -> Arrival:
    body = b"x" * size
    return Arrival([NewEvent("shop", "-", name, b"", None, "-", None, None, None, AT, "{}", body)])


class FakeWriter:
    """Stores what it is allowed to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.away = False
        self.broken = False
        self.refused: set[str] = set()
        self.open = asyncio.Event()
        self.open.set()
        self.closed = False
        self.notes = 0

    async def add(self, arrivals: Sequence[Arrival]) -> None:
        await self.open.wait()
        names = [one.events[0].event_id for one in arrivals]
        if self.broken:
            raise KeyError("a mistake of ours")
        if self.away:
            raise StoreError("away")
        if self.refused & set(names):
            raise RefusedByStore("DataError")
        self.batches.append(names)

    async def note(self) -> None:
        self.notes += 1
        if self.away:
            raise StoreError("away")

    async def close(self) -> None:
        self.closed = True


def run(story: Callable[[GroupCommit, FakeWriter], Awaitable[None]]) -> FakeWriter:
    """A story, with the queue running beside it; it drains at the end."""

    async def told() -> FakeWriter:
        writer = FakeWriter()
        commits = GroupCommit(writer, writer.note, LIMITS)
        running = asyncio.create_task(commits.run())
        await story(commits, writer)
        commits.close()
        await running
        assert writer.closed
        return writer

    return asyncio.run(told())


async def outcomes(commits: GroupCommit, *arrivals: Arrival) -> list[type[BaseException] | None]:
    found = await asyncio.gather(*map(commits.store, arrivals), return_exceptions=True)
    return [type(one) if isinstance(one, BaseException) else None for one in found]


def test_what_waits_is_stored_together() -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        assert await outcomes(commits, *map(arrival, "abc")) == [None] * 3

    assert run(story).batches == [["a", "b", "c"]]


def test_one_transaction_holds_no_more_than_its_bytes() -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        await outcomes(commits, *(arrival(name, 60) for name in "abc"))

    assert run(story).batches == [["a", "b"], ["c"]]


def test_more_than_may_wait() -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        writer.open.clear()
        waiting = asyncio.gather(*(commits.store(arrival(name)) for name in "abcd"))
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await commits.store(arrival("e"))
        writer.open.set()
        await waiting
        with pytest.raises(QueueFull):
            await commits.store(arrival("large", 1001))
        await commits.store(arrival("f"))

    assert run(story).batches == [["a", "b", "c", "d"], ["f"]]


def test_one_that_the_store_refuses_does_not_take_others_with_it() -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        writer.refused = {"b"}
        assert await outcomes(commits, *map(arrival, "abc")) == [None, Unavailable, None]

    assert run(story).batches == [["a"], ["c"]]


def test_a_store_that_goes_away_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        writer.away = True
        assert await outcomes(commits, *map(arrival, "ab")) == [Unavailable] * 2
        assert await outcomes(commits, arrival("c")) == [Unavailable]
        writer.away, seen = False, writer.notes
        while writer.notes == seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        assert await outcomes(commits, arrival("d")) == [None]

    assert run(story).batches == [["d"]]
    said = [record.message for record in caplog.records]
    assert said == [
        "webhooks are answered 503: away",
        "the store is back; webhooks are taken again",
    ]


def test_an_error_of_our_own_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        writer.broken = True
        assert await outcomes(commits, *map(arrival, "ab")) == [Unavailable] * 2
        writer.broken, seen = False, writer.notes
        while writer.notes == seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        assert await outcomes(commits, arrival("c")) == [None]

    assert run(story).batches == [["c"]]
    assert "KeyError" in caplog.text


def test_what_waits_when_it_is_stopped_is_stored() -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        writer.open.clear()
        story.waiting = asyncio.gather(  # type: ignore[attr-defined]
            *(commits.store(arrival(name)) for name in "ab")
        )
        await asyncio.sleep(0)
        writer.open.set()

    assert run(story).batches == [["a", "b"]]


def test_who_no_longer_waits_is_stored_all_the_same() -> None:
    async def story(commits: GroupCommit, writer: FakeWriter) -> None:
        writer.open.clear()
        gone = asyncio.create_task(commits.store(arrival("a")))
        await asyncio.sleep(0)
        gone.cancel()
        writer.open.set()
        await commits.store(arrival("b"))

    assert list(chain(*run(story).batches)) == ["a", "b"]
