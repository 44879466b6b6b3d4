"""The service's list of collaterals against the bare call to the sandbox behind it: `python benchmarks/finastra.py`.

Both ask over loopback for the same page, in turns: one at a time, then 16 at once; the service's health probe beside
them shows what its layers cost alone. Then the upstream fails always, and the last line shows how fast the service says
so once its breaker is open, and how often it still asked.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import httpx2

CALLS, ROUNDS, AT_ONCE = 100, 5, 16
COOLDOWN_S = 1.0
TOKEN = "benchmark-token-of-this-machine"
PAGE = "/total-lending/collaterals/b2b/v2/collaterals?startingIndex=0&pageSize=50"
ROUTE = "/finastra/b2b/collaterals?top=50"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: list[str], ready: str, environ: dict[str, str]) -> Generator[None]:
    """Run a server until the block ends; it is there when `ready` answers."""
    with subprocess.Popen([sys.executable, *command], env=os.environ | environ, stderr=subprocess.DEVNULL) as running:
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    httpx2.get(ready, trust_env=False)
                    break
                except httpx2.HTTPError:
                    time.sleep(0.1)
            yield
        finally:
            running.terminate()


def bearer(sandbox: str) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-b2b-client",
        "client_secret": "sandbox-b2b-secret",
    }
    reply = httpx2.post(f"{sandbox}/finastra/login/v1/sandbox/oidc/token", data=form, trust_env=False)
    return {"Authorization": f"Bearer {reply.json()['access_token']}"}


async def timed(once: Callable[[], Awaitable[httpx2.Response]], status: int = 200) -> float:
    start = time.perf_counter()
    reply = await once()
    elapsed = (time.perf_counter() - start) * 1e3
    assert reply.status_code == status, reply.text
    return elapsed


async def batch(once: Callable[[], Awaitable[httpx2.Response]], at_once: int) -> list[float]:
    found: list[float] = []
    for _ in range(CALLS // at_once):
        found += await asyncio.gather(*(timed(once) for _ in range(at_once)))
    return found


def percentiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[94]


async def compare(sandbox: str, service: str, at_once: int) -> None:
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    headers = bearer(sandbox)
    async with httpx2.AsyncClient(trust_env=False, timeout=30, limits=limits) as client:

        def bare() -> Awaitable[httpx2.Response]:
            return client.get(f"{sandbox}/finastra{PAGE}", headers=headers)

        def ours() -> Awaitable[httpx2.Response]:
            return client.get(f"{service}{ROUTE}", headers={"Authorization": f"Bearer {TOKEN}"})

        def empty() -> Awaitable[httpx2.Response]:
            return client.get(f"{service}/healthz")

        sides = (bare, ours, empty)
        for side in sides:
            await batch(side, at_once)
        rounds = [[await batch(side, at_once) for side in sides] for _ in range(ROUNDS)]
    plain, routed, probe = (percentiles([value for one in rounds for value in one[side]]) for side in range(3))
    for name, (p50, p95) in {"sandbox": plain, "service": routed, "healthz": probe}.items():
        ratio = f"ratio p50 {p50 / plain[0]:.2f} p95 {p95 / plain[1]:.2f}"
        print(f"{at_once:2} at once   {name}   p50 {p50:6.2f} ms   p95 {p95:6.2f} ms   {ratio}")


async def broken(sandbox: str, service: str) -> None:
    """Let the upstream fail always for some cooldowns, and ask all the time."""
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        fault = {"vendor": "finastra", "kind": "status_503", "path": "/total-lending"}
        (await client.post(f"{sandbox}/_sandbox/faults", json=fault)).raise_for_status()
        await client.request("DELETE", f"{sandbox}/_sandbox/requests")
        open_times: list[float] = []
        until = time.monotonic() + 5 * COOLDOWN_S
        while time.monotonic() < until:
            start = time.perf_counter()
            reply = await client.get(f"{service}{ROUTE}", headers={"Authorization": f"Bearer {TOKEN}"})
            if reply.json()["code"] == "fin.circuit_open":
                open_times.append((time.perf_counter() - start) * 1e3)
            await asyncio.sleep(0.002)
        asked = len((await client.get(f"{sandbox}/_sandbox/requests")).json()["requests"])
        p50, p95 = percentiles(open_times)
        print(
            f"breaker open, {len(open_times)} answers: p50 {p50:.2f} ms p95 {p95:.2f} max {max(open_times):.2f}, "
            f"{asked} upstream requests in {5 * COOLDOWN_S:.0f} s, 5 of them to open, cooldown {COOLDOWN_S:.0f} s"
        )


def main() -> None:
    sandbox_port, service_port = free_port(), free_port()
    sandbox, service = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{service_port}"
    environ = {
        "FIN_INFRA_MODE": "sandbox",
        "FIN_INFRA_SANDBOX_URL": sandbox,
        "FIN_INFRA_API_TOKENS": TOKEN,
        "FIN_INFRA_RATE_LIMIT": "1000000",
        "FINASTRA_B2B_BASE_URL_COLLATERALS": "",  # one that is set elsewhere would be asked instead of the sandbox
        "FINASTRA_TENANT_CONFIG_JSON": "",
        "FINASTRA_TENANT_CONFIG_PATH": "",
        "FINASTRA_MAX_ATTEMPTS": "1",
        "FINASTRA_BREAKER_COOLDOWN_SEC": str(COOLDOWN_S),
        "LOG_LEVEL": "WARNING",
        "APP_ENV": "test",
    }
    serve = ["-m", "fin_infra.cli", "sandbox", "serve", "--port", str(sandbox_port)]
    uvicorn = ["-m", "uvicorn", "asset_aggregator.api:app", "--port", str(service_port), "--no-access-log"]
    with (
        process(serve, f"{sandbox}/_sandbox/clock", environ),
        process(uvicorn, f"{service}/healthz", environ),
    ):
        asyncio.run(compare(sandbox, service, 1))
        asyncio.run(compare(sandbox, service, AT_ONCE))
        asyncio.run(broken(sandbox, service))


if __name__ == "__main__":
    main()
