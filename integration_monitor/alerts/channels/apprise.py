"""Any service that Apprise knows, by its URL."""

from __future__ import annotations

from collections.abc import Mapping

from apprise import Apprise, NotifyFormat, NotifyType

from integration_monitor.alerts.channels.channel import DeliveryError
from integration_monitor.manifest.domain import Channel
from integration_monitor.store.outbox import Queued


def send(channel: Channel, queued: Queued, environ: Mapping[str, str]) -> None:
    """Send the alert's headline and text; Apprise says whether the service took it."""
    service = Apprise.instantiate(channel.url.resolve(environ))
    if service is None:
        raise DeliveryError("its address is not an Apprise URL")
    taken = service.notify(
        title=str(queued.alert["headline"]),
        body=str(queued.alert["text"]),
        body_format=NotifyFormat.TEXT,
        notify_type=_type(queued.alert),
    )
    if not taken:
        raise DeliveryError("Apprise could not send it: the service is away or refused it")


def _type(alert: Mapping[str, object]) -> NotifyType:
    if alert["reason"] == "resolved":
        return NotifyType.SUCCESS
    return NotifyType.FAILURE if alert["severity"] == "page" else NotifyType.WARNING
