"""Whether a text is a JMESPath expression. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import jmespath
from jmespath.exceptions import JMESPathError

from integration_monitor.manifest.problems import Problem
from integration_monitor.manifest.yaml_document import Path


def check_jmespath(value: object, path: Path, name: str) -> Iterator[Problem]:
    """The value is a JMESPath expression, where it is text."""
    if not isinstance(value, str):
        return
    try:
        found = jmespath.compile(value).parsed
    except JMESPathError as error:
        position = getattr(error, "lex_position", None)
        where = "" if position is None else f" (at character {position + 1})"
        yield Problem(
            path,
            f"`{name}` is not a JMESPath expression{where}; "
            'names with other characters than a-z, 0-9 and _ stand in double quotes: "a-b"',
        )
        return
    if found["type"] == "subexpression" and found["children"][0]["type"] == "not_expression":
        yield Problem(
            path,
            f"`{name}`: ! negates the first name only, so nothing is found; write !(a.b) for !a.b",
        )
