"""Run the sandbox on a loopback port, and print the environment that points fin-infra at it.
Floor 8: starlette and uvicorn are imported when a server starts, never when this module is imported.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fin_infra._distribution import install_command
from fin_infra.sandbox.vendors import environments

if TYPE_CHECKING:
    from uvicorn import Server

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8060
START_TIMEOUT_S = 60.0


class SandboxError(RuntimeError):
    """The sandbox cannot start; the text says why and what to do next."""


def environment(base_url: str = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}") -> dict[str, str]:
    """Return the variables that point fin-infra's adapters at a sandbox; none of the keys is a secret."""
    root = base_url.rstrip("/")
    found = {"FIN_INFRA_MODE": "sandbox"}
    for mount, variables in environments():
        found |= {name: value.replace("{url}", f"{root}/{mount}") for name, value in variables.items()}
    return found


def serve(
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    seed: int = 7,
    *,
    allow_remote: bool = False,
    announce: Callable[[str], object] = lambda url: None,
) -> None:
    """Serve until interrupted; call `announce` with the base URL once the port is ours.

    Raises:
        SandboxError: the port is taken, or the host is not loopback.
    """
    listener = _listen(host, port, allow_remote=allow_remote)
    with listener, suppress(KeyboardInterrupt):  # uvicorn raises Ctrl-C again once it has shut down
        server = _server(seed)
        announce(f"http://{host}:{listener.getsockname()[1]}")
        server.run(sockets=[listener])


@contextmanager
def running(port: int = 0, seed: int = 7) -> Generator[str]:
    """Run a sandbox in a thread of this process on 127.0.0.1 and yield its base URL; port 0 takes a free one."""
    with _listen(DEFAULT_HOST, port, allow_remote=False) as listener:
        server = _server(seed)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="fin-infra-sandbox", daemon=True
        )
        thread.start()
        try:
            _wait(server, thread)
            yield f"http://{DEFAULT_HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_TIMEOUT_S)


def _wait(server: Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise SandboxError("The sandbox did not start; run `fin-infra sandbox serve` to see why.")
        time.sleep(0.01)


def _server(seed: int) -> Server:
    try:
        import uvicorn

        from fin_infra.sandbox.kernel.app import create_app
        from fin_infra.sandbox.kernel.protocol import DroppableProtocol
    except ImportError as missing:
        command = install_command("sandbox")
        raise SandboxError(f"The sandbox needs {missing.name}, which is not installed; run: {command}") from None
    config = uvicorn.Config(
        create_app(seed=seed),
        http=DroppableProtocol,
        lifespan="off",
        log_level="warning",
        access_log=False,  # an access log would show keys in query strings
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int, *, allow_remote: bool) -> socket.socket:
    if not allow_remote and not _is_loopback(host):
        raise SandboxError(
            f"The sandbox has no real security and stays on this machine: use 127.0.0.1 instead of {host}, "
            "or allow others in with --allow-remote (allow_remote=True)."
        )
    if not 0 <= port <= 65535:
        raise SandboxError(f"{port} is not a port; choose one from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms a reply) off only for sockets that name their protocol
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as taken:
        listener.close()
        raise SandboxError(
            f"Port {port} on {host} cannot be used ({taken.strerror}); stop what runs there or choose another port."
        ) from taken
    return listener


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
