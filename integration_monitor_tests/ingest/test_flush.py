"""What was counted reaches the store once: flushes, ends of processes, forks, a store away."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from integration_monitor.ingest.counters import Counters
from integration_monitor.ingest.delivery import StoreSink
from integration_monitor.ingest.flush import Flusher
from integration_monitor.ingest.opening import recorder_for
from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.spill import Spill
from integration_monitor.ingest.transport import AsyncMonitoredTransport, MonitoredTransport
from integration_monitor.store.call_batch import Batch
from integration_monitor.store.call_tables import call_batches, exemplars, tenant_minutes
from integration_monitor.store.engine import Store, StoreError, open_store
from integration_monitor_tests.ingest.recording import (
    NEVER,
    NOON,
    MemorySink,
    Seconds,
    manifests,
    recorder,
)

MINUTE = int(NOON // 60)


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


def call(recording: Recorder, calls: int = 1, tenant: str = "acme") -> None:
    recording.start()
    for _ in range(calls):
        minute = int(recording.clock() // 60)
        recording.counters.add(minute, "crm", "contacts", tenant, "ok", 5)


def stored(store: Store) -> int:
    with store.begin() as connection:
        return int(connection.scalar(sa.select(sa.func.sum(tenant_minutes.c.calls))) or 0)


# --- away and back -------------------------------------------------------------------------------


def test_a_store_that_is_away_for_a_minute_under_load_loses_nothing(
    sink: MemorySink, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Seconds()
    recording = recorder(sink, tmp_path, clock=clock)
    for step in range(36):
        sink.away = 12 <= step < 24
        clock.at = NOON + 5 * step
        call(recording, 1_000, f"tenant-{step % 3}")
        assert recording.flush(10)
    assert (sink.calls, sink.dropped) == (36_000, 0)
    assert list(tmp_path.iterdir()) == []
    minutes = [batch.counts[0].minute for batch in sink.batches]
    assert minutes == sorted(minutes)
    assert [one.message.split(",")[0] for one in caplog.records] == [
        "calls are kept in local files",
        "calls are stored again",
    ]


def test_what_is_past_the_room_of_the_spill_is_dropped_and_counted(
    sink: MemorySink, tmp_path: Path
) -> None:
    recording = recorder(sink, tmp_path, most_bytes=2_000)
    sink.away = True
    for _ in range(50):
        call(recording, 10)
        recording.flush(10)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 2_000
    sink.away = False
    recording.flush(10)
    recording.flush(10)
    assert sink.dropped > 0
    assert sink.calls + sink.dropped == 500


def test_a_commit_of_which_nobody_knows_counts_once(sink: MemorySink, tmp_path: Path) -> None:
    recording = recorder(sink, tmp_path)
    sink.forgetful = 3
    for _ in range(5):
        call(recording, 10)
        recording.flush(10)
    assert (sink.calls, sink.dropped) == (50, 0)


def test_a_batch_that_the_store_cannot_take_at_all_is_counted_as_dropped(
    sink: MemorySink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = recorder(sink, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(MemorySink, "add", lambda *_: 1 / 0)
        call(recording, 10)
        recording.flush(10)
    call(recording, 1)
    recording.flush(10)
    assert (sink.calls, sink.dropped) == (1, 10)


# --- the real store ------------------------------------------------------------------------------


class Sink(StoreSink):
    """The real store; one that forgets to say that it took a batch."""

    forgetful = False

    def add(self, batch: Batch) -> None:
        super().add(batch)
        if self.forgetful:
            raise StoreError("the connection to the store was lost")

    def close(self) -> None:
        if self._store is not None:
            self._store.dispose()


@pytest.fixture
def real(store_url: str) -> Iterator[Sink]:
    opened = Sink(store_url)
    yield opened
    opened.close()


@pytest.fixture
def watched(real: Sink, tmp_path: Path) -> Recorder:
    return Recorder(real, Spill(tmp_path / "spill", "calls"), interval=NEVER)


def test_calls_reach_the_real_store_once(watched: Recorder, store: Store, tmp_path: Path) -> None:
    inner = httpx.MockTransport(
        lambda request: httpx.Response(500, json={"error": {"code": "INTERNAL"}})
    )
    transport = MonitoredTransport(
        "crm", inner, manifests=manifests(tmp_path / "m"), recorder=watched
    )
    with httpx.Client(transport=transport) as client:
        for _ in range(3):
            client.post("http://127.0.0.1/api/v1/contacts", extensions={"tenant": "acme"})
    assert watched.flush(20)
    with store.begin() as connection:
        rows = connection.execute(
            sa.select(
                tenant_minutes.c.endpoint,
                tenant_minutes.c.tenant,
                tenant_minutes.c.outcome,
                sa.func.sum(tenant_minutes.c.calls),
            ).group_by(*list(tenant_minutes.c)[2:5])
        ).all()
        codes = connection.scalars(sa.select(exemplars.c.error_code)).all()
    assert [tuple(row) for row in rows] == [("contacts", "acme", "server", 3)]
    assert codes == ["INTERNAL"] * 3


def test_a_batch_that_is_sent_again_counts_once_in_the_real_store(
    watched: Recorder, real: Sink, store: Store
) -> None:
    real.forgetful = True
    call(watched)
    watched.flush(20)
    assert stored(store) == 1
    real.forgetful = False
    call(watched, 2)
    watched.flush(20)
    assert stored(store) == 3
    with store.begin() as connection:
        assert connection.scalar(sa.select(sa.func.sum(call_batches.c.dropped))) == 0


def test_a_store_that_hangs_up_in_the_midst_is_used_again(watched: Recorder, store: Store) -> None:
    for _ in range(2):
        call(watched)
        watched.flush(20)
        with store.autocommit() as connection:
            connection.execute(
                sa.text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
    assert stored(store) == 2


# --- processes -----------------------------------------------------------------------------------

CHILD = """
import os, sys, time
import httpx
from integration_monitor import MonitoredTransport, tenant

