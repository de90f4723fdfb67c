"""Signature schemes by name, and from a mapping. The named ones are the files of `schemes/`.

They follow the partners' documentation of their webhooks, as it was in 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pydantic import ValidationError

from integration_monitor.manifest import wire_signature as wire
from integration_monitor.manifest.problems import Problem, nearest, problems_of
from integration_monitor.manifest.signature_scheme import SignatureScheme
from integration_monitor.manifest.yaml_document import Path, parse_yaml


class SchemeError(ValueError):
    """There is no such scheme, or a mapping describes none. Never holds a value of a mapping."""


@dataclass(frozen=True)
class Preset:
    """A named scheme, and what its partner gives as the secret."""

    name: str
    title: str
    secret: str
    scheme: SignatureScheme


@cache
def presets() -> Mapping[str, Preset]:
    """All named schemes, by name, in alphabetical order."""
    folder = resources.files(__package__) / "schemes"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda f: f.name
    )
    found = (_preset(file.name[:-5], file.read_text(encoding="utf-8")) for file in files)
    return {preset.name: preset for preset in found}


def load_scheme(name_or_mapping: str | Mapping[str, object]) -> SignatureScheme:
    """The scheme of a name or of a mapping. Raises `SchemeError` with the choices or the key."""
    if isinstance(name_or_mapping, str):
        preset = presets().get(name_or_mapping)
        if preset is None:
            raise SchemeError(_unknown(name_or_mapping))
        return preset.scheme
    scheme, problems = _read(dict(name_or_mapping))
    if scheme is None:
        raise SchemeError("; ".join(problem.message for problem in problems))
    return scheme


def check_signature(webhooks: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """What is wrong with the `signature` of a `webhooks` section, and the address it signs."""
    given = webhooks.get("signature")
    at = (*path, "signature")
    scheme = None
    if isinstance(given, str) and given:
        scheme = presets()[given].scheme if given in presets() else None
        if scheme is None:
            yield Problem(at, f"`signature`: {_unknown(given)}")
    elif isinstance(given, dict) and given:
        scheme, problems = _read(given)
        yield from (Problem((*at, *one.path), one.message, one.of_key) for one in problems)
    if scheme is not None and scheme.signs_url and webhooks.get("public_url") is None:
        message = "`public_url` is missing: the signature is over the address the partner calls"
        yield Problem((*path, "public_url"), message)


def _read(value: Mapping[str, object]) -> tuple[SignatureScheme | None, list[Problem]]:
    try:
        read = wire.SignatureScheme.model_validate(value)
    except ValidationError as error:
        return None, problems_of(error, wire.SignatureScheme)
    problems = [Problem((key,), f"`{key}`: {reason}") for key, reason in wire.mistakes(read)]
    return (None, problems) if problems else (wire.convert(read), [])


def _unknown(name: str) -> str:
    return (
        f"no scheme is called `{name}`{nearest(name, presets()) or ';'}"
        f" there are: {', '.join(presets())}; or give the scheme itself as a mapping"
    )


def _preset(name: str, text: str) -> Preset:
    value = parse_yaml(text).value
    return Preset(name, value["title"], value["secret"], load_scheme(value["signature"]))
