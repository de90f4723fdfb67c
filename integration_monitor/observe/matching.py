"""Is a record version at the destination? Pure; the rules are those of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from integration_monitor.observe.side import Record
from integration_monitor.store.ledger import Kind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FINEST_US, _MILLISECOND_US, _SECOND_US = 1, 1_000, 1_000_000


@dataclass(frozen=True)
class Match:
    """What the destination shows for one record. `owes` is None where the version is there."""

    owes: Kind | None
    found_tenant: str | None = None
    found_version: datetime | None = None
    loaded_at: datetime | None = None
    duplicates: bool = False


def match(
    version: datetime | None,
    tenant: str | None,
    found: Sequence[Record],
    *,
    keeps_version: bool,
    precision_us: int,
    own_keys: bool = False,
) -> Match:
    """Compare a source's version with the rows that the destination has under its key.

    Tenants are compared only where both sides name one. Versions compare at `precision_us`.
    With `own_keys` each tenant has keys of its own, so that two may use the same: a row of
    another tenant is then this record only where it has its version, too.
    """
    if len(found) == 1 and keeps_version and _is_it(found[0], version, tenant):
        return Match(None, found[0].tenant, version, found[0].loaded_at)
    there = [record for record in found if record.in_filter]
    own = [record for record in there if _same_tenant(tenant, record.tenant)]
    if not own:
        theirs = own_keys and keeps_version
        elsewhere = [r for r in there if not (theirs and _is_theirs(r, version, precision_us))]
        if not elsewhere:
            return Match("missing")
        return Match("misplaced", elsewhere[0].tenant, elsewhere[0].version)
    newest = max(own, key=lambda record: record.version or _EPOCH)
    arrived = (
        not keeps_version
        or version is None
        or (
            newest.version is not None
            and floor(newest.version, precision_us) >= floor(version, precision_us)
        )
    )
    return Match(
        None if arrived else "stale",
        newest.tenant,
        newest.version,
        newest.loaded_at,
        duplicates=len(own) > 1,
    )


def floor(at: datetime, precision_us: int) -> datetime:
    """The time cut to a precision in microseconds."""
    since = (at - _EPOCH) // timedelta(microseconds=1)
    return _EPOCH + timedelta(microseconds=since - since % precision_us)


def finest(times: Iterable[datetime | None], known_us: int | None, side: timedelta) -> int | None:
    """The finest precision seen in a side's times, in microseconds; never finer than the side's.

    One row of a side that keeps milliseconds may end in .000, so what was seen before counts.
    """
    least = max(_FINEST_US, side // timedelta(microseconds=1))
    seen = known_us
    for at in times:
        if at is None:
            continue
        if at.microsecond % 1_000:
            return least
        precision = _MILLISECOND_US if at.microsecond else _SECOND_US
        seen = precision if seen is None else min(seen, precision)
    return None if seen is None else max(seen, least)


def _is_it(row: Record, version: datetime | None, tenant: str | None) -> bool:
    """The same version for the same tenant: how nearly every record is found."""
    same = version is not None and row.version == version
    return same and row.in_filter and _same_tenant(tenant, row.tenant)


def _is_theirs(row: Record, version: datetime | None, precision_us: int) -> bool:
    if row.tenant is None or row.version is None or version is None:
        return False
    return floor(row.version, precision_us) != floor(version, precision_us)


def _same_tenant(one: str | None, other: str | None) -> bool:
    # The source names no tenant: nothing to compare. A destination row without one serves nobody.
    return one is None or one == other
