"""Why a request is not taken as the partner's."""

from __future__ import annotations

from typing import Literal

Reason = Literal["missing_header", "malformed", "mismatch", "timestamp", "no_signature"]


class SignatureError(Exception):
    """A request that is not verified. Its text holds no part of the request and no secret.

    `missing_header`: a header the scheme needs is not there. `malformed`: what is there cannot be
    read. `no_signature`: the header is readable and holds none of the kind that is accepted.
    `mismatch`: nothing of it fits any secret. `timestamp`: verified, but signed too long ago or in
    the future.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail


class SecretError(ValueError):
    """A secret of our own cannot be a key of its scheme. Its text does not hold the secret."""
