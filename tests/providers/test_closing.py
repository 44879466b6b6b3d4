"""The life of a client: closed once, never handed out again, and quiet when nobody closes it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bankersbank.finastra import AsyncFinastraAPIClient, FinastraAPIClient, FinastraConfig
from fin_infra.errors import ClientClosed, InvalidInput, ProviderUnavailable
from fin_infra.model import InstrumentKey, NewOrder, Side
from fin_infra.providers import registry
from fin_infra.providers.fallback import chain
from fin_infra.providers.registry import resolve
from fin_infra.trading import SqliteJournal
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.support.sandbox import Sandbox

KEYS = sorted(cls.info.provider_key for cls in registry.providers())


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, sandbox_server: Sandbox) -> Iterator[None]:
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox_server.url)
    monkeypatch.setenv("FIN_INFRA_MODE", "auto")
    registry.reset()
    yield
    registry.reset()


@pytest.mark.parametrize("key", KEYS)
def test_provider_when_closed_then_refuses_and_the_registry_opens_a_new_one(key: str) -> None:
    with resolve(key) as provider:
        assert resolve(key) is provider
    provider.close()
    with pytest.raises(ClientClosed, match="open a new one"):
        provider.ping()
    again = resolve(key)
    assert again is not provider
    assert not again.closed


@pytest.mark.parametrize("key", KEYS)
def test_async_provider_when_closed_then_refuses_and_the_registry_opens_a_new_one(key: str) -> None:
    async def life() -> Any:
        async with resolve(key, mode="async") as provider:
            assert resolve(key, mode="async") is provider
        await provider.aclose()
        with pytest.raises(ClientClosed, match="open a new one"):
            await provider.ping()
        return provider

    assert asyncio.run(life()) is not resolve(key, mode="async")


def test_flow_begun_before_the_client_was_closed_sends_nothing_more() -> None:
    provider: Any = resolve("banking:teller")
    rows = provider.transactions(provider.accounts()[0].id)
    provider.close()
    with pytest.raises(ClientClosed):
        list(rows)


def test_closing_one_provider_leaves_another_connected() -> None:
    bank = resolve("banking:teller")
    coins: Any = resolve("crypto:coingecko")
    bank.ping()
    coins.ping()
    pool = coins.transport._pool
    bank.close()
    assert coins.transport._pool is pool
    assert pool.pool.connections
    coins.ping()


def test_chain_when_closed_then_it_refuses_and_its_members_open_again() -> None:
    member: Any = resolve("market:alpha_vantage")
    with chain("market", [member, resolve("market:alpha_vantage", tenant="other")]) as both:
        both.ping()
        assert member.transport._pool is not None
    assert member.transport._pool is None
    with pytest.raises(ClientClosed):
        both.ping()
    member.ping()


def test_finastra_clients_when_closed_then_refuse() -> None:
    config = FinastraConfig(client_id="id", client_secret="not-a-secret")
    with FinastraAPIClient(config, transport=Replay([])) as bank:
        pass
    bank.close()
    with pytest.raises(ClientClosed):
        bank.list_collaterals()

    async def life() -> None:
        async with AsyncFinastraAPIClient(config, transport=AsyncReplay([Reply(200, b"{}")])) as bank:
            pass
        with pytest.raises(ClientClosed):
            await bank.list_collaterals()

    asyncio.run(life())


class Late:
    """A server that answers a quote when it is told to."""

    BODY = json.dumps(
        {"Global Quote": {"01. symbol": "IBM", "05. price": "1.25", "07. latest trading day": "2026-11-20"}}
    )

    def __init__(self) -> None:
        late = self
        self.asked, self.answer, self.connections = threading.Event(), threading.Event(), 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                late.connections += 1
                super().setup()

            def do_GET(self) -> None:
                late.asked.set()
                late.answer.wait(10)
                self.send_response(200)
                self.send_header("Content-Length", str(len(late.BODY)))
                self.end_headers()
                self.wfile.write(late.BODY.encode())

            def log_message(self, *words: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.settings = {
            "base_url": f"http://127.0.0.1:{self.server.server_port}",
            "api_key": "not-a-secret",
            "allow_http": True,
            "max_attempts": 1,
        }


@pytest.fixture
def late() -> Iterator[Late]:
    server = Late()
    yield server
    server.answer.set()
    server.server.shutdown()
    server.server.server_close()


IBM = InstrumentKey("US", "IBM")


@pytest.mark.parametrize("chained", [True, False], ids=["chain", "provider"])
def test_closed_while_another_thread_waits_then_that_call_ends_well(chained: bool, late: Late) -> None:
    """A chain shares the connections of its members, and two threads share a provider."""
    member: Any = resolve("market:alpha_vantage", **late.settings)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(member.quote, IBM)
        assert late.asked.wait(10)
        shared = member.transport._pool
        (chain("market", [member]) if chained else member).close()
        assert member.transport._pool is None
        late.answer.set()
        assert waiting.result(10).price == Decimal("1.25")
    assert shared.pool.connections == []
    if chained:
        assert member.quote(IBM).price == Decimal("1.25")
        assert late.connections == 2


@pytest.mark.parametrize("chained", [True, False], ids=["chain", "provider"])
def test_closed_while_another_task_waits_then_that_call_ends_well(chained: bool, late: Late) -> None:
    async def life() -> None:
        member: Any = resolve("market:alpha_vantage", mode="async", **late.settings)
        waiting = asyncio.create_task(member.quote(IBM))
        assert await asyncio.to_thread(late.asked.wait, 10)
        (shared,) = member.transport._pools.values()
        await (chain("market", [member]) if chained else member).aclose()
        assert not member.transport._pools
        late.answer.set()
        assert (await waiting).price == Decimal("1.25")
        assert shared.pool.connections == []

    asyncio.run(life())


def test_closed_while_an_order_is_placed_then_its_outcome_is_found_out(sandbox: Sandbox, trading: None) -> None:
    """The broker has the order, its answer is lost: only asking tells, and `ClientClosed` would hide that."""
    broker: Any = resolve("brokerage:alpaca")
    step = broker.transport.step

    def lost(effect: Any) -> Any:
        found = step(effect)
        if isinstance(effect, Request) and effect.method == "POST":
            broker.close()
            raise ProviderUnavailable("the answer was lost", retryable=True)
        return found

    broker.transport.step = lost
    placed = broker.submit_order(NewOrder(key=IBM, side=Side.BUY, quantity=Decimal(1)), idempotency_key="k")
    assert sum(one["method"] == "POST" for one in sandbox.requests()) == 1
    again: Any = resolve("brokerage:alpaca")
    assert [one.id for one in again.orders(status="all")] == [placed.id]
    with pytest.raises(ClientClosed):
        broker.clock()


def test_client_closed_in_the_other_mode_then_says_how() -> None:
    bank: Any = resolve("banking:teller")
    other: Any = resolve("banking:teller", mode="async")

    async def wrong() -> None:
        async with bank:
            pass

    for close in (other.close, other.__enter__):
        with pytest.raises(InvalidInput, match="is async: write `async with`"):
            close()
    for closing in (bank.aclose, wrong):
        with pytest.raises(InvalidInput, match="is sync: write `with`"):
            asyncio.run(closing())
    assert not bank.closed
    assert not other.closed


@pytest.mark.parametrize("file", [":memory:", "orders.sqlite3"])
def test_journal_that_nobody_closes_then_its_database_is_closed_with_it(file: str, tmp_path: Path) -> None:
    """From Python 3.13 on a database that is only dropped is a ResourceWarning."""
    journal = SqliteJournal(file if file == ":memory:" else tmp_path / file)
    held = journal._connection
    del journal
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        held.execute("SELECT 1")


QUIET = """
import asyncio
from fin_infra.providers.registry import resolve

