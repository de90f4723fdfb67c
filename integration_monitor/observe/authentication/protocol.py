"""The narrow protocol behind which every kind of authentication is."""

from __future__ import annotations

from typing import Protocol

import httpx


class Authentication(Protocol):
    """The credentials of one tenant, for the requests of one side. Not shared by threads."""

    def prepare(self) -> None:
        """Have what `sign` needs, asking for it if need be. Raises `ReadError`.

        Called before each request, while no place at its host is held.
        """
        ...

    def sign(self, request: httpx.Request) -> None:
        """Put the credentials on a request that is complete and about to be sent.

        Called for each attempt anew. Raises `ReadError` or `ValueError` where they cannot stand
        in a request.
        """
        ...

    def renew(self) -> bool:
        """The credentials were refused: whether there are new ones. Raises `ReadError`."""
        ...
