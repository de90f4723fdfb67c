"""The wire model of a signature scheme, and what its keys must be among themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from integration_monitor.manifest import signature_scheme as domain
from integration_monitor.manifest.wire_types import HeaderName, Text, Wire

_AUTHORIZATION = {"basic_auth": "authorization"}
_SOURCE = r"(header|part|json):(.+)"


def _plain_key(value: Any) -> Any:
    return {} if value == "utf8" else value


def _content(value: str) -> str:
    domain.pieces_of(value)
    return value


def _escape(value: str) -> str:
    if not re.fullmatch("%[0-9A-Fa-f]{2}", value):
        raise ValueError("must be a percent escape such as %3A")
    return value.upper()


def _source(value: str) -> str:
    if not re.fullmatch(_SOURCE, value):
        raise ValueError("must be `header:NAME`, `part:NAME` or `json:$.path`")
    return value


class Key(Wire):
    strip_prefix: str = ""
    decode: Literal["base64", "hex"] | None = None


class Format(Wire):
    kind: Literal["single", "pairs", "tagged_list"]
    prefix: str | None = None
    sep: Text | None = None
    kv: Text | None = None
    take: list[Text] | None = None


class Timestamp(Wire):
    source: Annotated[str, AfterValidator(_source), Field(alias="from")]
    unit: Literal["s", "ms", "rfc3339"]
    tolerance_s: Annotated[int, Field(gt=0)] | None = 300


class Url(Wire):
    source: Annotated[Literal["configured"], Field(alias="from")] = "configured"
    decode_only: list[Annotated[str, AfterValidator(_escape)]] = Field(default_factory=list)
    variants: Annotated[list[domain.UrlVariant], Field(min_length=1)] = Field(
        alias="try", default_factory=lambda: list[domain.UrlVariant](["as_is"])
    )
    body_digest: Text | None = None


class Acknowledgement(Wire):
    content_type: Annotated[str, Field(pattern=r"^[\x20-\x7e]+$")]
    body: Text


class SignatureScheme(Wire):
    algorithm: domain.Algorithm
    key: Annotated[Key, BeforeValidator(_plain_key)] = Key()
    header: HeaderName | None = None
    format: Format = Format(kind="single")
    encoding: domain.Encoding = "hex"
    content: Annotated[Text, AfterValidator(_content)] | None = None
    timestamp: Timestamp | None = None
    url: Url = Field(default_factory=Url)
    element: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.-]*$")] | None = None
    acknowledgement: Acknowledgement | None = None


def mistakes(read: SignatureScheme) -> Iterator[tuple[str, str]]:
    """What is wrong between the keys of a scheme: the key and the reason."""
    yield from _of_content(read)
    yield from _of_format(read.format)
    yield from _of_timestamp(read)
    if read.header is None and read.algorithm not in ("basic_auth", "none"):
        yield "header", "is missing: which header holds it?"
    if read.algorithm != "none" and read.element is not None:
        yield "element", "is only for `algorithm: none`"
    if read.algorithm == "none" and read.element is None:
        yield (
            "element",
            (
                "is missing: with `algorithm: none` anything from anybody would pass; name the XML"
                " element of the body that holds the secret, or take another algorithm"
            ),
        )


def convert(read: SignatureScheme) -> domain.SignatureScheme:
    """The domain's scheme of a wire model without mistakes."""
    return domain.SignatureScheme(
        algorithm=read.algorithm,
        header=(read.header or _AUTHORIZATION.get(read.algorithm, "")).lower(),
        format=_format(read.format),
        encoding=read.encoding,
        key=domain.Key(read.key.strip_prefix, read.key.decode),
        content=domain.pieces_of(read.content or ""),
        timestamp=_timestamp(read.timestamp) if read.timestamp else None,
        url=domain.UrlRules(
            tuple(read.url.decode_only), tuple(read.url.variants), read.url.body_digest
        ),
        element=read.element or "",
        acknowledgement=_acknowledgement(read.acknowledgement),
    )


def _acknowledgement(read: Acknowledgement | None) -> domain.Acknowledgement | None:
    return None if read is None else domain.Acknowledgement(read.content_type, read.body)


def _of_content(read: SignatureScheme) -> Iterator[tuple[str, str]]:
    kinds = {piece.kind for piece in domain.pieces_of(read.content or "")}
    if read.algorithm not in domain.SIGNING:
        if read.content is not None:
            yield "content", f"nothing is signed with `algorithm: {read.algorithm}`"
        return
    if read.content is None:
        yield "content", 'is missing: what is signed, such as "{timestamp}.{body}"?'
    elif not kinds & {"body", "form_sorted"}:
        yield "content", "needs {body} or {form_sorted}: otherwise any body would pass"
    if read.content and read.algorithm == "sha256" and "secret" not in kinds:
        yield "content", "needs {secret}: without it anyone can compute a plain sha256"
    if "secret" in kinds and read.algorithm == "ed25519":
        yield "content", "{secret} is a public key with `algorithm: ed25519`"


def _of_format(read: Format) -> Iterator[tuple[str, str]]:
    if read.kind == "single":
        if read.sep or read.kv or read.take:
            yield "format", "`sep`, `kv` and `take` are for the kinds pairs and tagged_list"
        return
    if not read.take:
        yield "format", f"needs `take` with `kind: {read.kind}`: which parts are signatures?"
    if read.prefix is not None:
        yield "format", "`prefix` is for `kind: single`"


def _of_timestamp(read: SignatureScheme) -> Iterator[tuple[str, str]]:
    signed = any(piece.kind == "timestamp" for piece in domain.pieces_of(read.content or ""))
    if read.timestamp is None:
        if signed:
            yield "timestamp", "is missing: `content` holds {timestamp}"
        return
    source = read.timestamp.source.partition(":")[0]
    if source == "json" and signed:
        yield "timestamp", "a time in the body is signed with it: leave {timestamp} out"
    elif source != "json" and not signed:
        yield "timestamp", "is not signed: `content` needs {timestamp}, or anyone could change it"
    if source == "part" and read.format.kind != "pairs":
        yield "timestamp", "`part:` needs `format: {kind: pairs, …}`"


def _format(read: Format) -> domain.Format:
    take = tuple(read.take or ())
    match read.kind:
        case "single":
            return domain.Single(read.prefix or "")
        case "pairs":
            return domain.Pairs(take, read.sep or ",", read.kv or "=")
        case "tagged_list":
            return domain.TaggedList(take, read.sep or " ", read.kv or ",")


def _timestamp(read: Timestamp) -> domain.Timestamp:
    source, _, name = read.source.partition(":")
    tolerance = timedelta(seconds=read.tolerance_s) if read.tolerance_s else None
    match source:
        case "header":
            return domain.Timestamp("header", name.lower(), read.unit, tolerance)
        case "part":
            return domain.Timestamp("part", name, read.unit, tolerance)
    return domain.Timestamp("json", name.removeprefix("$."), read.unit, tolerance)
