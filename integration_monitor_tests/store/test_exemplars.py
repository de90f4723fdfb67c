from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from integration_monitor.store import calls
from integration_monitor.store.call_batch import Exemplar
from integration_monitor.store.call_tables import exemplars
from integration_monitor.store.engine import Store
from integration_monitor.store.exemplars import KEPT, by_key, exemplars_of
from integration_monitor_tests.store.call_examples import NOW, batch, rows


def failing(second: int, tenant: str = "acme", **other: Any) -> Exemplar:
    at = NOW + timedelta(seconds=second)
    values = {"endpoint": "contacts", "outcome": "validation", **other}
    return Exemplar(at, "crm", tenant=tenant, **values)


def add(store: Store, name: str, *seen: Exemplar) -> None:
    calls.add(store, batch(name=name, exemplars=seen), now=NOW)


def test_the_last_of_each_series_are_kept(store: Store) -> None:
    series: tuple[dict[str, Any], ...] = (
        {}, {"tenant": "bolt"}, {"endpoint": "deals"}, {"outcome": "server_error"},
    )  # fmt: skip
    for number in range(0, 30, 3):
        add(store, str(number), *(failing(number + k, **s) for k in range(3) for s in series))
    assert len(rows(store, exemplars)) == KEPT * len(series)
    with store.begin() as connection:
        found = exemplars_of(connection, "crm", endpoint="deals", since=NOW)
    assert [each.at for each in found] == [NOW + timedelta(seconds=n) for n in range(29, 19, -1)]


def test_the_dialect_of_another_database_changes_nothing(store: Store) -> None:
    # It gives `unnest` a meaning of its own, for the whole process.
    importlib.import_module("sqlalchemy_bigquery")
    add(store, "b", failing(1))
    assert len(rows(store, exemplars)) == 1


def test_late_ones_do_not_push_out_newer_ones(store: Store) -> None:
    add(store, "new", *(failing(100 + n) for n in range(KEPT)))
    add(store, "late", failing(0))
    assert min(row.at for row in rows(store, exemplars)) == NOW + timedelta(seconds=100)


def test_processes_that_write_the_same_series_do_not_wait_in_a_circle(store: Store) -> None:
    tenants = [f"t{n}" for n in range(10)]

    def send(number: int) -> None:
        order = tenants if number % 2 else tenants[::-1]
        add(store, str(number), *(failing(number, t) for t in order for _ in range(4)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(24)))
    add(store, "last", *(failing(99, tenant) for tenant in tenants))
    assert len(rows(store, exemplars)) == KEPT * len(tenants)


def test_they_are_read_by_tenant_and_time(store: Store) -> None:
    first = failing(1, status=422, error_code="INVALID", request_id="r-1", message="no", key="7")
    add(store, "b", first, failing(2, "bolt"), failing(3))
    with store.begin() as connection:
        acme = exemplars_of(connection, "crm", tenant="acme", since=NOW)
        later = exemplars_of(connection, "crm", since=NOW + timedelta(seconds=2))
        none = exemplars_of(connection, "erp", since=NOW)
    assert acme == (failing(3), first)
    assert later == (failing(3), failing(2, "bolt"))
    assert none == ()


def test_of_each_record_the_latest_failing_call_is_found(store: Store) -> None:
    add(store, "b", failing(1, key="7"), failing(3, key="7", message="no"), failing(2, key="8"))
    with store.begin() as connection:
        found = by_key(connection, "crm", ["7", "9"])
        assert by_key(connection, "erp", ["7"]) == by_key(connection, "crm", []) == {}
    assert found == {"7": failing(3, key="7", message="no")}


def test_thousands_of_series_at_once(store: Store) -> None:
    """More than a statement may have parameters for."""
    add(store, "b", *(failing(0, f"t{n}") for n in range(20_000)))
    assert len(rows(store, exemplars)) == 20_000
