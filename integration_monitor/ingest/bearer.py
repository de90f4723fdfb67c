"""Who may use the private routes: whoever knows the token, or only this machine."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

_Given = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="The token that the server was given.")),
]


class BearerGuard:
    """A dependency of private routes. Answers 401 to whoever may not use them.

    Without a token only requests from this machine to this machine are let in: the client's
    address and the name in `Host` are both looked at, so that a web page that resolves its own
    name to 127.0.0.1 does not get in through a browser here.
    """

    def __init__(self, token: str | None, *, variable: str, here: bool = False) -> None:
        """`here`: this machine is let in without the token, too."""
        self._here = here
        self._token = token.encode() if token else None
        self._variable = variable

    def __call__(self, request: Request, given: _Given) -> None:
        """Let the request pass, or raise the answer."""
        if self._here and _within_this_machine(request):
            return
        if self._token is None:
            if not _within_this_machine(request):
                raise _unauthorized(f"set {self._variable} to be reached from other machines")
        # Header values are read as latin-1: so encoded they are the bytes that were sent.
        elif given is None or not hmac.compare_digest(
            given.credentials.encode("latin-1"), self._token
        ):
            raise _unauthorized("send the header `Authorization: Bearer TOKEN`")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    bare = host.removeprefix("[").removesuffix("]")
    if bare.lower() == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def _within_this_machine(request: Request) -> bool:
    client = request.client
    return client is not None and is_loopback(client.host) and is_loopback(_named_host(request))


def _named_host(request: Request) -> str:
    host = request.headers.get("host", "")
    return host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _unauthorized(reason: str) -> HTTPException:
    return HTTPException(401, reason, headers={"WWW-Authenticate": "Bearer"})
