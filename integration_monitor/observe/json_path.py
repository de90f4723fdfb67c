"""JMESPath expressions of a manifest, looked up in what a partner sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from integration_monitor.observe.side import ReadError

_UNFIT = (JMESPathError, ArithmeticError, TypeError, ValueError, RecursionError)
"""What an expression may raise on a document that it was not written for."""


class Path:
    """A compiled JMESPath expression. Raises `ReadError` of kind `config` where it is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._expression = jmespath.compile(text)
        except JMESPathError:
            raise ReadError("config", f"`{text}` is not a JMESPath expression") from None
        self._names = _names(self._expression.parsed)

    def of(self, document: object) -> Any:
        """What the expression finds, None for nothing or where it does not fit the document."""
        if self._names is not None:
            return _walked(self._names, document)
        try:
            return self._expression.search(document)
        except _UNFIT:
            return None

    def is_told(self, document: object) -> bool:
        """Whether the document has the key, be it null, that `a.b` or `!(a.b)` leads to.

        Always so for other expressions.
        """
        return _has(self._expression.parsed, document)


def _names(node: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The names of `a.b.c`, which nearly every path is: walking them is several times faster."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression":
        steps = [_names(step) for step in node["children"]]
        if all(steps):
            return tuple(name for step in steps if step for name in step)
    return None


def _walked(names: tuple[str, ...], document: object) -> Any:
    for name in names:
        # Nearly all that is ever met is a dict, and to ask for any mapping takes longer.
        if type(document) is not dict and not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def _has(node: Mapping[str, Any], document: object) -> bool:
    inner = node["children"]
    match node["type"]:
        case "field":
            return isinstance(document, Mapping) and node["value"] in document
        case "not_expression":
            return _has(inner[0], document)
        case "subexpression" if all(step["type"] == "field" for step in inner):
            for step in inner[:-1]:
                document = document.get(step["value"]) if isinstance(document, Mapping) else None
            return _has(inner[-1], document)
        case _:
            return True
