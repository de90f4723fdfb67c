"""The app's own routes, and what it makes of a store that is away."""

from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter

from integration_monitor.ingest.server import create_app
from integration_monitor.store.engine import StoreError
from integration_monitor_tests.ingest.app_server import serving


class Store:
    """Away while `error` says something."""

    error = ""

    def check(self) -> None:
        if self.error:
            raise StoreError(self.error)


def test_health_says_the_process_and_readiness_the_store(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Store()
    with serving(create_app(routers=[], check_store=store.check)) as url:
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{url}/readyz").status_code == 200
        store.error = "the store does not answer: no route to db.internal"
        away = httpx.get(f"{url}/readyz")
        assert (away.status_code, "db.internal" in away.text) == (503, False)
        assert store.error in caplog.text
        assert away.headers["retry-after"] == "5"
        assert httpx.get(f"{url}/healthz").status_code == 200


def test_routers_join() -> None:
    router = APIRouter()

    @router.get("/webhooks")
    def webhooks() -> str:
        raise StoreError("away")

    with serving(create_app(routers=[router], check_store=Store().check)) as url:
        assert httpx.get(f"{url}/webhooks").status_code == 503
        assert "/webhooks" in httpx.get(f"{url}/openapi.json").json()["paths"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/calls/../calls", "/%00", "/readyz/"])
def test_what_is_not_there_is_said_so(path: str) -> None:
    with serving(create_app(routers=[], check_store=Store().check)) as url:
        assert httpx.get(url + path).status_code in {307, 404}
