"""Servers that never end an answer, for `RawServer`."""

from __future__ import annotations

import socket
from typing import Any


def drip_headers(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    server.drip(connection, b"X-Drip: 1\r\n")


def silent(server: Any, connection: socket.socket, number: int) -> None:
    server.stop.wait(8)
    server.finished.set()
