"""Who is let in."""

from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from integration_monitor.ingest.bearer import BearerGuard, is_loopback
from integration_monitor_tests.ingest.app_server import serving

TOKEN = "gé-7f3a"


def guarded(token: str | None) -> FastAPI:
    """An app with one private route."""
    router = APIRouter(dependencies=[Depends(BearerGuard(token, variable="THE_TOKEN"))])

    @router.get("/private")
    async def private() -> str:
        return "in"

    app = FastAPI()
    app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("Bearer \xff\xfe", 401),
    ],
)
def test_the_token_opens(authorization: str | None, status: int) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    with serving(guarded(TOKEN)) as url:
        answer = httpx.get(f"{url}/private", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "evil.example.com"}, 401),
        ({"Host": "127.0.0.1.evil.example.com"}, 401),
        ({"Host": ""}, 401),
        ({"X-Forwarded-For": "203.0.113.7"}, 401),
    ],
    ids=str,
)
def test_without_a_token_only_this_machine_is_let_in(
    headers: dict[str, str], status: int, token: str | None
) -> None:
    with serving(guarded(token)) as url:
        answer = httpx.get(f"{url}/private", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert "THE_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_loopback(host: str, is_it: bool) -> None:
    assert is_loopback(host) is is_it
