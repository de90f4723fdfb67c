"""What shows that odd webhooks were dealt with, where nobody is told because nothing broke."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from integration_monitor.demo.faults import Fault
from integration_monitor.store.engine import Store
from integration_monitor.store.webhook_tables import webhook_counts

ENOUGH = 10
"""So many times it has to have happened before it is said to go well."""
_EVENTS = sa.text("select count(*), count(*) - count(distinct raw ->> 'id') from crm_events")
_ORDER = sa.text("""
    select count(*), count(*) filter (where not superseded) from crm_events as older
    where exists (
        select from crm_events as newer
        where (newer.tenant, newer.kind, newer.object_id)
            = (older.tenant, older.kind, older.object_id)
          and newer.sequence < older.sequence and newer.occurred_at > older.occurred_at
    )
""")
_OVERWRITTEN = sa.text("""
    select count(*) from crm_events_objects as object
    where occurred_at < (
        select max(event.occurred_at) from crm_events as event
        where (event.tenant, event.kind, event.object_id)
            = (object.tenant, object.kind, object.object_id)
    )
""")


@dataclass(frozen=True)
class Seen:
    """How often something odd was seen, and what went wrong with it."""

    happened: int
    wrong: int
    numbers: Mapping[str, int]

    @property
    def is_proven(self) -> bool:
        """Whether it happened often, and nothing was wrong."""
        return self.happened >= ENOUGH and self.wrong == 0

    @property
    def line(self) -> str:
        """`114 duplicates, 313 handed on, 0 handed on twice`."""
        return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in self.numbers.items())


def look(fault: Fault, store: Store, product: str) -> Seen:
    """What is seen of a fault of `PROOFS`, at our store and at the product's database, a URL.

    Raises `StoreError` and `sqlalchemy.exc.SQLAlchemyError`.
    """
    engine = sa.create_engine(sa.make_url(product).set(drivername="postgresql+psycopg"))
    try:
        if not sa.inspect(engine).has_table("crm_events"):
            return Seen(0, 0, {"handed_on": 0})
        with store.begin() as ours, engine.begin() as theirs:
            return PROOFS[fault](ours, theirs)
    finally:
        engine.dispose()


def duplicates(store: sa.Connection, product: sa.Connection) -> Seen:
    """Repeats that were counted, and events that the product got twice."""
    counted = sa.select(sa.func.coalesce(sa.func.sum(webhook_counts.c.duplicates), 0))
    happened = int(store.execute(counted).scalar_one())
    handed_on, twice = product.execute(_EVENTS).one()
    return Seen(
        happened, twice, {"duplicates": happened, "handed_on": handed_on, "handed_on_twice": twice}
    )


def older_after_newer(_store: sa.Connection, product: sa.Connection) -> Seen:
    """Events that came after newer ones of their object, and newer ones that they overwrote."""
    came, unmarked = product.execute(_ORDER).one()
    overwritten = product.execute(_OVERWRITTEN).scalar_one()
    numbers = {"came_after_newer": came, "not_marked": unmarked, "overwritten": overwritten}
    return Seen(came, unmarked + overwritten, numbers)


PROOFS: Mapping[Fault, Callable[[sa.Connection, sa.Connection], Seen]] = {
    "duplicate-webhooks": duplicates,
    "out-of-order": older_after_newer,
}
