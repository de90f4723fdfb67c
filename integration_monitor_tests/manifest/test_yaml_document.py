from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.yaml_document import UnreadableYaml, parse_yaml


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("NO", "NO"),
        ("1:30", "1:30"),
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("=", "="),
        ("007", 7),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("~", None),
        ("", None),
        ("'7'", "7"),
        ("[1, a]", [1, "a"]),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
    ],
)
def test_values_mean_what_their_writer_meant(written: str, value: Any) -> None:
    assert parse_yaml(f"key: {written}").value == {"key": value}


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("", ["1:1 the file is empty"]),
        ("# nothing\n", ["1:1 the file is empty"]),
        ("- a\n", ["1:1 expected a mapping of keys to values"]),
        ("text", ["1:1 expected a mapping of keys to values"]),
        ("a: 1\nb: 2\na: 3\nb: 4\n", ["3:1 duplicate key `a`", "4:1 duplicate key `b`"]),
        ("a: {x: 1, x: 2}", ["1:11 duplicate key `x`"]),
        ("1: a", ["1:1 a key must be text; put it in quotes"]),
        ("? [a]\n: b", ["1:3 a key must be text; put it in quotes"]),
        ("a: &b [*b]", ["1:1 nested too deeply"]),
        ("a: \x07", ["1:4 not valid YAML: a control character"]),
    ],
)
def test_flaws_have_a_place_and_a_reason(text: str, flaws: list[str]) -> None:
    assert _flaws(text) == flaws


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("a: b: c", "1:5", "mapping values are not allowed"),
        ("a:\n\tb: 1", "2:1", "not tabs"),
        ("a: 'b", "1:6", "quoted scalar"),
        ("a: {b: 1", "2:1", "flow mapping"),
        ("a: *secret", "1:4", "undefined alias"),
        ("a: 1\n---\nb: 2", "2:1", "another document"),
        ("a: !secret hush", "1:4", "tags"),
        ("a: !!python/object:os.system {}", "1:4", "tags"),
        ("a: " + "[" * 900 + "]" * 900, "1:1", "nested too deeply"),
    ],
)
def test_broken_yaml_is_explained_without_quoting_it(text: str, place: str, word: str) -> None:
    (flaw,) = _flaws(text)
    assert flaw.startswith(f"{place} ")
    assert word in flaw
    assert "hush" not in flaw
    assert "secret" not in flaw


def test_aliases_share_values_but_cannot_grow_without_bound() -> None:
    assert parse_yaml("a: &x {k: 1}\nb: *x").value == {"a": {"k": 1}, "b": {"k": 1}}
    bomb = "a0: &a0 [1, 1]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    assert "more than 100000 values" in _flaws(bomb)[0]


def test_positions_are_those_of_keys_and_values() -> None:
    document = parse_yaml("a:\n  ü: {b: [10, 20]}\nc: 1\n")
    assert document.position(("a", "ü", "b", 1)) == (2, 15)
    assert document.position(("a", "ü", "b"), of_key=True) == (2, 7)
    assert document.position(("a", "ü", "missing")) == (2, 3)
    assert document.position(("missing",)) == (1, 1)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableYaml):
        assert isinstance(parse_yaml(text).value, dict)


def _flaws(text: str) -> list[str]:
    with pytest.raises(UnreadableYaml) as caught:
        parse_yaml(text)
    return [f"{flaw.line}:{flaw.column} {flaw.message}" for flaw in caught.value.flaws]
