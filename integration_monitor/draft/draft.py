"""A manifest in the making, and its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import yaml

from integration_monitor.manifest.domain import TimeFormat

Mode = Literal["changed", "newest_first", "full"]


@dataclass(frozen=True)
class SourceDraft:
    """The partner's collection, as far as it is known."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    records: str = "@"
    mode: Mode = "full"
    time: TimeFormat | None = None
    pages: Mapping[str, object] | None = None
    count: object | None = None
    lookup: Mapping[str, object] | None = None
    key: str = "id"
    updated_at: str | None = None


@dataclass(frozen=True)
class DestinationDraft:
    """The table where the records are to arrive."""

    url_env: str
    table: str
    key: str
    updated_at: str | None = None
    loaded_at: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column to source path."""


@dataclass(frozen=True)
class Draft:
    """What is known of an integration so far; `text` writes it down."""

    integration: str
    base_url: str
    auth: Mapping[str, object]
    owner_name: str
    owner_email: str
    sync: str = "records"
    every: str = "15m"
    source: SourceDraft | None = None
    destination: DestinationDraft | None = None

    def text(self) -> str:
        """The manifest in YAML. Without both sides it has no sync."""
        blocks = [self._head()]
        if self.source is not None and self.destination is not None:
            blocks.append(_sync(self, self.source, self.destination))
        return "\n".join(blocks)

    def _head(self) -> str:
        head = {
            "version": 1,
            "integration": self.integration,
            "owner": {"name": self.owner_name, "email": self.owner_email},
            "partner": {"base_url": self.base_url},
            "auth": dict(self.auth),
        }
        return "".join(_line(name, value) for name, value in head.items())


def _sync(draft: Draft, source: SourceDraft, destination: DestinationDraft) -> str:
    lines = ["syncs:\n", f"  {draft.sync}:\n"]
    lines.append(_line("every", draft.every, 4, "a divisor of an hour or a day"))
    lines.append(_line("grace", "10m", 4, "how long a record may be on its way"))
    lines += ["    source:\n", "      rest:\n", *_rest(source)]
    lines.append(_line("key", source.key, 6))
    lines.append(_line("updated_at", source.updated_at, 6))
    lines.append("    destination:\n")
    table = {"url": {"env": destination.url_env}, "table": destination.table}
    lines.append(_line("sql", table, 6))
    lines.append(_line("key", destination.key, 6))
    lines.append(_line("updated_at", destination.updated_at, 6))
    lines.append(_line("loaded_at", destination.loaded_at, 6))
    if destination.fields:
        comment = "destination column: source path"
        lines.append(_line("fields", dict(destination.fields), 4, comment))
    return "".join(lines)


def _rest(source: SourceDraft) -> list[str]:
    listing: dict[str, object] = {"path": source.path}
    if source.query:
        listing["query"] = dict(source.query)
    if source.time:
        listing["time"] = source.time
    if source.mode != "changed":
        listing["mode"] = source.mode
    return [
        _line("list", listing, 8),
        _line("lookup", source.lookup, 8),
        _line("records", source.records, 8),
        _line("pages", source.pages, 8),
        _line("count", source.count, 8),
    ]


def _line(name: str, value: object, indent: int = 0, comment: str = "") -> str:
    """`name: value` in flow style; nothing for None."""
    if value is None:
        return ""
    plain = dict(value) if isinstance(value, Mapping) else value
    shown = yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=10_000)
    text = f"{' ' * indent}{name}: {shown.removesuffix('...' + chr(10)).strip()}"
    return f"{text:<40}# {comment}\n" if comment else f"{text}\n"
