"""The life of a client: closed once, never handed out again, and quiet when nobody closes it."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from bankersbank.finastra import AsyncFinastraAPIClient, FinastraAPIClient, FinastraConfig
from fin_infra.errors import ClientClosed
from fin_infra.providers import registry
from fin_infra.providers.fallback import chain
from fin_infra.providers.registry import resolve
from fin_infra.transport import Reply
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
    assert pool.connections
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
    assert (ran.stdout, ran.stderr, ran.returncode) == ("done\n", "", 0)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors where Linux lists them")
def test_many_loops_one_after_another_then_descriptors_do_not_pile_up() -> None:
    bank = resolve("banking:teller", mode="async")

    async def once() -> None:
        await bank.ping()

    gc.disable()  # what is only garbage would count, too
    try:
        asyncio.run(once())
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(100):
            asyncio.run(once())
        assert len(os.listdir("/proc/self/fd")) == before
    finally:
        gc.enable()
