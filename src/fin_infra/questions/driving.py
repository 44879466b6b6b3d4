"""The drivers of questions: they wait for operations of providers, and talk to nobody themselves.
Floor 6: a question yields nothing but `Invoke`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from fin_infra.transport import AsyncTransport, Effect, Invoke, SyncTransport

T = TypeVar("T")


class _Waits(SyncTransport):
    def step(self, effect: Effect) -> Any:
        return _invoked(effect)()


class _Awaits(AsyncTransport):
    async def step(self, effect: Effect) -> Any:
        return await _invoked(effect)()


DRIVERS: Mapping[str, _Waits | _Awaits] = {"sync": _Waits(), "async": _Awaits()}


def _invoked(effect: Effect) -> Callable[[], Any]:
    if not isinstance(effect, Invoke):
        raise TypeError(f"a question invokes operations; it cannot yield {type(effect).__name__}")
    return effect.fn


def wait_for(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run what is only written for async users to its end, also where an event loop is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    with ThreadPoolExecutor(1, "fin-infra-question") as thread:
        return thread.submit(copy_context().run, lambda: asyncio.run(make())).result()
