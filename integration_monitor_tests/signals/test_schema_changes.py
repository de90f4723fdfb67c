"""What is a change, what is evidence of it, and what becomes of a known one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integration_monitor.manifest.domain import SchemaRules
from integration_monitor.signals.schema_changes import Change, compare, follow, learn
from integration_monitor.signals.shape import FieldShape, Shape, merge
from integration_monitor.signals.widening import json_widens, sql_widens
from integration_monitor_tests.signals.test_shape import shape

RULES = SchemaRules()


def many(n: int, record: Any) -> Shape:
    """So many records like this one; one sample sees no more than 200."""
    if n > 200:
        return merge(many(200, record), many(n - 200, record))
    return shape(*[record] * n)


def presence(seen: int, of: int) -> Shape:
    """A field `a` in so many of so many records."""
    fields = {
        "a": FieldShape({"integer": seen}, seen, 0, of),
        "b": FieldShape({"integer": of}, of, 0, of),
    }
    return Shape(fields, of)


def names(changes: tuple[Change, ...]) -> list[tuple[str, str]]:
    return [change.name for change in changes]


@pytest.mark.parametrize(
    ("seen", "of", "sampled", "lost"),
    [
        (87, 87, 3, True),
        (87, 87, 2, False),  # (1/89)² is more than 10⁻⁴
        (1, 100, 100, False),  # in 1 % of records: absent from many a sample of 100
        (1, 100, 600, True),
        (50, 100, 13, False),
        (50, 100, 14, True),
        (3, 3, 5, False),
        (3, 3, 6, True),
    ],
)
def test_absence_is_a_loss_only_where_it_would_be_unlikely(
    seen: int, of: int, sampled: int, lost: bool
) -> None:
    changes = compare(presence(seen, of), many(sampled, {"b": 1}))
    assert names(changes) == ([("a", "lost")] if lost else [])


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({"a": 1}, {"a": 1.5}, []),
        ({"a": 1.5}, {"a": 1}, []),
        ({"a": 1}, {"a": "1"}, [("a", "retyped")]),
        ({"a": 1}, {"a": True}, [("a", "retyped")]),
        ({"a": 1}, {"a": None}, [("a", "nullable")]),
        ({"a": None}, {"a": 1}, []),
        ({}, {"a": 1}, [("a", "gained")]),
        ({"a": {"b": 1}}, {}, [("a", "lost")]),
        ({}, {"a": {"b": [1]}}, [("a", "gained")]),
        ({"a": {"b": 1}}, {"a": "flat"}, [("a", "retyped")]),
        ({"a": [{"b": 1}]}, {"a": []}, [("a[]", "lost")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": "x"}]}, [("a[].b", "retyped")]),
    ],
)
def test_changes(was: Any, now: Any, expected: list[tuple[str, str]]) -> None:
    assert names(compare(many(50, was), many(50, now))) == expected


def test_mapped_paths_are_told_also_below_a_change() -> None:
    found = compare(many(50, {"a": {"b": 1, "c": 2}}), many(50, {}), {"a.b"})
    assert names(found) == [("a", "lost"), ("a.b", "lost")]


def test_a_lost_field_beside_a_new_one_of_its_type_was_most_likely_renamed() -> None:
    (_, lost) = compare(many(50, {"x": 1, "mail": "a"}), many(50, {"x": 1, "email": "a"}))
    assert lost.now == "absent, `email` is new"


def test_a_mixed_baseline_knows_all_its_types() -> None:
    mixed = merge(many(10, {"a": 1}), many(1, {"a": "x"}))
    assert compare(mixed, many(50, {"a": "x"})) == ()
    assert names(compare(mixed, many(1, {"a": []}))) == [("a", "retyped")]


def test_beyond_the_limit_nothing_is_evidence() -> None:
    was, now = many(50, {"a": 1, "z": 1}), many(50, {"b": 1})
    assert names(compare(replace(was, beyond="c"), now)) == [("a", "lost"), ("b", "gained")]
    assert names(compare(was, replace(now, beyond="c"), {"z"}))[-1] == ("z", "lost")


def stored(change: Change) -> Change:
    return replace(change, first_seen=None)


def test_a_loss_ends_when_the_field_is_back_in_most_of_its_records() -> None:
    baseline = many(50, {"a": 1, "b": 1})
    lost = follow(baseline, (), many(50, {"b": 1}), RULES)
    assert names(lost.open) == [("a", "lost")]
    for now, is_back in (
        (many(1, {"b": 1}), False),
        (merge(many(2, {"a": 1, "b": 1}), many(20, {"b": 1})), False),
        (merge(many(15, {"a": 1, "b": 1}), many(5, {"b": 1})), True),
    ):
        step = follow(baseline, lost.open, now, RULES)
        assert [reason for _, reason in step.closed] == (["reverted"] if is_back else [])


def test_a_retype_ends_once_its_absence_is_no_chance() -> None:
    baseline = many(50, {"a": 1})
    rare = follow(baseline, (), merge(many(95, {"a": 1}), many(5, {"a": "x"})), RULES)
    step, runs = rare, 0
    while step.open:
        step, runs = follow(baseline, step.open, many(20, {"a": 1}), RULES), runs + 1
        assert runs < 100
    assert runs == 5, "as many records as then"
    all_of_them = follow(baseline, (), many(50, {"a": "x"}), RULES)
    assert follow(baseline, all_of_them.open, many(5, {"a": 1}), RULES).open == ()


def test_while_something_is_open_nothing_is_learnt() -> None:
    baseline = many(50, {"a": 1, "b": 1})
    assert follow(baseline, (), many(50, {"b": 1}), RULES).baseline == baseline
    learnt = follow(baseline, (), many(50, {"a": 1, "b": 1, "c": 1}), RULES).baseline
    assert (learnt.records, learnt.fields["c"].seen, learnt.fields["c"].of) == (100, 50, 100)


def test_what_is_ignored_is_learnt() -> None:
    rules = SchemaRules(lost="ignore", retyped="ignore", nullable="ignore")
    step = follow(many(50, {"a": 1, "b": 1}), (), many(50, {"a": None}), rules)
    assert step.open == ()
    assert step.baseline.fields["a"].text == "integer or null"
    opened = follow(many(50, {"a": 1}), (), many(50, {"a": "x"}), RULES).open
    closed = follow(many(50, {"a": 1}), opened, many(50, {"a": "x"}), rules).closed
    assert [reason for _, reason in closed] == ["ignored"]


def test_a_baseline_learns_up_to_a_thousand_records() -> None:
    baseline = many(200, {"a": 1})
    for _ in range(20):
        baseline = learn(baseline, many(200, {"a": 1}))
    assert (baseline.records, baseline.fields["a"].of) == (1_000, 1_000)
    seldom = learn(baseline, many(1, {"a": 1, "new": 1}))
    assert compare(seldom, many(200, {"a": 1})) == ()


@pytest.mark.parametrize(
    ("was", "now", "widens"),
    [
        ("varchar(50)", "varchar(80)", True),
        ("varchar(80)", "varchar(50)", False),
        ("varchar(50)", "text", True),
        ("character varying(50)", "varchar(60)", True),
        ("text", "varchar(50)", False),
        ("char(3)", "varchar(3)", True),
        ("int4", "int8", True),
        ("integer", "int4", True),
        ("bigint", "integer", False),
        ("int4", "numeric(12, 2)", True),
        ("int4", "numeric(10, 2)", False),
        ("int8", "numeric", True),
        ("numeric(10, 2)", "numeric(12, 2)", True),
        ("numeric(10, 2)", "numeric(10, 4)", False),
        ("numeric", "numeric(10, 2)", False),
        ("numeric(10)", "numeric", True),
        ("real", "double precision", True),
        ("double", "float", False),
        ("timestamp(3) with time zone", "timestamp(6) with time zone", True),
        ("timestamptz", "timestamp with time zone", True),
        ("timestamp", "timestamptz", False),
        ("int4", "text", False),
        ("uuid", "uuid", True),
        ("Uuid", "uuid", True),
        ("status_enum", "text", False),
    ],
)
def test_widening_of_columns(was: str, now: str, widens: bool) -> None:
    assert sql_widens(was, now) is widens


def test_widening_of_json() -> None:
    assert json_widens("integer", "number")
    assert not json_widens("integer", "string")
