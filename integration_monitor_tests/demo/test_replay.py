from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from integration_monitor.demo.replay import STEP, beginning, times


def test_the_hour_is_measured_every_five_minutes_up_to_the_last_whole_minute() -> None:
    now = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
    moments = times(now)
    assert moments[0] == datetime(2026, 3, 1, 11, 34, tzinfo=UTC)
    assert moments[-1] == datetime(2026, 3, 1, 12, 34, tzinfo=UTC)
    gaps = {later - earlier for earlier, later in itertools.pairwise(moments)}
    assert gaps == {timedelta(minutes=5)}
    assert beginning(now) == moments[0] - STEP
