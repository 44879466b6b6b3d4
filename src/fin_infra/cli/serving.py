"""Run an ASGI app on a loopback port in a thread of this process.
Floor 8: the port is taken before anything else starts, so that a taken one is one clear sentence."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from fin_infra.errors import ConfigurationError, MissingExtra

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0


def reserve(port: int) -> socket.socket:
    """Bind a loopback port.

    Raises:
        ConfigurationError: something else listens there.
    """
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # else asyncio leaves Nagle on: 40 ms a reply
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError):
        listener.close()
        raise ConfigurationError(
            f"Port {port} on {HOST} cannot be used; stop what listens there, or choose another one with --port."
        ) from None
    return listener


@contextmanager
def serving(app: Any, listener: socket.socket) -> Generator[str]:
    """Serve `app` on a reserved port while the block runs; yield its base URL."""
    try:
        import uvicorn
    except ModuleNotFoundError:
        raise MissingExtra.of("The demo needs", "uvicorn", "service") from None
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="fin-infra-service", daemon=True)
    thread.start()
    try:
        until = time.monotonic() + START_TIMEOUT_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise ConfigurationError("The service did not start; run it with LOG_LEVEL=DEBUG to see why.")
            time.sleep(0.02)
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10.0)
        listener.close()
