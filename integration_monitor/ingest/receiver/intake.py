"""What is known of one integration for taking its webhooks: who signs, and what the events are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from integration_monitor.ingest.arrival import arrival_of
from integration_monitor.ingest.event_reading import EventReader, TooManyEvents
from integration_monitor.ingest.receiver.answers import Answer, acknowledged
from integration_monitor.ingest.receiver.body import BodyError
from integration_monitor.ingest.receiver.handshake import HandshakeAnswers
from integration_monitor.ingest.receiver.request import Target, kept_headers, not_kept
from integration_monitor.ingest.signature import Verifier, load_scheme
from integration_monitor.ingest.signed_request import SignedRequest
from integration_monitor.manifest.webhooks import Webhooks
from integration_monitor.store.webhook_intake import Arrival

_SHOWS_ITS_SECRET = ("shared_secret", "basic_auth")


class Intake:
    """Takes the webhooks of one integration. Everything of it that does not change is prepared."""

    def __init__(self, name: str, webhooks: Webhooks, environ: Mapping[str, str]) -> None:
        """Raises `MissingReference` where a secret is not set, `SecretError` where it is no key.

        And `SchemeError`, `ReadError`.
        """
        self.name = name
        self.rejected_status = webhooks.rejected_status
        self.handshake = HandshakeAnswers(webhooks.handshake)
        scheme = load_scheme(webhooks.signature)
        self._verifier = Verifier(scheme, [secret.resolve(environ) for secret in webhooks.secrets])
        # The query is that of the request: partners sign the one that they send.
        self._url = (webhooks.public_url or "").partition("?")[0]
        self._reader = EventReader.of(webhooks)
        self.taken = acknowledged(scheme.acknowledgement)
        """The answer to what was taken."""
        shows = scheme.algorithm in _SHOWS_ITS_SECRET
        self._not_kept = not_kept(scheme.header if shows else "")

    def take(
        self, target: Target, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Arrival | Answer:
        """The events of a request, or the answer of a handshake.

        `headers` by lower-case names. Raises `SignatureError` where it is not the partner's, and
        `BodyError` where it holds more events than are taken at once.
        """
        self._verifier.check(SignedRequest("POST", self._url + target.suffix, headers, body), now)
        answer = self.handshake.of_post(body)
        return answer or self._arrival(target, headers, body, now)

    def _arrival(
        self, target: Target, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Arrival:
        try:
            found = self._reader.read(headers, body, target.connection)
        except TooManyEvents as error:
            raise BodyError(413, "too_large", str(error)) from None
        return arrival_of(
            found,
            integration=self.name,
            connection=target.connection,
            received_at=now,
            headers=kept_headers(headers, self._not_kept),
            body=body,
        )
