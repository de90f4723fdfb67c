"""The reference of manifests as markdown, made from their JSON Schema: it cannot go stale."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_REF = "#/$defs/"


def reference_page(schema: Schema, title: str) -> str:
    """One section a mapping, in the order in which the schema comes to it, a row for each key."""
    names = ["", *_reachable(schema, schema)]
    sections = [_section(name, _definition(schema, name)) for name in names]
    return "\n\n".join([f"# {title}", *sections]) + "\n"


def _definition(schema: Schema, name: str) -> Schema:
    found: Schema = schema["$defs"][name] if name else schema
    return found


def _reachable(
    schema: Schema, part: object, seen: dict[str, None] | None = None
) -> dict[str, None]:
    """The names of all definitions, each at its first mention, depth first."""
    seen = {} if seen is None else seen
    inner: Iterator[object] = iter(())
    if isinstance(part, Mapping):
        reference = part.get("$ref")
        if isinstance(reference, str) and (name := reference.removeprefix(_REF)) not in seen:
            seen[name] = None
            _reachable(schema, _definition(schema, name), seen)
        inner = (value for key, value in part.items() if key not in ("$defs", "mapping"))
    elif isinstance(part, list):
        inner = iter(part)
    for value in inner:
        _reachable(schema, value, seen)
    return seen


def _section(name: str, definition: Schema) -> str:
    heading = f"## {_words(name)}" if name else "## The file"
    required = set(definition.get("required", ()))
    rows = [
        _row(key, entry, required=key in required)
        for key, entry in definition.get("properties", {}).items()
    ]
    table = ["| key | value | left out | what for |", "| --- | --- | --- | --- |", *rows]
    said = [heading, str(definition.get("description", "")), *_more(definition)]
    return "\n\n".join([*(text for text in said if text), "\n".join(table)])


def _more(definition: Schema) -> Iterator[str]:
    more = definition.get("additionalProperties")
    if isinstance(more, Mapping):
        yield f"Any other key: {_kind(more)}."


def _row(key: str, entry: Schema, *, required: bool) -> str:
    left_out = "must be there" if required else _default(entry)
    cells = (f"`{key}`", _kind(entry), left_out, str(entry.get("description", "")))
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _default(entry: Schema) -> str:
    default = entry.get("default")
    if default in (None, [], {}) or isinstance(default, Mapping):
        return ""
    return f"`{json.dumps(default)}`"


def _kind(entry: Schema) -> str:
    """What a value may be, in a few words."""
    choices = entry.get("anyOf") or entry.get("oneOf")
    if choices:
        kinds = [_kind(choice) for choice in choices if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in entry:
        return _link(entry["$ref"].removeprefix(_REF))
    if "enum" in entry or "const" in entry:
        values = entry.get("enum", [entry.get("const")])
        return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in values)
    if "env" in entry.get("properties", {}):
        return "`{env: NAME}`"
    return _plain(entry)


def _plain(entry: Schema) -> str:
    if entry.get("type") == "array":
        return f"list of {_kind(entry.get('items', {}))}"
    if entry.get("type") == "object":
        inner = _values(entry)
        return f"mapping of name to {_kind(inner)}" if inner else "mapping"
    kind = {"string": "text", "integer": "whole number"}.get(str(entry.get("type")), "")
    kind = kind or str(entry.get("type", "anything"))
    examples = ", ".join(f"`{example}`" for example in entry.get("examples", ()))
    return f"{kind} such as {examples}" if examples else kind


def _values(entry: Schema) -> Schema | None:
    patterns = list(entry.get("patternProperties", {}).values())
    more = entry.get("additionalProperties")
    found = patterns[0] if patterns else more
    return found if isinstance(found, Mapping) else None


def _link(name: str) -> str:
    words = _words(name)
    return f"[{words}](#{words.lower().replace(' ', '-')})"


def _words(name: str) -> str:
    """`ListRequest` as `List request`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).capitalize()
