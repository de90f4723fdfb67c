"""Which events a request carries, read by the paths of a manifest. Pure.

It is fast: a request waits for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

from integration_monitor.ingest.event_body import (
    UnreadableBody,
    canonical,
    read_document,
    written,
)
from integration_monitor.ingest.event_texts import as_text, id_of
from integration_monitor.manifest.domain import TimeFormat
from integration_monitor.manifest.webhooks import HEADER, TYPE_NAMES, Webhooks
from integration_monitor.observe.canonical import parse_time
from integration_monitor.observe.json_path import Path
from integration_monitor.store.storable import MOST

MOST_EVENTS = 10_000
"""In one request: a partner sends hundreds at most, and all others wait while it is read."""
_DIGITS_OF_EPOCH = 10
_MILLISECONDS = 10**11
"""Of these there were so many by 1973; seconds there will be by 5138."""

Headers = Mapping[str, str]
"""By their names in lower case."""
Finder = Callable[[object, Headers], Any]


def id_of_content(digest: bytes) -> str:
    """The id of an event that has none of its partner."""
    return f"sha256:{digest.hex()}"


class TooManyEvents(UnreadableBody):
    """A list of more events than `MOST_EVENTS`."""


class ReadEvent(NamedTuple):
    """One event. Its texts are as `storable` leaves them; a long one keeps its hash."""

    event_id: str
    """The partner's; several parts are joined by colons; `sha256:…` where it has none."""
    type: str | None
    tenant: str
    """The connection's, where the event names none."""
    object_id: str | None
    order_key: str | None
    occurred_at: datetime | None
    body: bytes
    """As it came, or the entry of a list as JSON."""
    digest: bytes
    """Of what must not differ between repeats; the order of keys is left out."""
    unreadable: str | None = None
    """Why it cannot be processed."""
    entry: int | None = None
    """Where in the list of its request it was, from 1 on; None: its body is the request's."""


