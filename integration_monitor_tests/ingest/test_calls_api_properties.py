"""No body gives an error of the server, and what is valid is taken however strange it is."""

from __future__ import annotations

import itertools
import json

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_monitor_tests.ingest.calls_examples import EVENT, batch, event

JSON = {"Content-Type": "application/json"}
_numbers = itertools.count()
_thorough = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])

_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
_FULL_EVENT = {
    **EVENT,
    "url": "/v3/contacts/7",
    "error": "network",
    "headers": {"ratelimit": "x"},
    "attempt": 2,
    "error_code": "E",
    "message": "no",
    "key": "k",
}
_NEARLY_EVENTS = st.fixed_dictionaries(
    {}, optional={name: st.just(value) | _ANYTHING for name, value in _FULL_EVENT.items()}
)
_BATCHES = st.fixed_dictionaries(
    {"events": st.lists(_NEARLY_EVENTS | st.just(EVENT) | _ANYTHING, max_size=3) | _ANYTHING},
    optional={
        "batch_id": st.text() | _ANYTHING,
        "source": st.text() | _ANYTHING,
        "more": _ANYTHING,
    },
)
_BODIES = st.binary(max_size=200) | (_ANYTHING | _BATCHES).map(json.dumps).map(str.encode)


@_thorough
@given(body=_BODIES)
def test_no_body_is_answered_with_an_error_of_the_server(api: httpx.Client, body: bytes) -> None:
    answer = api.post("/v1/calls", content=body, headers=JSON)
    assert answer.status_code in {200, 400, 422}, answer.text


_PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200)
_VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["9" * 400, "-1", "1e309", "nan", "@" + "9" * 30, '"a";r=1;t=-9', "limit=1, remaining=9e99",
     "Wed, 31 Dec 9999 23:59:59 -2359", '<http://[::1>; rel="sunset"', "api-usage=1/0"]
)  # fmt: skip
_HEADERS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "RateLimit", "RateLimit-Policy", "RateLimit-Reset", "X-RateLimit-Remaining",
         "X-RateLimit-Reset", "Deprecation", "Sunset", "Link", "Content-Type", "Warning",
         "WWW-Authenticate", "X-Request-Id", "Date", "Sforce-Limit-Info"]
    ),
    _VALUES,
)  # fmt: skip
_STRANGE_EVENTS = st.builds(
    event,
    tenant=st.none() | _PRINTABLE,
    status=st.integers(100, 599),
    url=_PRINTABLE,
    endpoint=st.none(),
    headers=_HEADERS,
    error_code=st.none() | _PRINTABLE,
    message=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    key=st.none() | _PRINTABLE,
    duration_ms=st.floats(0, 86_400_000),
)


@_thorough
@given(events=st.lists(_STRANGE_EVENTS, min_size=1, max_size=4))
def test_what_is_valid_is_taken(api: httpx.Client, events: list[dict[str, object]]) -> None:
    body = json.dumps(batch(*events, batch_id=str(next(_numbers))))
    answer = api.post("/v1/calls", content=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"accepted": len(events), "duplicate": False, "rejected": []}
