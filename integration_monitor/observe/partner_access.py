"""A partner's address and a connection's credentials, ready for requests."""

from __future__ import annotations

from integration_monitor.manifest.domain import Integration
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.authentication.open_authentication import open_authentication
from integration_monitor.observe.base_address import fill_address
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.http_requests import PartnerClient
from integration_monitor.observe.reading import Reading
from integration_monitor.observe.side import ReadError


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