class EventReader:
    """Reads the events of one integration. Its paths are compiled once."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._at = webhooks.each
        self._each = Path(webhooks.each) if webhooks.each not in (None, "$") else None
        self._ids = tuple(_finder(path) for path in webhooks.event_id)
        self._no_id = f"no event id at {', '.join(f'`{path}`' for path in webhooks.event_id)}"
        self._type = _finder(webhooks.type) if webhooks.type else _usual_type
        self._tenant = _optional(webhooks.tenant)
        self._object = _optional(webhooks.object)
        self._order = _optional(webhooks.ordered_by)
        self._occurred_at = _optional(webhooks.occurred_at)
        self._time = webhooks.time
        self._may_differ = frozenset(webhooks.may_differ)

    @classmethod
    def of(cls, webhooks: Webhooks) -> Self:
        """The reader of a manifest's webhooks. Raises `ReadError` for a path that is none."""
        return cls(webhooks)

    def read(self, headers: Headers, body: bytes, connection: str) -> tuple[ReadEvent, ...]:
        """The events of a request. Raises `TooManyEvents`; nothing, whatever else it holds.

        `headers` by lower-case names. What cannot be understood is an event with the reason:
        the whole body, or only the entry of its list. No event for an empty list.
        """
        try:
            document = read_document(body, headers.get("content-type", ""))
            return tuple(self._events(document, headers, body, connection))
        except TooManyEvents:
            raise
        except UnreadableBody as error:
            return (self._unreadable(headers, body, connection, str(error)),)

    def read_again(
        self, headers: Headers, body: bytes, connection: str, entry: int | None
    ) -> tuple[ReadEvent, ...]:
        """What `read` says of an event's `body` and `entry`; as long as nothing changed, the same.

        By another manifest the body of a request may be a list of events. Of an entry it is one.
        """
        try:
            if entry is None:
                return self.read(headers, body, connection)
            document = read_document(body, "")  # entries are JSON, whatever the request was
            return (self._entry(entry, document, headers, body, connection),)
        except UnreadableBody as error:
            known = headers if entry is None else {}
            return (self._unreadable(known, body, connection, str(error), entry),)

    def _events(
        self, document: object, headers: Headers, body: bytes, connection: str
    ) -> Iterator[ReadEvent]:
        if self._at is None:
            yield self._event(_mapping(document), headers, body, connection)
            return
        found = self._each.of(document) if self._each else document
        if isinstance(found, dict):  # the only event, without a list around it
            if self._each:
                yield self._entry(1, found, headers, written(found), connection)
            else:
                yield self._event(found, headers, body, connection)
            return
        if not isinstance(found, list):
            raise UnreadableBody(f"no list of events at `{self._at}`")
        if len(found) > MOST_EVENTS:
            raise TooManyEvents(f"a list of {len(found):,} events; {MOST_EVENTS:,} are taken")
        for number, entry in enumerate(found, 1):
            yield self._entry(number, entry, headers, written(entry), connection)

    def _entry(
        self, number: int, document: object, headers: Headers, body: bytes, connection: str
    ) -> ReadEvent:
        if isinstance(document, dict):
            return self._event(document, headers, body, connection, number)
        reason = f"entry {number} of the list is not an object"
        return self._unreadable({}, body, connection, reason, number)

    def _event(
        self,
        document: dict[str, Any],
        headers: Headers,
        body: bytes,
        connection: str,
        entry: int | None = None,
    ) -> ReadEvent:
        digest = hashlib.sha256(canonical(self._lasting(document))).digest()
        return self._told(document, headers, body, connection, digest, entry)

    def _unreadable(
        self,
        headers: Headers,
        body: bytes,
        connection: str,
        reason: str,
        entry: int | None = None,
    ) -> ReadEvent:
        """Headers may tell its id all the same."""
        digest = hashlib.sha256(body).digest()
        told = self._told({}, headers, body, connection, digest, entry)
        return told._replace(unreadable=reason)

    def _told(
        self,
        document: object,
        headers: Headers,
        body: bytes,
        connection: str,
        digest: bytes,
        entry: int | None,
    ) -> ReadEvent:
        event_id = self._id(document, headers)
        return ReadEvent(
            event_id=event_id or id_of_content(digest),
            type=as_text(self._type(document, headers)),
            tenant=_found(self._tenant, document, headers) or connection,
            object_id=_found(self._object, document, headers),
            order_key=_found(self._order, document, headers),
            occurred_at=self._moment(document, headers),
            body=body,
            digest=digest,
            unreadable=self._no_id if self._ids and event_id is None else None,
            entry=entry,
        )

    def _lasting(self, document: dict[str, Any]) -> dict[str, Any]:
        if not self._may_differ:
            return document
        return {key: value for key, value in document.items() if key not in self._may_differ}

    def _id(self, document: object, headers: Headers) -> str | None:
        return id_of([find(document, headers) for find in self._ids])

    def _moment(self, document: object, headers: Headers) -> datetime | None:
        if self._occurred_at is None:
            return None
        found = self._occurred_at(document, headers)
        return parse_time(found, self._time or _format_of(found))


def _finder(text: str) -> Finder:
    if text.startswith(HEADER):
        name = text.removeprefix(HEADER).lower()
        return lambda document, headers: headers.get(name)
    path = Path(text)
    return lambda document, headers: path.of(document)


def _optional(text: str | None) -> Finder | None:
    return _finder(text) if text else None


def _usual_type(document: object, headers: Headers) -> Any:
    found = document if isinstance(document, dict) else {}
    return next((found[name] for name in TYPE_NAMES if isinstance(found.get(name), str)), None)


def _found(find: Finder | None, document: object, headers: Headers) -> str | None:
    return as_text(find(document, headers)) if find else None


def _format_of(value: object) -> TimeFormat:
    """A number of seconds or milliseconds is one: no time of an event can be meant by both."""
    digits = value.partition(".")[0] if isinstance(value, str) else ""
    if digits.isdecimal() and len(digits) >= _DIGITS_OF_EPOCH:  # fewer may be a date, 20260301
        value = int(digits[:MOST])
    if isinstance(value, int | float):
        return "epoch_ms" if abs(value) >= _MILLISECONDS else "epoch_s"
    return "iso8601"


def _mapping(document: object) -> dict[str, Any]:
    if isinstance(document, dict):
        return document
    if isinstance(document, list):
        raise UnreadableBody('the body is a list; with `each: "$"` its entries are the events')
    raise UnreadableBody("the body is not an object")
