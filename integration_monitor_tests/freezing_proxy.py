"""A TCP proxy before PostgreSQL whose connections freeze: open, acknowledged, and silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict


class FreezingProxy:
    """Hands on what comes until it is told to freeze."""

    def __init__(self, url: str) -> None:
        known = conninfo_to_dict(url)
        self._socket = f"{known['host']}/.s.PGSQL.{known.get('port', 5432)}"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._frozen: set[int] = set()
        self._takes_none = False
        self.url = (
            sa.make_url(url)
            .set(host="127.0.0.1", port=self._listening.getsockname()[1], query={})
            .render_as_string(hide_password=False)
        )
        """Of the same database, through this proxy."""
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self, *, new_ones: bool = False) -> None:
        """Silence the connections that there are, and those that come where `new_ones` too."""
        self._frozen.update(map(id, self._open))
        self._takes_none = new_ones

    def close(self) -> None:
        """Break all connections."""
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._open.append(client)
                if self._takes_none:
                    self._frozen.add(id(client))
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._socket)
                self._open.append(server)
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._hand_on, args=pair, daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while said := source.recv(65536):
                if {id(source), id(target)} & self._frozen:
                    return
                target.sendall(said)
            if not {id(source), id(target)} & self._frozen:
                target.shutdown(socket.SHUT_RDWR)


@contextmanager
def freezing_proxy(url: str) -> Iterator[FreezingProxy]:
    """Before the server of a URL with a Unix socket, for as long as the block lasts."""
    proxy = FreezingProxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
