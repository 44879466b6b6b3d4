"""A program under test that takes whatever is posted to it, on a free loopback port."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Mailbox:
    """What arrived, as body and headers by lower-case name; `status` is the answer to each."""

    url: str = ""
    status: int = 200
    letters: list[tuple[bytes, dict[str, str]]] = field(default_factory=list[tuple[bytes, dict[str, str]]])


@contextmanager
def mailbox() -> Generator[Mailbox]:
    found = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.letters.append((body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hooks?a=1"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
