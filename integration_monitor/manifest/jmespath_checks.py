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
        jmespath.compile(value)
    except JMESPathError as error:
        position = getattr(error, "lex_position", None)
        where = "" if position is None else f" (at character {position + 1})"
        yield Problem(
            path,
            f"`{name}` is not a JMESPath expression{where}; "
            'names with other characters than a-z, 0-9 and _ stand in double quotes: "a-b"',
        )
