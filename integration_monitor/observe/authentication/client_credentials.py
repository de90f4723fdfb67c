"""OAuth 2.0 client credentials: a token that is fetched, kept while it is good, and renewed."""

from __future__ import annotations

import httpx

from integration_monitor.observe.authentication.carriers import set_header
from integration_monitor.observe.authentication.token_endpoint import TokenEndpoint
from integration_monitor.observe.authentication.tokens import Token
from integration_monitor.observe.reading import Reading


class ClientCredentials:
    """An access token as a bearer token."""

    def __init__(self, endpoint: TokenEndpoint, tenant: str, reading: Reading) -> None:
        self._endpoint = endpoint
        self._key = (tenant, endpoint.identity)
        self._reading = reading
        self._token: Token | None = None
        self._just_fetched = False

    def prepare(self) -> None:
        """Have a token that is good, the one of all syncs if there is one."""
        self._just_fetched = False
        self._token = self._get()

    def sign(self, request: httpx.Request) -> None:
        """`Authorization: Bearer TOKEN`."""
        if self._token is None:
            raise AssertionError("a request is signed after `prepare`")
        set_header(request, "Authorization", f"Bearer {self._token.value}")

    def renew(self) -> bool:
        """Have another token than the one that was refused; a new one is not asked for twice."""
        if self._just_fetched:
            return False
        self._token = self._get(unlike=self._token)
        return True

    def _get(self, unlike: Token | None = None) -> Token:
        return self._reading.tokens.get(
            self._key,
            self._fetch,
            now=self._reading.clock,
            deadline=self._reading.deadline,
            unlike=unlike,
        )

    def _fetch(self) -> Token:
        self._just_fetched = True
        return self._endpoint.fetch(self._reading)
