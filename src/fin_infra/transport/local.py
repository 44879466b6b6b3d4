"""Drivers of flows that speak to no vendor themselves: they block where they may, and run others' operations.
Floor 2: under an event loop what blocks goes to a thread, and an operation's result is awaited."""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from typing import Any

from fin_infra.transport.base import AsyncTransport, SyncTransport
from fin_infra.transport.effects import Blocking, Effect, Invoke


class LocalTransport(SyncTransport):
    def step(self, effect: Effect) -> Any:
        return _own(effect).fn()


class AsyncLocalTransport(AsyncTransport):
    async def step(self, effect: Effect) -> Any:
        effect = _own(effect)
        if isinstance(effect, Blocking):
            return await asyncio.to_thread(effect.fn)
        found = effect.fn()
        return await found if isawaitable(found) else found


def _own(effect: Effect) -> Blocking | Invoke:
    if not isinstance(effect, (Blocking, Invoke)):
        raise TypeError(f"this flow has no vendor of its own; it cannot yield {type(effect).__name__}")
    return effect
