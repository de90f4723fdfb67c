"""What `init` asks, in which order, and what it proposes from what the API shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from integration_monitor.cli.ask import Ask
from integration_monitor.cli.context import fail, progress
from integration_monitor.cli.wrong_answers import (
    not_a_column,
    not_a_key,
    not_a_path,
    not_a_table,
    not_an_address,
    not_set,
)

if TYPE_CHECKING:
    from integration_monitor.draft.draft import DestinationDraft, Draft, Mode, SourceDraft
    from integration_monitor.draft.explore import Explorer
    from integration_monitor.draft.paths import Record
    from integration_monitor.observe.http_answers import Answered

AUTH = ("bearer", "api_key", "basic", "none")
_FIELDS_SHOWN = 30
_LOADED = ("loaded_at", "_loaded_at", "synced_at", "_synced_at", "inserted_at", "_fivetran_synced")
_VERSIONS = ("source_updated_at", "updated_at", "modified_at", "last_modified")


@dataclass(frozen=True)
class Given:
    """What was said by flags."""

    base_url: str | None
    auth: str | None
    token_env: str | None
    header: str | None
    username: str | None
    owner_name: str | None
    owner_email: str | None
    listing: str | None
    sync: str | None
    key: str | None
    updated_at: str | None
    since: str | None
    destination_env: str | None
    destination_table: str | None
    destination_key: str | None


def interview(name: str, given: Given, ask: Ask, explore: Explorer) -> Draft:
    """The whole draft. Raises `ReadError` and `DraftError`; ends the program for a wrong flag."""
    draft = _head(name, given, ask, explore.reading.environ)
    listing = ask.value("The path that lists records", "--list", given=given.listing,
                        check=not_a_path)  # fmt: skip
    path, query = _split(listing)
    progress(f"asking GET {path}")
    answer = explore.first_page(draft, path, query)
    sync = ask.value("The sync's name", "--sync", given=given.sync, proposed=_sync_name(path))
    draft = replace(draft, sync=sync)
    draft = replace(draft, source=_source(draft, (path, query), answer, given, ask, explore))
    return replace(draft, destination=_destination(draft, answer, given, ask, explore))


def _head(name: str, given: Given, ask: Ask, environ: Mapping[str, str]) -> Draft:
    from integration_monitor.draft.draft import Draft

    base_url = ask.value("The partner's address", "--base-url", given=given.base_url,
                         check=not_an_address)  # fmt: skip
    auth = _auth(name, given, ask, environ)
    owner = ask.value("Who acts when it breaks (name)", "--owner-name", given=given.owner_name)
    email = ask.value("The owner's e-mail address", "--owner-email", given=given.owner_email)
    return Draft(name, base_url.rstrip("/"), auth, owner, email)


def _auth(name: str, given: Given, ask: Ask, environ: Mapping[str, str]) -> dict[str, object]:
    kind = ask.choice("How requests are authenticated", "--auth", AUTH, given.auth)
    if kind == "none":
        return {"type": "none"}
    label = "The environment variable that holds the token, key or password"
    proposed = f"{name.upper()}_TOKEN"
    env = ask.value(label, "--token-env", given=given.token_env, proposed=proposed,
                    check=lambda name: not_set(name, environ))  # fmt: skip
    secret = {"env": env}
    if kind == "bearer":
        return {"type": "bearer", "token": secret}
    if kind == "basic":
        user = ask.value("The user's name", "--username", given=given.username)
        return {"type": "basic", "username": user, "password": secret}
    header = ask.value("The header", "--header", given=given.header, proposed="X-API-Key")
    return {"type": "api_key", "header": header, "value": secret}


# --- the source -----------------------------------------------------------------------------------


def _source(
    draft: Draft,
    request: tuple[str, Mapping[str, str]],
    answer: Answered,
    given: Given,
    ask: Ask,
    explore: Explorer,
) -> SourceDraft:
    from integration_monitor.draft.draft import SourceDraft
    from integration_monitor.draft.looks import find_count, find_pages, find_records

    path, query = request
    found = find_records(answer.document)
    if found is None:
        fail(f"GET {path} answers no list of objects; give a --list that shows some records")
    records, items = found
    progress(f"it answers {len(items)} records at `{records}`")
    progress(f"their fields: {_typed(items)}")
    source = _named(SourceDraft(path, query, records), items, given, ask)
    ways = find_pages(answer.document, answer.headers, len(items))
    ways = [replace(way, pages=_by_key(way.pages, source.key)) for way in ways]
    source = explore.next_page(draft, source, ways)
    only = "" if source.pages else "; unless this is all of them, say it in `pages` by hand"
    progress(f"the way to the next page: {_shown(source.pages)}{only}")
    source = replace(source, count=find_count(answer.document, answer.headers, len(items)))
    source = _filtered(draft, source, items, given, ask, explore)
    source = explore.lookup(draft, source, _key_of(source, items[0]))
    progress(f"a look-up by key: {_shown(source.lookup)}")
    return source


def _named(source: SourceDraft, items: Sequence[Record], given: Given, ask: Ask) -> SourceDraft:
    """With its key and its time of change."""
    from integration_monitor.draft.looks import find_keys, find_times

    keys, times = find_keys(items), find_times(items)
    key = ask.value("The field that is the key", "--key", given=given.key,
                    proposed=keys[0] if keys else None,
                    check=lambda path: not_a_key(path, items))  # fmt: skip
    proposed = times[0].path if times else None
    changed = ask.maybe("The time of a record's last change", given=given.updated_at,
                        proposed=proposed)  # fmt: skip
    formats = {time.path: time.format for time in times}
    return replace(source, key=key, updated_at=changed, time=formats.get(changed or ""))


def _filtered(
    draft: Draft,
    source: SourceDraft,
    items: Sequence[Record],
    given: Given,
    ask: Ask,
    explore: Explorer,
) -> SourceDraft:
    """With the filter by time of change, or else the order."""
    from integration_monitor.draft.explore import versions
    from integration_monitor.draft.looks import is_newest_first

    seen = versions(items, source)
    proposed = None if given.since else explore.since(draft, source, seen)
    since = ask.maybe("The query parameter that filters by it", given=given.since,
                      proposed=proposed)  # fmt: skip
    if since is not None:
        progress(f"records changed since a time: `{since}`")
        return replace(source, mode="changed", query={**source.query, since: "{since}"})
    mode: Mode = "newest_first" if is_newest_first(seen) else "full"
    progress(f"no filter by time of change is known; read in mode `{mode}`")
    return replace(source, mode=mode)


# --- the destination ------------------------------------------------------------------------------


def _destination(
    draft: Draft, answer: Answered, given: Given, ask: Ask, explore: Explorer
) -> DestinationDraft:
    from integration_monitor.draft.draft import DestinationDraft

    label = "The environment variable that holds the destination's database URL"
    env = ask.value(label, "--destination-env", given=given.destination_env,
                    proposed="WAREHOUSE_URL",
                    check=lambda name: not_set(name, explore.reading.environ))  # fmt: skip
    table = ask.value("The destination's table", "--destination-table",
                      given=given.destination_table,
                      check=lambda name: not_a_table(explore, env, name))  # fmt: skip
    columns = explore.columns(env, table)
    progress(f"{table} has the columns {', '.join(columns)}")
    source = draft.source
    assert source is not None  # noqa: S101 - it comes first
    keys = (f"{draft.sync}_id", f"{draft.sync.removesuffix('s')}_id", f"{draft.integration}_id",
            source.key, "id", "key")  # fmt: skip
    key = ask.value("The column of the source's key", "--destination-key",
                    given=given.destination_key, proposed=_first(keys, columns),
                    check=lambda name: not_a_column(name, columns))  # fmt: skip
    changed = _first((*_VERSIONS, source.updated_at or ""), columns) if source.updated_at else None
    return DestinationDraft(
        env,
        table,
        key,
        ask.maybe("The column that keeps the source's time of change", proposed=changed),
        ask.maybe("The column that says when a row was loaded", proposed=_first(_LOADED, columns)),
        _fields(columns, source, answer, key),
    )


def _fields(
    columns: Sequence[str], source: SourceDraft, answer: Answered, key: str
) -> Mapping[str, str]:
    """Columns of the same name as a path's last part."""
    from integration_monitor.draft.explore import records_at
    from integration_monitor.draft.looks import find_types
    from integration_monitor.draft.paths import leaf

    named: dict[str, str] = {}
    for path in find_types(records_at(answer.document, source.records)):
        named.setdefault(leaf(path), path)
    taken = {key, *_LOADED, *_VERSIONS}
    return {name: named[name.lower()] for name in columns
            if name.lower() in named and name not in taken}  # fmt: skip


