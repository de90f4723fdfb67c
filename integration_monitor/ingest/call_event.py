"""What the calls API takes: a batch of raw events as JSON, each judged on its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails, from_json, to_json

from integration_monitor.signals.call_outcome import ErrorClass

MOST_EVENTS = 5_000
_LONGEST_CALL_MS = 24 * 3_600_000
_FIELD_LENGTH = 100

# PostgreSQL has no place for NUL in a text, and nobody wants control characters in a terminal.
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
_Text = Annotated[str, StringConstraints(max_length=200, pattern=_PRINTABLE)]
_Source = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]
_BatchId = Annotated[str, StringConstraints(max_length=128, pattern=_PRINTABLE)]
_Url = Annotated[str, StringConstraints(max_length=8_000, pattern=_PRINTABLE)]
_Method = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,20}$")]
_HeaderName = Annotated[str, StringConstraints(max_length=200)]
_HeaderValue = Annotated[str, StringConstraints(max_length=8_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class CallEvent(_Strict):
    """One call to a partner, as its caller saw it."""

    integration: Annotated[_Text, Field(description="The name of a manifest's integration.")]
    endpoint: Annotated[
        _Text | None, Field(description="The name of an endpoint in the manifest, or `other`.")
    ] = None
    url: Annotated[
        _Url | None,
        Field(
            description="Instead of `endpoint`: the address that was called, or its path."
            " It is matched to the manifest's endpoints, and not kept."
        ),
    ] = None
    tenant: Annotated[_Text | None, Field(description="For whom; left out: nobody's.")] = None
    method: Annotated[_Method, Field(description="The HTTP method.")]
    status: Annotated[
        int | None, Field(ge=100, le=599, description="The HTTP status, if there was an answer.")
    ] = None
    error: Annotated[
        ErrorClass | None,
        Field(
            description="The class of the error where the status does not say it:"
            " no answer, or an error inside a 200. It outweighs the status."
        ),
    ] = None
    started_at: Annotated[
        AwareDatetime, Field(description="When the call began, RFC 3339 with an offset or Z.")
    ]
    duration_ms: Annotated[
        float,
        Field(
            ge=0,
            le=_LONGEST_CALL_MS,
            allow_inf_nan=False,
            description="From the call to its usable answer, its own retries included.",
        ),
    ]
    headers: Annotated[
        dict[_HeaderName, _HeaderValue] | None,
        Field(max_length=100, description="The answer's headers; secrets need not be among them."),
    ] = None
    attempt: Annotated[
        int | None,
        Field(ge=1, le=1_000, description="Which attempt brought the answer; 1 is first."),
    ] = None
    error_code: Annotated[_Text | None, Field(description="The partner's code of the error.")] = (
        None
    )
    message: Annotated[
        str | None, Field(max_length=2_000, description="The partner's message; kept redacted.")
    ] = None
    key: Annotated[_Text | None, Field(description="The record that was written.")] = None


@dataclass(frozen=True)
class Rejected:
    """An event that was not taken."""

    index: int
    """Its place in the batch, from 0."""
    field: str
    reason: str


class PostedCalls(_Strict):
    """A batch of calls. The same `source` and `batch_id` again do not count again."""

    batch_id: Annotated[
        _BatchId,
        Field(description="Unique per source; send a batch again under the same one."),
    ]
    source: Annotated[_Source, Field(description="Who sends, such as the name of a service.")] = (
        "api"
    )
    events: Annotated[list[CallEvent], Field(max_length=MOST_EVENTS)]


@dataclass(frozen=True)
class ReadCalls:
    """A batch as it was read: what is wrong with an event stays with that event."""

    batch_id: str
    source: str
    events: tuple[tuple[int, CallEvent], ...]
    """With their place in the batch."""
    rejected: tuple[Rejected, ...] = ()


class Taken(BaseModel):
    """What became of a batch."""

    accepted: Annotated[int, Field(description="Events that count now because of this request.")]
    duplicate: Annotated[
        bool, Field(description="Whether the batch had been taken before; nothing counts again.")
    ]
    rejected: list[Rejected]


class UnreadableBatch(Exception):
    """The body is no batch at all: where, and why. Repeats no value."""

    def __init__(self, field: str, reason: str, *, is_json: bool) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.is_json = is_json


def read_calls(body: bytes) -> ReadCalls:
    """Read a batch. Raises `UnreadableBatch`."""
    try:
        posted = PostedCalls.model_validate_json(body)
    except ValidationError as error:
        return _read_the_rest(body, error)
    return ReadCalls(posted.batch_id, posted.source, tuple(enumerate(posted.events)))


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a batch, in one piece."""
    schema = PostedCalls.model_json_schema()
    event = schema.pop("$defs")["CallEvent"]
    schema["properties"]["events"]["items"] = event
    return schema


def _read_the_rest(body: bytes, error: ValidationError) -> ReadCalls:
    """Set the invalid events aside. Only a text of JSON is read as strictly as the first time."""
    rejected = _by_event(error)
    posted = from_json(body)
    good = [(at, event) for at, event in enumerate(posted["events"]) if at not in rejected]
    posted["events"] = [event for _, event in good]
    try:
        read = PostedCalls.model_validate_json(to_json(posted, inf_nan_mode="constants"))
    except ValidationError as still:  # such as a key that is there twice
        raise _unreadable(
            still.errors(include_url=False, include_context=False, include_input=False)[0]
        ) from None
    places = [at for at, _ in good]
    return ReadCalls(
        read.batch_id,
        read.source,
        tuple(zip(places, read.events, strict=True)),
        tuple(rejected.values()),
    )


def _by_event(error: ValidationError) -> dict[int, Rejected]:
    """The first error of each event by its index. Raises `UnreadableBatch` for all others."""
    rejected: dict[int, Rejected] = {}
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        match found["loc"]:
            case ("events", int(index), *inside):
                field, reason = _path(inside), _reason(found["type"], found["msg"])
                rejected.setdefault(index, Rejected(index, field, reason))
            case _:
                raise _unreadable(found)
    return rejected


def _unreadable(found: ErrorDetails) -> UnreadableBatch:
    reason = _reason(found["type"], found["msg"])
    return UnreadableBatch(_path(found["loc"]), reason, is_json=found["type"] != "json_invalid")


def _path(places: Iterable[int | str]) -> str:
    return ".".join(map(str, places))[:_FIELD_LENGTH]


def _reason(kind: str, said: str) -> str:
    if kind == "string_pattern_mismatch":
        return "has characters that do not belong there, or none"
    return said[:1].lower() + said[1:]
