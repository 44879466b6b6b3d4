"""Time how long a vendor waits for the answer to a webhook: 50 a second, signed, each another event, then each again.

Run: python benchmarks/webhooks.py [seconds] [database URL]. The service is a process of its own; trust the medians, and
the 99th percentile only where nothing else runs.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx2

A_SECOND = 50
LIMIT_MS = 20
SECRET = "benchmark-secret"
PATH = "/webhooks/banking:teller"


def event(number: int) -> bytes:
    rows = [{"account_id": f"acc_{number % 100}", "amount": "12.34", "id": f"txn_{n}"} for n in range(20)]
    payload = {"enrollment_id": f"enr_{number % 100}", "transactions": rows}
    return json.dumps({"id": f"wh_{number}", "type": "transactions.processed", "payload": payload}).encode()


def signed(body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    mark = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
    return {"Teller-Signature": f"t={stamp},v1={mark}", "Content-Type": "application/json"}


async def timed(client: httpx2.AsyncClient, number: int) -> float:
    body = event(number)
    headers = signed(body)
    start = time.perf_counter()
    reply = await client.post(PATH, content=body, headers=headers)
    took = (time.perf_counter() - start) * 1000
    assert reply.status_code == 200, reply.text
    return took


async def steady(client: httpx2.AsyncClient, numbers: Iterable[int]) -> list[float]:
    """Send so many a second, whether the answers keep up or not."""
    tasks: list[asyncio.Task[float]] = []
    start = time.perf_counter()
    for at, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, start + at / A_SECOND - time.perf_counter()))
        tasks.append(asyncio.create_task(timed(client, number)))
    return list(await asyncio.gather(*tasks))


def shown(name: str, took: Sequence[float]) -> None:
    ordered = sorted(took)
    at = {part: ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95, 0.99)}
    within = sum(each <= LIMIT_MS for each in took) / len(took)
    figures = ", ".join(f"{int(part * 100)} % in {ms:.1f} ms" for part, ms in at.items())
    print(f"{name:>6}: {len(took):,} at {A_SECOND} a second: {figures}, the slowest {ordered[-1]:.1f} ms; "
          f"{within:.1%} within {LIMIT_MS} ms")  # fmt: skip


def cpu_s(pid: int) -> float:
    """Return the seconds of a core that a process has used (Linux)."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


async def measured(url: str, seconds: int, pid: int) -> None:
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        while True:
            try:
                await client.get("/healthz")
                break
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
        await steady(client, range(-A_SECOND, 0))  # what is loaded once
        numbers = range(seconds * A_SECOND)
        for name in ("new", "again"):
            before = cpu_s(pid)
            shown(name, await steady(client, numbers))
            print(f"        {(cpu_s(pid) - before) / len(numbers) * 1000:.1f} ms of a core for each")


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = {
            "FIN_INFRA_API_TOKENS": "t" * 30, "FIN_INFRA_MODE": "sandbox", "FIN_INFRA_WEBHOOK_RATE_LIMIT": "1000000",
            "LOG_FORMAT": "none", "TELLER_WEBHOOK_SECRET": SECRET, "XDG_DATA_HOME": folder, "XDG_STATE_HOME": folder,
        }  # fmt: skip
        if len(sys.argv) > 2:
            settings |= {"SQL_URL": sys.argv[2], "FIN_INFRA_VAULT_KEYS": "unused"}
        command = [sys.executable, "-m", "uvicorn", "asset_aggregator.api:app", "--port", str(port), "--no-access-log"]
        service = subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
        try:
            asyncio.run(measured(f"http://127.0.0.1:{port}", seconds, service.pid))
        finally:
            service.terminate()
            service.wait(20)


if __name__ == "__main__":
    main()
