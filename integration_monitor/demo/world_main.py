"""The process that is the demo's company: `python -m integration_monitor.demo.world_main`.

It is led over its standard input: `begin TIME`, `replay TIME`, then `live`, each answered by a
line. When the input ends, whoever started it is gone, and it ends too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import FrameType

import httpx
import sqlalchemy as sa

from integration_monitor.demo.clock import utc_now
from integration_monitor.demo.company import IntegrationName
from integration_monitor.demo.crm_events import CrmEvents
from integration_monitor.demo.faults import INTEGRATIONS
from integration_monitor.demo.inbox import Inbox, inbox_app
from integration_monitor.demo.led import say
from integration_monitor.demo.partner import partner_app
from integration_monitor.demo.sender import Sender
from integration_monitor.demo.servers import serving
from integration_monitor.demo.variables import PRODUCT_URL, WAREHOUSE_URL, WEBHOOK_SECRET
from integration_monitor.demo.world import World
from integration_monitor.ingest.transport import MonitoredTransport
from integration_monitor.program import NAME

STEP_S = 1.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the partners and the inbox, and do what the standard input says."""
    options = _options(arguments)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: _stop(stop, _number, _frame))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ExitStack() as stack:
        engines = [_engine(os.environ[name]) for name in (PRODUCT_URL, WAREHOUSE_URL)]
        world = World(*engines, faults=options.faults)
        partner_url = stack.enter_context(serving(partner_app(world.partner), options.partner_port))
        world.connect(stack.enter_context(_clients(partner_url, lambda _: None)))
        app = inbox_app(Inbox(), world.state, json.loads(options.links), options.program)
        inbox_url = stack.enter_context(serving(app, options.inbox_port))
        say(json.dumps({"partner": partner_url, "inbox": inbox_url}))
        if _rehearse(world):
            threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
            # Not before: the hour that was lived through in seconds has no minutes of its own.
            world.call_through(stack.enter_context(_clients(partner_url, MonitoredTransport)))
            receiver = stack.enter_context(
                httpx.Client(base_url=options.receiver, timeout=5, trust_env=False)
            )
            _send_webhooks(world, receiver, stop)
            _live(world, stop)
        for engine in engines:
            engine.dispose()


@contextmanager
def _clients(
    partner_url: str, transport: Callable[[IntegrationName], httpx.BaseTransport | None]
) -> Iterator[Mapping[IntegrationName, httpx.Client]]:
    """A client for each sync."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                httpx.Client(
                    base_url=partner_url, timeout=5, trust_env=False, transport=transport(name)
                )
            )
            for name in INTEGRATIONS
        }


def _send_webhooks(world: World, receiver: httpx.Client, stop: threading.Event) -> None:
    rng = random.Random()  # noqa: S311 - plausible data, not secrets
    sender = Sender(
        CrmEvents(world.partner.contacts, rng),
        receiver,
        secret=os.environ[WEBHOOK_SECRET],
        sending=lambda: world.partner.behaviour("crm").sending,
        rng=rng,
    )
    world.tell_by(sender)
    threading.Thread(target=sender.run, args=(stop, utc_now), daemon=True).start()


def _rehearse(world: World) -> bool:
    """Follow the input until it says `live`; False where it ended before."""
    for line in sys.stdin:
        verb, _, time_text = line.strip().partition(" ")
        if verb == "begin":
            world.begin(datetime.fromisoformat(time_text))
        elif verb == "replay":
            world.replay(datetime.fromisoformat(time_text))
        elif verb == "live":
            world.partner.clock = utc_now
            say("ok")
            return True
        say("ok")
    return False


def _live(world: World, stop: threading.Event) -> None:
    while not stop.is_set():
        started = time.monotonic()
        # A database that restarts ends no company: the next step finds it again.
        with suppress(sa.exc.OperationalError):
            world.step(utc_now())
        stop.wait(max(0.0, STEP_S - (time.monotonic() - started)))


def _wait_for_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _stop(stop: threading.Event, _number: int, _frame: FrameType | None) -> None:
    if stop.is_set():
        raise SystemExit(1)
    stop.set()


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"), pool_pre_ping=True
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=Path, required=True)
    parser.add_argument("--partner-port", type=int, default=0)
    parser.add_argument("--inbox-port", type=int, default=0)
    parser.add_argument("--receiver", required=True, help="whose address webhooks are posted to")
    parser.add_argument("--links", default="{}", help="JSON: {text: URL}, shown on the inbox page")
    parser.add_argument("--program", default=NAME, help="how the user calls integration-monitor")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
