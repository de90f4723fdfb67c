"""A collection of a partner's REST API, as one end of a sync."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
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
from integration_monitor.observe.body_errors import BodyErrors
from integration_monitor.observe.canonical import EPOCH
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.etag import Revalidation
from integration_monitor.observe.http_answers import Answered
from integration_monitor.observe.http_requests import PartnerClient
from integration_monitor.observe.listing import (
    ItemPage,
    Means,
    Tally,
    check_readable,
    check_size,
    check_whole,
    page_within,
    pages,
    reach_beyond,
)
from integration_monitor.observe.newest_first import reaches
from integration_monitor.observe.pagination import Pager, pager_for
from integration_monitor.observe.partner_access import partner_client, secrets_of
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.rest_records import RecordReader
from integration_monitor.observe.side import Page, ReadError, Record, TooManyRecords, Totals
from integration_monitor.observe.templates import (
    GRANULARITY,
    Rendered,
    Values,
    render,
    write_time,
)

_DAY = timedelta(days=1)
_RECENT = timedelta(minutes=5)
"""The start of the range that is asked for to hear the time: some exports refuse a later one."""
_SHARE_OF_COUNTING = 0.25
"""Of the requests that are left, what counting by paging may use: reading comes first."""


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
        self._errors = BodyErrors(at.errors, secrets_of(integration, connection, reading.environ))
        request = at.list or at.lookup
        self.name = f"{integration.name} {request.request.path if request else ''}".strip()
        self.granularity = GRANULARITY[at.time_format]
        self.keeps_version = side.updated_at is not None
        self.filters_by_time = at.list is None or at.list.mode == "changed"
        lists_all = at.list is not None and at.list.mode == "full"
        self.can_list = lists_all or (at.list is not None and self.keeps_version)
        self.can_lookup = at.lookup is not None
        revalidates = at.list is not None and at.list.etag
        self._revalidation = Revalidation(self._fetch) if revalidates else None
        self.validator = self._revalidation.validator if self._revalidation else None

    def now(self) -> datetime:
        """The partner's clock, from the `Date` of a response; ours where it never tells.

        `Date` has whole seconds and was written before it was read, so it is never ahead.
        """
        if self._client.clock_offset is None and self._at.list is not None:
            latest = self._latest(self._at.list)
            if not self._is_unchanged(latest) and self._client.clock_offset is None:
                self._fetch(latest)
        return self._reading.clock() + timedelta(seconds=self._client.clock_offset or 0.0)

    def totals(self) -> Totals:
        """The partner's own count, or ours by paging; None where there is none.

        A count of the partner's counts for nothing where `where` is ours to apply.
        """
        count = self._at.count
        if count is None or (self._filters_itself and not count.paging):
            return Totals(None)
        if count.request is not None:
            return Totals(self._reader.count(self._fetch(render(count.request, self._values))))
        if self._at.list is None:
            return Totals(None)
        everything = self._range(self._at.list, EPOCH, self._reading.clock() + _DAY)
        if count.paging:
            return Totals(self._counted(self._at.list, everything))
        request = self._pager(self._at.list.request).first(everything)
        return Totals(self._reader.count(self._fetch(render(self._at.list.request, request))))

    def changed(self, start: datetime, end: datetime) -> Iterator[Page]:
        """Records with `start <= updated_at < end`, page by page; all where there is none."""
        listing = self._at.list
        if listing is None or not self.can_list:
            raise ReadError(
                "config", f"{self.name}: neither `list` nor `updated_at` may be left out"
            )
        values = self._range(listing, start, end)
        first = render(listing.request, self._pager(listing.request).first(values))
        if self._is_unchanged(first):
            return
        told, tally = None, Tally()
        for page in self._pages(listing.request, values):
            self._show(page)
            if self._revalidation and not tally.received:
                self._revalidation.saw(first, page.answered)
            tally.add(self._reader.keys(page.items))
            told = self._told(page) or told
            check_size(self.name, self._at, listing, page.items, tally.received, told)
            found = [self._reader.record(item) for item in page.items]
            tally.judge(found)
            if self._revalidation and reach_beyond(found, end):
                self._revalidation.read_beyond()
            yield page_within(found, start, end)
            if listing.mode == "newest_first" and self._reaches(found, start):
                return
        check_whole(self.name, tally.records, told)
        check_readable(self.name, tally)

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
                if not self.can_list:
                    self._show(page)
                for record in self._reader.looked_up(page.items):
                    if record.key in keys:
                        yield record
        except ReadError as error:
            if not (single and error.kind == "not_found"):
                raise

    def _show(self, page: ItemPage) -> None:
        """Records as they came: those of lists, as a look-up may well have other fields."""
        for item in page.items:
            self._reading.on_record(item)

    def _range(self, listing: ListRequest, start: datetime, end: datetime) -> Values:
        return replace(
            self._values,
            since=write_time(start, listing.time),
            until=write_time(end, listing.time, up=True),
        )

    def _latest(self, listing: ListRequest) -> Rendered:
        now = self._reading.clock()
        values = self._range(listing, now - _RECENT, now + _DAY)
        return render(listing.request, self._pager(listing.request).first(values))

    def _is_unchanged(self, first: Rendered) -> bool:
        return self._revalidation is not None and self._revalidation.is_unchanged(first)

    def _fetch(self, request: Rendered) -> Answered:
        return self._client.fetch(request, self._errors)

    def _pager(self, template: RequestTemplate) -> Pager:
        return pager_for(self._at.pages, template)

    def _pages(
        self, template: RequestTemplate, values: Values, *, single: bool = False
    ) -> Iterator[ItemPage]:
        means = Means(
            self.name,
            self._fetch,
            lambda document: self._items(document, single=single),
            self._reader.keys,
            self._client.same_origin,
        )
        return pages(means, self._pager(template), lambda v: render(template, v), values)

    def _reaches(self, found: Sequence[Record | str], start: datetime) -> bool:
        try:
            return reaches(found, start)
        except ReadError as error:
            raise ReadError(error.kind, f"{self.name}: {error}") from error

    def _told(self, page: ItemPage) -> int | None:
        """The count of the query that a listing's own answer tells."""
        own = self._at.count is not None and self._at.count.request is None
        return self._reader.count(page.answered) if own else None

    def _counted(self, listing: ListRequest, values: Values) -> int | None:
        """All records that are to be synced; None where the budget or the partner ends before."""
        tally = Tally()
        try:
            with self._reading.budget.at_most(_SHARE_OF_COUNTING):
                for page in self._pages(listing.request, values):
                    tally.add(self._reader.keys(self._reader.in_filter(page.items)))
                    check_size(self.name, self._at, listing, page.items, tally.received, None)
        except TooManyRecords:
            return None
        except ReadError as error:
            if error.kind == "budget":
                return None
            raise
        return tally.records

    def _items(self, document: object, *, single: bool) -> Sequence[object]:
        try:
            items = self._reader.items(document, single=single)
        except ReadError as error:
            raise ReadError(error.kind, f"{self.name}: {error}") from error
        return items
