"""YAML text → plain values, with the line and column of every key kept for error messages.

The scalars are those of YAML 1.2 (`on`, `yes` and `1:30` are text), and dates stay text, so that
a value never turns into something its writer did not mean. Keys are text and unique.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _BaseLoader
except ImportError:  # PyYAML was built without libyaml: the same results, slower
    from yaml import SafeLoader as _BaseLoader  # type: ignore[assignment]

Path = tuple[str | int, ...]
"""The keys and indexes that lead from the top of a document to a value."""

MAX_NODES = 100_000
"""Aliases may multiply a small text into a huge document; beyond this it is refused."""

_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Loader(_BaseLoader):
    """Composes nodes by the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:null|Null|NULL|~|)$"), ["n", "N", "~", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool",
    re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    list("tTfF"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


@dataclass(frozen=True)
class Flaw:
    """A mistake in the YAML itself, at a 1-based line and column. Never quotes a value."""

    line: int
    column: int
    message: str


class UnreadableYaml(Exception):
    """The text is no YAML mapping. `flaws` say where and why."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("; ".join(flaw.message for flaw in flaws))
        self.flaws = tuple(flaws)


@dataclass(frozen=True)
class YamlDocument:
    """A mapping that was read from YAML, and where its parts stand in the text."""

    value: dict[str, Any]
    root: yaml.MappingNode

    def position(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """The 1-based line and column of the value at `path`, or of its key.

        Where the path ends before its last step (a key is missing), the last key that is there.
        """
        node: yaml.Node = self.root
        key: yaml.Node = self.root
        for step in path:
            found = _child(node, step)
            if found is None:
                return _at(key)
            key, node = found
        return _at(key if of_key else node)


def parse_yaml(text: str) -> YamlDocument:
    """Read a text that holds one YAML mapping. Raises `UnreadableYaml`."""
    root = _compose(text)
    if root is None:
        raise UnreadableYaml([Flaw(1, 1, "the file is empty")])
    if not isinstance(root, yaml.MappingNode):
        raise UnreadableYaml([Flaw(*_at(root), "expected a mapping of keys to values")])
    reader = _Reader()
    try:
        value = reader.mapping(root)
    except RecursionError:
        raise UnreadableYaml([Flaw(1, 1, "nested too deeply")]) from None
    if reader.flaws:
        raise UnreadableYaml(reader.flaws)
    return YamlDocument(value, root)


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise UnreadableYaml([Flaw(line, column, f"not valid YAML: {_explain(error)}")]) from None
    except yaml.YAMLError:
        raise UnreadableYaml([_control_character(text)]) from None
    except RecursionError:
        raise UnreadableYaml([Flaw(1, 1, "nested too deeply")]) from None


def _explain(error: yaml.MarkedYAMLError) -> str:
    """The parser's words without what it quotes from the text, which may be a secret."""
    problem = re.sub(r"""['"][^'"\s]{3,}['"]""", "…", error.problem or "it cannot be parsed")
    if "cannot start any token" in problem:
        return f"{problem} (indent with spaces, not tabs; quote text that starts with @ or `)"
    if "mapping values are not allowed" in problem:
        return f"{problem} (check the indentation; quote text that holds a colon and a space)"
    return f"{error.context}, {problem}" if error.context else problem


def _control_character(text: str) -> Flaw:
    found = _CONTROL.search(text)
    before = text[: found.start()] if found else ""
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Flaw(before.count("\n") + 1, column, "not valid YAML: a control character")


class _Reader:
    """Turns nodes into values and collects the flaws of all of them."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._nodes = 0

    def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            if key in found:
                self._flaw(key_node, f"duplicate key `{key}`")
            found[key] = self._value(value_node)
        return found

    def _key(self, node: yaml.Node) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
            return str(node.value)
        self._flaw(node, "a key must be text; put it in quotes")
        return None

    def _value(self, node: yaml.Node) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise UnreadableYaml([Flaw(*_at(node), f"more than {MAX_NODES} values in one file")])
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self.mapping(node)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self._value(item) for item in node.value]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        return self._flaw(node, "tags such as `!name` are not supported; quote text that starts so")

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "str":
                return node.value
            case "null":
                return None
            case "bool":
                return node.value.lower() == "true"
            case "int":
                return self._number(node, int)
            case "float":
                return self._number(node, float)
        return self._flaw(node, "tags such as `!name` are not supported; quote text that starts so")

    def _number(self, node: yaml.ScalarNode, kind: type[int] | type[float]) -> Any:
        try:
            return kind(node.value)
        except ValueError:
            return self._flaw(node, "this is not a number")

    def _flaw(self, node: yaml.Node, message: str) -> None:
        self.flaws.append(Flaw(*_at(node), message))


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The nodes of the key and of the value one step below; for a list the item is both."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item, item
    return None


def _at(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
