"""An API key, in a header or in the query."""

from __future__ import annotations

from integration_monitor.manifest.authentication import ApiKeyAuth
from integration_monitor.observe.authentication.carriers import InHeader, InQuery
from integration_monitor.observe.authentication.credentials import Credentials


def api_key(auth: ApiKeyAuth, credentials: Credentials) -> InHeader | InQuery:
    """`X-API-Key: KEY`, `Authorization: Token KEY` or `?api_key=KEY`."""
    key = credentials.token(auth.value, "value")
    if auth.place == "query":
        return InQuery(auth.name, key)
    return InHeader(auth.name, auth.prefix + key)
