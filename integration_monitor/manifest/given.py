"""What a wire model says: the rest takes the default of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_monitor.manifest.wire_types import Wire


def given(read: Wire, *names: str) -> Mapping[str, Any]:
    """The values of these fields, as far as they were written."""
    values = {name: getattr(read, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}
