from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.observe.matching import finest, floor, match
from integration_monitor.observe.side import Record

T = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)
OLD, NEW = T - timedelta(hours=1), T + timedelta(hours=1)
times = st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("tenant", "found", "owes"),
    [
        ("a", [], "missing"),
        ("a", [Record("1", T, "a")], None),
        ("a", [Record("1", NEW, "a")], None),
        ("a", [Record("1", OLD, "a")], "stale"),
        ("a", [Record("1", None, "a")], "stale"),
        ("a", [Record("1", T, "b")], "misplaced"),
        ("a", [Record("1", T, None)], "misplaced"),
        (None, [Record("1", T, "b")], None),
        ("a", [Record("1", T, "b"), Record("1", T, "a")], None),
        ("a", [Record("1", OLD, "a"), Record("1", T, "a")], None),
        ("a", [Record("1", T, "a", in_filter=False)], "missing"),
    ],
)
def test_what_is_owed(tenant: str | None, found: list[Record], owes: str | None) -> None:
    assert match(T, tenant, found, keeps_version=True, precision_us=1).owes == owes


@pytest.mark.parametrize(
    ("found", "owes"),
    [
        ([Record("1", T, "b")], "misplaced"),
        ([Record("1", OLD, "b")], "missing"),
        ([Record("1", NEW, "b"), Record("1", OLD, "a")], "stale"),
        ([Record("1", OLD, None)], "misplaced"),
    ],
)
def test_where_tenants_have_keys_of_their_own_another_ones_row_is_theirs(
    found: list[Record], owes: str
) -> None:
    assert match(T, "a", found, keeps_version=True, precision_us=1, own_keys=True).owes == owes


def test_without_versions_presence_is_enough() -> None:
    old = [Record("1", OLD, "a")]
    assert match(T, "a", old, keeps_version=False, precision_us=1).owes is None
    assert match(None, "a", old, keeps_version=True, precision_us=1).owes is None


@given(times, st.sampled_from([1, 1000, 1_000_000, 86_400_000_000]))
def test_a_copy_cut_to_a_precision_has_arrived_at_that_precision(at: datetime, us: int) -> None:
    cut = [Record("1", floor(at, us))]
    assert match(at, None, cut, keeps_version=True, precision_us=us).owes is None
    assert timedelta(0) <= at - floor(at, us) < timedelta(microseconds=us)


@pytest.mark.parametrize(
    ("microseconds", "known", "side", "expected"),
    [
        ([0], None, timedelta(microseconds=1), 1_000_000),
        ([0, 5000], None, timedelta(microseconds=1), 1_000),
        ([0, 5001], None, timedelta(microseconds=1), 1),
        ([0], 1, timedelta(microseconds=1), 1),
        ([5001], None, timedelta(milliseconds=1), 1_000),
        ([0], None, timedelta(days=1), 86_400_000_000),
        ([], None, timedelta(microseconds=1), None),
    ],
)
def test_the_finest_precision_seen(
    microseconds: list[int], known: int | None, side: timedelta, expected: int | None
) -> None:
    assert finest([T.replace(microsecond=us) for us in microseconds], known, side) == expected