kept = resolve("banking:teller", mode="async")

async def main(bank):
    await asyncio.gather(bank.accounts(), bank.accounts())

for n in range(3):
    asyncio.run(main(kept))
    asyncio.run(main(resolve("banking:teller", mode="async", tenant=f"t{n}")))

async def dropped():
    bank = resolve("banking:teller", mode="async", tenant="dropped")
    await bank.ping()
    from fin_infra.providers import registry
    registry.reset()

asyncio.run(dropped())
resolve("banking:teller").accounts()
print("done")
"""


def test_nobody_closes_anything_then_python_warns_of_nothing(sandbox_server: Sandbox) -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", QUIET], capture_output=True, text=True, timeout=60
    )
    said = [line for line in ran.stderr.splitlines() if not line.startswith("Executing <")]  # a busy machine is slow
    assert (ran.stdout, said, ran.returncode) == ("done\n", [], 0)


MANY_LOOPS = """
import asyncio, gc, os
from fin_infra.providers.registry import resolve

bank = resolve("banking:teller", mode="async")

async def once():
    await bank.ping()

gc.disable()  # what is only garbage would count, too
asyncio.run(once())
before = len(os.listdir("/proc/self/fd"))
for _ in range(100):
    asyncio.run(once())
print(len(os.listdir("/proc/self/fd")) - before)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors where Linux lists them")
def test_many_loops_one_after_another_then_descriptors_do_not_pile_up(sandbox_server: Sandbox) -> None:
    ran = subprocess.run([sys.executable, "-c", MANY_LOOPS], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.returncode) == ("0\n", 0), ran.stderr
