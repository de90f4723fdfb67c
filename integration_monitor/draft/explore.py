"""Trying proposals on the real API and the real table. Everything here only reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from integration_monitor.draft.draft import DestinationDraft, Draft, SourceDraft
from integration_monitor.draft.looks import Pages
from integration_monitor.draft.paths import Record
from integration_monitor.manifest.domain import (
    SINGLE,
    Integration,
    Reference,
    RequestTemplate,
    SqlSide,
    TimeFormat,
)
from integration_monitor.manifest.load import load_texts
from integration_monitor.observe.canonical import EPOCH, parse_time
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.databases import Engines
from integration_monitor.observe.describe import describe
from integration_monitor.observe.http_answers import Answered
from integration_monitor.observe.http_exchange import open_client
from integration_monitor.observe.json_path import Path
from integration_monitor.observe.limits import Budget, Deadline, HostLimits
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.partner_access import partner_client
from integration_monitor.observe.reading import Reading, resolve, utc_now
from integration_monitor.observe.side import OpenSide, ReadError
from integration_monitor.observe.templates import Values, render, write_time

DEADLINE = timedelta(minutes=2)
TIMEOUT = timedelta(seconds=10)
REQUESTS = 200
SINCE = (
    "updated_since", "updated_after", "modified_since", "modified_after", "changed_since", "since",
    "updated_at_min", "updated_from", "updated_at[gte]", "updated_at__gte",
    "filter[updated_at][gte]", "start_time",
)  # fmt: skip
"""Query parameters by which APIs commonly filter by time of change."""


class DraftError(Exception):
    """What was said does not make a valid manifest. The message gives every mistake."""


@dataclass(frozen=True)
class Explorer:
    """Reads with what a draft says so far."""

    reading: Reading

    def first_page(self, draft: Draft, path: str, query: Mapping[str, str]) -> Answered:
        """The answer of a plain GET. Raises `ReadError`."""
        integration = load(replace(draft, source=None, destination=None))
        client = partner_client(integration, Connection(SINGLE), self.reading)
        return client.fetch(render(RequestTemplate("GET", path, query), Values()))

    def next_page(self, draft: Draft, source: SourceDraft, ways: Sequence[Pages]) -> SourceDraft:
        """The source with the first way that leads to other records; as it was where none does."""
        for way in ways:
            tried = replace(source, pages=way.pages, query={**source.query, **way.query})
            if self._has_two_pages(draft, tried):
                return tried
        return source

    def since(self, draft: Draft, source: SourceDraft, versions: Sequence[datetime]) -> str | None:
        """The query parameter that filters by time of change, None where none of the usual does.

        `versions` are those of the first page; a parameter that is not known is mostly ignored,
        so only one after which the older records are gone is believed.
        """
        ordered = sorted(versions)
        since = ordered[len(ordered) // 2] if ordered else None
        if since is None or ordered[0] >= since or source.updated_at is None:
            return None
        field = source.updated_at.rsplit(".", 1)[-1]
        own = (f"{field}_after", f"{field}_min", f"{field}[gte]", f"{field}.gte")
        for parameter in dict.fromkeys((*SINCE, *own)):
            if self._filters(draft, source, parameter, since):
                return parameter
        return None

    def lookup(self, draft: Draft, source: SourceDraft, key: str) -> SourceDraft:
        """The source with a look-up of single records, where the usual address answers one."""
        lookup = {"path": f"{source.path.rstrip('/')}/{{key}}", "batch": 1}
        tried = replace(source, lookup=lookup)
        try:
            found = [record.key for record in self._open(draft, tried).lookup([key])]
        except (ReadError, DraftError):
            return source
        return tried if key in found else source

    def columns(self, url_env: str, table: str) -> list[str]:
        """The columns of a table. Raises `ReadError`."""
        url = resolve(Reference(url_env), self.reading.environ)
        database = self.reading.engines.database(url)
        at = SqlSide(Reference(url_env), table=table)
        with database.session(self.reading.deadline, TIMEOUT) as session:
            return list(describe(database, session, at))

    def _has_two_pages(self, draft: Draft, source: SourceDraft) -> bool:
        try:
            far = self.reading.clock() + timedelta(days=36_500)
            pages = self._open(draft, source).changed(EPOCH, far)
            keys = [{record.key for record in page.records} for page in islice(pages, 2)]
        except (ReadError, DraftError):
            return False
        return len(keys) == 2 and bool(keys[1] - keys[0])

    def _filters(self, draft: Draft, source: SourceDraft, parameter: str, since: datetime) -> bool:
        time_format = time_of(source)
        query = {**_without_places(source.query), parameter: write_time(since, time_format)}
        try:
            answer = self.first_page(draft, source.path, query)
        except ReadError:
            return False
        found = versions(records_at(answer.document, source.records), source)
        return bool(found) and min(found) >= since.replace(microsecond=0)

    def _open(self, draft: Draft, source: SourceDraft) -> OpenSide:
        tried = load(replace(draft, source=source, destination=_STAND_IN))
        side = tried.syncs[draft.sync].source
        return open_side(side, tried, "source", Connection(SINGLE), self.reading)


@contextmanager
def explorer(
    environ: Mapping[str, str], clock: Callable[[], datetime] = utc_now
) -> Iterator[Explorer]:
    """An explorer that closes what it opened."""
    engines = Engines()
    with open_client(TIMEOUT) as http:
        try:
            yield Explorer(
                Reading(
                    deadline=Deadline(DEADLINE),
                    budget=Budget(REQUESTS),
                    hosts=HostLimits(1),
                    engines=engines,
                    http=http,
                    environ=environ,
                    request_timeout=TIMEOUT,
                    clock=clock,
                )
            )
        finally:
            engines.dispose()


def load(draft: Draft) -> Integration:
    """The integration that a draft stands for. Raises `DraftError`."""
    fleet = load_texts({f"{draft.integration}.yaml": draft.text()})
    if fleet.errors:
        raise DraftError("\n".join(error.message for error in fleet.errors))
    return fleet.integrations[0]


def records_at(document: object, path: str) -> Sequence[Record]:
    """The records at a path; none where there is no list."""
    found = Path(path).of(document)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def versions(records: Sequence[Record], source: SourceDraft) -> list[datetime]:
    """The times of records, in their order."""
    if source.updated_at is None:
        return []
    path, time_format = Path(source.updated_at), time_of(source)
    found = [parse_time(path.of(record), time_format) for record in records]
    return [at for at in found if at is not None]


def time_of(source: SourceDraft) -> TimeFormat:
    """How the source writes times."""
    return source.time or "iso8601"


def _without_places(query: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in query.items() if "{" not in text}


_STAND_IN = DestinationDraft("DESTINATION_URL", "records", "id")
"""A source is read before its destination is known."""
