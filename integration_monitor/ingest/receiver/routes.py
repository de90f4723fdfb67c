"""The receiver's place: in front of the app, whose other routes it leaves alone.

Not routes of FastAPI, nor a middleware within it: what FastAPI does for each request takes a
tenth of what a whole webhook takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from integration_monitor.ingest.receiver.answers import Receive, Send
from integration_monitor.ingest.receiver.reception import PREFIX, Reception, Scope

_PATH = {"name": "integration", "in": "path", "required": True, "schema": {"type": "string"}}
_TENANT = {"name": "tenant", "in": "path", "required": True, "schema": {"type": "string"}}


class WebhookRoutes:
    """An ASGI app that answers everything below `/webhooks/`, and hands the rest on."""

    def __init__(self, app: ASGIApp, reception: Reception) -> None:
        self._app = app
        self._reception = reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            answer = await self._reception.answer(scope, receive)
            await answer.send(send)
        else:
            await self._app(scope, receive, send)


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The app's OpenAPI document, with the routes of webhooks."""
    others = app.openapi

    def openapi() -> dict[str, Any]:
        document = others()
        document["paths"].update(openapi_paths())
        return document

    return openapi


def openapi_paths() -> dict[str, Any]:
    """The routes, for the app's OpenAPI document."""
    return {
        "/webhooks/{integration}": _operations([_PATH], "webhook"),
        "/webhooks/{integration}/{tenant}": _operations([_PATH, _TENANT], "webhook_of_tenant"),
    }


def _operations(parameters: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return {
        "post": {
            "tags": ["webhooks"],
            "summary": "What a partner posts",
            "description": "Answered when it is verified and durable; a repeat counts once.",
            "operationId": f"post_{name}",
            "parameters": parameters,
            "requestBody": {"required": True, "content": {"*/*": {"schema": {}}}},
            "responses": _answers(
                {
                    "200": "Durable, or it was already; the answer of a handshake is text.",
                    "401": "The signature is missing or wrong; a manifest may name another status.",
                    "408": "The body did not arrive in time.",
                    "413": "The body is too large.",
                }
            ),
        },
        "get": {
            "tags": ["webhooks"],
            "summary": "A partner's handshake",
            "description": "Echoes the parameter that the manifest names.",
            "operationId": f"get_{name}",
            "parameters": parameters,
            "responses": _answers(
                {"200": "What was sent, as text.", "405": "This partner has no such handshake."}
            ),
        },
    }


def _answers(described: dict[str, str]) -> dict[str, Any]:
    common = {
        "400": "It cannot be read.",
        "404": "No webhooks are taken for that integration.",
        "503": "Not taken: repeat it after the seconds of Retry-After.",
    }
    return {status: {"description": said} for status, said in {**described, **common}.items()}
