"""How this program is called, for commands that a user is to paste."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NAME = "integration-monitor"


def program(called: str | None = None, here: Path | None = None) -> str:
    """`integration-monitor` where the shell finds it, else its path, relative where it is below.

    `called` is how this process was started (`sys.argv[0]`), `here` the working directory.
    """
    path = Path(called or sys.argv[0])
    if path.name != NAME or shutil.which(NAME) is not None:
        return NAME
    absolute, base = path.absolute(), here or Path.cwd()
    return str(absolute.relative_to(base) if absolute.is_relative_to(base) else absolute)
