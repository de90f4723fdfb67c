"""Set-up handshakes: what is answered to a partner that makes sure that an address is ours."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from integration_monitor.ingest.receiver.answers import Answer, text, wrong
from integration_monitor.manifest.webhooks import Handshake
from integration_monitor.observe.json_path import Path

MOST = 4096
"""Characters that are echoed."""


class HandshakeAnswers:
    """The answers of one manifest's handshake; without one nothing is echoed."""

    def __init__(self, handshake: Handshake | None) -> None:
        self._query = handshake.query if handshake else None
        self._when = Path(handshake.when) if handshake and handshake.when else None
        self._answer = Path(handshake.answer) if handshake and handshake.answer else None

    def of_get(self, query: bytes) -> Answer:
        """To a GET: the value of the parameter."""
        if self._query is None:
            return wrong(405, "webhooks are posted", (b"allow", b"POST"))
        try:
            given = parse_qs(query.decode("latin-1"), max_num_fields=100).get(self._query, [])
        except ValueError:
            given = []
        if len(given) != 1 or len(given[0]) > MOST:
            return wrong(400, f"a handshake has the parameter `{self._query}`, once")
        return text(given[0])

    def of_post(self, body: bytes) -> Answer | None:
        """To a POST whose signature fits; None where it is none, but events."""
        if self._when is None or self._answer is None:
            return None
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if self._when.of(document) is not True:
            return None
        said = self._answer.of(document)
        if not isinstance(said, str | int) or len(str(said)) > MOST:
            return wrong(400, "a handshake without what is to be answered")
        return text(str(said))
