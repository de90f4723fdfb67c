"""Records in a partner's answers, by the JMESPath expressions of a manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integration_monitor.manifest.domain import RestSide, Side
from integration_monitor.observe.canonical import canonical_key, parse_time
from integration_monitor.observe.http_answers import Answered
from integration_monitor.observe.json_path import Path
from integration_monitor.observe.side import ReadError, Record

_DIGITS = 19
"""More are no number of records."""


class RecordReader:
    """Turns the items of an answer into records."""

    def __init__(self, side: Side, at: RestSide, tenant: str | None) -> None:
        self._key = Path(side.key)
        self._version = _optional(side.updated_at)
        self._loaded = _optional(side.loaded_at)
        self._tenant = _optional(side.tenant)
        self._where = _optional(side.where)
        self._connection_tenant = tenant
        self._records = Path(at.records)
        self._count = _optional(at.count.body if at.count else None)
        self._count_header = at.count.header if at.count else None
        self._time = at.time_format

    def items(self, document: object, *, single: bool = False) -> list[object]:
        """The list of items. A `single` look-up may also answer the record alone.

        Raises `ReadError` of kind `bad_response` where there is no list.
        """
        found = self._records.of(document)
        if isinstance(found, list):
            return found
        if single and isinstance(found, dict):
            return [found]
        if single and found is None and isinstance(document, dict):
            return [document]
        raise ReadError("bad_response", f"no list of records at `{self._records.text}`")

    def record(self, item: object) -> Record | str:
        """The record of an item that was listed, or what is wrong with it."""
        key = canonical_key(self._key.of(item))
        if key is None:
            return f"a record without a key at `{self._key.text}`"
        record = self._record(item, key)
        if self._version is not None and record.version is None:
            return f"{key}: no time at `{self._version.text}`"
        return record

    def looked_up(self, items: Sequence[object]) -> Iterator[Record]:
        """The records of a look-up; nulls, by which some partners say "absent", are left out.

        A look-up that cannot be understood is an error, because absence would mean a loss.
        """
        for item in items:
            if item is None:
                continue
            key = canonical_key(self._key.of(item))
            if key is None:
                message = f"a record without a key at `{self._key.text}` in a look-up"
                raise ReadError("bad_response", message)
            record = self._record(item, key)
            if self._version and record.version is None and self._version.of(item) is not None:
                raise ReadError("bad_response", f"{key}: no time at `{self._version.text}`")
            yield record

    def in_filter(self, items: Sequence[object]) -> list[object]:
        """The items that are to be synced: those for which `where` holds."""
        if self._where is None:
            return list(items)
        return [item for item in items if _is_true(self._where.of(item))]

    def keys(self, items: Sequence[object]) -> list[str | None]:
        """The key of each item, None where it has none."""
        return [canonical_key(self._key.of(item)) for item in items]

    def count(self, answered: Answered) -> int | None:
        """The total number of records of the query, None where it is not told."""
        if self._count_header is not None:
            found: object = answered.headers.get(self._count_header.lower(), "").strip()
        else:
            found = self._count.of(answered.document) if self._count else None
        text = canonical_key(found)
        return int(text) if text is not None and text.isdecimal() and len(text) < _DIGITS else None

    def _record(self, item: object, key: str) -> Record:
        tenant = canonical_key(self._tenant.of(item)) if self._tenant else None
        return Record(
            key,
            parse_time(self._version.of(item), self._time) if self._version else None,
            tenant or self._connection_tenant,
            parse_time(self._loaded.of(item), self._time) if self._loaded else None,
            in_filter=self._where is None or _is_true(self._where.of(item)),
        )


def _optional(text: str | None) -> Path | None:
    return Path(text) if text else None


def _is_true(value: object) -> bool:
    """Truth as JMESPath defines it: 0 is true, an empty list is not."""
    return bool(value) or (isinstance(value, int | float) and value is not False)
