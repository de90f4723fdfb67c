"""`/openapi.json` and the page that shows it, for whom a guard lets in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse

OPENAPI = "/openapi.json"


def docs_router(app: FastAPI, *, guard: Callable[..., None] | None) -> APIRouter:
    """The routes; without a guard everybody may read them."""
    depends: list[Any] = [Depends(guard)] if guard else []
    router = APIRouter(dependencies=depends, include_in_schema=False)

    @router.get(OPENAPI)
    async def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(openapi_url=OPENAPI, title=app.title)

    return router
