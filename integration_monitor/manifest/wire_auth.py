"""The wire models of authentication, one a `type`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from integration_monitor.manifest.wire_types import (
    HeaderName,
    KeyPrefix,
    Text,
    TextOrReference,
    Token,
    TokenAddress,
    Wire,
)


class NoAuth(Wire):
    type: Literal["none"]
    """Requests need no authentication."""


class BearerAuth(Wire):
    type: Literal["bearer"]
    """A token in the header `Authorization`."""
    token: Token
    """The bearer token: a reference, or a credential of the connection, `{connection.NAME}`."""


class ApiKeyAuth(Wire):
    """Exactly one of `header` and `query`."""

    type: Literal["api_key"]
    """A key in a header or in a parameter of the query."""
    header: HeaderName | None = None
    """The header that holds the key, such as `X-API-Key`."""
    query: Text | None = None
    """The parameter of the query that holds the key, such as `api_key`."""
    value: Token
    """The key: a reference, or a credential of the connection, `{connection.NAME}`."""
    prefix: KeyPrefix | None = None
    """What stands before the key in the header, with its separator, such as `Token `."""


class BasicAuth(Wire):
    type: Literal["basic"]
    """User and password in each request."""
    username: TextOrReference
    """Text, a reference, or a template such as `{connection.email}/token`."""
    password: Token | None = None
    """A reference, or `{connection.NAME}`; left out, it is empty and the user name is the key."""


class ClientCredentialsAuth(Wire):
    type: Literal["oauth2_client_credentials"]
    """OAuth 2.0: an access token is fetched with the client's id and secret."""
    token_url: TokenAddress
    """The token endpoint: an address, a path relative to `base_url`, or a template of them."""
    client_id: TextOrReference
    """Text, a reference, or a template over `{connection.NAME}`."""
    client_secret: Token
    """A reference, or `{connection.NAME}`."""
    scope: Text | None = None
    """The scopes to ask for, separated by spaces."""
    parameters: dict[str, TextOrReference] = Field(default_factory=dict)
    """Further parameters of the token request, such as `audience`."""
    client_auth: Literal["basic", "post"] = "basic"
    """Where id and secret stand: in the header `Authorization`, or in the body."""


class HmacAuth(Wire):
    type: Literal["hmac"]
    """Each request is signed with a shared secret."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    """The hash of the HMAC."""
    secret: Token
    """A reference, or `{connection.NAME}`."""
    secret_encoding: Literal["utf8", "base64", "hex"] = "utf8"  # noqa: S105 - a name
    """How the secret's bytes are written."""
    message: Text
    """What is signed: `{timestamp}`, `{timestamp_ms}`, `{timestamp_iso}`, `{nonce}`, `{method}`,
    `{host}`, `{path}`, `{query}`, `{path_and_query}`, `{url}`, `{body}`, `{body_sha256}` and
    `{connection.NAME}` stand for parts of the request as it is sent."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written."""
    headers: dict[HeaderName, TextOrReference] = Field(default_factory=dict)
    """Headers of each request: `{signature}`, the times, `{nonce}`, `{body_sha256}` and
    `{connection.NAME}`, or a reference."""
    query: dict[str, TextOrReference] = Field(default_factory=dict)
    """The same as parameters; one without `{signature}` is part of the query that is signed."""


Auth = Annotated[
    NoAuth | BearerAuth | ApiKeyAuth | BasicAuth | ClientCredentialsAuth | HmacAuth,
    Field(discriminator="type"),
]
