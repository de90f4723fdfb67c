"""A partner's address and a connection's credentials, ready for requests."""

from __future__ import annotations

from integration_monitor.manifest.domain import BearerAuth, Integration, NoAuth, Reference
from integration_monitor.observe.connections import Connection
from integration_monitor.observe.http_requests import PartnerClient
from integration_monitor.observe.reading import Reading, resolve
from integration_monitor.observe.side import ReadError
from integration_monitor.observe.templates import Values, fill_text


def partner_client(
    integration: Integration, connection: Connection, reading: Reading
) -> PartnerClient:
    """A client for one tenant. Raises `ReadError` of kind `config` for what is not set."""
    if integration.partner is None:
        raise ReadError("config", f"{integration.name}: no `partner.base_url` is declared")
    base_url = resolve(integration.partner.base_url, reading.environ)
    headers = {}
    if isinstance(integration.auth, BearerAuth):
        headers["authorization"] = f"Bearer {_token(integration.auth, connection, reading)}"
    elif not isinstance(integration.auth, NoAuth):
        raise ReadError("config", f"{integration.name}: this kind of `auth` is not used yet")
    return PartnerClient(base_url, headers, connection.tenant, reading)


def _token(auth: BearerAuth, connection: Connection, reading: Reading) -> str:
    if isinstance(auth.token, Reference):
        return resolve(auth.token, reading.environ).strip()
    credentials = {"tenant": connection.tenant, **connection.credentials}
    return fill_text(auth.token, Values(connection=credentials)).strip()
