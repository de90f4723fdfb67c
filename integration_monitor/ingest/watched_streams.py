"""The body of an answer on its way to the caller: what passes is noticed, and nothing changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from time import perf_counter
from typing import Any, Protocol


class Listener(Protocol):
    """Who is told of a body, piece by piece. Nothing it does may raise."""

    def passed(self, piece: bytes, waited: float) -> None:
        """A piece passes, for which the caller waited so many seconds."""

    def broke(self, error: BaseException) -> None:
        """The body ended in an exception."""

    def ended(self, waited: float) -> None:
        """The body was read to its end, for which the caller waited so many seconds."""

    def closed(self) -> None:
        """Nobody reads on, be it after the end or before. May be told repeatedly."""


def watched(stream: object, listener: Listener) -> Any:
    """A stream to be read by a blocking client, in place of this one."""
    return _made(_Watched, "SyncByteStream", stream, listener)


def watched_async(stream: object, listener: Listener) -> Any:
    """A stream to be read by an asynchronous client, in place of this one."""
    return _made(_AsyncWatched, "AsyncByteStream", stream, listener)


_classes: dict[tuple[type, str], type] = {}


def _made(kind: type, base: str, stream: object, listener: Listener) -> Any:
    # A client asks whether a stream is of its own kind: httpx, or a library that continues it.
    key = (type(stream), base)
    if key not in _classes:
        bases = [one for one in type(stream).__mro__ if one.__name__ == base]
        _classes[key] = type(kind.__name__, (kind, *bases[-1:]), {})
    return _classes[key](stream, listener)


class _Watched:
    def __init__(self, stream: Any, listener: Listener) -> None:
        self._stream = stream
        self._listener = listener

    def __iter__(self) -> Iterator[bytes]:
        listener = self._listener
        began = perf_counter()
        try:
            for piece in self._stream:
                listener.passed(piece, perf_counter() - began)
                yield piece
                began = perf_counter()
        except GeneratorExit:
            raise
        except BaseException as error:
            listener.passed(b"", perf_counter() - began)
            listener.broke(error)
            raise
        listener.ended(perf_counter() - began)

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._listener.closed()

    def __del__(self) -> None:
        self._listener.closed()


class _AsyncWatched:
    def __init__(self, stream: Any, listener: Listener) -> None:
        self._stream = stream
        self._listener = listener

    async def __aiter__(self) -> AsyncIterator[bytes]:
        listener = self._listener
        began = perf_counter()
        try:
            async for piece in self._stream:
                listener.passed(piece, perf_counter() - began)
                yield piece
                began = perf_counter()
        except GeneratorExit:
            raise
        except BaseException as error:
            listener.passed(b"", perf_counter() - began)
            listener.broke(error)
            raise
        listener.ended(perf_counter() - began)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._listener.closed()

    def __del__(self) -> None:
        self._listener.closed()