inner = httpx.MockTransport(lambda request: httpx.Response(200, json={{}}))
client = httpx.Client(transport=MonitoredTransport("crm", inner))
with tenant("acme"):
    for _ in range({calls}):
        client.get("http://127.0.0.1/api/v1/contacts")
{then}
"""


def run(code: str, store_url: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "INTEGRATION_MONITOR_DATABASE_URL": store_url,
        "INTEGRATION_MONITOR_MANIFESTS": str(manifests(tmp_path / "m")),
        "INTEGRATION_MONITOR_SPILL": str(tmp_path / "spill"),
    }
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD.format(calls=20, then=code)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_end_of_a_process_stores_what_it_counted(
    store_url: str, store: Store, tmp_path: Path
) -> None:
    done = run("", store_url, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(store) == 20


def test_calls_are_watched_and_stored_without_dagster(
    store_url: str, store: Store, tmp_path: Path
) -> None:
    then = "assert client._transport.flush(30)\nassert 'dagster' not in sys.modules"
    done = run(then, store_url, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(store) == 20


def test_an_exception_at_the_end_stores_it_too(
    store_url: str, store: Store, tmp_path: Path
) -> None:
    assert run("raise SystemExit(3)", store_url, tmp_path).returncode == 3
    assert stored(store) == 20


def test_the_end_of_a_process_while_the_store_is_away_keeps_it_for_the_next(
    store_url: str, store: Store, tmp_path: Path
) -> None:
    away = "postgresql://nobody@127.0.0.1:1/nothing"
    assert run("", away, tmp_path).returncode == 0
    (file,) = (tmp_path / "spill").iterdir()
    found: list[Batch] = []
    Spill(tmp_path / "spill", file.name.rsplit("-", 2)[0]).replay(found.append)
    assert sum(count.calls for batch in found for count in batch.counts) == 20


def test_a_store_that_hangs_holds_up_the_end_of_a_process_for_no_longer_than_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = threading.Event()

    class Hangs(MemorySink):
        def add(self, batch: Batch) -> None:
            hanging.wait(30)

    monkeypatch.setattr("integration_monitor.ingest.flush._AT_EXIT_S", 0.2)
    recording = recorder(Hangs(), tmp_path)
    call(recording, 7)
    recording.ask()
    while not recording._delivery._in_hand:
        time.sleep(0.01)
    call(recording, 4)
    recording._flusher._end()
    kept: list[Batch] = []
    Spill(tmp_path, "calls").replay(kept.append)
    recording._delivery._spill.replay(kept.append)
    hanging.set()
    assert [count.calls for batch in kept for count in batch.counts] == [7, 4]


def test_a_kill_costs_what_was_counted_since_the_last_flush(
    store_url: str, store: Store, tmp_path: Path
) -> None:
    then = (
        "from integration_monitor.ingest import opening\n"
        "(recorder,) = opening._recorders.values()\n"
        "assert recorder.flush(30)\n"
        'client.get("http://127.0.0.1/api/v1/contacts")\n'
        "os.kill(os.getpid(), 9)"
    )
    assert run(then, store_url, tmp_path).returncode == -signal.SIGKILL
    assert stored(store) == 20


def test_a_flush_comes_by_itself_each_interval(sink: MemorySink, tmp_path: Path) -> None:
    came = threading.Event()
    counters = Counters()

    def step() -> None:
        if counters.take().counts:
            came.set()

    flusher = Flusher(step, lambda: None, interval=NEVER / 86_400 / 20)
    flusher.start()
    counters.add(MINUTE, "crm", "contacts", "acme", "ok", 5)
    assert came.wait(10)
    flusher._end()


def test_a_fork_starts_empty_and_stores_what_is_its_own(
    store_url: str, store: Store, tmp_path: Path
) -> None:
    then = (
        "pid = os.fork()\n"
        "if pid == 0:\n"
        '    client.get("http://127.0.0.1/api/v1/contacts")\n'
        "    sys.exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
    )
    done = run(then, store_url, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(store) == 21
    with store.begin() as connection:
        sources = connection.scalars(sa.select(call_batches.c.source)).all()
    assert len(sources) == 2
    assert len(set(sources)) == 2


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_of_multiprocessing_stores_what_it_counted(
    method: str, store_url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEGRATION_MONITOR_DATABASE_URL", store_url)
    monkeypatch.setenv("INTEGRATION_MONITOR_SPILL", str(tmp_path / "spill"))
    context: Any = multiprocessing.get_context(method)
    process = context.Process(target=call_once, args=(str(tmp_path),))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert stored(store) == 1


def call_once(directory: str) -> None:
    """In a process of its own."""
    inner = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    transport = MonitoredTransport("crm", inner, manifests=manifests(Path(directory, "m")))
    httpx.Client(transport=transport).get("http://127.0.0.1/api/v1/contacts")


# --- opening -------------------------------------------------------------------------------------


def test_transports_of_one_store_share_a_recorder(store_url: str, tmp_path: Path) -> None:
    one, other = recorder_for(store_url, tmp_path), recorder_for(store_url, tmp_path)
    assert one is not None
    assert one is other
    directory = manifests(tmp_path / "m")
    first = MonitoredTransport("crm", manifests=directory, store_url=store_url)
    second = AsyncMonitoredTransport("crm", manifests=directory, store_url=store_url)
    assert first._watch is second._watch


@pytest.mark.parametrize("url", ["mysql://me:s3cret@db/x", "//me:s3cret@db", ""])
def test_an_address_that_names_no_store_is_said_without_its_password(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert recorder_for(url, tmp_path) is None
    assert "calls are not watched" in caplog.text
    assert "s3cret" not in caplog.text


def test_patience_ends_a_statement_that_hangs(store_url: str) -> None:
    patient = open_store(store_url, patience=NEVER / 86_400 / 5)
    with pytest.raises(StoreError, match="timeout"), patient.begin() as connection:
        connection.execute(sa.text("select pg_sleep(20)"))
    patient.dispose()
