"""User and password in each request (RFC 7617)."""

from __future__ import annotations

from base64 import b64encode

from integration_monitor.manifest.authentication import BasicAuth
from integration_monitor.observe.authentication.carriers import InHeader
from integration_monitor.observe.authentication.credentials import Credentials
from integration_monitor.observe.side import ReadError


def basic(auth: BasicAuth, credentials: Credentials) -> InHeader:
    """`Authorization: Basic …`, in UTF-8. Raises `ReadError` for a user name with a colon."""
    username = credentials.text(auth.username, "username")
    if ":" in username:
        # It would end the name for whoever reads it (RFC 7617 §2).
        raise ReadError("config", "`username` of `auth` has a colon")
    password = "" if auth.password is None else credentials.text(auth.password, "password")
    pair = b64encode(f"{username}:{password}".encode()).decode()
    return InHeader("Authorization", f"Basic {pair}")
