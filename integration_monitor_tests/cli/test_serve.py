"""`serve` as a process of its own, and what keeps it from starting."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from integration_monitor.cli import app, serve
from integration_monitor.cli.serve import _beside
from integration_monitor.cli.serve_app import Only
from integration_monitor.store.call_tables import call_minutes
from integration_monitor.store.engine import open_store
from integration_monitor_tests.freezing_proxy import freezing_proxy
from integration_monitor_tests.ingest.calls_examples import MANIFEST, batch, event
from integration_monitor_tests.ingest.receiver.webhook_examples import wait_for
from integration_monitor_tests.serve_process import serving

TOKEN = "INTEGRATION_MONITOR_CALLS_TOKEN"
STOPPED_WITHIN_S = 30


@pytest.fixture
def environ(tmp_path: Path, store_url: str) -> Mapping[str, str]:
    """A store and a manifest directory."""
    (tmp_path / "crm.yaml").write_text(MANIFEST)
    return {
        "INTEGRATION_MONITOR_HOME": str(tmp_path / "home"),
        "INTEGRATION_MONITOR_DATABASE_URL": store_url,
        "INTEGRATION_MONITOR_MANIFESTS": str(tmp_path),
    }


def test_calls_are_taken_until_it_is_stopped(environ: Mapping[str, str], store_url: str) -> None:
    with serving({**environ, TOKEN: "the-token"}, "--port", "0") as (process, url):
        _take_calls_until_stopped(process, url)
    store = open_store(store_url)
    with store.begin() as connection:
        assert connection.execute(call_minutes.select()).one().calls == 1
    store.dispose()


def _take_calls_until_stopped(process: subprocess.Popen[str], url: str) -> None:
    assert process.stderr is not None
    with httpx.Client(base_url=url, trust_env=False) as http:
        assert http.get("/healthz").status_code == http.get("/readyz").status_code == 200
        body = batch(event(started_at=datetime.now(UTC).isoformat()))
        assert http.post("/v1/calls", json=body).status_code == 401
        authorized = {"Authorization": "Bearer the-token"}
        answer = http.post("/v1/calls", json=body, headers=authorized)
        assert answer.json() == {"accepted": 1, "duplicate": False, "rejected": []}
    process.send_signal(signal.SIGTERM)
    assert (process.wait(20), process.stderr.read().splitlines()[-1]) == (0, "stopped")


def test_only_webhooks_may_be_public_without_a_token(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listened: list[str] = []
    monkeypatch.setattr(serve, "_supervise", lambda *_: listened.append("yes"))
    public = ("--host", "0.0.0.0", "--port", "0")
    assert run(environ, *public, "--only", "webhooks")[0] == 0
    code, stderr = run(environ, *public, "--only", "private")
    assert (code, "--only webhooks" in stderr) == (2, False), stderr
    assert listened == ["yes"]


def run(environ: Mapping[str, str], *arguments: str, **more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["serve", *arguments], env={**environ, **more})
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("arguments", "more", "said"),
    [
        ([], {"INTEGRATION_MONITOR_DATABASE_URL": ""}, "_DATABASE_URL is not set"),
        (
            [],
            {"INTEGRATION_MONITOR_DATABASE_URL": "postgresql://x:hidden@127.0.0.1:1/x"},
            "the store does not answer",
        ),
        ([], {"INTEGRATION_MONITOR_MANIFESTS": ""}, "which manifests? Give --manifests"),
        (["--manifests", "/nowhere"], {}, "/nowhere does not exist"),
        (["--host", "0.0.0.0"], {}, f"can be reached from other machines: set {TOKEN}"),
        (["--host", "nowhere.invalid"], {TOKEN: "t"}, "cannot listen on nowhere.invalid"),
        (["--port", "70000"], {}, "less than or equal to 65535"),
    ],
)
def test_what_keeps_it_from_starting(
    environ: Mapping[str, str], arguments: list[str], more: Mapping[str, str], said: str
) -> None:
    code, stderr = run(environ, *arguments, **more)
    assert (code, said in stderr, "hidden" in stderr) == (2, True, False), stderr


def test_a_port_that_is_taken(environ: Mapping[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, stderr = run(environ, "--port", port)
    said = f"cannot listen on 127.0.0.1, port {port}: Address already in use; see --host"
    assert (code, said in stderr) == (2, True), stderr


def test_an_empty_store(environ: Mapping[str, str], database_url: str) -> None:
    code, stderr = run(environ, INTEGRATION_MONITOR_DATABASE_URL=database_url)
    assert (code, "db upgrade" in stderr) == (2, True), stderr


@pytest.mark.parametrize(
    ("only", "beside"), [(None, ["processing"]), ("private", ["processing"]), ("webhooks", [])]
)
def test_webhooks_are_processed_beside_the_private_routes(
    only: str | None, beside: list[str]
) -> None:
    children = _beside(Only(only) if only else None, Path("integrations"))
    assert [child.name for child in children] == beside


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_store_that_falls_silent_stops_neither_readiness_nor_the_end(
    environ: Mapping[str, str], store_url: str, workers: str
) -> None:
    with freezing_proxy(store_url) as proxy:
        behind = {**environ, "INTEGRATION_MONITOR_DATABASE_URL": proxy.url}
        with (
            serving(behind, "--port", "0", "--workers", workers) as (process, url),
            httpx.Client(base_url=url, trust_env=False, timeout=5) as http,
            ThreadPoolExecutor() as scraping,
        ):
            wait_for(lambda: http.get("/readyz").status_code == 200)
            proxy.freeze(new_ones=True)
            scrapes = [scraping.submit(answered, f"{url}/metrics") for _ in range(4)]
            for _ in range(3):
                assert http.get("/readyz").status_code == 503
            proxy.freeze()
            wait_for(lambda: http.get("/readyz").status_code == 200, within_s=40)
            assert [scrape.result() for scrape in scrapes] == [True] * 4
            proxy.freeze(new_ones=True)
            scraping.submit(answered, f"{url}/metrics")
            assert http.get("/readyz").status_code == 503
            children = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            process.wait(STOPPED_WITHIN_S)
            assert not psutil.wait_procs(children, timeout=STOPPED_WITHIN_S)[1]


def answered(url: str) -> bool:
    """Whether there is an answer, or an end, in time."""
    try:
        return httpx.get(url, timeout=60, trust_env=False).status_code in {200, 503}
    except httpx.RemoteProtocolError:
        return False
