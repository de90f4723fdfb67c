"""A partner's address and a connection's credentials, ready for requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from integration_monitor.manifest.domain import Integration, Reference
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.authentication.open_authentication import open_authentication
from integration_monitor.observe.base_address import fill_address
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.http_requests import PartnerClient
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError


def secrets_of(
    integration: Integration, connection: Connection, environ: Mapping[str, str]
) -> frozenset[str]:
    """Every credential by which a tenant is authenticated: nothing of it may be quoted."""
    own = (environ.get(found.env, "").strip() for found in _references(integration.auth))
    return frozenset(filter(None, (*own, *connection.credentials.values())))


def _references(part: object) -> Iterator[Reference]:
    if isinstance(part, Reference):
        yield part
    elif is_dataclass(part):
        for each in fields(part):
            yield from _references(getattr(part, each.name))
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _references(value)


def partner_client(
    integration: Integration, connection: Connection, reading: Reading
) -> PartnerClient:
    """A client for one tenant. Raises `ReadError` of kind `config` for what is not set."""
    if integration.partner is None:
        raise ReadError("config", f"{integration.name}: no `partner.base_url` is declared")
    credentials = Credentials(connection.tenant, connection.credentials, reading.environ)
    base_url = fill_address(integration.partner.base_url, credentials, "base_url")
    authentication = open_authentication(integration.auth, credentials, base_url, reading)
    return PartnerClient(base_url, authentication, connection.tenant, reading)
