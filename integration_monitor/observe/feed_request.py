"""Asking for a feed: once, only if it changed, and no more of it than anybody needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from integration_monitor.observe.http_answers import NOT_MODIFIED, Answer, failure
from integration_monitor.observe.http_exchange import open_client, unlogged
from integration_monitor.observe.side import ReadError
from integration_monitor.version import __version__

LARGEST = 5 * 1024 * 1024
"""Bytes of a feed, after it was unpacked."""
WITHIN = timedelta(seconds=30)
"""The whole of it, however slowly it comes."""
SILENCE = timedelta(seconds=10)
"""The longest time without a byte."""
_HEADER = 200
_ASKED_FOR = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True)
class Validators:
    """What an answer said of itself, for the next request to ask whether it changed."""

    etag: str | None = None
    modified: str | None = None

    @classmethod
    def of(cls, answer: Answer) -> Validators:
        """Those of an answer, as far as they fit into a header."""
        given = [answer.headers.get(name) for name in ("etag", "last-modified")]
        etag, modified = (text if text and len(text) <= _HEADER else None for text in given)
        return cls(etag, modified)


def open_feed_client(silence: timedelta = SILENCE) -> httpx.Client:
    """A client for feeds, which keeps no cookies."""
    return open_client(silence)


def request_feed(
    client: httpx.Client,
    url: str,
    known: Validators,
    *,
    within: timedelta = WITHIN,
    monotonic: Callable[[], float] = time.monotonic,
) -> Answer | None:
    """The answer, None where it is as it was when `known` was given. Raises `ReadError`.

    Redirects are followed: feeds move, and nothing secret is sent along.
    """
    given = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    headers = {
        "Accept": _ASKED_FOR,
        "User-Agent": f"integration-monitor/{__version__}",
        **{name: value for name, value in given.items() if value},
    }
    answer = _read(client, url, headers, monotonic() + within.total_seconds(), monotonic)
    if error := failure(answer, "the feed"):
        raise error
    return None if answer.status == NOT_MODIFIED else answer


def _read(
    client: httpx.Client,
    url: str,
    headers: Mapping[str, str],
    ends: float,
    monotonic: Callable[[], float],
) -> Answer:
    try:
        with (
            unlogged(),
            client.stream("GET", url, headers=headers, follow_redirects=True) as response,
        ):
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    size = LARGEST // 1024 // 1024
                    raise ReadError("bad_response", f"the feed is larger than {size} MB")
                if monotonic() > ends:
                    raise ReadError("timeout", "the feed did not come to its end in time")
            found = response.headers
            return Answer(response.status_code, dict(found), bytes(body), str(response.url))
    except httpx.TimeoutException:
        raise ReadError("timeout", "the feed's server does not answer in time") from None
    except httpx.DecodingError:
        raise ReadError("bad_response", "the feed cannot be unpacked") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) if isinstance(error, httpx.ConnectError) else type(error).__name__
        raise ReadError("network", f"the feed's server cannot be reached: {reason}") from None
