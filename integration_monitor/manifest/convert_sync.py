"""The wire models of a sync → its domain objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_monitor.manifest import domain, wire_sync
from integration_monitor.manifest.convert_rest import rest


def sync(name: str, read: wire_sync.Sync) -> domain.Sync:
    """One sync with its two sides."""
    every = read.every or read.cron
    if every is None:
        raise AssertionError("a sync without a cadence passed the checks")
    return domain.Sync(
        name=name,
        every=every,
        source=_side(read.source),
        destination=_side(read.destination),
        title=read.title,
        fields=read.fields,
        tolerance=domain.Tolerance(**read.tolerance.model_dump()),
        lag=domain.Lag(**read.lag.model_dump()) if read.lag else None,
        schema=domain.SchemaRules(**read.schema_rules.model_dump()),
        compare=domain.Compare(read.compare.every, read.compare.sample) if read.compare else None,
        **_limits(read),
    )


def _limits(read: wire_sync.Sync) -> Mapping[str, Any]:
    limits = {
        "grace": read.grace,
        "window": read.window,
        "overlap": read.overlap,
        "requests": read.requests,
    }
    return {name: value for name, value in limits.items() if value is not None}


def _side(read: wire_sync.Side) -> domain.Side:
    return domain.Side(
        at=rest(read.rest) if read.rest is not None else _sql(read.sql),
        key=read.key,
        updated_at=read.updated_at,
        loaded_at=read.loaded_at,
        tenant=read.tenant,
        where=read.where,
    )


def _sql(read: wire_sync.SqlSide | None) -> domain.SqlSide:
    if read is None:
        raise AssertionError("a side without a place passed the checks")
    return domain.SqlSide(read.url, read.table, read.query)
