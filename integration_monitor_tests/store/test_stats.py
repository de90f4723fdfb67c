from __future__ import annotations

from datetime import timedelta

import pytest

from integration_monitor.store import calls, stats
from integration_monitor.store.engine import Store
from integration_monitor.store.stats import BatchStats, batch_stats, table_stats
from integration_monitor.store.table_parts import metadata
from integration_monitor_tests.store.call_examples import MINUTE, NOW, batch, count


def test_every_table_is_counted(store: Store) -> None:
    calls.add(store, batch(count(), count(MINUTE + timedelta(hours=3))), now=NOW)
    with store.begin() as connection:
        found = {each.name: each for each in table_stats(connection)}
    assert found.keys() == {table.name for table in metadata.tables.values()}
    minutes = found["call_minutes"]
    assert (minutes.rows, minutes.is_estimated, minutes.partitions) == (2, False, 1)
    assert (minutes.oldest, minutes.newest) == (MINUTE, MINUTE + timedelta(hours=3))
    assert found["call_hours"].partitions == 0
    assert found["call_batches"].partitions is None
    assert (found["owed"].rows, found["owed"].oldest) == (0, None)


def test_large_tables_are_estimated(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "COUNTED_TO", -1)
    calls.add(store, batch(count(MINUTE + timedelta(hours=3))), now=NOW)
    with store.begin() as connection:
        found = {each.name: each for each in table_stats(connection)}
    assert all(each.is_estimated for each in found.values())
    assert found["call_minutes"].oldest == found["call_minutes"].newest == MINUTE
    assert found["call_hours"].oldest is None


def test_batches_of_a_time_are_summed(store: Store) -> None:
    for hours in (0, 2):
        at = NOW + timedelta(hours=hours)
        calls.add(store, batch(count(n=3), name=str(hours), dropped=1), now=at)
    with store.begin() as connection:
        assert batch_stats(connection, NOW) == BatchStats(2, 6, 2)
        assert batch_stats(connection, NOW + timedelta(hours=1)) == BatchStats(1, 3, 1)
        assert batch_stats(connection, NOW + timedelta(hours=3)) == BatchStats(0, 0, 0)
