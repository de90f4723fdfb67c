"""Mistakes in a manifest by the path of the offending value, in words for people. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from integration_monitor.manifest.yaml_document import Path

_KEY_ITSELF = "[key]"
"""How pydantic marks an error in a mapping's key instead of its value."""

_KINDS = {
    "string_type": "must be text; put the value in quotes",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "dict_type": "must be a mapping of keys to values",
    "list_type": "must be a list",
    "too_short": "must not be empty",
}


@dataclass(frozen=True)
class Problem:
    """A mistake at a path. `of_key` points at the key instead of the value."""

    path: Path
    message: str
    of_key: bool = False


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Every mistake pydantic found, without any value that was given."""
    return [_problem(detail, model) for detail in error.errors(include_url=False)]


def nearest(word: object, allowed: Iterable[str]) -> str:
    """` (did you mean `x`?)` for a word that resembles an allowed one, otherwise nothing."""
    close = difflib.get_close_matches(str(word), list(allowed), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def name_of(path: Path) -> str:
    """The last key of a path, as it is named in messages."""
    return next((str(step) for step in reversed(path) if isinstance(step, str)), "manifest")


def _problem(detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    path: Path = detail["loc"]
    if path and path[-1] == _KEY_ITSELF:
        return Problem(path[:-1], _own_words(detail), of_key=True)
    if detail["type"] == "extra_forbidden":
        return Problem(path, _unknown_key(path, model), of_key=True)
    if detail["type"] == "missing":
        return Problem(path, f"`{name_of(path)}` is missing{_inside(path[:-1])}")
    return Problem(path, f"`{name_of(path)}`: {_reason(detail, path, model)}")


def _inside(path: Path) -> str:
    return f" in `{'.'.join(map(str, path))}`" if path else ""


def _unknown_key(path: Path, model: type[BaseModel]) -> str:
    allowed = _keys(model_at(model, path[:-1]))
    suggestion = nearest(path[-1], allowed)
    return f"unknown key `{path[-1]}`{suggestion or ';'} allowed here: {', '.join(allowed)}"


def _reason(detail: ErrorDetails, path: Path, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "literal_error":
        return _choice(detail)
    if kind in ("model_type", "model_attributes_type"):
        return f"must be a mapping with the keys {', '.join(_keys(model_at(model, path)))}"
    if kind in _KINDS:
        return _KINDS[kind]
    return _own_words(detail)


def _own_words(detail: ErrorDetails) -> str:
    raised = detail.get("ctx", {}).get("error")
    if raised is not None:
        return str(raised)
    return detail["msg"].replace("Input should", "must").replace("must be a valid", "must be a")


def _choice(detail: ErrorDetails) -> str:
    expected = str(detail["ctx"]["expected"]).replace("True", "true")
    options = expected.replace(" or ", ", ").replace("'", "").split(", ")
    given = detail["input"]
    if len(options) == 1:
        return f"must be {options[0]}{', without quotes' if given == options[0] else ''}"
    suggestion = nearest(given, options) if isinstance(given, str) else ""
    return f"must be one of {', '.join(options)}{suggestion}"


def _keys(model: type[BaseModel] | None) -> list[str]:
    """The keys a model allows, as users write them."""
    fields = model.model_fields if model else {}
    return sorted(field.alias or name for name, field in fields.items())


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that reads the mapping at a path, where there is one."""
    found: Any = model
    for step in path:
        found = _step(found, step)
    return next(_models(found), None)


def _step(annotation: Any, step: str | int) -> Any:
    model = next(_models(annotation), None)
    is_container = _origin_is_container(annotation)
    if model is None or is_container:
        return _item(annotation)
    for name, field in model.model_fields.items():
        if step == (field.alias or name):
            return field.annotation
    return None


def _origin_is_container(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", None)
    return origin in (dict, list) or any(
        getattr(argument, "__origin__", None) in (dict, list) for argument in get_args(annotation)
    )


def _item(annotation: Any) -> Any:
    """What a list or mapping holds, also where it may be null."""
    arguments = get_args(annotation)
    for argument in arguments:
        if getattr(argument, "__origin__", None) in (dict, list):
            return get_args(argument)[-1]
    return arguments[-1] if arguments else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is a mapping, otherwise an empty one: for reading what may be wrong."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The value where it is a list, otherwise an empty one."""
    return value if isinstance(value, list) else []
