"""The fields of a partner's answers, from the few that are looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from integration_monitor.manifest.domain import Integration, RestSide
from integration_monitor.observe.json_path import Path
from integration_monitor.observe.shape_sample import ShapeSample
from integration_monitor.signals.shape import Shape

MOST_BYTES = 1024 * 1024
"""Of an answer that is looked at, as it came and without its content coding."""
_PIECE = 4096


@dataclass(frozen=True)
class SampledAnswer:
    """An answer as it came over the wire."""

    body: bytes
    coding: str | None
    """Its `Content-Encoding`."""
    records: Path | None = None
    """Where the records are; None: the elements of a list, or else the answer as one record."""


def shape_of_answers(answers: Iterable[SampledAnswer]) -> Iterator[Shape]:
    """The shape of the records in all of them together; nothing where there are none."""
    sample = ShapeSample()
    for answer in answers:
        for record in _records(answer):
            sample.add(record)
    if sample.records:
        yield sample.shape()


def records_paths(integration: Integration) -> dict[str, Path]:
    """Where the records are in answers of an endpoint, as far as a sync says it."""
    found: dict[str, Path] = {}
    for sync in integration.syncs.values():
        for side in (sync.source, sync.destination):
            if isinstance(side.at, RestSide) and side.at.endpoint:
                found.setdefault(side.at.endpoint, Path(side.at.records))
    return found


def parsed(body: bytes, coding: str | None) -> Any:
    """The JSON of a body; None where there is none, or it is larger than what is looked at."""
    text = body if not coding or coding == "identity" else _decoded(body, coding)
    if text is None or len(text) > MOST_BYTES:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _records(answer: SampledAnswer) -> Iterable[object]:
    document = parsed(answer.body, answer.coding)
    found = answer.records.of(document) if answer.records else document
    return found if isinstance(found, list) else [found]


def _decoded(body: bytes, coding: str) -> bytes | None:
    named = [(b"content-encoding", coding.encode())]
    response = httpx.Response(200, headers=named, stream=_Pieces(body))
    text = bytearray()
    try:
        for piece in response.iter_bytes():
            text += piece
            if len(text) > MOST_BYTES:
                return None
    except httpx.DecodingError:
        return None
    return bytes(text)


class _Pieces(httpx.SyncByteStream):
    """A body in pieces, so that a small one which unpacks to gigabytes is noticed early."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), _PIECE):
            yield self._body[start : start + _PIECE]
