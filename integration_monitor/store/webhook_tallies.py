"""What receivers counted and nobody added up yet."""

from __future__ import annotations

import sqlalchemy as sa

from integration_monitor.store.webhook_sql import ADD_UP


def add_up(connection: sa.Connection) -> None:
    """Let the counts hold all that is stored. A receiver does it each second."""
    connection.exec_driver_sql(ADD_UP)
