"""Answer for every target at once: Prometheus asks through a proxy, and keeps the addresses that are emitted."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

NUMBER = "drill_target"  # the URL parameter that says which target is asked
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8"
_DOWN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain"


class Handler(BaseHTTPRequestHandler):
    """A base for what answers on loopback: it keeps connections, and logs nothing."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def respond(self, status: int, kind: str, text: str) -> None:
        """Send a whole answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its base names it so)
        """Say nothing."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, as a server does that is stopped."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """Answer on loopback until the block ends; gives the URL."""
    with _running(_Server(("127.0.0.1", port), handler)) as url:
        yield url


@contextmanager
def _running(server: _Server) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Scraped(socketserver.StreamRequestHandler):
    """Read requests and nothing of their headers: scrapes are many, and parsing mail headers is most of their cost."""

    page: Callable[[int], str | None]
    timeout = 30

    def handle(self) -> None:
        while request := self.rfile.readline():
            while self.rfile.readline() not in {b"\r\n", b""}:
                pass
            number = parse_qs(urlsplit(request.split(b" ")[1].decode()).query)[NUMBER][0]
            text = type(self).page(int(number))
            head, body = (_OK, text.encode()) if text is not None else (_DOWN, b"down\n")
            self.wfile.write(b"%b\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body), body))


@contextmanager
def exporting(page: Callable[[int], str | None]) -> Iterator[str]:
    """Serve the page of each target by its number; one without a page answers 503. Gives the proxy's URL."""
    handler = type("Scraped", (_Scraped,), {"page": staticmethod(page)})
    with _running(_Server(("127.0.0.1", 0), handler)) as url:
        yield url
