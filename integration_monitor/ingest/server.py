"""The HTTP server of what arrives from outside: an app out of routers that are handed in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp

from integration_monitor.ingest.docs_routes import docs_router
from integration_monitor.ingest.readiness import Readiness
from integration_monitor.ingest.receiver.reception import Reception
from integration_monitor.ingest.receiver.routes import WebhookRoutes, described
from integration_monitor.store.engine import StoreError
from integration_monitor.version import __version__

_log = logging.getLogger(__name__)

STORE_BACK_IN_S = 5
"""What `Retry-After` says while the store is away."""


def create_app(
    *,
    routers: Sequence[APIRouter],
    check_store: Callable[[], None],
    reception: Reception | None = None,
    docs_guard: Callable[..., None] | None = None,
) -> ASGIApp:
    """The app: the routers, `/healthz` for the process and `/readyz` for the store.

    `reception` takes webhooks; None: none are taken. `docs_guard` lets in, or not, who asks for
    the description of the routes; None: everybody may read it. `check_store` raises `StoreError`
    where the store cannot be used. That error answers 503 with `Retry-After`, from whichever route
    it comes.
    """
    app = FastAPI(
        title="integration_monitor",
        version=__version__,
        description="Takes webhooks, and calls to partners from any language.",
        lifespan=(lambda _app: reception.running()) if reception else None,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(docs_router(app, guard=docs_guard))
    app.add_exception_handler(StoreError, _store_is_away)
    app.include_router(_health(check_store))
    for router in routers:
        app.include_router(router)
    if reception is None:
        return app
    app.openapi = described(app)  # type: ignore[method-assign]
    return WebhookRoutes(app, reception)


def _health(check_store: Callable[[], None]) -> APIRouter:
    router = APIRouter(tags=["health"])
    readiness = Readiness(check_store)

    @router.get("/healthz", summary="Whether the process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get(
        "/readyz",
        summary="Whether the store can be used",
        responses={503: {"description": "The store is away."}},
    )
    async def readyz() -> dict[str, str]:
        try:
            await readiness.require()
        except StoreError as error:
            # Everybody may ask, and the error names the server of the store.
            _log.warning("not ready: %s", error)
            raise StoreError("the store cannot be used; the log says why") from error
        return {"status": "ok"}

    return router


async def _store_is_away(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse(
        {"detail": str(error)}, status_code=503, headers={"Retry-After": str(STORE_BACK_IN_S)}
    )
