"""The CRM's webhooks: signed by Standard Webhooks, posted, and repeated while nobody answers."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import httpx
from standardwebhooks import Webhook

from integration_monitor.demo.crm_events import CrmEvents
from integration_monitor.demo.rhythm import EVENNESS, Stream, activity, streams
from integration_monitor.demo.sending import Departure, Sending, departures

Answer = Literal["taken", "refused", "unanswered"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
PATH = "/webhooks/crm"
STEP_S = 0.2
REPEATED_AFTER = timedelta(seconds=5)
ATTEMPTS = 100
_FORGERS_SECRET = "whsec_Zm9yZ2VkLWJ5LXNvbWVib2R5LWVsc2U="  # noqa: S105 - nobody's secret
_LONGEST_PAUSE = timedelta(seconds=10)
_MINUTE = timedelta(minutes=1)


class Sender:
    """Lets events happen as time goes on, and posts them. One thread steps; others may ask."""

    def __init__(
        self,
        events: CrmEvents,
        http: httpx.Client,
        *,
        secret: str,
        sending: Callable[[], Sending],
        rng: random.Random,
    ) -> None:
        """`http` has the address of the receiver; `sending` says how it is to be done now."""
        self._events = events
        self._http = http
        self._signers = {False: Webhook(secret), True: Webhook(_FORGERS_SECRET)}
        self._sending = sending
        self._rng = rng
        self._rates = streams()
        self._next: list[tuple[datetime, Stream]] = []
        self._until: datetime | None = None
        self._happened = 0
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, Departure]] = []
        self._lock = threading.Lock()
        self._answers: Counter[Answer] = Counter()
        self._recent: deque[tuple[datetime, Answer]] = deque()

    def run(self, stop: threading.Event, clock: Callable[[], datetime]) -> None:
        """Go on until it is stopped."""
        while not stop.wait(STEP_S):
            self.step(clock())

    def step(self, now: datetime) -> None:
        """Let happen what is due by now, and post what is to be posted."""
        self._happen(now)
        self._forget(now - _MINUTE)
        if self._sending().stopped:
            # Also what was held back: who has stopped sends nothing.
            self._waiting.clear()
        while self._waiting and self._waiting[0][0] <= now:
            if not self._post(heapq.heappop(self._waiting)[2], now):
                # Nobody there: the others would find nobody either.
                return

    def state(self) -> dict[str, Any]:
        """What was posted so far and in its last minute, by the CRM's own account."""
        with self._lock:
            recent = Counter(answer for _, answer in self._recent)
            return {
                "posted": self._answers.total(),
                **{answer: self._answers[answer] for answer in ANSWERS},
                "last_minute": {answer: recent[answer] for answer in ANSWERS},
                "line": _line(recent),
            }

    def _happen(self, now: datetime) -> None:
        # After a suspended laptop, the events of the meantime are not made up for.
        if self._until is None or now - self._until > _LONGEST_PAUSE:
            self._next = [(self._after(now, stream), stream) for stream in self._rates]
            heapq.heapify(self._next)
        self._until = now
        while self._next[0][0] <= now:
            at, stream = self._next[0]
            heapq.heapreplace(self._next, (self._after(at, stream), stream))
            self._one(stream, at)

    def _after(self, at: datetime, stream: Stream) -> datetime:
        mean = 1 / (self._rates[stream] * activity(at))
        return at + timedelta(seconds=self._rng.gammavariate(EVENNESS, mean / EVENNESS))

    def _one(self, stream: Stream, at: datetime) -> None:
        self._happened += 1
        leaving = departures(
            self._events.happen(stream, at),
            self._happened,
            self._sending(),
            change_again=lambda earlier: self._events.change_again(earlier, at),
        )
        for departure in leaving:
            self._let_wait(departure)

    def _let_wait(self, departure: Departure) -> None:
        heapq.heappush(self._waiting, (departure.due, next(self._order), departure))

    def _post(self, departure: Departure, now: datetime) -> bool:
        """Whether there was an answer to go by."""
        answer = self._answer(departure, now)
        with self._lock:
            self._answers[answer] += 1
            self._recent.append((now, answer))
        if answer != "unanswered":
            return True
        if departure.attempt < ATTEMPTS:
            again = replace(departure, due=now + REPEATED_AFTER, attempt=departure.attempt + 1)
            self._let_wait(again)
        return False

    def _forget(self, until: datetime) -> None:
        with self._lock:
            while self._recent and self._recent[0][0] <= until:
                self._recent.popleft()

    def _answer(self, departure: Departure, now: datetime) -> Answer:
        """What a partner makes of the answer: who refuses does not want it, others get it again."""
        event, body = departure.event, departure.event.body()
        signature = self._signers[departure.forged].sign(event.id, now, body.decode())
        headers = {
            "content-type": "application/json",
            "webhook-id": event.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        try:
            response = self._http.post(PATH, content=body, headers=headers)
        except httpx.HTTPError:
            return "unanswered"
        if response.is_success:
            return "taken"
        return "refused" if response.is_client_error else "unanswered"


def _line(recent: Counter[Answer]) -> str:
    """`112 posted in the last minute: 75 taken, 37 refused`."""
    told = ", ".join(f"{recent[answer]} {answer}" for answer in ANSWERS if recent[answer])
    return f"{recent.total()} posted in the last minute" + (f": {told}" if told else "")
