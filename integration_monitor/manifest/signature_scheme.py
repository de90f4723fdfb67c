"""How a partner signs its webhooks, as data: what is signed, with what, and where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Literal

Algorithm = Literal[
    "hmac-sha256",
    "hmac-sha1",
    "hmac-sha512",
    "sha256",
    "ed25519",
    "shared_secret",
    "basic_auth",
    "none",
]
Encoding = Literal["hex", "base64"]
Unit = Literal["s", "ms", "rfc3339"]
TimeSource = Literal["header", "part", "json"]
UrlVariant = Literal["as_is", "with_default_port", "without_port"]
PieceKind = Literal["text", "timestamp", "body", "method", "url", "form_sorted", "secret", "header"]

SIGNING: frozenset[Algorithm] = frozenset(
    ("hmac-sha256", "hmac-sha1", "hmac-sha512", "sha256", "ed25519")
)
"""Algorithms that sign a content; the others only show what both sides know."""

_PLACEHOLDER = re.compile(r"\{(timestamp|body|method|url|form_sorted|secret|header:([^{}]+))\}")


@dataclass(frozen=True)
class Key:
    """How the key's bytes are written in the secret. Left out: the secret's own UTF-8."""

    strip_prefix: str = ""
    decode: Encoding | None = None


@dataclass(frozen=True)
class Single:
    """The header is one signature after a prefix."""

    prefix: str = ""


@dataclass(frozen=True)
class Pairs:
    """The header is a list of named parts, `t=1,v1=ab`; `take` names those that are signatures."""

    take: tuple[str, ...]
    separator: str = ","
    kv: str = "="


@dataclass(frozen=True)
class TaggedList:
    """The header is a list of signatures, each after its version, `v1,ab v1,cd`."""

    take: tuple[str, ...]
    separator: str = " "
    kv: str = ","


Format = Single | Pairs | TaggedList


@dataclass(frozen=True)
class Timestamp:
    """Where a request says when it was signed. `tolerance` None: no age is too old."""

    source: TimeSource
    name: str
    """A header, a part of the signature's header, or a dotted path into the JSON body."""
    unit: Unit
    tolerance: timedelta | None


@dataclass(frozen=True)
class UrlRules:
    """How the configured address is written where it is signed."""

    decode_only: tuple[str, ...] = ()
    """Percent escapes that are decoded first, such as `%3A`; all others stay."""
    variants: tuple[UrlVariant, ...] = ("as_is",)
    body_digest: str | None = None
    """The parameter that holds the body's SHA-256 in hex, where the body itself is not signed."""


@dataclass(frozen=True)
class Piece:
    """A part of what is signed: a text as it is, or a placeholder; `text` names its header."""

    kind: PieceKind
    text: str = ""


@dataclass(frozen=True)
class Acknowledgement:
    """What a partner wants to be answered to what was taken, where 200 alone does not do."""

    content_type: str
    body: str


@dataclass(frozen=True)
class SignatureScheme:
    """One way of signing. `header` and the names of headers are in lower case."""

    algorithm: Algorithm
    header: str = ""
    format: Format = Single()
    encoding: Encoding = "hex"
    key: Key = Key()
    content: tuple[Piece, ...] = ()
    timestamp: Timestamp | None = None
    url: UrlRules = UrlRules()
    element: str = ""
    """With `none`: the XML element of the body that has to hold the secret."""
    acknowledgement: Acknowledgement | None = None

    @cached_property
    def signs_form(self) -> bool:
        """Whether the fields of a form are part of what is signed."""
        return any(piece.kind == "form_sorted" for piece in self.content)

    @cached_property
    def signs_url(self) -> bool:
        """Whether the address is part of what is signed."""
        return any(piece.kind == "url" for piece in self.content)


def pieces_of(template: str) -> tuple[Piece, ...]:
    """Read a `content`. Raises `ValueError` for a brace that is no placeholder."""
    pieces, end = [], 0
    for found in _PLACEHOLDER.finditer(template):
        pieces.append(_text(template[end : found.start()]))
        pieces.append(_placeholder(found))
        end = found.end()
    pieces.append(_text(template[end:]))
    return tuple(piece for piece in pieces if piece != Piece("text"))


def _placeholder(found: re.Match[str]) -> Piece:
    if found[2]:
        return Piece("header", found[2].lower())
    kinds: dict[str, PieceKind] = {
        "timestamp": "timestamp",
        "body": "body",
        "method": "method",
        "url": "url",
        "form_sorted": "form_sorted",
        "secret": "secret",
    }
    return Piece(kinds[found[1]])


def _text(text: str) -> Piece:
    if "{" in text or "}" in text:
        raise ValueError(
            "only {timestamp}, {body}, {method}, {url}, {form_sorted}, {secret} and {header:NAME}"
            " may stand in braces"
        )
    return Piece("text", text)
