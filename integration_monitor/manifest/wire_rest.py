"""The wire models of a REST side: its requests, its pages, its count."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from integration_monitor.manifest.domain import TimeFormat
from integration_monitor.manifest.wire_types import Name, RequestPath, Text, Wire

Method = Literal["GET", "POST", "PUT"]


class RequestTemplate(Wire):
    """A request; its texts may hold placeholders.

    `{since} {until} {cursor} {page} {offset} {size} {keys} {key} {connection.NAME}`
    """

    method: Method = "GET"
    """The HTTP method."""
    path: RequestPath
    """The path, relative to the partner's `base_url`."""
    query: dict[str, Any] = Field(default_factory=dict)
    """Query parameters."""
    body: Any = None
    """The body, sent as JSON."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers beside authentication."""


class ListRequest(RequestTemplate):
    mode: Literal["changed", "newest_first", "full"] = "changed"
    """`changed`: filtered by `{since}`. `newest_first`: ordered. `full`: all records each time."""
    time: TimeFormat | None = None
    """How `{since}` and `{until}` are written, and numbers in `updated_at` are read (iso8601)."""
    max_results: int | None = Field(default=None, ge=1)
    """The most records the partner gives for one query, over all its pages."""
    etag: bool = False
    """Ask with `If-None-Match` whether anything changed at all; for `newest_first`."""


class LookupRequest(RequestTemplate):
    batch: int = Field(default=100, ge=1)
    """How many keys one request may ask for."""


class Pages(Wire):
    """How a list is cut into pages, and how the next one is asked for."""

    type: Literal["cursor", "page_number", "offset", "link_header", "next_url", "keyset"]
    """What leads to the next page: a `{cursor}`, a `{page}`, an `{offset}`, or an address."""
    body: Text | None = None
    """`cursor`, `next_url`: JMESPath of the next cursor or address; null on the last page."""
    header: Text | None = None
    """`cursor`: the header with the next cursor, instead of `body`."""
    cursor: Text | None = None
    """`keyset`: JMESPath of the next cursor on the list of a page's records: `[-1].id`."""
    start: int | None = Field(default=None, ge=0)
    """`page_number`, `offset`: the first page's number (1) or offset (0)."""
    size: int | None = Field(default=None, ge=1)
    """Records of a full page, for `{size}`; a page with fewer is the last one."""
    more: Text | None = None
    """JMESPath on the document: false, null or 0 on the last page."""


class Count(Wire):
    """Exactly one of `body`, `header` and `paging`; text alone stands for `body`."""

    body: Text | None = None
    """JMESPath of the number in an answer."""
    header: Text | None = None
    """The header with the number, such as `X-Total-Count`."""
    paging: Literal[True] | None = None
    """Count by reading all pages, as far as the request budget goes."""
    request: RequestTemplate | None = None
    """A request of its own for the number; left out: the first page of `list` tells it."""


def _count(value: object) -> object:
    return {"body": value} if isinstance(value, str) else value


class RestSide(Wire):
    endpoint: Name | None = None
    """The declared endpoint whose calls these are."""
    time: TimeFormat | None = None
    """How numbers in `updated_at` are read, where `list` does not say (iso8601)."""
    list_request: ListRequest | None = Field(default=None, alias="list")
    """The request that lists records."""
    lookup: LookupRequest | None = None
    """The request that returns the records of `{keys}`."""
    records: Text
    """JMESPath of the list of records in a response."""
    next: Text | None = None
    """JMESPath of the next `{cursor}`, or of the next page's address; null on the last page."""
    pages: Pages | None = None
    """How a list is cut into pages, where `next` does not say it."""
    count: Annotated[Count, BeforeValidator(_count, json_schema_input_type=Text | Count)] | None = (
        None
    )
    """The total number of records of the query: JMESPath, or where else it is to be found."""
    errors: Text | None = None
    """JMESPath: where it finds something in a 200 answer, that is a failure (GraphQL)."""
