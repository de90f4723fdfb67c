"""The company of the demo: its customers, its product database and its warehouse."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

IntegrationName = Literal["crm", "billing"]

TENANTS = (
    "alderbrook", "birchfield", "copperline", "dunmore", "eastwick", "fernhill",
    "glassworks", "harrowgate", "inkwell", "juniper", "kestrel", "lanternfish",
    "millstone", "northlight", "oakhaven", "pebblebay", "quarrytown", "redwing",
    "saltmarsh", "thornbury", "umberhouse", "vellum", "windermere", "yarrow",
)  # fmt: skip
CONTACTS = 3_000
INVOICES = 2_000
SEED_AGES = (timedelta(days=2), timedelta(days=30))
"""How long before the history begins the records of the beginning were last changed.

Longer than a first measurement looks back, so that the hour's figures are about the hour.
"""

PLANS = ("free", "team", "business", "enterprise")
STATUSES = ("draft", "sent", "paid", "overdue")
_FIRST = ("Ada", "Bruno", "Chidi", "Dalia", "Emil", "Farah", "Goran", "Hana", "Ines", "Jonas")
_LAST = ("Abara", "Bianchi", "Castel", "Duarte", "Eriksen", "Fontaine", "Grieg", "Haddad")

product = sa.MetaData()
accounts = sa.Table(
    "accounts",
    product,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("crm_token", sa.Text, nullable=False),
    sa.Column("billing_token", sa.Text, nullable=False),
)
invoices = sa.Table(
    "invoices",
    product,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, index=True),
)

warehouse = sa.MetaData(schema="crm")
contacts = sa.Table(
    "contacts",
    warehouse,
    sa.Column("contact_id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("seats", sa.Integer, nullable=False),
    sa.Column("source_updated_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
)


@dataclass(frozen=True)
class Account:
    """A customer, with the tokens of its links to the two partners."""

    tenant: str
    crm_token: str = field(repr=False)
    billing_token: str = field(repr=False)


def create_accounts() -> tuple[Account, ...]:
    """Every customer, with new tokens."""
    return tuple(
        Account(tenant, f"crm_{secrets.token_urlsafe(18)}", f"bil_{secrets.token_urlsafe(18)}")
        for tenant in TENANTS
    )


def create_product(engine: sa.Engine, customers: Sequence[Account]) -> None:
    """The product's tables, with its customers and no invoices."""
    with engine.begin() as connection:
        product.create_all(connection)
        connection.execute(accounts.insert(), [vars(customer) for customer in customers])


def create_warehouse(engine: sa.Engine) -> None:
    """The warehouse's tables, empty."""
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema("crm", if_not_exists=True))
        warehouse.create_all(connection)


def random_tenant(rng: random.Random) -> str:
    """A customer; the first ones have more records than the last ones."""
    return TENANTS[min(rng.randrange(len(TENANTS)), rng.randrange(len(TENANTS)))]


def random_contact(rng: random.Random) -> dict[str, str | int]:
    """What a contact says, without its key, its tenant and its version."""
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    email = f"{first}.{last}{rng.randrange(1000)}@example.com".lower()
    plan, seats = rng.choice(PLANS), rng.randrange(1, 200)
    return {"name": f"{first} {last}", "email": email, "plan": plan, "seats": seats}


def random_invoice(rng: random.Random) -> dict[str, str | int]:
    """What an invoice says and may change, without its key, its tenant and its version."""
    return {"amount_cents": rng.randrange(1_000, 500_000), "status": rng.choice(STATUSES)}


def seed_times(rng: random.Random, count: int, before: datetime) -> list[datetime]:
    """When the records of the beginning were last changed, in order."""
    youngest, oldest = (age.total_seconds() for age in SEED_AGES)
    return sorted(before - timedelta(seconds=rng.uniform(youngest, oldest)) for _ in range(count))
