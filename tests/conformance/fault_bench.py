"""Where faults meet adapters: real HTTP to the sandbox in real time, except that pauses pass at once.

A pause moves the transport's clock instead of sleeping, so that retry, limiter, breaker and deadline see it; what
breaks a promise on the way (a request before Retry-After, a pause past the deadline) is written down in `breaches`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from glob import escape
from itertools import count
from typing import Any

import pytest

from fin_infra.flow import operation, paged, request_id, row_errors
from fin_infra.model import RowError
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.provider import Endpoint, Provider, http_transport
from fin_infra.settings import load
from fin_infra.trading import SqliteJournal
from fin_infra.transport import Effect, Pause, Reply, Request
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport
from tests.conformance.fault_cases import MODES
from tests.support.cases import Case, Ids
from tests.support.sandbox import Sandbox
from tests.support.vendors import VENDORS

PATIENCE_S = 10.0
MINUTE = timedelta(minutes=1)
MOVING = {("LinkStart", "token")}
"""Fields of text that may hold such a moment."""
_numbers = count(1)


@dataclass
class Watch:
    """The clock of one call, and what its transport did."""

    impatient: Callable[[int], bool] = lambda number: True
    """Which requests, counted from 1, keep their own timeout; others get time, so that a busy machine is no fault."""
    offset_s: float = 0.0
    sent: list[Request] = field(default_factory=list[Request])
    pauses: list[float] = field(default_factory=list[float])
    breaches: list[str] = field(default_factory=list[str])
    not_before: float = 0.0
    not_before_wall: float = 0.0

    def now(self) -> float:
        return time.monotonic() + self.offset_s

    def pause(self, seconds: float) -> None:
        until = self.sent[-1].until if self.sent else None
        if until is not None and self.now() + seconds > until:
            self.breaches.append(f"a pause of {seconds:.3f} s ends after the deadline")
        if not seconds >= 0:
            self.breaches.append(f"a pause of {seconds} s")
        self.pauses.append(seconds)
        self.offset_s += seconds

    def send(self, request: Request) -> Request:
        early = max(self.not_before - self.now(), self.not_before_wall - (time.time() + self.offset_s))
        if early > 0.001:
            self.breaches.append(f"request {len(self.sent) + 1} was sent {early:.3f} s before Retry-After")
        self.sent.append(request)
        patient = not self.impatient(len(self.sent))
        return replace(
            request,
            until=None if request.until is None else request.until - self.offset_s,
            timeout_s=max(request.timeout_s, PATIENCE_S) if patient else request.timeout_s,
        )

    def heard(self, reply: Reply) -> None:
        text = reply.headers.get("retry-after")
        if text and text.isdigit():
            self.not_before = self.now() + int(text)
        elif text:
            self.not_before_wall = parsedate_to_datetime(text).timestamp()


class WatchedHttp(HttpTransport):
    def __init__(self, inner: HttpTransport, watch: Watch) -> None:
        super().__init__(inner.config)
        self.watch = watch

    def monotonic(self) -> float:
        return self.watch.now()

    def step(self, effect: Effect) -> Any:
        if isinstance(effect, Pause):
            return self.watch.pause(effect.seconds)
        if not isinstance(effect, Request):
            return super().step(effect)
        reply = super().step(self.watch.send(effect))
        self.watch.heard(reply)
        return reply


class WatchedAsyncHttp(AsyncHttpTransport):
    def __init__(self, inner: AsyncHttpTransport, watch: Watch) -> None:
        super().__init__(inner.config)
        self.watch = watch

    def monotonic(self) -> float:
        return self.watch.now()

    async def step(self, effect: Effect) -> Any:
        if isinstance(effect, Pause):
            return self.watch.pause(effect.seconds)
        if not isinstance(effect, Request):
            return await super().step(effect)
        reply = await super().step(self.watch.send(effect))
        self.watch.heard(reply)
        return reply


@dataclass
class Outcome:
    """How a call ended: `value` as plain data, for a paged operation all items up to the end or the error."""

    value: Any
    error: Exception | None
    watch: Watch
    ident: str
    """The inbound request id of the call, by which the sandbox's log tells its requests."""
    result: Any = field(default=None, repr=False)
    unread: list[RowError] = field(default_factory=list[RowError], repr=False)
    """The rows that could not be read."""


