"""What is answered to each request for a webhook, from its path to the commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from integration_monitor.ingest.receiver.accepted import AcceptedCounts
from integration_monitor.ingest.receiver.answers import Answer, Receive, later, wrong
from integration_monitor.ingest.receiver.body import BodyError, BodyReader, Crowded
from integration_monitor.ingest.receiver.group_commit import GroupCommit, QueueFull, Unavailable
from integration_monitor.ingest.receiver.intake import Intake
from integration_monitor.ingest.receiver.intakes import Intakes, NotTaken, Unready
from integration_monitor.ingest.receiver.limits import DEFAULT_LIMITS, Limits
from integration_monitor.ingest.receiver.rejections import RejectionCounts
from integration_monitor.ingest.receiver.request import Target, read_headers
from integration_monitor.ingest.signature import SignatureError
from integration_monitor.ingest.some_a_minute import SomeAMinute
from integration_monitor.manifest.domain import SINGLE
from integration_monitor.store.engine import StoreError
from integration_monitor.store.kept_connection import RefusedByStore
from integration_monitor.store.storable import storable
from integration_monitor.store.webhook_intake import WebhookWriter
from integration_monitor.store.webhook_notes import NoteWriter

LOGGED_A_MINUTE = 10
"""Rejections of an integration."""
FOLLOW_EVERY_S = 5.0
BACK_IN_S = 5
BUSY_FOR_S = 1
PREFIX = "/webhooks/"
_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Clock = Callable[[], datetime]


class Reception:
    """The receiver of one process. Belongs to one event loop, within `running`."""

    def __init__(
        self,
        intakes: Intakes,
        writer: WebhookWriter,
        notes: NoteWriter,
        *,
        limits: Limits = DEFAULT_LIMITS,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._intakes = intakes
        self._writer = writer
        self._notes = notes
        self._limits = limits
        self._bodies = BodyReader(
            at_most=limits.bytes, within_s=limits.within_s, arriving=limits.waiting_bytes
        )
        self._clock = clock
        self._accepted = AcceptedCounts()
        self._rejected = RejectionCounts()
        self._logged = SomeAMinute(LOGGED_A_MINUTE)
        self._commits: GroupCommit | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Requests are taken within the block; at its end everything that waits is stored."""
        self._commits = GroupCommit(self._writer, self._note, self._limits)
        beside = [asyncio.create_task(one) for one in (self._follow(), self._bodies.watch())]
        committing = asyncio.create_task(self._commits.run())
        try:
            yield
        finally:
            self._commits.close()
            await committing
            await self._notes.close()
            for one in beside:
                one.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """The answer to a request below `PREFIX`."""
        try:
            target = _target(scope["raw_path"], scope["query_string"])
        except NotTaken as error:
            return wrong(404, str(error))
        try:
            intake = self._intakes.of(target.integration)
        except NotTaken as error:
            return wrong(404, str(error))
        except Unready as error:
            self._count(target, "unavailable", str(error))
            return later(str(error), seconds=BACK_IN_S)
        if scope["method"] == "GET":
            return intake.handshake.of_get(scope["query_string"])
        if scope["method"] != "POST":
            return wrong(405, "webhooks are posted", (b"allow", b"POST"))
        return await self._take(intake, target, scope, receive)

    async def _take(self, intake: Intake, target: Target, scope: Scope, receive: Receive) -> Answer:
        try:
            headers = read_headers(scope["headers"])
            body = await self._bodies.read(receive, headers)
            now = self._clock()
            taken = intake.take(target, headers, body, now)
            if isinstance(taken, Answer):
                return taken
            if taken.events:
                await self._running().store(taken)
            self._accepted.add(target.integration, target.connection, now)
            return intake.taken
        except SignatureError as error:
            self._count(target, error.reason, str(error))
            return wrong(intake.rejected_status, error.detail, reason=error.reason)
        except BodyError as error:
            self._count(target, error.reason, error.detail)
            return wrong(error.status, error.detail, (b"connection", b"close"))
        except Crowded as error:
            # Not known to be the partner's: whoever sends much must not excuse its silence.
            self._count(target, "crowded", str(error))
            return later(str(error), seconds=BUSY_FOR_S)
        except Unavailable as error:
            self._count(target, "unavailable", str(error))
            seconds = BUSY_FOR_S if isinstance(error, QueueFull) else BACK_IN_S
            return later(str(error), seconds=seconds)

    def _running(self) -> GroupCommit:
        if self._commits is None:
            raise Unavailable("the receiver is not running")
        return self._commits

    async def _note(self) -> None:
        """That we are up, how much we took, and whom we turned away. Raises `StoreError`.

        Said each second, for it is also asked whether the store answers; a known minute is not
        written again.
        """
        minute = self._clock().replace(second=0, microsecond=0)
        rejections, accepted = self._rejected.take(), self._accepted.take()
        try:
            await self._notes.write(minute, rejections, accepted)
        except (StoreError, RefusedByStore):
            self._rejected.give_back(rejections)
            self._accepted.give_back(accepted)
            raise

    async def _follow(self) -> None:
        """Manifests are read in a thread: requests do not wait for files."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                await asyncio.to_thread(self._intakes.follow)
            except Exception:  # noqa: BLE001 - it is as before until the next look
                _log.exception("the manifests could not be followed")

    def _count(self, target: Target, reason: str, detail: str) -> None:
        now = self._clock()
        self._rejected.add(target.integration, target.connection, reason, now)
        if self._logged.take(target.integration, int(now.timestamp()) // 60):
            _log.warning("a webhook of %s is not taken: %s", target.integration, detail)


@lru_cache(maxsize=256)
def _target(raw_path: bytes, query_string: bytes) -> Target:
    """Raises `NotTaken` for another path. A partner posts to one address again and again."""
    _, _, rest = raw_path.decode("latin-1").partition(PREFIX)
    name, slash, tenant = rest.partition("/")
    connection = unquote(tenant) if slash else SINGLE
    if "/" in tenant or not connection or storable(connection) != connection:
        raise NotTaken("webhooks are posted to /webhooks/INTEGRATION or …/INTEGRATION/TENANT")
    query = query_string.decode("latin-1")
    return Target(unquote(name), connection, f"{slash}{tenant}{'?' if query else ''}{query}")
