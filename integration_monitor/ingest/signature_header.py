"""Reading the header that holds the signatures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from integration_monitor.ingest.signature_error import SignatureError
from integration_monitor.manifest.signature_scheme import (
    Encoding,
    Pairs,
    SignatureScheme,
    Single,
    TaggedList,
)

MAX_SIGNATURES = 16
"""Rotation needs two; each one more is work that a stranger gives us."""


class Signatures(NamedTuple):
    """The signatures of a header as bytes, and its other parts as text."""

    signatures: tuple[bytes, ...]
    parts: Mapping[str, str] = MappingProxyType({})


def read_signatures(value: str, scheme: SignatureScheme) -> Signatures:
    """Read the value of the scheme's header. Raises `SignatureError`."""
    match scheme.format:
        case Single(prefix):
            return Signatures((_decoded(_without(prefix, value), scheme.encoding),))
        case Pairs(take, separator, kv):
            pairs = _pairs(value.split(separator), kv)
            parts = {name: text for name, text in pairs if name not in take}
            if len(parts) < sum(name not in take for name, _ in pairs):
                raise SignatureError("malformed", "a part of the header is given twice")
            return Signatures(_taken(pairs, take, scheme.encoding), parts)
        case TaggedList(take, separator, kv):
            pairs = _pairs(value.split(separator), kv)
            return Signatures(_taken(pairs, take, scheme.encoding))


def without_prefix(value: str, scheme: SignatureScheme) -> str:
    """The value of a header that is no signature, after its prefix."""
    return _without(scheme.format.prefix, value) if isinstance(scheme.format, Single) else value


def decode(text: str, encoding: Encoding) -> bytes:
    """Bytes from hex or base64, strictly. Raises `ValueError`."""
    try:
        if encoding == "hex":
            return binascii.unhexlify(text)
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not {encoding}") from error


def _pairs(entries: Sequence[str], kv: str) -> list[tuple[str, str]]:
    pairs = []
    for entry in entries:
        name, found, text = entry.strip().partition(kv)
        if not found:
            raise SignatureError("malformed", f"an entry of the header has no `{kv}`")
        pairs.append((name, text))
    return pairs


def _taken(
    pairs: Sequence[tuple[str, str]], take: Sequence[str], encoding: Encoding
) -> tuple[bytes, ...]:
    texts = [text for name, text in pairs if name in take]
    if not texts:
        raise SignatureError("no_signature", f"the header holds none of {', '.join(take)}")
    if len(texts) > MAX_SIGNATURES:
        raise SignatureError("malformed", f"the header holds more than {MAX_SIGNATURES} signatures")
    # What cannot be read beside the one that fits may be meant for another reader.
    readable = tuple(found for text in texts if (found := _readable(text, encoding)))
    return readable or (_decoded(texts[0], encoding),)


def _without(prefix: str, value: str) -> str:
    if not value.startswith(prefix):
        raise SignatureError("malformed", f"the header does not begin with `{prefix}`")
    return value[len(prefix) :]


def _decoded(text: str, encoding: Encoding) -> bytes:
    found = _readable(text, encoding)
    if not found:
        raise SignatureError("malformed", f"the signature is not written in {encoding}")
    return found


def _readable(text: str, encoding: Encoding) -> bytes:
    """Empty where it is not written so."""
    try:
        return decode(text, encoding)
    except ValueError:
        return b""
