"""What the answers of a partner carry beside their body; and calls that end before they are read.

An ASGI application around the partners' own, because a dropped connection is no response at all.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Protocol, cast

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integration_monitor.demo.behaviour import SLOW_S, Behaviour, is_synced, treatment
from integration_monitor.demo.clock import utc_now
from integration_monitor.demo.company import IntegrationName
from integration_monitor.demo.faults import INTEGRATIONS

QUOTA = 6_000
"""Calls a minute that each partner allows."""


class Behaving(Protocol):
    """Knows how each partner behaves now."""

    def behaviour(self, integration: IntegrationName) -> Behaviour: ...


class RealAnswers:
    """Adds a request id and the rate limit to each answer, and behaves as the partners do."""

    def __init__(self, app: ASGIApp, partner: Behaving) -> None:
        self._app = app
        self._partner = partner
        self._turns: Mapping[tuple[str, bool], Iterator[int]] = defaultdict(itertools.count)
        self._quotas = {name: Quota() for name in INTEGRATIONS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        integration = _integration(scope)
        if integration is None:
            await self._app(scope, receive, send)
            return
        behaviour = self._partner.behaviour(integration)
        synced = is_synced(integration, scope["method"], scope["path"])
        headers = self._headers(integration, behaviour, synced=synced)
        sending = _with(headers, send)
        match treatment(behaviour, next(self._turns[integration, synced]), synced=synced):
            case "drop":
                await _drop(receive)
            case "fail":
                await _error(500, "internal_error", "something went wrong")(scope, receive, sending)
            case "turn_away":
                headers |= {"retry-after": "1", "ratelimit": '"burst";r=0;t=1'}
                message = "too many requests in this second"
                await _error(429, "rate_limited", message)(scope, receive, sending)
            case "delay":
                await asyncio.sleep(SLOW_S)
                await self._app(scope, receive, sending)
            case "serve":
                await self._app(scope, receive, sending)

    def _headers(
        self, integration: IntegrationName, behaviour: Behaviour, *, synced: bool
    ) -> dict[str, str]:
        left, seconds = self._quotas[integration].take(utc_now())
        headers = {
            "x-request-id": f"req_{secrets.token_hex(8)}",
            "ratelimit-policy": f'"minute";q={QUOTA};w=60',
            "ratelimit": f'"minute";r={left};t={seconds}',
        }
        return headers | (_announcement(behaviour.sunset) if behaviour.sunset and synced else {})


class Quota:
    """Counts the calls of the present minute."""

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._taken = 0

    def take(self, now: datetime) -> tuple[int, int]:
        """Take one: how many are left, and for how many seconds the minute still lasts."""
        minute = now.replace(second=0, microsecond=0)
        self._taken = self._taken + 1 if minute == self._minute else 1
        self._minute = minute
        return max(0, QUOTA - self._taken), 60 - now.second


def _announcement(sunset: datetime) -> dict[str, str]:
    return {
        "deprecation": f"@{int(sunset.timestamp()) - 90 * 86_400}",
        "sunset": format_datetime(sunset, usegmt=True),
        "link": '<https://developers.example.com/v2>; rel="sunset"',
    }


def _integration(scope: Scope) -> IntegrationName | None:
    first = scope["path"].split("/")[1] if scope["type"] == "http" else ""
    return cast("IntegrationName", first) if first in INTEGRATIONS else None


def _with(headers: Mapping[str, str], send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return sending


def _error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


async def _drop(receive: Receive) -> None:
    # ASGI has no word for it. `receive` is a method of uvicorn's cycle, which knows its connection.
    cycle = getattr(receive, "__self__")  # noqa: B009 - a protocol has no such attribute
    cycle.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
