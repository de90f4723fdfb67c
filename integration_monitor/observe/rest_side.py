"""A collection of a partner's REST API, as one end of a sync."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import (
    SINGLE,
    Integration,
    ListRequest,
    LookupRequest,
    RequestTemplate,
    RestSide,
    Side,
)
from integration_monitor.observe.canonical import EPOCH
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.http_requests import PartnerClient
from integration_monitor.observe.partner_access import partner_client
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.rest_records import RecordReader
from integration_monitor.observe.side import Page, ReadError, Record, TooManyRecords, Totals
from integration_monitor.observe.templates import (
    GRANULARITY,
    Rendered,
    Values,
    render,
    template_mentions,
    write_time,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Answered:
    """One page of an answer, as it came."""

    document: object
    items: Sequence[object]


class RestCollection:
    """An `OpenSide` on HTTP."""

    def __init__(
        self,
        side: Side,
        at: RestSide,
        integration: Integration,
        connection: Connection,
        reading: Reading,
    ) -> None:
        """Prepare; nothing is asked yet. Raises `ReadError` of kind `config`."""
        if connection.error is not None:
            raise connection.error
        self._at = at
        self._reading = reading
        self._client: PartnerClient = partner_client(integration, connection, reading)
        tenant = None if connection.tenant == SINGLE else connection.tenant
        self._reader = RecordReader(side, at, tenant)
        self._filters_itself = side.where is not None
        self._values = Values(connection={"tenant": connection.tenant, **connection.credentials})
        request = at.list or at.lookup
        self.name = f"{integration.name} {request.request.path if request else ''}".strip()
        self.granularity = GRANULARITY[at.list.time if at.list else "iso8601"]
        self.keeps_version = side.updated_at is not None
        self.can_list = at.list is not None and self.keeps_version
        self.can_lookup = at.lookup is not None

    def now(self) -> datetime:
        """The partner's clock, from the `Date` of a response; ours where it never tells.

        `Date` has whole seconds and was written before it was read, so it is never ahead.
        """
        if self._client.clock_offset is None and self._at.list is not None:
            self._client.fetch(self._latest(self._at.list))
        return self._reading.clock() + timedelta(seconds=self._client.clock_offset or 0.0)

    def totals(self) -> Totals:
        """The partner's own count; None where it gives none, or `where` is ours to apply."""
        if self._at.list is None or self._at.count is None or self._filters_itself:
            return Totals(None)
        values = self._range(self._at.list, EPOCH, self._reading.clock() + _DAY)
        answer = self._client.fetch(render(self._at.list.request, values))
        return Totals(self._reader.count(answer))

    def changed(self, start: datetime, end: datetime) -> Iterator[Page]:
        """Records with `start <= updated_at < end`, page by page."""
        listing = self._at.list
        if listing is None or not self.can_list:
            raise ReadError(
                "config", f"{self.name}: neither `list` nor `updated_at` may be left out"
            )
        read = 0
        for page in self._pages(listing.request, self._range(listing, start, end)):
            read += len(page.items)
            self._check_size(listing, page, read)
            found = [self._reader.record(item) for item in page.items]
            yield _page(found, start, end)
            if listing.mode == "newest_first" and _reaches(found, start):
                return

    def lookup(self, keys: Sequence[str]) -> Iterator[Record]:
        """The records with these keys, in batches."""
        lookup = self._at.lookup
        if lookup is None:
            raise ReadError("config", f"{self.name}: no `lookup` is declared")
        asked = list(dict.fromkeys(keys))
        for first in range(0, len(asked), lookup.batch):
            yield from self._look_up(lookup, asked[first : first + lookup.batch])

    def close(self) -> None:
        """The HTTP client belongs to the measurement."""

    def _look_up(self, lookup: LookupRequest, keys: Sequence[str]) -> Iterator[Record]:
        single = lookup.batch == 1
        values = replace(self._values, keys=tuple(keys))
        try:
            for page in self._pages(lookup.request, values, single=single):
                for record in self._reader.looked_up(page.items):
                    if record.key in keys:
                        yield record
        except ReadError as error:
            if not (single and error.kind == "not_found"):
                raise

    def _range(self, listing: ListRequest, start: datetime, end: datetime) -> Values:
        return replace(
            self._values,
            since=write_time(start, listing.time),
            until=write_time(end, listing.time, up=True),
        )

    def _latest(self, listing: ListRequest) -> Rendered:
        now = self._reading.clock()
        return render(listing.request, self._range(listing, now, now + _DAY))

    def _pages(
        self, template: RequestTemplate, values: Values, *, single: bool = False
    ) -> Iterator[_Answered]:
        """All pages. Raises `ReadError` where the cursor goes round in circles."""
        request = render(template, values)
        seen: set[str] = set()
        while True:
            document = self._client.fetch(request)
            yield _Answered(document, self._items(document, single=single))
            cursor = self._reader.cursor(document)
            if cursor is None:
                return
            if repr(cursor) in seen:
                raise ReadError("bad_response", f"{self.name}: endless, one cursor came twice")
            seen.add(repr(cursor))
            request = self._following(template, values, request, cursor)

    def _items(self, document: object, *, single: bool) -> Sequence[object]:
        try:
            return self._reader.items(document, single=single)
        except ReadError as error:
            raise ReadError(error.kind, f"{self.name}: {error}") from error

    def _following(
        self, template: RequestTemplate, values: Values, request: Rendered, cursor: object
    ) -> Rendered:
        """The request of the next page: the cursor is a value of ours, or itself an address."""
        if template_mentions(template, "cursor"):
            return render(template, replace(values, cursor=cursor))
        address = str(cursor)
        if address.startswith(("http://", "https://")) and not self._client.same_origin(address):
            raise ReadError("bad_response", f"{self.name}: the next page is on another host")
        if request.method != "GET" or not address.startswith(("http://", "https://", "/")):
            raise ReadError("config", f"{self.name}: there is a next page, but no {{cursor}}")
        return replace(request, path=address, query={})

    def _check_size(self, listing: ListRequest, page: _Answered, read: int) -> None:
        if listing.max_results is None:
            return
        count = self._reader.count(page.document)
        if read < listing.max_results and (count is None or count <= listing.max_results):
            return
        message = f"{self.name}: more than the {listing.max_results} records of one query"
        if listing.mode == "changed":
            raise TooManyRecords(message)
        if read >= listing.max_results:
            raise ReadError("config", f"{message}; without a filter by time no more can be read")


def _page(found: Sequence[Record | str], start: datetime, end: datetime) -> Page:
    records = [r for r in found if isinstance(r, Record) and r.in_filter and _is_in(r, start, end)]
    return Page(tuple(records), tuple(reason for reason in found if isinstance(reason, str)))


def _is_in(record: Record, start: datetime, end: datetime) -> bool:
    return record.version is not None and start <= record.version < end


def _reaches(found: Sequence[Record | str], start: datetime) -> bool:
    versions = [r.version for r in found if isinstance(r, Record) and r.version is not None]
    return any(version < start for version in versions)
