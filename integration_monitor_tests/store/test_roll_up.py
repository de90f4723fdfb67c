"""Minutes into hours into days: whatever is repeated or late, every call counts once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_monitor.store import calls
from integration_monitor.store.call_tables import (
    call_batches,
    call_days,
    call_hours,
    call_minutes,
    roll_ups_due,
    tenant_minutes,
)
from integration_monitor.store.engine import Store
from integration_monitor.store.roll_up import HOUR as HOURLY
from integration_monitor.store.roll_up import SETTLE, RolledUp, roll_up
from integration_monitor_tests.store.call_examples import MINUTE, batch, count, rows, total

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = MINUTE + DAY + HOUR
TABLES = (call_minutes, tenant_minutes, call_hours, call_days)


def rolled(store: Store, now: datetime = LATER) -> RolledUp:
    return roll_up(store, now=now, enough=lambda: False)


def table_of(store: Store, table: sa.Table) -> Counter[tuple[object, ...]]:
    return Counter({tuple(row[:-1]): row.calls for row in rows(store, table)})


def test_minutes_become_hours_and_hours_days(store: Store) -> None:
    counts = [count(MINUTE + timedelta(minutes=n), tenant=t) for n in range(90) for t in "ab"]
    calls.add(store, batch(*counts), now=MINUTE)
    assert rolled(store) == RolledUp(hours=2, days=1, complete=True)
    series = ("crm", "contacts")
    assert table_of(store, call_hours) == {
        (MINUTE + n * HOUR, *series, tenant, "ok", 7): 60 - 30 * n
        for n in (0, 1)
        for tenant in "ab"
    }
    assert table_of(store, call_days) == {(MINUTE, *series, t, "ok", 7): 90 for t in "ab"}


def test_rolling_up_twice_is_as_once(store: Store) -> None:
    calls.add(store, batch(count(n=3)), now=MINUTE)
    rolled(store)
    with store.begin() as connection:
        connection.execute(
            roll_ups_due.insert(),
            [{"grain": g, "start": MINUTE, "integration": "crm"} for g in ("hour", "day")],
        )
    assert rolled(store).hours == 1
    assert rolled(store) == RolledUp(0, 0, complete=True)
    assert total(store, call_hours) == total(store, call_days) == 3


def test_an_hour_is_rolled_up_once_it_ended(store: Store) -> None:
    calls.add(store, batch(count()), now=MINUTE)
    assert rolled(store, MINUTE + HOUR + SETTLE - timedelta(seconds=1)).hours == 0
    assert rolled(store, MINUTE + HOUR + SETTLE) == RolledUp(1, 0, complete=True)
    assert total(store, call_hours) == 1
    assert total(store, call_days) == 0


def test_late_minutes_are_taken_in(store: Store) -> None:
    calls.add(store, batch(count(n=3)), now=MINUTE)
    rolled(store)
    calls.add(store, batch(count(n=4), count(integration="erp"), name="late"), now=LATER)
    assert rolled(store) == RolledUp(2, 2, complete=True)
    assert total(store, call_hours) == total(store, call_days) == 8


def test_rows_that_are_alike_become_one(store: Store) -> None:
    for number in range(5):
        calls.add(store, batch(count(), count(tenant="bolt"), name=str(number)), now=MINUTE)
    rolled(store)
    assert sorted(row.calls for row in rows(store, tenant_minutes)) == [5, 5]
    assert [row.calls for row in rows(store, call_minutes)] == [10]


def test_it_stops_when_told_and_goes_on_later(store: Store) -> None:
    many = [count(integration=f"i{n}") for n in range(HOURLY.at_once + 10)]
    calls.add(store, batch(*many), now=MINUTE)
    answers = iter([False, True])
    stopped = roll_up(store, now=LATER, enough=lambda: next(answers, True))
    assert stopped == RolledUp(HOURLY.at_once, 0, complete=False)
    assert rolled(store) == RolledUp(10, HOURLY.at_once + 10, complete=True)
    assert total(store, call_days) == HOURLY.at_once + 10


def test_what_is_added_and_rolled_up_at_once_counts_once(store: Store) -> None:
    def add(number: int) -> None:
        calls.add(store, batch(count(n=1), name=str(number)), now=MINUTE)

    with ThreadPoolExecutor(6) as pool:
        adding = [pool.submit(add, number) for number in range(60)]
        rolling = [pool.submit(rolled, store) for _ in range(10)]
    assert not any(each.exception() for each in adding)
    assert not any(each.exception() for each in rolling)
    rolled(store)
    for table in TABLES:
        assert total(store, table) == 60


COUNTS = st.builds(
    lambda minutes, tenant, bucket, n: count(
        MINUTE + timedelta(minutes=minutes), tenant, n, bucket=bucket
    ),
    st.integers(0, 3000), st.sampled_from("ab"), st.integers(-1, 2), st.integers(1, 9),
)  # fmt: skip
STEPS = st.lists(st.one_of(st.lists(COUNTS, max_size=6), st.integers(0, 60)), max_size=8)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_any_order_every_table_has_every_call(store: Store, steps: list[object]) -> None:
    """Lists of counts are added, numbers are hours after which a roll-up ran."""
    with store.begin() as connection:
        for table in (*TABLES, roll_ups_due, call_batches):
            connection.execute(table.delete())
    expected = 0
    for number, step in enumerate(steps):
        if isinstance(step, list):
            calls.add(store, batch(*step, name=str(number)), now=MINUTE + 2 * DAY)
            expected += sum(each.calls for each in step)
        elif isinstance(step, int):
            rolled(store, MINUTE + step * HOUR)
    rolled(store, MINUTE + 4 * DAY)
    for table in TABLES:
        assert total(store, table) == expected
