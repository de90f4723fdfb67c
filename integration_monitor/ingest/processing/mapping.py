"""A partner's event as a unified one, by the manifest alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from integration_monitor.ingest.event_body import UnreadableBody, read_document
from integration_monitor.ingest.event_reading import EventReader, ReadEvent
from integration_monitor.ingest.processing.unified_event import Raw, UnifiedEvent, unified_id
from integration_monitor.manifest.webhooks import EventRule, Webhooks
from integration_monitor.observe.json_path import Path
from integration_monitor.store.webhook_queue import StoredEvent


class Unmappable(Exception):
    """An event that is no unified one by this manifest; the message says why."""


@dataclass(frozen=True)
class Understood:
    """What a stored event says, read by the manifest as it is now."""

    event: ReadEvent
    rule: EventRule | None
    """None: the manifest does not name its type."""


@dataclass(frozen=True)
class Within:
    """The events of a list that was stored as one event: the manifest did not know of it."""

    events: tuple[ReadEvent, ...]


class Mapper:
    """Understands the events of one integration. Its paths are compiled once."""

    def __init__(self, integration: str, webhooks: Webhooks) -> None:
        self._integration = integration
        self._reader = EventReader.of(webhooks)
        self._rules = webhooks.events
        self._data = {
            name: {field: Path(path) for field, path in {**webhooks.data, **rule.data}.items()}
            for name, rule in webhooks.events.items()
        }

    def read(self, stored: StoredEvent) -> Understood | Within:
        """What a stored event says. Raises `Unmappable` where it cannot be understood."""
        found = self._reader.read_again(
            stored.headers, stored.body, stored.connection, stored.entry
        )
        if not found:
            raise Unmappable("the list of events within its body is empty")
        event = found[0]
        is_itself = event.entry == stored.entry or event.digest == stored.digest
        if len(found) > 1 or not is_itself:
            return Within(found)
        if event.unreadable is not None:
            raise Unmappable(event.unreadable)
        if event.type is None and self._rules:
            raise Unmappable("it names no event type")
        return Understood(event, self._rules.get(event.type or ""))

    def unify(self, stored: StoredEvent) -> UnifiedEvent:
        """A stored event that was read before, as a unified one. Raises `Unmappable`."""
        name = stored.type or ""
        rule = self._rules.get(name)
        if rule is None:
            raise Unmappable(f"the manifest names `{name}` no more")
        return UnifiedEvent(
            id=unified_id(
                stored.integration,
                stored.connection,
                stored.event_id,
                stored.digest if stored.conflicting else None,
            ),
            type=rule.type,
            kind=rule.kind,
            integration=stored.integration,
            tenant=stored.tenant,
            object_id=stored.object_id,
            occurred_at=stored.occurred_at,
            received_at=stored.received_at,
            sequence=stored.id,
            conflicting=stored.conflicting,
            data=self._mapped(name, stored),
            raw=Raw(stored.event_id, name, stored.connection, sha256(stored.body).hexdigest()),
        )

    def _mapped(self, name: str, stored: StoredEvent) -> Mapping[str, Any]:
        """The fields that the manifest names; all of the event where it names none."""
        try:
            document = read_document(stored.body, stored.headers.get("content-type", ""))
        except UnreadableBody as error:
            raise Unmappable(str(error)) from None
        paths = self._data[name]
        if not paths:
            return document if isinstance(document, dict) else {"event": document}
        return {field: path.of(document) for field, path in paths.items()}
