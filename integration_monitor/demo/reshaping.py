"""A partner that changes the fields of its records without a word; every call stays a 200."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integration_monitor.demo.company import IntegrationName

Reshape = Callable[[Mapping[str, Any]], dict[str, Any]]
"""From a record as the partner keeps it to the record that it shows."""

RENAMED: Mapping[IntegrationName, tuple[str, str]] = {
    "crm": ("email", "email_address"),
    "billing": ("status", "state"),
}
"""The field that is renamed, and its new name."""
RETYPED: Mapping[IntegrationName, str] = {"crm": "seats", "billing": "amount_cents"}
"""The number that is shown as text."""


def unchanged(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a partner in good order shows."""
    return dict(record)


def rename_field(integration: IntegrationName) -> Reshape:
    """Shows the field under its new name only."""
    was, now = RENAMED[integration]
    return lambda record: {now if name == was else name: value for name, value in record.items()}


def retype_field(integration: IntegrationName) -> Reshape:
    """Shows the number as text."""
    field = RETYPED[integration]
    return lambda record: {
        name: str(value) if name == field else value for name, value in record.items()
    }