class Stage:
    """The sandbox as one vendor's cases want to find it: reset, and prepared by that vendor's own row."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.ids: Ids = {}
        self._ready = ""

    def set(self, cls: type[Provider[Any]]) -> None:
        """Prepare the world for an adapter, unless it is; building one takes a while."""
        if self._ready != cls.info.provider_key:
            self.reset(cls)

    def reset(self, cls: type[Provider[Any]]) -> None:
        self.sandbox.reset()
        self.ids = VENDORS[cls.info.provider_key].prepare(self.sandbox)
        self._ready = cls.info.provider_key

    def clear(self) -> None:
        """Forget faults and requests; the world stays."""
        self.sandbox.control("DELETE", "/faults")
        self.sandbox.control("DELETE", "/requests")


class Bench:
    """Adapters in one mode over one stage, which is left without faults and deletions."""

    def __init__(self, stage: Stage, mode: str, runner: asyncio.Runner) -> None:
        self.stage, self.mode, self._runner = stage, mode, runner
        self.url = stage.sandbox.url
        self.control = stage.sandbox.control

    @property
    def ids(self) -> Ids:
        return self.stage.ids

    def requests(self) -> list[dict[str, Any]]:
        """Return what arrived, oldest first, but for what the tests asked themselves."""
        return [row for row in self.stage.sandbox.requests() if "x-request-id" in row["headers"]]

    @contextmanager
    def client(self, cls: type[Provider[Any]], watch: Watch, **given: Any) -> Iterator[Provider[Any]]:
        settings = load(cls.info.settings, {**cls.info.sandbox, **given})
        endpoint = Endpoint(self.url + cls.info.sandbox_path, "sandbox", settings)
        inner: Any = http_transport(cls, endpoint, self.mode)  # type: ignore[call-overload]  # a mode, not a literal
        transport: Any = WatchedHttp(inner, watch) if self.mode == "sync" else WatchedAsyncHttp(inner, watch)
        client = cls(transport, endpoint)
        if isinstance(client, BrokerageProvider):  # its orders are forgotten with the sandbox's
            client.journal = SqliteJournal(":memory:")
        try:
            yield client
        finally:
            if self.mode == "sync":
                transport.close()
            else:
                self._runner.run(transport.aclose())

    def call(self, client: Provider[Any], case: Case) -> Outcome:
        """Run a case and keep whatever it raises."""
        watch: Watch = client.transport.watch  # type: ignore[attr-defined]  # `client` gives no other transport
        outcome = Outcome(None, None, watch, f"cell-{next(_numbers)}")
        is_paged = isinstance(getattr(type(client), case.operation), paged)
        items: list[Any] = []
        started = datetime.now(UTC)

        def ask() -> Any:
            return getattr(client, case.operation)(*case.args(self.ids), **case.kwargs)

        def each(found: Iterator[Any]) -> list[Any]:
            for item in found:
                items.append(item)  # what came before an error must not be lost
            return items

        async def wait() -> Any:
            request_id.set(outcome.ident)
            with row_errors() as outcome.unread:  # here, because the runner has a context of its own
                if not is_paged:
                    return await ask()
                async for item in ask():
                    items.append(item)
                return items

        token = request_id.set(outcome.ident)
        try:
            if self.mode == "async":
                outcome.result = self._runner.run(wait())
            else:
                with row_errors() as outcome.unread:
                    outcome.result = each(ask()) if is_paged else ask()
        except Exception as exc:
            outcome.error = exc
        finally:
            request_id.reset(token)
        outcome.value = plain(items if is_paged else outcome.result, started, datetime.now(UTC))
        return outcome

    def arrivals(self, ident: str) -> list[dict[str, Any]]:
        """Return what arrived of one call, oldest first."""
        return [row for row in self.requests() if row["headers"]["x-request-id"] == ident]


def operations(cls: type[Provider[Any]]) -> set[str]:
    """Return the names of every operation an adapter has, inherited ones included."""
    return {name for name in dir(cls) if isinstance(getattr(cls, name), (operation, paged))}


def offered(cls: type[Provider[Any]]) -> set[str]:
    """Return the names of the operations for which the vendor has an answer."""
    return {*cls.can, "ping"}


def scope_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return the fault scope that fits one logged request; masked parameters and those of the second stay out of it."""
    query = {name: escape(value) for name, value in row["query"].items() if value != "***" and name != "timestamp"}
    return {"method": row["method"], "path": row["path"], "query": query}


def plain(value: Any, started: datetime, ended: datetime) -> Any:
    """Return a result as data that compares by value; the moment of receipt, and whole minutes after it, are words."""
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value).__name__
        shown = [f.name for f in fields(value) if f.name not in ("raw", "meta") and (kind, f.name) not in MOVING]
        return {
            "": kind,
            **{name: plain(getattr(value, name), started, ended) for name in shown},
        }
    if isinstance(value, datetime):
        minutes = min(max((value - started) // MINUTE, 0), 60)
        return f"received and {minutes} min" if started <= value - minutes * MINUTE <= ended else value
    if isinstance(value, dict):
        return {key: plain(item, started, ended) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, started, ended) for item in value]
    return value


@pytest.fixture(scope="module")
def stage(sandbox_server: Sandbox) -> Stage:
    """The one sandbox of this process; no test of such a module resets it by itself."""
    return Stage(sandbox_server)


@pytest.fixture(scope="module")
def benches(stage: Stage) -> Iterator[dict[str, Bench]]:
    """A bench per mode over the one stage."""
    with asyncio.Runner() as runner:
        yield {mode: Bench(stage, mode, runner) for mode in MODES}


@pytest.fixture
def bench(benches: dict[str, Bench], stage: Stage, cls: type[Provider[Any]], mode: str) -> Iterator[Bench]:
    """The stage of one adapter in one mode, without faults before and after."""
    stage.set(cls)
    stage.clear()
    yield benches[mode]
    stage.clear()
