"""What became of a call: an answer, or an exception, as a class of the taxonomy. Pure.

The class is decided from status, headers and the first byte; a body only where it was parsed for
another reason. The retry rules of OAuth 2 are those of RFC 6749 §5.2 and RFC 6750 §3.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from integration_monitor.ingest.error_details import class_of_code, codes_in, told_codes
from integration_monitor.ingest.error_outcome import outcome_of_error as outcome_of_error
from integration_monitor.ingest.rate_limit import Limit
from integration_monitor.manifest.calls import ErrorIn200
from integration_monitor.observe.json_path import Path
from integration_monitor.observe.retry_after import retry_after
from integration_monitor.signals.call_outcome import ErrorClass, Outcome

NOT_MODIFIED = 304
_STARTS_OF_JSON = b'{["-0123456789tfn)\x1e\xef'
"""The last three: a guard against inclusion as a script, RFC 7464, a byte order mark."""
_WITHOUT_BODY = frozenset({204, 205})
_DAY = 86_400
_BY_STATUS: Mapping[int, ErrorClass] = {
    401: "auth_expired",
    402: "permission",
    403: "permission",
    404: "not_found",
    407: "our_config",
    408: "server",
    409: "conflict",
    410: "not_found",
    412: "conflict",
    421: "our_config",
    423: "conflict",
    425: "conflict",
    451: "permission",
}
_WHEN_IN_TROUBLE: frozenset[ErrorClass] = frozenset({"conflict", "rate_limited", "quota_exhausted"})
"""What is believed of an answer that speaks of the partner's state, not of the account's."""


def outcome_of_answer(
    status: int,
    headers: Mapping[str, str],
    *,
    first: bytes = b"",
    body: object = None,
    error_in_200: ErrorIn200 | None = None,
    limits: Iterable[Limit] = (),
    wait_budget: timedelta | None = None,
    expects_json: bool = True,
    now: datetime | None = None,
) -> Outcome:
    """The class of an answer.

    `headers` is case-insensitive, or has its names in lower case. `first` is where the body begins,
    as it came over the wire. `body` is the parsed JSON, where there was a reason to parse it, and
    `limits` what the headers say of rate limits. `expects_json=False` takes any page for an answer
    (HEAD, downloads). `now` measures a `Retry-After` that is a date, where no `Date` came with it.
    """
    if 200 <= status < 300:
        if expects_json and status not in _WITHOUT_BODY and _is_unusable(headers, first):
            return "bad_response"
        if body is None:
            return "ok"
        within = _error_within(body, error_in_200)
        turned_away = within == "rate_limited"
        return _turned_away(headers, body, limits, wait_budget, now) if turned_away else within
    if status == NOT_MODIFIED:
        return "ok"
    found = _failure(status, headers, body)
    if found == "rate_limited":
        return _turned_away(headers, body, limits, wait_budget, now)
    return found


def _is_unusable(headers: Mapping[str, str], first: bytes) -> bool:
    """An HTML page, or what cannot be the JSON it says it is."""
    kind = headers.get("content-type", "").lower()
    if "html" in kind:
        return bool(first) or headers.get("content-length") != "0"
    start = first.lstrip()[:1]
    if not start or start in _STARTS_OF_JSON:
        return False
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return False
    return "json" in kind or (start == b"<" and kind.partition(";")[0] in ("", "text/plain"))


def _error_within(body: object, rule: ErrorIn200 | None) -> Outcome:
    """What a body says that came with a success."""
    if rule is None:
        throttled = any(class_of_code(code) == "rate_limited" for code in codes_in(body))
        return "rate_limited" if throttled and _is_an_error(body) else "ok"
    found = _path(rule.path).of(body)
    if not found:
        return "ok"
    codes = _texts(_path(rule.code).of(body) if rule.code else found)
    for code in codes:
        if code in rule.classes:
            return rule.classes[code]
    return next((known for code in codes if (known := class_of_code(code))), "bad_response")


def _is_an_error(body: object) -> bool:
    """Whether an undeclared body is an error as a whole: data beside errors is a success."""
    return isinstance(body, Mapping) and not body.get("data") and bool(body.get("errors"))


def _failure(status: int, headers: Mapping[str, str], body: object) -> ErrorClass:
    in_trouble = status == 429 or status >= 500
    for code in told_codes(headers, body):
        known = class_of_code(code)
        if known and (not in_trouble or known in _WHEN_IN_TROUBLE):
            return known
    if status == 429 or (status == 403 and _has_marks_of_a_limit(headers)):
        return "rate_limited"
    if status >= 500:
        return "server"
    if 300 <= status < 400:
        return "our_config"
    return _BY_STATUS.get(status, "bad_request" if status >= 400 else "bad_response")


def _has_marks_of_a_limit(headers: Mapping[str, str]) -> bool:
    """GitHub says 403 for its rate limits, with these marks."""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"


def _turned_away(
    headers: Mapping[str, str],
    body: object,
    limits: Iterable[Limit],
    wait_budget: timedelta | None,
    now: datetime | None,
) -> ErrorClass:
    """A limit that is soon over, or a quota: one of a day, or longer than is waited for."""
    used_up = [limit for limit in limits if limit.remaining == 0]
    told = any(class_of_code(code) == "quota_exhausted" for code in told_codes(headers, body))
    if told or any(_is_daily(limit) for limit in used_up):
        return "quota_exhausted"
    hint = retry_after(headers, now)
    if hint is None:
        hint = max((limit.reset_after_s or 0.0 for limit in used_up), default=0.0)
    over = wait_budget is not None and hint > wait_budget.total_seconds()
    return "quota_exhausted" if over else "rate_limited"


def _is_daily(limit: Limit) -> bool:
    return (limit.window_s or 0) >= _DAY or limit.policy.lower() in ("day", "daily")


def _texts(found: object) -> list[str]:
    items = found if isinstance(found, list) else [found]
    return [str(item) for item in items if isinstance(item, str | int)]


@lru_cache(maxsize=1024)
def _path(text: str) -> Path:
    return Path(text)
