"""The authentication of an integration, for one connection."""

from __future__ import annotations

from integration_monitor.manifest.authentication import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    ClientCredentialsAuth,
    HmacAuth,
)
from integration_monitor.observe.authentication.api_key import api_key
from integration_monitor.observe.authentication.basic import basic
from integration_monitor.observe.authentication.bearer import bearer
from integration_monitor.observe.authentication.carriers import Unauthenticated
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.authentication.protocol import Authentication
from integration_monitor.observe.authentication.signature import Signature
from integration_monitor.observe.base_address import fill_address
from integration_monitor.observe.http_answers import for_tenant
from integration_monitor.observe.reading import Reading


def open_authentication(
    auth: Auth, credentials: Credentials, base_url: str, reading: Reading
) -> Authentication:
    """Nothing is asked yet. Raises `ReadError` of kind `config` for what is not set."""
    match auth:
        case BearerAuth():
            return bearer(auth, credentials)
        case ApiKeyAuth():
            return api_key(auth, credentials)
        case BasicAuth():
            return basic(auth, credentials)
        case ClientCredentialsAuth():
            return _client_credentials(auth, credentials, base_url, reading)
        case HmacAuth():
            return Signature(auth, credentials, reading.clock)
        case _:
            return Unauthenticated()


def _client_credentials(
    auth: ClientCredentialsAuth, credentials: Credentials, base_url: str, reading: Reading
) -> Authentication:
    # Imported where it is used: each run pays for imports, and few need Authlib.
    from integration_monitor.observe.authentication.client_credentials import ClientCredentials
    from integration_monitor.observe.authentication.token_endpoint import TokenEndpoint

    shown = auth.token_url if isinstance(auth.token_url, str) else f"{{env: {auth.token_url.env}}}"
    url = fill_address(auth.token_url, credentials, "token_url")
    endpoint = TokenEndpoint(
        url=f"{base_url.rstrip('/')}{url}" if url.startswith("/") else url,
        what=f"the token request POST {shown}{for_tenant(credentials.tenant)}",
        client_id=credentials.text(auth.client_id, "client_id"),
        client_secret=credentials.text(auth.client_secret, "client_secret"),
        scope=auth.scope,
        parameters={
            name: credentials.text(value, "parameters") for name, value in auth.parameters.items()
        },
        client_auth=auth.client_auth,
    )
    return ClientCredentials(endpoint, credentials.tenant, reading)
