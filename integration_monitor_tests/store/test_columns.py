"""Columns come back from PostgreSQL as they were given, nulls and all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta, timezone

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_monitor.store.columns import Bytes, Column, Numbers, Texts, Times, register

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))
Kind = tuple[str, type[Column], st.SearchStrategy[object]]
KINDS: tuple[Kind, ...] = (
    ("text", Texts, TEXTS),
    ("bytea", Bytes, st.binary()),
    ("timestamptz", Times, TIMES),
    ("bigint", Numbers, st.integers(-(2**63), 2**63 - 1)),
)


@pytest.fixture
def connection(store_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(store_url, autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'")
        register(connection)
        yield connection


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_columns_come_back_as_they_were(
    connection: psycopg.Connection, kind: Kind, data: st.DataObject
) -> None:
    name, column, values = kind
    given_values = data.draw(st.lists(st.none() | values))
    found = connection.execute(f"select %b::{name}[]", [column(given_values)]).fetchone()
    assert found == (given_values,)


def test_half_a_character_is_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        connection.execute("select %b", [Texts(["\ud800"])])
