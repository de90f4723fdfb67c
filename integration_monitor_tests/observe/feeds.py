"""Feeds on loopback, and servers that do with them what servers do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from integration_monitor_tests.loopback import listening

RSS = "application/rss+xml"


def rss(*items: str) -> bytes:
    """An RSS feed of these items."""
    head = '<?xml version="1.0"?><rss version="2.0"><channel><title>Changes</title>'
    return f"{head}{''.join(items)}</channel></rss>".encode()


def item(title: str, text: str = "", published: str = "Fri, 20 Nov 2026 10:00:00 GMT") -> str:
    """An entry of an RSS feed; its title names it."""
    return (
        f"<item><title>{title}</title><guid>{title}</guid><pubDate>{published}</pubDate>"
        f"<link>https://example.com/{len(title)}</link><description>{text}</description></item>"
    )


ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Changes</title>
<entry><id>urn:1</id><title type="html">Contacts &lt;b&gt;v1&lt;/b&gt; will sunset</title>
<updated>2026-11-19T08:00:00+02:00</updated><link href="/v1"/>
<content type="html">&lt;p&gt;We retire it.&lt;/p&gt;</content></entry></feed>"""


@dataclass
class FeedServer:
    """What the server answers, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    kind: str = RSS
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    asked: list[dict[str, str]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving() -> Iterator[FeedServer]:
    """A server for as long as the block lasts."""
    server = FeedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.asked.append({name.lower(): value for name, value in self.headers.items()})
            server.before()
            etag = server.headers.get("ETag")
            status = server.status
            if etag and self.headers.get("If-None-Match") == etag:
                status = 304
            body = b"" if status == 304 else server.body
            self.send_response_only(status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", server.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with listening(Handler) as url:
        server.url = url
        try:
            yield server
        finally:
            server.closing.set()
