"""What every channel is: one function that sends one alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from integration_monitor.manifest.domain import Channel
from integration_monitor.store.outbox import Queued

TIMEOUT = 10.0
"""Seconds for a channel to answer."""


class DeliveryError(Exception):
    """The channel did not take the alert; the message says why and holds no address or token."""


class Send(Protocol):
    """Returns when the channel said that it has the alert.

    Raises `DeliveryError` where it did not, `MissingReference` where the environment lacks its
    address.
    """

    def __call__(self, channel: Channel, queued: Queued, environ: Mapping[str, str]) -> None: ...
