"""The records of one kind that a partner keeps, in memory."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_monitor.demo.clock import iso

Fields = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A page of a search."""

    records: Sequence[Fields]
    next: str | None
    """The cursor of the next page; None on the last."""
    total: int
    """Records of the whole search."""


class Collection:
    """Records per tenant. `key` and `version` are the fields that identify and date a record."""

    def __init__(self, *, key: str, version: str) -> None:
        self.key = key
        self.version = version
        self._lock = threading.Lock()
        self._tenants: dict[str, dict[str, tuple[datetime, Fields]]] = {}

    def put(self, tenant: str, fields: Fields, at: datetime) -> None:
        """Insert or replace a record of a tenant; `at` is its version."""
        record = {**fields, self.version: iso(at)}
        with self._lock:
            self._tenants.setdefault(tenant, {})[str(fields[self.key])] = (at, record)

    def search(
        self,
        tenant: str,
        *,
        since: datetime | None,
        until: datetime | None,
        cursor: str | None,
        limit: int,
    ) -> Found:
        """Records with `since <= version < until`, oldest first.

        Raises `ValueError` for a cursor that this collection did not give.
        """
        with self._lock:
            records = list(self._tenants.get(tenant, {}).items())
        matching = sorted(
            (iso(at), key, record)
            for key, (at, record) in records
            if (since is None or at >= since) and (until is None or at < until)
        )
        # The cursor is a place in the order, so that a change meanwhile shifts no page.
        places = [f"{version}|{key}" for version, key, _ in matching]
        first = bisect.bisect_right(places, _checked(cursor)) if cursor else 0
        page = [record for _, _, record in matching[first : first + limit]]
        last = first + limit
        more = last < len(matching)
        return Found(page, places[last - 1] if more else None, len(matching))

    def read(self, tenant: str, keys: Iterable[str]) -> list[Fields]:
        """The tenant's records among these keys."""
        with self._lock:
            known = self._tenants.get(tenant, {})
            return [known[key][1] for key in keys if key in known]

    def keys(self, tenant: str) -> list[str]:
        """The keys of a tenant's records, in order."""
        with self._lock:
            return sorted(self._tenants.get(tenant, {}))

    def tenants(self) -> list[str]:
        """The tenants that have records."""
        with self._lock:
            return sorted(self._tenants)

    def __len__(self) -> int:
        with self._lock:
            return sum(len(records) for records in self._tenants.values())


def _checked(cursor: str) -> str:
    if "|" not in cursor:
        raise ValueError("unknown cursor")
    return cursor
