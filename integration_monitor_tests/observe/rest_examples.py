"""REST sides as manifests write them, opened against a partner on loopback."""

from __future__ import annotations

from datetime import datetime, timedelta
from textwrap import indent
from typing import Any

from integration_monitor.manifest.load import load_texts
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.rest_side import RestCollection
from integration_monitor.observe.side import OpenSide
from integration_monitor_tests.observe.answering import Asked, Served
from integration_monitor_tests.observe.readings import NOW

TOKEN = "token-of-the-only-account"
_MANIFEST = """\
version: 1
integration: shop
owner: {{name: Owner, email: owner@example.com}}
partner: {{base_url: "{url}"}}
auth: {{type: bearer, token: {{env: SHOP_TOKEN}}}}
syncs:
  orders:
    every: 1m
    source:
      rest:
{rest}
      key: id
{more}
    destination:
      sql: {{url: {{env: WAREHOUSE_URL}}, table: orders}}
      key: id
"""
ENVIRON = {"SHOP_TOKEN": TOKEN}


def manifest(url: str, rest: str, more: str = "updated_at: updated") -> str:
    """A manifest whose only sync reads this REST side."""
    return _MANIFEST.format(url=url, rest=indent(rest.strip(), " " * 8), more=indent(more, " " * 6))


def opened(
    served: Served, reading: Reading, rest: str, more: str = "updated_at: updated"
) -> OpenSide:
    """The REST side of such a manifest."""
    fleet = load_texts({"shop.yaml": manifest(served.url, rest, more)})
    assert fleet.errors == ()
    (integration,) = fleet.integrations
    source = integration.syncs["orders"].source
    side = open_side(source, integration, "source", Connection("-"), reading)
    assert isinstance(side, RestCollection)
    return side


def minutes(number: float) -> datetime:
    return NOW - timedelta(hours=1) + timedelta(minutes=number)


def orders(number: int) -> list[dict[str, Any]]:
    """Orders 1, 2, …, each updated a minute after the one before."""
    return [{"id": n, "updated": minutes(n).isoformat()} for n in range(1, number + 1)]


def keys(side: OpenSide) -> list[str]:
    """The keys of everything that changed within the hour."""
    return [r.key for page in side.changed(minutes(0), minutes(60)) for r in page.records]


def whole(asked: Asked, name: str, default: int = 0) -> int:
    """A whole number of the query."""
    return int(asked.query.get(name, default))
