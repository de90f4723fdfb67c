"""A failing call as the on-call engineer is to see it, without anything secret in it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from integration_monitor.ingest.call import Call
from integration_monitor.ingest.endpoints import EndpointMatcher
from integration_monitor.ingest.error_details import error_code_of, message_of, request_id_of
from integration_monitor.ingest.error_outcome import error_name
from integration_monitor.manifest.domain import Integration
from integration_monitor.store.call_batch import Exemplar

if TYPE_CHECKING:
    import httpx

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_BYTES = 1024 * 1024
"""Of a request's body in which the record's key is looked for."""


class FailingCalls:
    """Makes exemplars of an integration's calls."""

    def __init__(
        self, name: str, integration: Integration | None, matcher: EndpointMatcher | None
    ) -> None:
        self._name = name
        self._matcher = matcher
        endpoints = integration.endpoints.values() if integration else ()
        self._with_keys = frozenset(one.name for one in endpoints if one.record_key)

    def answered(self, call: Call, outcome: str, body: object, at: datetime) -> Exemplar:
        """Of an answer with this parsed body."""
        return Exemplar(
            at=at,
            integration=self._name,
            endpoint=call.endpoint,
            tenant=call.tenant,
            outcome=outcome,
            status=call.status,
            error_code=error_code_of(body, call.headers),
            request_id=request_id_of(call.headers),
            message=message_of(body),
            key=self._key(call),
        )

    def broke(self, call: Call, outcome: str, error: BaseException, at: datetime) -> Exemplar:
        """Of a call without an answer, or whose answer broke off."""
        return Exemplar(
            at=at,
            integration=self._name,
            endpoint=call.endpoint,
            tenant=call.tenant,
            outcome=outcome,
            status=call.status or None,
            message=error_name(error),
            key=self._key(call),
        )

    def _key(self, call: Call) -> str | None:
        request = call.request
        if self._matcher is None or call.endpoint not in self._with_keys:
            return None
        if request.method in _READING:
            return None
        return self._matcher.record_key(call.endpoint, str(request.url), _sent(request))


def _sent(request: httpx.Request) -> object:
    """The JSON of a request; None where it is none, or was streamed."""
    with suppress(RuntimeError, ValueError, RecursionError):
        if len(request.content) <= _MOST_BYTES:
            return json.loads(request.content)
    return None