# --- small things ---------------------------------------------------------------------------------


def _split(listing: str) -> tuple[str, Mapping[str, str]]:
    parts = urlsplit(listing.removeprefix("GET ").strip())
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))


def _sync_name(path: str) -> str:
    last = path.rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
    name = "".join(letter if letter.isalnum() else "_" for letter in last)
    return name if name[:1].isalpha() else "records"


def _by_key(pages: Mapping[str, object], key: str) -> Mapping[str, object]:
    return {**pages, "cursor": f"[-1].{key}"} if pages["type"] == "keyset" else pages


def _key_of(source: SourceDraft, item: Record) -> str:
    from integration_monitor.observe.canonical import canonical_key
    from integration_monitor.observe.json_path import Path

    return canonical_key(Path(source.key).of(item)) or ""


def _shown(found: Mapping[str, object] | None) -> str:
    if not found:
        return "none was found"
    return ", ".join(f"{name}: {value}" for name, value in found.items())


def _typed(items: Sequence[Record]) -> str:
    from integration_monitor.draft.looks import find_types

    types = [f"{path} ({kind})" for path, kind in find_types(items).items()]
    more = len(types) - _FIELDS_SHOWN
    return ", ".join(types[:_FIELDS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _first(names: Sequence[str], columns: Sequence[str]) -> str | None:
    return next((name for name in names if name in columns), None)
