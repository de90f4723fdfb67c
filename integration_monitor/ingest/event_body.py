"""Bodies of webhooks: read as JSON, XML or a form, written in one form to be compared. Pure."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import msgspec

from integration_monitor.ingest.xml_document import XmlError, read_xml

FORM = "application/x-www-form-urlencoded"
_PAYLOAD = "payload"
_MAX_FIELDS = 1000

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_sorting_encoder = msgspec.json.Encoder(order="sorted")


class UnreadableBody(ValueError):
    """A body that cannot be understood; the message says why, without a part of it."""


def read_document(body: bytes, content_type: str) -> Any:
    """What a body says, by its content type: JSON, XML or a form. Raises `UnreadableBody`.

    XML is a mapping as `read_xml` has it, a form one of its fields; a field that came several times
    is a list. A form of the one field `payload` is the JSON in it, as Slack's interactions and
    GitHub's forms are.
    """
    if not body.strip():
        raise UnreadableBody("the body is empty")
    # Some senders name JSON otherwise; neither a form nor XML begins with such a bracket.
    if body.lstrip()[:1] in b"{[":
        return _json(body)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == FORM:
        return _form(body)
    return _xml(body) if kind.endswith(("/xml", "+xml")) else _json(body)


def written(document: object) -> bytes:
    """The document as JSON."""
    return _written(document, _encoder)


def canonical(document: object) -> bytes:
    """The document as JSON that does not depend on the order of its keys."""
    return _written(document, _sorting_encoder)


def _form(body: bytes) -> Any:
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise UnreadableBody("the body is not a form, as its content type says") from None
    if list(found) == [_PAYLOAD] and len(found[_PAYLOAD]) == 1:
        return _json(found[_PAYLOAD][0].encode())
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _xml(body: bytes) -> Any:
    try:
        return read_xml(body)
    except XmlError as error:
        raise UnreadableBody(str(error)) from error


def _json(body: bytes) -> Any:
    try:
        return _decoder.decode(body)
    except (ValueError, RecursionError):
        return _lenient_json(body)


def _lenient_json(body: bytes) -> Any:
    """JSON with a byte order mark, or with half of a character that a sender cut off."""
    try:
        return json.loads(body, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise UnreadableBody("the body is nested too deeply") from None
    except ValueError:
        raise UnreadableBody("the body is not JSON") from None


def _finite(text: str) -> float:
    number = float(text)
    return number if abs(number) != float("inf") else _refuse(text)


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _written(document: object, encoder: msgspec.json.Encoder) -> bytes:
    try:
        return encoder.encode(document)
    except UnicodeEncodeError:  # half a character
        return json.dumps(document, sort_keys=encoder is _sorting_encoder).encode()
    except RecursionError:
        raise UnreadableBody("the body is nested too deeply") from None
