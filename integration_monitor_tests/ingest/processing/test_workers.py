"""Several workers at once, and workers that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

from integration_monitor.ingest.processing.processor import Processor
from integration_monitor.manifest.domain import Fleet
from integration_monitor.store.engine import Store, open_store
from integration_monitor_tests.freezing_proxy import freezing_proxy
from integration_monitor_tests.ingest.processing.conftest import Work
from integration_monitor_tests.ingest.processing.examples import (
    ENVIRON,
    Clock,
    crm,
    event,
    http,
    receive,
    states,
)
from integration_monitor_tests.ingest.processing.product import Product
from integration_monitor_tests.ingest.receiver.webhook_examples import wait_for

WORKER = """
import os, sys
from integration_monitor.ingest.processing.processor import Processor
from integration_monitor.manifest.domain import Fleet
from integration_monitor.store.engine import open_store
from integration_monitor_tests.ingest.processing.examples import ENVIRON, NOW, crm, http
fleet = Fleet("nowhere", (crm(product=http(os.environ["PRODUCT_URL"])),))
Processor(open_store(os.environ["STORE"]), lambda: fleet, ENVIRON, clock=lambda: NOW).once()
"""


def worker(store_url: str, shop: Product) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "STORE": store_url, "PRODUCT_URL": shop.url}
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", WORKER], env=environ)


def test_a_worker_that_is_killed_loses_nothing(
    store: Store, store_url: str, shop: Product, work: Work
) -> None:
    receive(store, *(event(n, contact=f"c{n % 3}") for n in range(20)))
    let_go = threading.Event()

    def slow(event: object) -> int:
        # The first answers never come: the worker dies while it waits for them.
        if not let_go.is_set():
            let_go.wait(10)
        return 204

    shop.answer = slow
    with worker(store_url, shop) as killed:
        assert shop.came.wait(60)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(30) == -signal.SIGKILL
    let_go.set()
    work(crm(product=http(shop.url))).once()
    assert set(states(store)) == {"processed"}
    times = Counter(each.headers["webhook-id"] for each in shop.posted)
    assert len(times) == 20
    # What was under way came twice, under the same id.
    assert max(times.values()) <= 2


def test_several_workers_deliver_nothing_twice_and_each_object_in_order(
    store: Store, shop: Product, work: Work
) -> None:
    contacts = 7
    receive(store, *(event(n, contact=f"c{n % contacts}") for n in range(140)))
    workers = [work(crm(product=http(shop.url))) for _ in range(4)]
    threads = [threading.Thread(target=one.once) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    workers[0].once()
    numbers = [int(each[1:]) for each in shop.taken]
    assert sorted(numbers) == list(range(140))
    for contact in range(contacts):
        of_contact = [n for n in numbers if n % contacts == contact]
        assert of_contact == sorted(of_contact)


def test_two_sinks_that_finish_together_leave_no_event_behind(
    store: Store, shop: Product, work: Work, clock: Clock
) -> None:
    receive(store, *(event(n, contact=f"c{n}") for n in range(60)))
    sink = http(shop.url)
    work(crm(a=sink, b=sink, c=sink, d=sink)).once()
    assert set(states(store)) == {"processed"}
    assert len(shop.posted) == 240


def test_a_worker_whose_store_fell_silent_goes_on_with_new_connections(
    store: Store, store_url: str, shop: Product
) -> None:
    fleet = Fleet("nowhere", (crm(product=http(shop.url)),))
    with freezing_proxy(store_url) as proxy:
        patient = open_store(proxy.url, patience=timedelta(seconds=0.5))
        one = Processor(patient, lambda: fleet, ENVIRON)
        running = threading.Thread(target=one.run, args=(lambda _: None,))
        running.start()
        try:
            receive(store, event(1))
            wait_for(lambda: shop.taken == ["e1"])
            proxy.freeze()
            receive(store, event(2))
            wait_for(lambda: shop.taken[-1] == "e2")
        finally:
            one.stop()
            running.join()
            patient.dispose()
