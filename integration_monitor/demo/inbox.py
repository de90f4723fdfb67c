"""The inbox of the demo: the alerts that were received, beside the syncs' own view."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import ChainableUndefined, Environment, PackageLoader

from integration_monitor.demo.clock import iso, utc_now
from integration_monitor.program import NAME

KEPT = 500
SHOWN = 50


@dataclass(frozen=True)
class Received:
    """An alert, and when it came for the first time."""

    at: datetime
    key: str
    alert: Mapping[str, Any]


class Inbox:
    """The alerts, newest last, each kept once. Used by several threads."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._received: dict[str, Received] = {}

    def receive(self, key: str, alert: Mapping[str, Any]) -> bool:
        """Keep an alert; False where one with this dedup key was received before."""
        with self._lock:
            if key in self._received:
                return False
            self._received[key] = Received(self._clock(), key, alert)
            while len(self._received) > KEPT:
                del self._received[next(iter(self._received))]
            return True

    def received(self) -> tuple[Received, ...]:
        """All alerts, newest first."""
        with self._lock:
            return tuple(reversed(self._received.values()))


def inbox_app(
    inbox: Inbox,
    state: Callable[[], Mapping[str, Any]],
    links: Mapping[str, str],
    program: str = NAME,
) -> FastAPI:
    """The page at `/`, `POST /alerts`, and both as data at `/alerts.json` and `/state.json`.

    `program` is how the user calls this program, for commands on the page.
    """
    app = FastAPI(title="Inbox of the demo")
    templates = Environment(
        loader=PackageLoader("integration_monitor.demo"),
        autoescape=True,
        undefined=ChainableUndefined,
    )
    templates.filters["clock"] = lambda text: str(text)[11:19]

    @app.post("/alerts")
    async def receive(
        request: Request, idempotency_key: Annotated[str | None, Header()] = None
    ) -> dict[str, Any]:
        if not idempotency_key:
            raise HTTPException(400, "the header Idempotency-Key is missing")
        try:
            alert = await request.json()
        except ValueError as error:
            raise HTTPException(400, "the body is not JSON") from error
        if not isinstance(alert, dict):
            raise HTTPException(400, "the body is not a JSON object")
        return {"new": inbox.receive(idempotency_key, alert)}

    @app.get("/alerts.json")
    def alerts() -> list[dict[str, Any]]:
        return [_as_json(received) for received in inbox.received()]

    @app.get("/state.json")
    def world_state() -> Mapping[str, Any]:
        return state()

    @app.get("/", response_class=HTMLResponse)
    def page() -> str:
        return templates.get_template("inbox.html").render(
            alerts=[_as_json(received) for received in inbox.received()[:SHOWN]],
            world=state(),
            links=links,
            program=program,
            now=iso(utc_now()),
        )

    return app


def _as_json(received: Received) -> dict[str, Any]:
    return {"received_at": iso(received.at), "dedup_key": received.key, **received.alert}
