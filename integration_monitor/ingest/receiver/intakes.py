"""The intakes of a fleet, followed as its manifests change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from integration_monitor.ingest.receiver.intake import Intake
from integration_monitor.ingest.signature import SchemeError, SecretError
from integration_monitor.manifest.domain import Fleet, MissingReference
from integration_monitor.observe.side import ReadError

_log = logging.getLogger(__name__)


class Unready(Exception):
    """Our own fault: the partner's webhooks cannot be taken now, and are to be repeated."""


class NotTaken(Exception):
    """No webhooks are taken for that name."""


class Intakes:
    """By the names of integrations. `follow` is called now and then, from any thread."""

    def __init__(self, fleet: Callable[[], Fleet], environ: Mapping[str, str]) -> None:
        """`fleet` gives the same object as long as nothing changes."""
        self._fleet = fleet
        self._environ = environ
        self._seen: Fleet | None = None
        self._ready: Mapping[str, Intake] = {}
        self._unready: Mapping[str, str] = {}
        self.follow()

    def of(self, name: str) -> Intake:
        """Raises `Unready` for a manifest that is broken or lacks its secret, and `NotTaken`."""
        if name in self._ready:
            return self._ready[name]
        if name in self._unready:
            raise Unready(f"the webhooks of {name} cannot be taken at the moment")
        raise NotTaken("no webhooks are taken here")

    def follow(self) -> None:
        """Look at the fleet again."""
        fleet = self._fleet()
        if fleet is self._seen:
            return
        ready: dict[str, Intake] = {}
        unready = {one.name: f"its manifest {one.file} is broken" for one in fleet.broken}
        for integration in fleet.integrations:
            unready.pop(integration.name, None)  # as it was before it broke
            if integration.webhooks is None:
                continue
            try:
                name = integration.name
                ready[name] = Intake(name, integration.webhooks, self._environ)
            except (MissingReference, SecretError, SchemeError, ReadError) as error:
                unready[integration.name] = str(error)
        for name, why in sorted(unready.items()):
            _log.error("webhooks of %s are answered 503: %s", name, why)
        self._ready, self._unready, self._seen = ready, unready, fleet
