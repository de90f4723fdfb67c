"""A side of contacts behind a REST API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from integration_monitor.manifest.domain import (
    BearerAuth,
    Count,
    Integration,
    ListRequest,
    LookupRequest,
    Owner,
    RequestTemplate,
    RestSide,
    Side,
)
from integration_monitor.manifest.domain import Partner as PartnerAddress
from integration_monitor.manifest.paging import CursorPages
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.open_side import open_side
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import OpenSide, Page
from integration_monitor_tests.observe.partner import Partner
from integration_monitor_tests.observe.readings import NOW

ACME = Connection("acme", {"token": "token-acme"})
HOUR = timedelta(hours=1)
SEARCH = RequestTemplate(
    "POST",
    "/contacts/search",
    body={"since": "{since}", "until": "{until}", "after": "{cursor}"},
    headers={"x-account": "{connection.tenant}"},
)
READ = RequestTemplate("POST", "/contacts/read", body={"inputs": "{keys}"})
LIST = ListRequest(SEARCH, time="epoch_ms")
AT = RestSide(
    endpoint="contacts",
    list=LIST,
    lookup=LookupRequest(READ, batch=2),
    records="results",
    pages=CursorPages("paging.next.after"),
    count=Count("total"),
)
CONTACTS = Side(at=AT, key="id", updated_at="updated", tenant="portal")
SINGLE_READ = replace(AT, lookup=LookupRequest(RequestTemplate("GET", "/contacts/{keys}"), batch=1))


def minutes(number: float) -> datetime:
    return NOW - HOUR + timedelta(minutes=number)


def crm(partner: Partner) -> Integration:
    return Integration(
        "crm",
        Owner("Owner", "owner@example.com"),
        "crm.yaml",
        "CRM",
        partner=PartnerAddress(partner.url),
        auth=BearerAuth("{connection.token}"),
    )


def opened(
    partner: Partner, given: Reading, at: RestSide = AT, connection: Connection = ACME
) -> OpenSide:
    return open_side(replace(CONTACTS, at=at), crm(partner), "source", connection, given)


def keys(pages: Iterator[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def everything(side: OpenSide) -> list[str]:
    return keys(side.changed(minutes(0), minutes(60)))
