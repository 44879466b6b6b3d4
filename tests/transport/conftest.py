"""A server that misbehaves on request, and one way to ask it in both modes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import pytest

from fin_infra.transport import Reply, Request
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport

Behaviour = Callable[["RawServer", socket.socket, int], None]


class RawServer:
    """Hands every request to `behaviour(server, connection, number of the request)`, which writes what it likes."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        self.connections = 0
        self.stop = Event()
        self.arrived = Event()
        self.finished = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                thread = Thread(target=self._talk, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while (request := _read(connection)) and not self.stop.is_set():
                self.requests.append(request)
                self.arrived.set()
                self.behaviour(self, connection, len(self.requests))

    def drip(self, connection: socket.socket, piece: bytes, times: int = 400) -> None:
        """Send `piece` again and again; `finished` is set only if the client stays for all of it."""
        for _ in range(times):
            connection.sendall(piece)
            if self.stop.wait(0.02):
                return
        self.finished.set()

    def close(self) -> None:
        self.stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def serve() -> Iterator[Callable[[Behaviour], RawServer]]:
    servers: list[RawServer] = []

    def start(behaviour: Behaviour) -> RawServer:
        servers.append(RawServer(behaviour))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


Ask = Callable[..., Reply]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Send requests one after another through one transport and return the last reply."""

    def ask_sync(url: str, *requests: Request, **config: Any) -> Reply:
        transport = HttpTransport(HttpConfig(base_url=url, **config))
        try:
            return [transport.step(item) for item in requests][-1]
        finally:
            transport.close()

    def ask_async(url: str, *requests: Request, **config: Any) -> Reply:
        async def main() -> Reply:
            transport = AsyncHttpTransport(HttpConfig(base_url=url, **config))
            try:
                return [await transport.step(item) for item in requests][-1]
            finally:
                await transport.aclose()

        return asyncio.run(main())

    return ask_sync if request.param == "sync" else ask_async


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return head.encode() + b"\r\n\r\n" + body


@pytest.fixture(name="answer")
def _answer() -> Callable[..., bytes]:
    """Build a well-formed HTTP answer."""
    return answer
