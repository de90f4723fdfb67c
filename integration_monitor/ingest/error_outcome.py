"""What an exception of an HTTP client means for a call. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from integration_monitor.ingest.error_details import class_of_code
from integration_monitor.signals.call_outcome import ErrorClass, Outcome

_CAUSES = 5
"""How deep an exception is looked into."""
_BY_NAME: Mapping[str, ErrorClass] = {
    # httpx, what continues it under the same names, and httpcore below it.
    "ConnectTimeout": "network",
    "TimeoutException": "timeout",
    "ProxyError": "our_config",
    "LocalProtocolError": "our_config",
    "UnsupportedProtocol": "our_config",
    "TooManyRedirects": "our_config",
    "InvalidURL": "our_config",
    "DecodingError": "bad_response",
    "TransportError": "network",
    "NetworkError": "network",
    "RemoteProtocolError": "network",
    # The standard library: names are resolved, TLS is spoken, JSON is read there.
    "TimeoutError": "timeout",
    "CancelledError": "timeout",
    "JSONDecodeError": "bad_response",
    "UnicodeDecodeError": "bad_response",
    "OSError": "network",
}
"""The nearest class of an exception counts: a `ConnectTimeout` is no `TimeoutException` here."""


def outcome_of_error(error: BaseException) -> Outcome:
    """The class of a call that ended in an exception; `our_config` where nobody knows it.

    An exception of OAuth 2 is judged by its code. A call that was cancelled counts as a timeout:
    that is how asyncio ends one.
    """
    for one in _causes(error):
        found = _of_code(one) or _of_name(one)
        if found:
            return found
    return "our_config"


def error_name(error: BaseException) -> str:
    """The name of an exception, for an exemplar. Its text may hold an address, and is not taken."""
    return type(error).__name__[:64]


def _causes(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    for _ in range(_CAUSES):
        if at is None:
            return
        yield at
        at = at.__cause__


def _of_code(error: BaseException) -> ErrorClass | None:
    """Authlib's errors, for one, have the code of RFC 6749 §5.2."""
    code = getattr(error, "error", None)
    return class_of_code(code) if isinstance(code, str) else None


def _of_name(error: BaseException) -> ErrorClass | None:
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
