"""Python's garbage collection while a fleet is loaded or judged.

Loading makes hundreds of thousands of objects that stay. To look for garbage among them again and
again takes up to a third of the time that loading a thousand manifests takes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """No collection within; may be nested, and leaves it off where it was off."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


OBJECTS = 50_000
"""New objects between two collections of the youngest; Python's own 700 is for small programs."""


def keep_for_good() -> None:
    """Exempt what is there now, and collect seldom from here on: for a process of ours alone."""
    gc.freeze()
    gc.set_threshold(OBJECTS, *gc.get_threshold()[1:])
