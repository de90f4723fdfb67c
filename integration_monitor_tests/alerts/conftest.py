from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration_monitor_tests.alerts.receiver import Receiver, receiver


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    """A channel's other end."""
    with receiver() as state:
        yield state
