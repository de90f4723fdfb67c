"""Shapes of records: what is learnt of each value, and how samples are put together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_monitor.observe.shape_sample import ShapeSample
from integration_monitor.signals.schema_changes import accept, compare, learn
from integration_monitor.signals.shape import (
    MOST_PATHS,
    FieldShape,
    Shape,
    as_json,
    cut,
    key_name,
    merge,
    redacted,
    shape_of,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "a.b", "17"]), inner, max_size=3)
    ),
    max_leaves=8,
)
records = st.lists(values, min_size=1, max_size=5)


def shape(*seen: Any) -> Shape:
    """The shape of these records."""
    sample = ShapeSample()
    for record in seen:
        sample.add(record)
    return sample.shape()


shapes = records.map(lambda seen: shape(*seen))


def types(of: Shape) -> dict[str, str]:
    return {path: field.text for path, field in sorted(of.fields.items())}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"a": 1, "b": 1.5}, {"a": "integer", "b": "number"}),
        ({"a": "x", "b": True}, {"a": "string", "b": "boolean"}),
        ({"a": {"b": {"c": 1}}}, {"a": "object", "a.b": "object", "a.b.c": "integer"}),
        ([{"b": 1}, {"b": "x"}], {"@": "array", "[]": "object", "[].b": "integer or string"}),
        ([1, None, [2]], {"@": "array", "[]": "array or integer or null", "[][]": "integer"}),
        ({"a": [{"b": 1}]}, {"a": "array", "a[]": "object", "a[].b": "integer"}),
        ({"a": []}, {"a": "array"}),
        ({"a": None}, {"a": "null"}),
        ({"a.b": 1, "ü": 2}, {'"a.b"': "integer", '"ü"': "integer"}),
        ({"by_user": {"17": 1, "x@example.com": 2}}, {"by_user": "object", "by_user.*": "integer"}),
        ("text", {"@": "string"}),
        ([1], {"@": "array", "[]": "integer"}),
    ],
)
def test_paths_and_types_of_a_record(record: Any, expected: dict[str, str]) -> None:
    assert types(shape(record)) == expected


def test_mixed_types_in_one_path_are_a_set_counted_by_records() -> None:
    found = shape({"a": 1}, {"a": "x"}, {"a": None}, {}, {"a": [1, "y"]}).fields["a"]
    assert (dict(found.types), found.seen, found.nulls, found.of) == (
        {"integer": 1, "string": 1, "array": 1},
        4,
        1,
        5,
    )


def test_one_record_counts_once_and_an_absent_one_not_at_all() -> None:
    sample = ShapeSample(key="id")
    for record in ({"id": 1}, {"id": "1"}, None, {"id": 2}, {"other": 3}):
        sample.add(record)
    assert sample.records == 3


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("Ann.Lee+7@example.com", "Aaa.Aaa+9@aaaaaaa.aaa"),
        ("Zürich ½ 東京", "Aaaaaa 9 aa"),
        (-12.5, "-99.9"),
        (True, "aaaa"),
        ("x" * 100, "a" * 40 + "…"),
        ("a\nb", "a a"),
        ({"secret": 1}, ""),
    ],
)
def test_examples_say_nothing_of_the_value(value: Any, seen: str) -> None:
    assert redacted(value) == seen


@given(st.text())
def test_no_letter_or_digit_survives_redaction(text: str) -> None:
    assert {c for c in redacted(text) if c.isalnum()} <= {"a", "A", "9"}
    assert len(redacted(text)) <= 41


@given(st.text())
def test_a_key_of_a_path_is_never_long(name: str) -> None:
    assert len(key_name(name)) <= 700


@given(shapes, shapes)
def test_merging_knows_no_order(one: Shape, other: Shape) -> None:
    assert merge(one, other) == merge(other, one)


@given(shapes, shapes, shapes)
def test_merging_knows_no_grouping(one: Shape, two: Shape, three: Shape) -> None:
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(records, records)
def test_two_samples_together_are_one_sample(first: list[Any], second: list[Any]) -> None:
    together = merge(shape(*first), shape(*second))
    at_once = shape(*first, *second)
    assert types(together) == types(at_once)
    assert {p: (f.seen, f.nulls, f.of) for p, f in together.fields.items()} == {
        p: (f.seen, f.nulls, f.of) for p, f in at_once.fields.items()
    }


@given(shapes)
def test_the_store_gives_back_what_it_was_given(one: Shape) -> None:
    assert shape_of(as_json(one)) == one


@given(shapes)
def test_a_shape_does_not_differ_from_itself(one: Shape) -> None:
    assert compare(one, one) == ()


@settings(max_examples=50)
@given(shapes, shapes)
def test_what_was_accepted_does_not_differ_any_more(one: Shape, other: Shape) -> None:
    changed = compare(one, other)
    again = compare(accept(one, changed), other)
    # What lay below a change may show now; what was accepted does not.
    assert not {change.name for change in again} & {change.name for change in changed}


@given(shapes, shapes)
def test_what_was_learnt_does_not_differ_any_more_except_what_is_lost(
    one: Shape, other: Shape
) -> None:
    assert {change.kind for change in compare(learn(one, other), other)} <= {"lost"}


sets = st.sets(st.integers(0, 30))


@given(sets, sets, sets, st.integers(1, 10))
def test_cutting_keeps_merging_free_of_order(
    one: set[int], two: set[int], three: set[int], most: int
) -> None:
    def of(numbers: set[int]) -> Shape:
        fields = {f"f{n:02}": FieldShape({"integer": 1}, 1, 0, 1) for n in numbers}
        return cut(Shape(fields, 1), {"f30"}, most)

    def together(a: Shape, b: Shape) -> Shape:
        return cut(merge(a, b, {"f30"}), {"f30"}, most)

    a, b, c = of(one), of(two), of(three)
    assert set(together(together(a, b), c).fields) == set(together(a, together(b, c)).fields)


def test_of_many_paths_the_first_ones_and_the_mapped_ones_are_watched() -> None:
    sample = ShapeSample({"zz.deep[].here", "f04999"})
    for _ in range(3):
        record: dict[str, Any] = {f"f{number:05}": number for number in range(5_000)}
        sample.add({**record, "zz": {"deep": [{"here": 1, "there": 2}]}})
    found = sample.shape()
    assert found.beyond == "f02000"
    assert len(found.fields) == MOST_PATHS + 2
    assert found.fields["zz.deep[].here"].seen == 3
    assert found.fields["f04999"].seen == 3


def test_a_record_of_five_megabytes() -> None:
    sample = ShapeSample({"lines[].amount"}, key="id")
    for number in range(10):
        sample.add(
            {
                "id": number,
                "text": "x" * 2_000_000,
                "lines": [{"amount": n, "note": "y" * 10} for n in range(100_000)],
                "map": {f"key{n}": n for n in range(20_000)},
            }
        )
    found = sample.shape()
    assert found.fields["lines[].amount"].seen == 10
    assert len(found.fields) == MOST_PATHS + 1
