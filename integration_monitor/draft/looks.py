"""What a page of records looks like: where they are, their key, their time, the next page.

These are proposals: each is tried on the API, or shown to the user, before it is written down.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_monitor.draft.paths import Record, Scalar, leaf, record_lists, scalars
from integration_monitor.manifest.domain import TimeFormat
from integration_monitor.observe.canonical import canonical_key, parse_time

_KEYS = ("id", "uuid", "guid", "gid", "key", "sys_id", "code", "number", "sku", "slug", "email")
_CHANGED = re.compile(r"updat|modif|chang|lastmod|system_?mod|last_?edit")
_CREATED = re.compile(r"creat|insert|added|date|time|_at$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TOTALS = (
    "total",
    "total_count",
    "totalcount",
    "total_results",
    "totalsize",
    "total_size",
    "count",
)
_TOTAL_HEADERS = ("x-total-count", "x-total", "x-wp-total", "total-count")
_NEXT = re.compile(r"next|cursor|after|continuation|page_?token")
_ADDRESS = re.compile(r"(https?://|/)\S+")


@dataclass(frozen=True)
class Time:
    """A path whose values are times."""

    path: str
    format: TimeFormat


@dataclass(frozen=True)
class Pages:
    """A way to the next page: the manifest's `pages`, and what it adds to the query."""

    pages: Mapping[str, object]
    query: Mapping[str, str]


def find_records(document: object) -> tuple[str, Sequence[Record]] | None:
    """The path and the items of the longest list of objects; None where there is none."""
    found = list(record_lists(document))
    return max(found, key=lambda entry: len(entry[1]), default=None)


def find_keys(records: Sequence[Record]) -> list[str]:
    """Paths that could be the key, the likeliest first: there in every record, and unique."""
    unique = [path for path, values in _columns(records) if _is_key(values, len(records))]
    named = [path for path in unique if leaf(path) in _KEYS or leaf(path).endswith(("id", "key"))]
    return sorted(named, key=_key_rank)


def find_times(records: Sequence[Record]) -> list[Time]:
    """Paths that could be `updated_at`, the likeliest first; times of creation come last."""
    found = [
        Time(path, time_format)
        for path, values in _columns(records)
        if (time_format := _time_format(path, values)) is not None
    ]
    return sorted(found, key=_time_rank)


def find_count(document: object, headers: Mapping[str, str], page: int) -> object | None:
    """The manifest's `count`: a path or `{header: …}` whose number is no less than the page's."""
    for path, value in _outside(document):
        if leaf(path) in _TOTALS and _whole(value) is not None and int(str(value)) >= page:
            return path
    for name in _TOTAL_HEADERS:
        if headers.get(name, "").isdecimal():
            return {"header": "-".join(part.capitalize() for part in name.split("-"))}
    return None


def find_pages(document: object, headers: Mapping[str, str], size: int) -> list[Pages]:
    """Ways to the next page that the answer hints at, the surest first, then common guesses."""
    hinted: list[Pages] = []
    if 'rel="next"' in headers.get("link", "") or "rel=next" in headers.get("link", ""):
        hinted.append(Pages({"type": "link_header"}, {}))
    outside = list(_outside(document))
    hinted += [pages for path, value in outside for pages in _by_hint(path, value)]
    more = [path for path, value in outside if value is True and "more" in leaf(path)]
    if more:
        last = {"type": "keyset", "cursor": "[-1].id", "more": more[0]}
        hinted.append(Pages(last, {"starting_after": "{cursor}"}))
    guessed = [
        Pages({"type": "page_number", "start": 1, "size": size}, {"page": "{page}"}),
        Pages({"type": "offset", "start": 0, "size": size}, {"offset": "{offset}"}),
    ]
    return hinted + guessed


def find_types(records: Sequence[Record]) -> dict[str, str]:
    """Path to the JSON types seen there, such as `string` or `integer or null`."""
    return {
        path: " or ".join(sorted({_json_type(value) for value in values}))
        for path, values in _columns(records)
    }


def is_newest_first(versions: Sequence[datetime]) -> bool:
    """Whether the times only fall, and are not all the same."""
    pairs = list(itertools.pairwise(versions))
    return bool(pairs) and versions[0] > versions[-1] and all(a >= b for a, b in pairs)


def _by_hint(path: str, value: Scalar) -> Iterable[Pages]:
    if not _NEXT.search(path.lower()) or value in (None, "", False, True):
        return
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        if "prev" not in path.lower():
            yield Pages({"type": "next_url", "body": path}, {})
        return
    name = leaf(path)
    guesses = dict.fromkeys(
        [*(["after"] if "after" in name else []), *_parameter(path), "cursor", "after"]
    )
    for parameter in guesses:
        yield Pages({"type": "cursor", "body": path}, {parameter: "{cursor}"})


def _parameter(path: str) -> list[str]:
    """A token `nextPageToken` is asked for as `pageToken`, a `next_cursor` as `cursor`."""
    name = path.rsplit(".", 1)[-1]
    bare = re.sub(r"^next_?", "", name)
    return [bare[:1].lower() + bare[1:]] if bare and bare != name else [name]


def _outside(document: object) -> list[tuple[str, Scalar]]:
    return list(scalars(document)) if isinstance(document, Mapping) else []


def _columns(records: Sequence[Record]) -> list[tuple[str, list[Scalar]]]:
    columns: dict[str, list[Scalar]] = {}
    for record in records:
        for path, value in scalars(record):
            columns.setdefault(path, []).append(value)
    return list(columns.items())


def _is_key(values: Sequence[Scalar], records: int) -> bool:
    keys = {canonical_key(value) for value in values}
    whole = not any(isinstance(value, float) for value in values)
    return whole and None not in keys and len(keys) == len(values) == records


def _key_rank(path: str) -> tuple[int, int, int]:
    name = leaf(path)
    known = _KEYS.index(name) if name in _KEYS else len(_KEYS)
    return path.count("."), known, len(name)


def _time_format(path: str, values: Sequence[Scalar]) -> TimeFormat | None:
    known = [value for value in values if value is not None]
    named = bool(_CHANGED.search(leaf(path)) or _CREATED.search(leaf(path)))
    if not known or any(isinstance(value, bool) for value in known):
        return None
    if all(isinstance(value, str) and _DATE.match(value) for value in known):
        if any(parse_time(value) is None for value in known):
            return None
        return "date" if all(len(str(value)) == 10 for value in known) else "iso8601"
    numbers = [_whole(value) for value in known]
    if not named or any(number is None for number in numbers):
        return None
    smallest = min(number for number in numbers if number is not None)
    if smallest > 10**11:
        return "epoch_ms"
    return "epoch_s" if smallest > 10**8 else None


def _time_rank(time: Time) -> tuple[bool, bool, int, int]:
    name = leaf(time.path)
    changed = bool(_CHANGED.search(name))
    return not changed, not _CREATED.search(name), time.path.count("."), len(name)


def _whole(value: Scalar) -> int | None:
    text = str(value)
    return int(text) if not isinstance(value, bool) and text.isdecimal() else None


def _json_type(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "string" if isinstance(value, str) else "number"
