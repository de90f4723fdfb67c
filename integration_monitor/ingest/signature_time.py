"""When a request was signed, and whether that is now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime

from integration_monitor.ingest.signature_error import SignatureError
from integration_monitor.ingest.signed_request import SignedRequest
from integration_monitor.manifest.signature_scheme import Timestamp, Unit

_DIGITS = re.compile(r"[0-9]{1,15}")


def raw_time(rule: Timestamp, request: SignedRequest, parts: Mapping[str, str]) -> str:
    """The time as it is written; it is signed so. Raises `SignatureError`."""
    match rule.source:
        case "header":
            return request.header(rule.name)
        case "part":
            if rule.name not in parts:
                raise SignatureError("malformed", f"the signature's header has no `{rule.name}`")
            return parts[rule.name]
        case "json":
            return _in_body(rule.name, request.body)


def check_time(rule: Timestamp, raw: str, now: datetime) -> None:
    """The time is readable, and not further from `now` than is allowed, on either side."""
    away = abs(now.timestamp() - _seconds(raw, rule.unit))
    if rule.tolerance is not None and away > rule.tolerance.total_seconds():
        allowed = f"{rule.tolerance.total_seconds():.0f} s"
        raise SignatureError("timestamp", f"signed {away:.0f} s from now; {allowed} are allowed")


def _seconds(raw: str, unit: Unit) -> float:
    if unit == "rfc3339":
        try:
            read = datetime.fromisoformat(raw)
            if read.tzinfo is not None:
                return read.timestamp()
        except (ValueError, OverflowError):
            pass
    elif _DIGITS.fullmatch(raw):
        return int(raw) / (1000 if unit == "ms" else 1)
    raise SignatureError("malformed", f"the time is not written in {unit}")


def _in_body(path: str, body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise SignatureError("malformed", "the body is no JSON, which holds the time") from None
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise SignatureError("malformed", f"the body has no time at `{path}`")
    return str(found)
