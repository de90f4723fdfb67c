"""What one reconciliation of a sync for one connection is given, and what it says of itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integration_monitor.manifest.domain import Sync
from integration_monitor.observe.limits import Budget, Deadline
from integration_monitor.observe.shape_sample import ShapeSample
from integration_monitor.observe.side import Totals
from integration_monitor.signals.mapped import Role
from integration_monitor.store.coverage import Unit
from integration_monitor.store.engine import Store

NOT_COUNTED = Totals(None)


@dataclass
class Reconciled:
    """How one run went for one connection; what is owed stands in the ledger."""

    unit: Unit
    error: str | None = None
    behind: bool = False
    stuck: bool = False
    """Behind, and this run brought coverage no farther: the next one would end there, too."""
    covered_to: datetime | None = None
    source_now: datetime | None = None
    source: Totals = NOT_COUNTED
    destination: Totals = NOT_COUNTED
    unexplained: int | None = None
    unexplained_before: int | None = None
    read: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    presence_only: bool = False
    source_watermark: datetime | None = None
    destination_watermark: datetime | None = None
    load_lags_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    requests: int = 0
    samples: Mapping[Role, ShapeSample] = field(default_factory=dict)
    """What the records of its REST sides look like."""


@dataclass(frozen=True)
class Run:
    """What one run is given. `as_of` bounds the source's clock, to measure a moment in the past."""

    unit: Unit
    sync: Sync
    store: Store
    clock: Callable[[], datetime]
    deadline: Deadline
    budget: Budget
    as_of: datetime | None = None
    sleep: Callable[[float], None] = time.sleep
