"""Which paths a sync reads, by the expressions of its manifest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.domain import RestSide, Side
from integration_monitor.signals.mapped import expression_paths, mapped_paths
from integration_monitor.signals.schema_drift import use_of
from integration_monitor_tests.observe.memory import SYNC


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("id", "id"),
        ("properties.email", "properties.email"),
        ("a[0].b", "a[].b"),
        ("a[-1]", "a[]"),
        ("a[*].b", "a[].b"),
        ("a[].b[].c", "a[].b[].c"),
        ("a[0:2].b", "a[].b"),
        ("emails[?type=='work'].address", "emails[].address emails[].type"),
        ("emails[?type=='work'].address | [0]", "emails[].address emails[].type"),
        ("emails[?main] | [0].address", "emails[].address emails[].main"),
        ("to_string(id)", "id"),
        ("length(lines[])", "lines[]"),
        ("by_key.*.name", "by_key"),
        ("{x: a, y: b.c}", "a b.c"),
        ("not_null(a.b, c) == 'x' && d", "a.b c d"),
        ('"a.b".c', '"a.b".c'),
        ("@", ""),
        ("no expression [", ""),
    ],
)
def test_paths_of_an_expression(expression: str, paths: str) -> None:
    assert expression_paths(expression) == set(paths.split())


@given(st.text(alphabet="ab.[]*?|&'\"@,:{}()01- ", max_size=12))
def test_any_expression_has_paths(text: str) -> None:
    expression_paths(text)


def test_what_each_path_is_used_for() -> None:
    rest = RestSide(None, None, None, "results", None, None)
    source = Side(rest, key="id", updated_at="meta.at", where="kind == 'x'")
    sync = replace(SYNC, source=source, fields={"Email": "properties.email"})
    assert mapped_paths(sync, "source") == {
        "id": "key",
        "meta.at": "updated_at",
        "kind": "where",
        "properties.email": "Email",
    }
    assert mapped_paths(sync, "destination") == {
        "id": "key",
        "updated_at": "updated_at",
        "email": "properties.email",
    }
    assert use_of("properties", mapped_paths(sync, "source")) == "Email"
    assert use_of("properties.city", mapped_paths(sync, "source")) is None
