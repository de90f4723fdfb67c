from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.manifest.domain import RequestTemplate, TimeFormat
from integration_monitor.observe.canonical import parse_time
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.templates import (
    WRITTEN,
    Values,
    render,
    template_mentions,
    write_time,
)

VALUES = Values(
    since="10", until="20", keys=("a/b", "c"), connection={"token": "t0ken", "site": "eu 1"}
)
AT = datetime(2026, 3, 1, 12, 30, 15, 250_500, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "rendered"),
    [
        ({"since": "{since}", "n": 5, "on": True, "no": None},
         {"since": "10", "n": 5, "on": True, "no": None}),
        ({"ids": "{keys}"}, {"ids": ["a/b", "c"]}),
        ({"ids": "id in ({keys})"}, {"ids": "id in (a/b,c)"}),
        ({"inputs": [{"id": "{key}"}]}, {"inputs": [{"id": "a/b"}, {"id": "c"}]}),
        ({"after": "{cursor}", "page": {"at": "x{cursor}"}, "all": ["{cursor}", 1]},
         {"page": {}, "all": [1]}),
        ({"as": "{connection.site}-{unknown}"}, {"as": "eu 1-{unknown}"}),
        ("{cursor}", None),
        ([{"range": ["{since}", "{until}"]}], [{"range": ["10", "20"]}]),
        (None, None),
    ],
)  # fmt: skip
def test_a_body_is_filled_in(body: object, rendered: object) -> None:
    assert render(RequestTemplate("post", "/x", body=body), VALUES).body == rendered


def test_a_known_cursor_keeps_its_type_where_it_stands_alone() -> None:
    template = RequestTemplate("POST", "/x", body={"page": "{cursor}", "text": "p{cursor}"})
    body = render(template, Values(cursor=2)).body
    assert body == {"page": 2, "text": "p2"}


def test_path_query_and_headers_are_texts() -> None:
    template = RequestTemplate(
        "get",
        "/{connection.site}/items/{keys}",
        query={"ids": "{keys}", "each": ["{key}"], "after": "{cursor}", "limit": 100},
        headers={"x-token": "{connection.token}", "x-after": "{cursor}"},
    )
    request = render(template, VALUES)
    assert request.method == "GET"
    assert request.path == "/eu%201/items/a%2Fb,c"
    assert request.query == {"ids": "a/b,c", "each": ["a/b", "c"], "limit": 100}
    assert request.headers == {"x-token": "t0ken"}


@pytest.mark.parametrize(
    "template",
    [
        RequestTemplate("GET", "/x/{connection.missing}"),
        RequestTemplate("GET", "/x/{cursor}"),
        RequestTemplate("GET", "/x/{key}"),
        RequestTemplate("GET", "/x", query={"a": "{key}"}),
    ],
)
def test_what_is_not_there_is_an_error(template: RequestTemplate) -> None:
    with pytest.raises(ReadError) as caught:
        render(template, VALUES)
    assert caught.value.kind == "config"


def test_nothing_filled_in_is_shown() -> None:
    template = RequestTemplate("GET", "/{connection.token}", headers={"a": "{connection.token}"})
    request = render(template, VALUES)
    assert "t0ken" not in repr(request)
    assert "t0ken" not in repr(VALUES)


def test_mentions_are_found_anywhere() -> None:
    assert template_mentions(RequestTemplate("GET", "/", body=[{"a": ["{cursor}"]}]), "cursor")
    assert not template_mentions(RequestTemplate("GET", "/{keys}", body={"cursor": 1}), "key")


@pytest.mark.parametrize(
    ("time_format", "down", "up"),
    [
        ("iso8601", "2026-03-01T12:30:15Z", "2026-03-01T12:30:16Z"),
        ("epoch_s", "1772368215", "1772368216"),
        ("epoch_ms", "1772368215250", "1772368215251"),
        ("date", "2026-03-01", "2026-03-02"),
    ],
)
def test_bounds_are_written_outwards(time_format: TimeFormat, down: str, up: str) -> None:
    assert write_time(AT, time_format) == down
    assert write_time(AT, time_format, up=True) == up


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(sorted(WRITTEN)),
)
def test_a_written_bound_is_off_by_less_than_its_unit(
    at: datetime, time_format: TimeFormat
) -> None:
    low = parse_time(write_time(at, time_format), time_format)
    high = parse_time(write_time(at, time_format, up=True), time_format)
    assert low is not None
    assert high is not None
    assert timedelta(0) <= at - low < WRITTEN[time_format]
    assert timedelta(0) <= high - at < WRITTEN[time_format]
