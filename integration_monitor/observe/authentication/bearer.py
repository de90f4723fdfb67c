"""A bearer token (RFC 6750 §2.1)."""

from __future__ import annotations

from integration_monitor.manifest.authentication import BearerAuth
from integration_monitor.observe.authentication.carriers import InHeader
from integration_monitor.observe.authentication.credentials import Credentials


def bearer(auth: BearerAuth, credentials: Credentials) -> InHeader:
    """`Authorization: Bearer TOKEN`."""
    return InHeader("Authorization", f"Bearer {credentials.token(auth.token, 'token')}")
