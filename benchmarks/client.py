"""The whole client against a bare httpx2 call on loopback: `python benchmarks/client.py`.

Both ask the same server for the same body and decode it, in turns; target: at most 1.2 times the bare call.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing import Process
from typing import Any

import httpx2

from fin_infra.flow import Client, json_of, operation
from fin_infra.transport import Flow, M
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport

CALLS = 300
ROUNDS = 7
BODY = json.dumps([{"id": f"acc_{n}", "name": "Checking", "balance": "1234.56"} for n in range(20)]).encode()


def serve(listener: socket.socket) -> None:
    """Answer every request on every connection, as cheaply as possible."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, sock=listener)
        await server.serve_forever()

    asyncio.run(main())


class Bank(Client[M]):
    @operation
    def accounts(self) -> Flow[list[Any]]:
        return list(json_of((yield from self.get("/accounts", count=20)), list))


def sync_round(once: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        once()
    return (time.perf_counter() - start) / CALLS * 1e6


async def async_round(once: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        await once()
    return (time.perf_counter() - start) / CALLS * 1e6


def report(mode: str, bare: list[float], ours: list[float]) -> None:
    ratios = sorted(mine / other for mine, other in zip(ours, bare, strict=True))
    print(
        f"{mode:6} bare httpx2 {statistics.median(bare):7.0f} us   fin-infra {statistics.median(ours):7.0f} us   "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def compare_sync(url: str) -> None:
    transport = HttpTransport(HttpConfig(base_url=url))
    bank = Bank(transport, key="banking:test")
    with httpx2.Client(base_url=url) as client:
        bare, ours = [], []
        for number in range(ROUNDS + 1):
            one = sync_round(lambda: client.get("/accounts", params={"count": "20"}).raise_for_status().json())
            two = sync_round(bank.accounts)
            if number:  # the first round warms up
                bare.append(one)
                ours.append(two)
    transport.close()
    report("sync", bare, ours)


async def compare_async(url: str) -> None:
    transport = AsyncHttpTransport(HttpConfig(base_url=url))
    bank = Bank(transport, key="banking:test")
    async with httpx2.AsyncClient(base_url=url) as client:

        async def plain() -> object:
            return (await client.get("/accounts", params={"count": "20"})).raise_for_status().json()

        bare, ours = [], []
        for number in range(ROUNDS + 1):
            one, two = await async_round(plain), await async_round(bank.accounts)
            if number:
                bare.append(one)
                ours.append(two)
    await transport.aclose()
    report("async", bare, ours)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Process(target=serve, args=(listener,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        compare_sync(url)
        asyncio.run(compare_async(url))
    finally:
        server.terminate()
        server.join()
        listener.close()


if __name__ == "__main__":
    main()
