"""Limits in the standard headers, in vendors' own, and in none that can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_monitor.ingest.rate_limit import Limit
from integration_monitor.ingest.rate_limit_headers import LimitReader, as_seen, tightest
from integration_monitor.manifest.calls import RateLimitHeaders
from integration_monitor.manifest.rate_limit_presets import PRESETS
from integration_monitor.store.call_batch import RateLimit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATE = {"date": "Sun, 01 Mar 2026 12:00:00 GMT"}
EPOCH = int(NOW.timestamp())
STANDARD = LimitReader()

Headers = dict[str, str]


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        # Up to -06: three headers.
        ({"ratelimit-limit": "100", "ratelimit-remaining": "50", "ratelimit-reset": "30"},
         [Limit("default", 100, 50, 30.0)]),
        ({"ratelimit-limit": "10, 10;w=1, 50;w=60", "ratelimit-remaining": "9"},
         [Limit("default", 10, 9, None, 1.0)]),
        ({"ratelimit-limit": "100", "ratelimit-remaining": "50", "ratelimit-policy": "100;w=60"},
         [Limit("default", 100, 50, None, 60.0)]),
        ({"ratelimit-remaining": "50"}, [Limit("default", None, 50)]),
        ({"ratelimit-limit": "100"}, [Limit("default", 100)]),
        # -07: a dictionary.
        ({"ratelimit": "limit=100, remaining=50, reset=5"}, [Limit("default", 100, 50, 5.0)]),
        ({"ratelimit": "limit=100, remaining=50", "ratelimit-policy": "100;w=60, 9;w=1"},
         [Limit("default", 100, 50, None, 60.0)]),
        # From -08: a list of policies.
        ({"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
         [Limit("default", 100, 50, 30.0, 60.0)]),
        ({"ratelimit": '"burst";r=5;t=1, "day";r=900;t=3600',
          "ratelimit-policy": '"burst";q=10;w=1, "day";q=1000;w=86400;pk=:cGs=:'},
         [Limit("burst", 10, 5, 1.0, 1.0), Limit("day", 1000, 900, 3600.0, 86400.0)]),
        ({"ratelimit": '"a";r=0'}, [Limit("a", None, 0)]),
        ({"ratelimit": "a;r=1;t=2"}, [Limit("a", None, 1, 2.0)]),
        # The newest generation wins over an older one beside it.
        ({"ratelimit": '"a";r=1', "ratelimit-limit": "100", "ratelimit-remaining": "7"},
         [Limit("a", None, 1)]),
        # What cannot be read is ignored, the rest is kept.
        ({"ratelimit": '"a";r=1, "b";t=4, "c";r=-1, 5;r=1'}, [Limit("a", None, 1)]),
        ({"ratelimit": '"a";r=1;t=-4'}, [Limit("a", None, 1)]),
        ({"ratelimit": '"a";r=1;t=99999999999'}, [Limit("a", None, 1)]),
        ({"ratelimit": '"a"; r=1 t=', "ratelimit-remaining": "7"}, [Limit("default", None, 7)]),
        ({"ratelimit": "limit=100"}, []),
        ({"ratelimit": "limit=ten, remaining=five"}, []),
        ({"ratelimit": "limit=100, remaining=50, reset"}, [Limit("default", 100, 50)]),
        ({"ratelimit": '"a";r=99999999999999999999'}, []),
        ({"ratelimit": "\x00\xff"}, []),
        ({"ratelimit": '"' + "a" * 500 + '";r=1'}, []),
        ({"ratelimit": "x" * 5000}, []),
        ({"ratelimit-policy": '"default";q=100;w=60'}, []),
        ({"ratelimit-limit": "many", "ratelimit-remaining": ""}, []),
        ({"ratelimit-limit": "-1", "ratelimit-remaining": "1e3", "ratelimit-reset": "5"}, []),
        ({"ratelimit-remaining": "5", "ratelimit-reset": "nan"}, [Limit("default", None, 5)]),
        ({"x-ratelimit-remaining": "5"}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_the_standard_headers(headers: Headers, limits: list[Limit]) -> None:
    assert list(STANDARD.read(headers, NOW)) == limits
    if all(value.isascii() and "\x00" not in value for value in headers.values()):
        assert list(STANDARD.read(httpx.Headers(headers), NOW)) == limits


@pytest.mark.parametrize(
    ("preset", "headers", "limits"),
    [
        ("github", {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999",
                    "X-RateLimit-Reset": str(EPOCH + 90), "X-RateLimit-Resource": "search"},
         [Limit("search", 5000, 4999, 90.0)]),
        ("github", {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": str(EPOCH - 5)}, [Limit("core", 60, 0, 0.0)]),
        ("github", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"},
         [Limit("core", None, 0, 0.0)]),
        ("hubspot", {"X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Remaining": "188",
                     "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
                     "X-HubSpot-RateLimit-Daily": "250000",
                     "X-HubSpot-RateLimit-Daily-Remaining": "1"},
         [Limit("burst", 190, 188, None, 10.0), Limit("daily", 250000, 1, None, 86400.0)]),
        ("hubspot", {"X-HubSpot-RateLimit-Daily-Remaining": "1"},
         [Limit("daily", None, 1, None, 86400.0)]),
        ("salesforce", {"Sforce-Limit-Info": "api-usage=10018/100000"},
         [Limit("daily", 100000, 89982, None, 86400.0)]),
        ("salesforce", {"Sforce-Limit-Info": "api-usage=25/5000; per-app-api-usage=17/250(app=x)"},
         [Limit("daily", 5000, 4975, None, 86400.0)]),
        ("salesforce", {"Sforce-Limit-Info": "api-usage=110/100"},
         [Limit("daily", 100, 0, None, 86400.0)]),
        ("salesforce", {"Sforce-Limit-Info": "api-usage=lots"}, []),
        ("shopify", {"X-Shopify-Shop-Api-Call-Limit": "32/40"}, [Limit("bucket", 40, 8)]),
        ("shopify", {"X-Shopify-Shop-Api-Call-Limit": "32"}, []),
        ("shopify", {"X-Shopify-Shop-Api-Call-Limit": "32/40/50"}, []),
        ("zendesk", {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "699",
                     "RateLimit-Limit": "700", "RateLimit-Remaining": "699",
                     "RateLimit-Reset": "41"}, [Limit("minute", 700, 699, 41.0, 60.0)]),
        ("xero", {"X-MinLimit-Remaining": "59", "X-AppMinLimit-Remaining": "9999",
                  "X-DayLimit-Remaining": "0"},
         [Limit("minute", None, 59, None, 60.0), Limit("app_minute", None, 9999, None, 60.0),
          Limit("day", None, 0, None, 86400.0)]),
        ("slack", {"X-RateLimit-Remaining": "5"}, []),
        ("intercom", {"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "166",
                      "X-RateLimit-Reset": str(EPOCH + 7)}, [Limit("app", 167, 166, 7.0, 10.0)]),
        ("linear", {"X-RateLimit-Requests-Limit": "5000", "X-RateLimit-Requests-Remaining": "12",
                    "X-RateLimit-Requests-Reset": str((EPOCH + 60) * 1000),
                    "X-RateLimit-Complexity-Limit": "250000",
                    "X-RateLimit-Complexity-Remaining": "0",
                    "X-RateLimit-Complexity-Reset": str((EPOCH + 30) * 1000)},
         [Limit("requests", 5000, 12, 60.0, 3600.0), Limit("complexity", 250000, 0, 30.0, 3600.0)]),
        ("linear", {"X-RateLimit-Requests-Remaining": "12", "X-RateLimit-Requests-Reset": "soon"},
         [Limit("requests", None, 12, None, 3600.0)]),
        # A standard header of another generation beside a vendor's own is read too.
        ("shopify", {"X-Shopify-Shop-Api-Call-Limit": "32/40", "RateLimit": '"a";r=1'},
         [Limit("bucket", 40, 8), Limit("a", None, 1)]),
    ],
)  # fmt: skip
def test_vendors(preset: str, headers: Headers, limits: list[Limit]) -> None:
    reader = LimitReader(preset)
    assert list(reader.read(httpx.Headers({**headers, **DATE}), NOW + timedelta(days=1))) == limits
    lower = {name.lower(): value for name, value in headers.items()}
    assert list(reader.read({**lower, **DATE}, NOW)) == limits


@pytest.mark.parametrize(
    ("unit", "value", "after"),
    [
        ("delta_s", "60", 60.0),
        ("delta_s", "0.5", 0.5),
        ("delta_ms", "1500", 1.5),
        ("epoch_s", str(EPOCH + 60), 60.0),
        ("epoch_ms", str(EPOCH * 1000 + 1500), 1.5),
        ("epoch_s", str(EPOCH - 60), 0.0),
        ("epoch_s", str(EPOCH * 1000), None),
        ("delta_s", str(EPOCH), None),
        ("delta_s", "-5", None),
        ("delta_s", "Sun, 01 Mar 2026 12:00:30 GMT", None),
        ("delta_s", "inf", None),
    ],
)
def test_the_unit_of_a_reset_is_declared(unit: str, value: str, after: float | None) -> None:
    rule = RateLimitHeaders(remaining="X-Left", reset="X-Reset", reset_unit=unit)  # type: ignore[arg-type]
    reader = LimitReader({"own": rule})
    assert reader.read({"x-left": "3", "x-reset": value}, NOW) == (Limit("own", None, 3, after),)


def test_a_moment_is_measured_by_the_partners_clock() -> None:
    headers = {"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(EPOCH + 60), **DATE}
    (limit,) = LimitReader("github").read(headers, NOW + timedelta(hours=5))
    assert limit.reset_after_s == 60.0


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_their_headers_in_lower_case(name: str) -> None:
    for rule in PRESETS[name].values():
        names = [rule.limit, rule.remaining, rule.used, rule.reset, rule.window_ms, rule.policy]
        assert all(one == one.lower() for one in names if one)
        assert rule.remaining or rule.used


@pytest.mark.parametrize(
    ("limits", "hint", "values"),
    [
        ([], None, {}),
        ([], 2.4, {"ratelimit-remaining": "0", "ratelimit-reset": "3"}),
        ([Limit("a", 100, 50, 30.0)], None,
         {"ratelimit-limit": "100", "ratelimit-remaining": "50", "ratelimit-reset": "30"}),
        ([Limit("a", 100, 50, 30.0), Limit("b", 1000, 100, 5.5)], None,
         {"ratelimit-limit": "1000", "ratelimit-remaining": "100", "ratelimit-reset": "6"}),
        ([Limit("a", 100, 0, 5.0), Limit("b", 1000, 0, 60.0)], None,
         {"ratelimit-limit": "1000", "ratelimit-remaining": "0", "ratelimit-reset": "60"}),
        ([Limit("a", 100, 0, 5.0)], 9.0,
         {"ratelimit-limit": "100", "ratelimit-remaining": "0", "ratelimit-reset": "9"}),
        ([Limit("a", None, 5), Limit("b", 1000, 999, 60.0)], None,
         {"ratelimit-limit": "1000", "ratelimit-remaining": "999", "ratelimit-reset": "60"}),
        ([Limit("a", None, 5), Limit("b", None, 4)], None, {"ratelimit-remaining": "4"}),
        ([Limit("a", 0, 0)], None, {"ratelimit-limit": "0", "ratelimit-remaining": "0"}),
        ([Limit("a", 100)], None, {}),
    ],
)  # fmt: skip
def test_the_tightest_limit_is_passed_on(
    limits: list[Limit], hint: float | None, values: Headers
) -> None:
    assert tightest(limits, hint) == values


def test_what_was_read_is_stored_with_the_moment_of_its_reset() -> None:
    seen = as_seen(Limit("a", 10, 5, 30.0, 60.0), "crm", "acme", NOW)
    reset = NOW + timedelta(seconds=30)
    assert seen == RateLimit("crm", "acme", "a", 10, 5, reset, 60.0, NOW)
    assert as_seen(Limit("a"), "crm", "acme", NOW).reset_at is None


NAMES = st.sampled_from(sorted(LimitReader("zendesk").names | LimitReader("github").names))
VALUES = st.text(max_size=40) | st.from_regex(r'"[a-z]+";[rtqw]=[0-9.-]{1,20}', fullmatch=True)


@given(st.dictionaries(NAMES, VALUES), st.sampled_from([None, *PRESETS]))
def test_no_header_raises_or_gives_an_impossible_limit(
    headers: Headers, preset: str | None
) -> None:
    limits = LimitReader(preset).read(headers, NOW)
    for limit in limits:
        assert limit.policy
        told = (limit.limit, limit.remaining, limit.reset_after_s, limit.window_s)
        assert all(value is None or 0 <= value < 1e15 for value in told)
        as_seen(limit, "crm", "-", NOW)
    assert all(value.isdigit() for value in tightest(limits).values())
