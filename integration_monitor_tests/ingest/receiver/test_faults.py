"""What is acknowledged is there, whatever dies: the server, one of its processes, the store."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from integration_monitor.store.embedded import EmbeddedPostgres, temporary_postgres
from integration_monitor.store.engine import Store, open_store
from integration_monitor.store.migrate import upgrade
from integration_monitor_tests.ingest.receiver.load import Load
from integration_monitor_tests.ingest.receiver.webhook_examples import (
    ENVIRON,
    MANIFEST,
    body_of,
    rows,
    signed,
    wait_for,
)
from integration_monitor_tests.serve_process import serving

pytestmark = pytest.mark.slow
ONLY = ("--only", "webhooks")


@pytest.fixture
def environ(tmp_path: Path, store_url: str) -> Mapping[str, str]:
    (tmp_path / "shop.yaml").write_text(MANIFEST)
    return {
        **ENVIRON,
        "INTEGRATION_MONITOR_HOME": str(tmp_path / "home"),
        "INTEGRATION_MONITOR_DATABASE_URL": store_url,
        "INTEGRATION_MONITOR_MANIFESTS": str(tmp_path),
    }


def assert_nothing_lost(store: Store, load: Load) -> None:
    """Each acknowledged event is there once, and counted once."""
    stored = [event["event_id"] for event in rows(store, "webhook_events")]
    assert set(stored) == load.acknowledged
    assert len(stored) == len(load.acknowledged)
    assert sum(count["received"] for count in rows(store, "webhook_counts")) == len(stored)
    assert set(load.answers) <= {200, 503}
    assert load.without_retry_after == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_kill_9_under_64_clients(environ: Mapping[str, str], store: Store, workers: str) -> None:
    async def story(stack: ExitStack) -> Load:
        process, url = stack.enter_context(
            serving(environ, *ONLY, "--port", "0", "--workers", workers)
        )
        load = Load(url)
        running = asyncio.create_task(load.run())
        await load.reach(400)
        family = psutil.Process(process.pid)
        for one in (family, *family.children(recursive=True)):
            os.kill(one.pid, signal.SIGKILL)
        port = url.rpartition(":")[2]
        again = ("--port", port, "--workers", workers)
        await asyncio.to_thread(stack.enter_context, serving(environ, *ONLY, *again))
        await load.reach(len(load.acknowledged) + 400)
        load.stopped = True
        await running
        return load

    with ExitStack() as stack:
        load = asyncio.run(story(stack))
    assert_nothing_lost(store, load)


def test_a_worker_that_dies_is_replaced(environ: Mapping[str, str], store: Store) -> None:
    async def story(process_id: int, load: Load) -> None:
        running = asyncio.create_task(load.run())
        await load.reach(200)
        before = {one.pid for one in psutil.Process(process_id).children()}
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        await load.reach(len(load.acknowledged) + 400)
        load.stopped = True
        await running
        after = {one.pid for one in psutil.Process(process_id).children()}
        assert len(after) == 2
        assert len(after - before) == 1

    with serving(environ, *ONLY, "--port", "0", "--workers", "2") as (process, url):
        load = Load(url)
        asyncio.run(story(process.pid, load))
        children = psutil.Process(process.pid).children(recursive=True)
    assert not any(one.is_running() for one in children)
    assert_nothing_lost(store, load)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nobody_who_was_let_in_is_cut_off_at_the_end(
    environ: Mapping[str, str], workers: str
) -> None:
    """Each request on a connection of its own: it is answered, or never let in."""

    async def knock(url: str, ended: list[type[Exception]]) -> None:
        while httpx.ConnectError not in ended:
            async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
                body = body_of({"id": "once", "type": "order.paid"})
                try:
                    await http.post(f"{url}/webhooks/shop", content=body, headers=signed(body))
                except httpx.TransportError as error:
                    ended.append(type(error))
            await asyncio.sleep(0.01)

    async def story(process: subprocess.Popen[str], url: str) -> list[type[Exception]]:
        ended: list[type[Exception]] = []
        knocking = [asyncio.create_task(knock(url, ended)) for _ in range(4)]
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(*knocking)
        return ended

    with serving(environ, *ONLY, "--port", "0", "--workers", workers) as (process, url):
        wait_for(lambda: httpx.get(f"{url}/readyz", trust_env=False).status_code == 200)
        assert set(asyncio.run(story(process, url))) == {httpx.ConnectError}


def test_workers_end_when_their_parent_is_killed(environ: Mapping[str, str]) -> None:
    with serving(environ, *ONLY, "--port", "0", "--workers", "2") as (process, _):
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        wait_for(lambda: not any(one.is_running() for one in children))


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """A server that may be stopped, durable as in production."""
    with temporary_postgres() as server:
        yield server


def test_a_store_that_is_stopped_and_started(
    environ: Mapping[str, str], own_postgres: EmbeddedPostgres
) -> None:
    store_url = own_postgres.create_database("store")
    store = open_store(store_url)
    upgrade(store)
    store.dispose()

    async def story(load: Load) -> None:
        running = asyncio.create_task(load.run())
        await load.reach(300)
        await asyncio.to_thread(own_postgres._server.stop)
        await asyncio.sleep(0.2)  # answers that are on their way
        load.answers.clear()
        while load.answers[503] < 200:
            await asyncio.sleep(0.02)
        assert set(load.answers) == {503}
        await asyncio.to_thread(own_postgres._server.ensure_postgres_running)
        await load.reach(len(load.acknowledged) + 300)
        load.stopped = True
        await running

    away = {**environ, "INTEGRATION_MONITOR_DATABASE_URL": store_url}
    with serving(away, *ONLY, "--port", "0") as (_, url):
        load = Load(url)
        asyncio.run(story(load))
    assert_nothing_lost(store, load)
    store.dispose()
