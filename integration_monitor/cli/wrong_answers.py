"""What is wrong with an answer to a question of `init`, None where nothing is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from integration_monitor.signals.wording import some

if TYPE_CHECKING:
    from integration_monitor.draft.explore import Explorer
    from integration_monitor.draft.paths import Record

SHOWN = 20
"""So many fields are named."""


def not_a_name(name: str) -> str | None:
    """A name of an integration, as manifests have them."""
    from integration_monitor.manifest.scalars import NAME

    if re.fullmatch(NAME, name):
        return None
    return f"`{name}` is not a name: use a-z, 0-9 and _, beginning with a letter"


def not_an_address(url: str) -> str | None:
    """An address with http or https and a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in {"http", "https"} and parts.hostname:
        return None
    return f"{url}: it must be an http or https address, such as https://api.example.com"


def not_set(name: str, environ: Mapping[str, str]) -> str | None:
    """An environment variable that has a value."""
    if environ.get(name):
        return None
    return f"{name} is not set: export it; a secret is never written into a manifest"


def not_a_path(listing: str) -> str | None:
    """A path below the partner's address."""
    parts = urlsplit(listing.removeprefix("GET ").strip())
    if parts.path.startswith("/") and not parts.netloc:
        return None
    return f"--list {listing}: write the path below the partner's address, such as /contacts"


def not_a_key(path: str, items: Sequence[Record]) -> str | None:
    """A path at which at least one of the records has a key."""
    from integration_monitor.draft.looks import find_types
    from integration_monitor.observe.canonical import canonical_key
    from integration_monitor.observe.json_path import Path
    from integration_monitor.observe.side import ReadError

    try:
        found = any(canonical_key(Path(path).of(item)) is not None for item in items)
    except ReadError as error:
        return str(error)
    if found:
        return None
    fields = some(list(find_types(items)), SHOWN)
    return f"no record has a key at `{path}`; their fields are {fields}"


def not_a_table(explore: Explorer, url_env: str, table: str) -> str | None:
    """A table that the destination's database can be asked for."""
    from integration_monitor.observe.side import ReadError

    try:
        explore.columns(url_env, table)
    except ReadError as error:
        return str(error)
    return None


def not_a_column(name: str, columns: Sequence[str]) -> str | None:
    """A column of the table, whatever its case."""
    if name.lower() in {column.lower() for column in columns}:
        return None
    return f"the table has no column {name}; it has {', '.join(columns)}"
