"""Where credentials stand in a request: in a header, or in a parameter of the query."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import quote, unquote_plus

import httpx

from integration_monitor.observe.side import ReadError

_IN_A_HEADER = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")


class Unauthenticated:
    """Requests go as they are."""

    def prepare(self) -> None:
        """Nothing is needed."""

    def sign(self, request: httpx.Request) -> None:
        """Nothing is added."""

    def renew(self) -> bool:
        """There is nothing else to try."""
        return False


class InHeader(Unauthenticated):
    """One header that stays the same."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def sign(self, request: httpx.Request) -> None:
        """Set the header."""
        set_header(request, self._name, self._value)


class InQuery(Unauthenticated):
    """One parameter that stays the same, also where an address is the partner's own."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def sign(self, request: httpx.Request) -> None:
        """Set the parameter."""
        request.url = with_parameter(
            without_parameters(request.url, [self._name]), self._name, self._value
        )


def set_header(request: httpx.Request, name: str, value: str) -> None:
    """Set a header. Raises `ReadError` of kind `config` for what no header can hold."""
    if not _IN_A_HEADER.fullmatch(value):
        raise ReadError(
            "config", f"a credential for the header `{name}` has characters that no header can hold"
        )
    request.headers[name] = value


def without_parameters(url: httpx.URL, names: Collection[str]) -> httpx.URL:
    """The URL without some parameters, all others letter by letter as they were."""
    parts = url.query.split(b"&") if url.query else []
    kept = [part for part in parts if unquote_plus(part.partition(b"=")[0].decode()) not in names]
    return url if len(kept) == len(parts) else url.copy_with(query=b"&".join(kept) or None)


def with_parameter(url: httpx.URL, name: str, value: str) -> httpx.URL:
    """The URL with one more parameter at its end."""
    added = f"{quote(name, safe='')}={quote(value, safe='')}".encode()
    return url.copy_with(query=url.query + b"&" + added if url.query else added)
