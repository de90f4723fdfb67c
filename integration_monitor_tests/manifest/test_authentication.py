"""The kinds of authentication, as they are written and as domain objects."""

from __future__ import annotations

import pytest

from integration_monitor.manifest.authentication import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    ClientCredentialsAuth,
    HmacAuth,
    NoAuth,
)
from integration_monitor.manifest.domain import Partner, Reference
from integration_monitor.manifest.references import missing_references
from integration_monitor_tests.manifest.texts import edited, fleet_of

BEARER = '{type: bearer, token: "{connection.token}"}'
KEY = Reference("KEY")
WRITTEN: dict[str, Auth] = {
    "{type: none}": NoAuth(),
    "{type: bearer, token: {env: KEY}}": BearerAuth(KEY),
    "{type: api_key, header: X-API-Key, value: {env: KEY}}": ApiKeyAuth("header", "X-API-Key", KEY),
    '{type: api_key, header: Authorization, value: "{connection.token}", prefix: "Token "}': (
        ApiKeyAuth("header", "Authorization", "{connection.token}", "Token ")
    ),
    "{type: api_key, query: api_key, value: {env: KEY}}": ApiKeyAuth("query", "api_key", KEY),
    "{type: basic, username: me, password: {env: KEY}}": BasicAuth("me", KEY),
    "{type: basic, username: {env: KEY}}": BasicAuth(KEY),
    '{type: basic, username: "{connection.token}/token", password: "{connection.token}"}': (
        BasicAuth("{connection.token}/token", "{connection.token}")
    ),
    "{type: oauth2_client_credentials, token_url: /token, client_id: me,"
    " client_secret: {env: KEY}}": ClientCredentialsAuth("/token", "me", KEY),
    "{type: oauth2_client_credentials, token_url: 'https://login.example.com/{connection.token}',"
    " client_id: '{connection.token}', client_secret: '{connection.token}', scope: a b,"
    " parameters: {audience: 'https://api.example.com', tenant: {env: KEY}}, client_auth: post}": (
        ClientCredentialsAuth(
            "https://login.example.com/{connection.token}",
            "{connection.token}",
            "{connection.token}",
            "a b",
            {"audience": "https://api.example.com", "tenant": KEY},
            "post",
        )
    ),
    "{type: hmac, secret: {env: KEY}, message: '{body}', headers: {X-Sig: '{signature}'}}": (
        HmacAuth(KEY, "{body}", {"X-Sig": "{signature}"})
    ),
    "{type: hmac, secret: {env: KEY}, message: '{timestamp}{url}', algorithm: sha512,"
    " secret_encoding: base64, encoding: base64, headers: {X-Key: {env: KEY}},"
    " query: {at: '{timestamp}', signature: '{signature}'}}": (
        HmacAuth(
            KEY,
            "{timestamp}{url}",
            {"X-Key": KEY},
            {"at": "{timestamp}", "signature": "{signature}"},
            "sha512",
            "base64",
            "base64",
        )
    ),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_each_kind_is_read(written: str) -> None:
    (found,) = fleet_of(edited(BEARER, written)).integrations
    assert found.auth == WRITTEN[written]


@pytest.mark.parametrize("written", WRITTEN)
def test_each_reference_that_is_not_set_is_told(written: str) -> None:
    fleet = fleet_of(edited(BEARER, written))
    environ = {"ACME_TOKEN": "a", "WAREHOUSE_URL": "b"}
    missing = missing_references(fleet, environ)
    assert len(missing) == written.count("{env: KEY}")
    assert {(error.line, error.message) for error in missing} <= {
        (6, "environment variable KEY is not set")
    }


@pytest.mark.parametrize(
    "address",
    [
        "{connection.token}",
        "{connection.token}/api/v2",
        "https://{connection.token}.example.com",
        "https://{connection.token}",
        "http://127.0.0.1:{connection.token}",
        "https://example.com/{connection.tenant}/{connection.token}",
    ],
)
def test_an_address_may_be_a_template(address: str) -> None:
    (found,) = fleet_of(edited("https://api.example.com", f'"{address}"')).integrations
    assert found.partner == Partner(address)


@pytest.mark.parametrize(
    "address",
    [
        "{connection.token}.example.com",
        "{connection.token}:8443",
        "{connection.token}@example.com",
        "{connection.token}?a=b",
        "{connection.a.b}",
        "ftp://{connection.token}",
        "https://{token}.example.com",
        "https://{connection.token}@example.com",
        "https://example.com/?a={connection.token}",
        "https://example.com/#{connection.token}",
        "//{connection.token}",
    ],
)
def test_a_template_that_might_not_be_an_address_is_an_error(address: str) -> None:
    errors = fleet_of(edited("https://api.example.com", f'"{address}"')).errors
    assert any(error.message.startswith("`base_url`: ") for error in errors)
