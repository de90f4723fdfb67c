"""What all tables of the store are made of: their schema, how constraints are named, columns."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = "integration_monitor"

metadata = sa.MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)


def time_column(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """A time, UTC."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def text_column(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    """A text."""
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def id_column() -> sa.Column[int]:
    """A key that the database counts up."""
    return sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True)


def count_column(name: str) -> sa.Column[int]:
    """A number that begins at zero."""
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")
