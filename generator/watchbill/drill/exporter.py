"""Answer for every target at once: Prometheus asks through a proxy, and keeps the addresses that are emitted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

NUMBER = "drill_target"  # the URL parameter that says which target is asked
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, as a server does that is stopped."""


@contextmanager
def serving(handler: type[Handler], port: int = 0) -> Iterator[str]:
    """Answer on loopback until the block ends; gives the URL."""
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def exporting(page: Callable[[int], str | None]) -> Iterator[str]:
    """Serve the page of each target by its number; one without a page answers 503. Gives the proxy's URL."""

    class Exporter(Handler):
        def do_GET(self) -> None:
            number = parse_qs(urlsplit(self.path).query)[NUMBER][0]
            text = page(int(number))
            if text is None:
                self.respond(503, "text/plain", "down\n")
            else:
                self.respond(200, _TYPE, text)

    with serving(Exporter) as url:
        yield url
