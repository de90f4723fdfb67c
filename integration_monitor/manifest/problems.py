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

_TAG = "type"
"""The key that says which model of a union reads a mapping."""

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
    steps = detail["loc"]
    path = _without_tags(steps, model)
    kind = detail["type"]
    if path and path[-1] == _KEY_ITSELF:
        return Problem(path[:-1], _own_words(detail), of_key=True)
    if kind == "extra_forbidden":
        return Problem(path, _unknown_key(steps, model), of_key=True)
    if kind == "missing":
        return Problem(path, _missing(path))
    if kind == "union_tag_not_found":
        return Problem((*path, _TAG), _missing((*path, _TAG)))
    if kind == "union_tag_invalid":
        return Problem((*path, _TAG), f"`{_TAG}`: {_tag_choice(detail)}")
    return Problem(path, f"`{name_of(path)}`: {_reason(detail, steps, model)}")


def _missing(path: Path) -> str:
    inside = f" in `{'.'.join(map(str, path[:-1]))}`" if path[:-1] else ""
    return f"`{name_of(path)}` is missing{inside}"


def _unknown_key(steps: Path, model: type[BaseModel]) -> str:
    allowed = _keys(model_at(model, steps[:-1]))
    suggestion = nearest(steps[-1], allowed)
    tagged = _without_tags(steps, model) != steps
    where = f"with `{_TAG}: {steps[-2]}`" if tagged else "here"
    return f"unknown key `{steps[-1]}`{suggestion or ';'} allowed {where}: {', '.join(allowed)}"


def _reason(detail: ErrorDetails, steps: Path, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "literal_error":
        return _choice(detail)
    if kind == "model_attributes_type" and (tags := _by_tag(_annotation_at(model, steps))):
        return f"must be a mapping with a `{_TAG}`: {', '.join(sorted(tags))}"
    if kind in ("model_type", "model_attributes_type"):
        return f"must be a mapping with the keys {', '.join(_keys(model_at(model, steps)))}"
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


def _tag_choice(detail: ErrorDetails) -> str:
    options = str(detail["ctx"]["expected_tags"]).replace("'", "").split(", ")
    given = mapping(detail["input"]).get(_TAG)
    suggestion = nearest(given, options) if isinstance(given, str) else ""
    return f"must be one of {', '.join(sorted(options))}{suggestion}"


def _keys(model: type[BaseModel] | None) -> list[str]:
    """The keys a model allows, as users write them."""
    fields = model.model_fields if model else {}
    return sorted(field.alias or name for name, field in fields.items())


def model_at(model: type[BaseModel], steps: Path) -> type[BaseModel] | None:
    """The model that reads the mapping at some steps of pydantic's, where there is one."""
    return next(_models(_annotation_at(model, steps)), None)


def _annotation_at(model: type[BaseModel], steps: Path) -> Any:
    found: Any = model
    for step in steps:
        found = _step(found, step)
    return found


def _without_tags(steps: Path, model: type[BaseModel]) -> Path:
    """The path as the user wrote it: pydantic names the chosen model of a union in between."""
    found: Any = model
    path: list[str | int] = []
    for step in steps:
        if not _by_tag(found):
            path.append(step)
        found = _step(found, step)
    return tuple(path)


def _by_tag(annotation: Any) -> Mapping[str, type[BaseModel]]:
    """The models of a union that a tag tells apart, by their tags; nothing for all else."""
    models = [] if _origin_is_container(annotation) else list(_models(annotation))
    if len(models) < 2:
        return {}
    return {get_args(model.model_fields[_TAG].annotation)[0]: model for model in models}


def _step(annotation: Any, step: str | int) -> Any:
    if tagged := _by_tag(annotation):
        return tagged.get(str(step))
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
