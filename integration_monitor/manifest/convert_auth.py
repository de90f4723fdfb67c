"""The wire models of authentication → its domain objects."""

from __future__ import annotations

from integration_monitor.manifest import authentication as domain
from integration_monitor.manifest import wire_auth as wire


def auth(read: wire.Auth) -> domain.Auth:
    """How requests are authenticated."""
    match read:
        case wire.BearerAuth():
            return domain.BearerAuth(read.token)
        case wire.ApiKeyAuth():
            return _api_key(read)
        case wire.BasicAuth():
            return domain.BasicAuth(read.username, read.password)
        case wire.ClientCredentialsAuth():
            return _client_credentials(read)
        case wire.HmacAuth():
            return _hmac(read)
        case wire.NoAuth():
            return domain.NoAuth()


def _api_key(read: wire.ApiKeyAuth) -> domain.ApiKeyAuth:
    if read.header is not None:
        return domain.ApiKeyAuth("header", read.header, read.value, read.prefix or "")
    if read.query is None:
        raise AssertionError("an API key without a place passed the checks")
    return domain.ApiKeyAuth("query", read.query, read.value)


def _client_credentials(read: wire.ClientCredentialsAuth) -> domain.ClientCredentialsAuth:
    return domain.ClientCredentialsAuth(
        token_url=read.token_url,
        client_id=read.client_id,
        client_secret=read.client_secret,
        scope=read.scope,
        parameters=read.parameters,
        client_auth=read.client_auth,
    )


def _hmac(read: wire.HmacAuth) -> domain.HmacAuth:
    return domain.HmacAuth(
        secret=read.secret,
        message=read.message,
        headers=read.headers,
        query=read.query,
        algorithm=read.algorithm,
        secret_encoding=read.secret_encoding,
        encoding=read.encoding,
    )
