"""The two drivers: loops that wait, so that adapters never do.
Floor 2: `run` drives a flow to its result, `iterate` a paged flow item by item, `step` carries out one effect."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, TypeVar

from fin_infra.transport.effects import Effect, Flow, Join, Page, Pages

T = TypeVar("T")


class CallMode:
    """How operations hand over their results; a type, never an object."""


class Sync(CallMode):
    """Operations return their results."""


class Async(CallMode):
    """Operations return awaitables."""


M = TypeVar("M", bound=CallMode)


class Transport(ABC, Generic[M]):
    """Carries out effects for one vendor in one mode."""

    @abstractmethod
    def step(self, effect: Effect) -> Any:
        """Carry out one effect and return its result, or an awaitable of it."""

    @abstractmethod
    def run(self, flow: Flow[Any]) -> Any:
        """Drive `flow` to its end and return what it returns."""

    @abstractmethod
    def iterate(self, flow: Pages[Any]) -> Any:
        """Yield the items of each page as the flow produces it."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back: the clock of deadlines, quotas and breakers."""
        return time.monotonic()


class SyncTransport(Transport[Sync]):
    @abstractmethod
    def step(self, effect: Effect) -> Any: ...

    def close(self) -> None:
        """Release connections; the transport opens new ones when used again."""

    def run(self, flow: Flow[T]) -> T:
        try:
            effect = next(flow)
            while True:
                try:
                    reply = self.step(effect)
                except Exception as exc:
                    effect = flow.throw(exc)
                else:
                    effect = flow.send(reply)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    def iterate(self, flow: Pages[T]) -> Iterator[T]:
        try:
            effect = next(flow)
            while True:
                if isinstance(effect, Page):
                    yield from effect.items
                    effect = next(flow)
                    continue
                try:
                    reply = self.step(effect)
                except Exception as exc:
                    effect = flow.throw(exc)
                else:
                    effect = flow.send(reply)
        except StopIteration:
            return
        finally:
            flow.close()


class AsyncTransport(Transport[Async]):
    @abstractmethod
    async def step(self, effect: Effect) -> Any: ...

    async def aclose(self) -> None:
        """Release connections; the transport opens new ones when used again."""

    async def run(self, flow: Flow[T]) -> T:
        try:
            effect = next(flow)
            while True:
                try:
                    reply = await self.step(effect)
                except Exception as exc:
                    effect = flow.throw(exc)
                else:
                    effect = flow.send(reply)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    async def iterate(self, flow: Pages[T]) -> AsyncIterator[T]:
        try:
            effect = next(flow)
            while True:
                if isinstance(effect, Page):
                    for item in effect.items:
                        yield item
                    effect = next(flow)
                    continue
                try:
                    reply = await self.step(effect)
                except Exception as exc:
                    effect = flow.throw(exc)
                else:
                    effect = flow.send(reply)
        except StopIteration:
            return
        finally:
            flow.close()


async def joined(effect: Join) -> Any:
    """Await a `Join`; a waiter that gives up or is canceled leaves the future to the others."""
    import asyncio

    async with asyncio.timeout(effect.seconds):  # wait_for loses a cancellation that comes with the result, in 3.11
        return await asyncio.shield(asyncio.wrap_future(effect.future))
