"""How this program is called, for commands that a user is to paste."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

NAME = "integration-monitor"


def program(called: str | None = None, here: Path | None = None) -> str:
    """`integration-monitor` where the shell finds it, else its path, relative where it is below.

    `called` is how this process was started (`sys.argv[0]`), `here` the working directory.
    """
    path = Path(called or sys.argv[0])
    found = shutil.which(NAME)
    # What the shell finds may be another installation.
    if path.name != NAME or (found and Path(found).resolve() == path.resolve()):
        return NAME
    absolute, base = path.absolute(), here or Path.cwd()
    if not absolute.is_relative_to(base):
        return shlex.quote(str(absolute))
    relative = absolute.relative_to(base)
    return shlex.quote(str(relative) if len(relative.parts) > 1 else f"./{relative}")
