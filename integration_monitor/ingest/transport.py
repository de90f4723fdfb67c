"""Transports for httpx that watch each call, and otherwise leave it as it is.

One line wraps a client: `httpx.Client(transport=MonitoredTransport(integration="hubspot"))`.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import sleep

import anyio
import httpx
from anyio import to_thread

from integration_monitor.ingest.recorder import Recorder
from integration_monitor.ingest.retries import Attempts
from integration_monitor.ingest.watching import WatchedCall, opened

_FAILING = 400


class MonitoredTransport(httpx.BaseTransport):
    """Calls through another transport, repeats what the manifest says, and counts the calls."""

    def __init__(
        self,
        integration: str,
        transport: httpx.BaseTransport | None = None,
        *,
        manifests: str | Path | None = None,
        store_url: str | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Nothing is raised: where something is missing, it is logged once, and calls go on.

        `transport` makes the calls; None: `httpx.HTTPTransport()`. `manifests` is the directory
        that has the integration's manifest, otherwise INTEGRATION_MONITOR_MANIFESTS says it;
        without a manifest every call is one to `other`, and none is repeated. `store_url` is where
        calls are stored, otherwise INTEGRATION_MONITOR_DATABASE_URL; without either nothing is
        watched. `recorder` is what counts, in place of the one that the process has for the store.
        """
        self._transport = transport if transport is not None else httpx.HTTPTransport()
        self._watch, self._retries = opened(integration, manifests, store_url, recorder)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As the transport below, whatever the monitor thinks of it."""
        call = self._watch.begin(request)
        try:
            response = self._send(request, call)
        except BaseException as error:
            call.broke(error)
            raise
        call.answered(response)
        return self._retries.passed_on(response)

    def close(self) -> None:
        """Close the transport below. What was counted is stored soon, without waiting for it."""
        self._watch.ask()
        self._transport.close()

    def flush(self, timeout: float = 5.0) -> bool:
        """Store what was counted now; whether it was done after so many seconds.

        Only needed where a process is frozen, or ends without its usual end.
        """
        return self._watch.flush(timeout)

    def _send(self, request: httpx.Request, call: WatchedCall) -> httpx.Response:
        attempts: Attempts | None = None
        while True:
            try:
                response = self._transport.handle_request(request)
            except Exception as error:
                attempts = attempts or self._retries.begin(request)
                wait = attempts.after_error(error)
                if wait is None:
                    raise
            else:
                if response.status_code < _FAILING:
                    return response
                attempts = attempts or self._retries.begin(request)
                wait = attempts.after(response)
                if wait is None:
                    return response
                call.repeated(response)
                with suppress(httpx.HTTPError):
                    response.close()
            sleep(wait)


class AsyncMonitoredTransport(httpx.AsyncBaseTransport):
    """Calls through another transport, repeats what the manifest says, and counts the calls."""

    def __init__(
        self,
        integration: str,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        manifests: str | Path | None = None,
        store_url: str | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """As of `MonitoredTransport`."""
        self._transport = transport if transport is not None else httpx.AsyncHTTPTransport()
        self._watch, self._retries = opened(integration, manifests, store_url, recorder)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As the transport below, whatever the monitor thinks of it."""
        call = self._watch.begin(request)
        try:
            response = await self._send(request, call)
        except BaseException as error:
            call.broke(error)
            raise
        call.answered(response, is_async=True)
        return self._retries.passed_on(response)

    async def aclose(self) -> None:
        """Close the transport below. What was counted is stored soon, without waiting for it."""
        self._watch.ask()
        await self._transport.aclose()

    async def flush(self, timeout: float = 5.0) -> bool:
        """As of `MonitoredTransport`, in a thread."""
        return await to_thread.run_sync(self._watch.flush, timeout)

    async def _send(self, request: httpx.Request, call: WatchedCall) -> httpx.Response:
        attempts: Attempts | None = None
        while True:
            try:
                response = await self._transport.handle_async_request(request)
            except Exception as error:
                attempts = attempts or self._retries.begin(request)
                wait = attempts.after_error(error)
                if wait is None:
                    raise
            else:
                if response.status_code < _FAILING:
                    return response
                attempts = attempts or self._retries.begin(request)
                wait = attempts.after(response)
                if wait is None:
                    return response
                call.repeated(response)
                with suppress(httpx.HTTPError):
                    await response.aclose()
            await anyio.sleep(wait)
