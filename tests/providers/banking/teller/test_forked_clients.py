"""Teller's clients in the processes that `multiprocessing` makes by default, over real HTTP to the sandbox."""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.providers import registry
from tests.support.sandbox import Sandbox

_given: dict[str, Any] = {}


def _sync(account_id: str) -> bool:
    bank: Any = easy_banking()
    return all(bank.balance(account_id).account_id == account_id for _ in range(5))


def _async(account_id: str) -> bool:
    async def ask() -> bool:
        bank: Any = _given.get("bank") or easy_banking(mode="async")  # the parent's, where children are forked
        found = await asyncio.gather(*(bank.balance(account_id) for _ in range(5)))
        return all(one.account_id == account_id for one in found)

    return asyncio.run(ask())


@pytest.mark.parametrize("work", [_sync, _async])
def test_clients_in_a_pool_read_their_own_answers(work: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox.url)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    registry.reset()
    accounts = [one.id for one in easy_banking().accounts() if one.status == "open"][:4]
    assert len(accounts) > 1

    async def fork_while_connected() -> list[bool]:
        bank: Any = easy_banking(mode="async")
        _given["bank"] = bank
        await bank.ping()
        with multiprocessing.Pool(4) as pool:
            return pool.map_async(work, accounts * 6, chunksize=1).get(60)

    assert all(asyncio.run(fork_while_connected()))
    registry.reset()
