"""Which routes there are, and for whom."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from integration_monitor.cli.serve_app import TOKEN, Only, build_app
from integration_monitor.store.engine import Store
from integration_monitor_tests.ingest.app_server import serving
from integration_monitor_tests.ingest.receiver.webhook_examples import ENVIRON, MANIFEST, signed

ELSEWHERE = {"Host": "hooks.example.com"}


@pytest.mark.parametrize(
    ("only", "webhook", "calls"),
    [(None, 200, 401), (Only.webhooks, 200, 404), (Only.private, 404, 401)],
)
def test_which_routes_there_are(
    store: Store, tmp_path: Path, only: Only | None, webhook: int, calls: int
) -> None:
    (tmp_path / "shop.yaml").write_text(MANIFEST)
    app = build_app(store, tmp_path, {**ENVIRON, TOKEN: "t"}, only=only, max_body=1024)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as http:
        body = b'{"id": 1}'
        assert (
            http.post("/webhooks/shop", content=body, headers=signed(body)).status_code == webhook
        )
        assert http.post("/v1/calls", json={}).status_code == calls
        assert http.get("/metrics").status_code == calls
        assert http.get("/healthz").status_code == 200
        described = http.get("/openapi.json").json()["paths"]
        assert ("/webhooks/{integration}/{tenant}" in described) == (webhook == 200)
        assert ("/v1/calls" in described) == (calls == 401)
        large = http.post("/webhooks/shop", content=b"x" * 1025)
        assert large.status_code == (413 if webhook == 200 else 404)


def test_who_may_read_what_describes_the_routes(store: Store, tmp_path: Path) -> None:
    app = build_app(store, tmp_path, {TOKEN: "t"}, only=None, max_body=1024)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as http:
        for path in ("/docs", "/openapi.json"):
            assert http.get(path).status_code == 200
            assert http.get(path, headers=ELSEWHERE).status_code == 401
            known = {**ELSEWHERE, "Authorization": "Bearer t"}
            assert http.get(path, headers=known).status_code == 200
