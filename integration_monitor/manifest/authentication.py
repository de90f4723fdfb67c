"""How requests to a partner are authenticated: one frozen object a kind.

A secret is a `Reference`, or exactly `{connection.NAME}`; a *template* is a text that may mention
`{connection.NAME}` anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from integration_monitor.manifest.domain import Reference


@dataclass(frozen=True)
class NoAuth:
    pass


@dataclass(frozen=True)
class BearerAuth:
    """`Authorization: Bearer TOKEN` (RFC 6750)."""

    token: str | Reference
    """A reference, or a template over `{connection.NAME}`."""


@dataclass(frozen=True)
class ApiKeyAuth:
    """A key in a header, or in a parameter of the query."""

    place: Literal["header", "query"]
    name: str
    """Of the header or the parameter."""
    value: str | Reference
    prefix: str = ""
    """What stands before the key in the header, such as `Token `."""


@dataclass(frozen=True)
class BasicAuth:
    """User and password in each request (RFC 7617)."""

    username: str | Reference
    """A reference, or a template."""
    password: str | Reference | None = None
    """None is an empty one: then the user name is the secret."""


@dataclass(frozen=True)
class ClientCredentialsAuth:
    """OAuth 2.0, the grant of a client for itself (RFC 6749 §4.4)."""

    token_url: str | Reference
    """An address, a template of one, or a path relative to the partner's base URL."""
    client_id: str | Reference
    client_secret: str | Reference
    scope: str | None = None
    parameters: Mapping[str, str | Reference] = field(default_factory=dict)
    """Further parameters of the token request, each a reference or a template."""
    client_auth: Literal["basic", "post"] = "basic"
    """Where the client's id and secret stand (RFC 6749 §2.3.1)."""


@dataclass(frozen=True)
class HmacAuth:
    """Each request is signed with a shared secret."""

    secret: str | Reference
    message: str
    """A template of what is signed."""
    headers: Mapping[str, str | Reference] = field(default_factory=dict)
    """What the request carries: templates with `{signature}` and what was signed."""
    query: Mapping[str, str | Reference] = field(default_factory=dict)
    """The same as parameters; those without `{signature}` are part of what is signed."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    secret_encoding: Literal["utf8", "base64", "hex"] = "utf8"  # noqa: S105 - a name
    encoding: Literal["hex", "base64"] = "hex"
    """Of the signature."""


Auth = NoAuth | BearerAuth | ApiKeyAuth | BasicAuth | ClientCredentialsAuth | HmacAuth

TIME_PLACES = ("timestamp", "timestamp_ms", "timestamp_iso")
CARRIED_PLACES = (*TIME_PLACES, "nonce", "body_sha256")
"""What a signed request may carry, beside its `{signature}`."""
MESSAGE_PLACES = (
    *CARRIED_PLACES, "method", "host", "path", "query", "path_and_query", "url", "body",
)  # fmt: skip
"""What a message to be signed may mention, beside `{connection.NAME}`."""
