"""Whole calls over loopback in both modes: policies, deadline, breaker and telemetry on real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fin_infra.errors import CircuitOpen, DeadlineExceeded, ProviderError, ProviderUnavailable, UnexpectedPayload
from fin_infra.flow import Backoff, BreakerState, CallRecord, Client, Quota, deadline, json_of, observe_calls, operation
from fin_infra.flow import paged as paged_operation
from fin_infra.transport import Flow, M, Page, Pages, Request, query_key
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport
from tests.transport.support import drip_headers, silent

SECRET = "S3CRET-apikey"


class Bank(Client[M]):
    def authorize(self, request: Request) -> Request:
        return query_key("apikey", SECRET)(request)

    @operation
    def number(self) -> Flow[int]:
        reply = yield from self.get("/number")
        return int(json_of(reply, list)[0])

    @operation
    def order(self, key: str | None = None) -> Flow[int]:
        reply = yield from self.request("POST", "/order", content=b"{}", idempotency_key=key)
        return reply.status

    @paged_operation
    def numbers(self, pages: int) -> Pages[int]:
        for page in range(pages):
            reply = yield from self.get("/numbers", page=page)
            yield Page(json_of(reply, list))


class Session:
    """A bank in one mode whose results are plain values, and whose connections are closed at the end."""

    def __init__(self, mode: str, url: str, **more: Any) -> None:
        config = HttpConfig(base_url=url)
        self.runner = asyncio.Runner() if mode == "async" else None
        self.transport: Any = AsyncHttpTransport(config) if self.runner else HttpTransport(config)
        options = {"source": "banking:test", "backoff": Backoff(base_s=0.001), "deadline_s": 20.0} | more
        self.bank: Any = Bank(self.transport, **options)

    def call(self, name: str, *args: Any) -> Any:
        result = getattr(self.bank, name)(*args)
        if self.runner is None:
            return list(result) if name == "numbers" else result
        return self.runner.run(_collect(result) if name == "numbers" else _await(result))

    def close(self) -> None:
        if self.runner is None:
            self.transport.close()
        else:
            self.runner.run(self.transport.aclose())
            self.runner.close()


async def _await(result: Any) -> Any:
    return await result


async def _collect(items: Any) -> list[Any]:
    return [item async for item in items]


@pytest.fixture(params=["sync", "async"])
def session(request: pytest.FixtureRequest) -> Iterator[Callable[..., Session]]:
    made: list[Session] = []

    def make(url: str, **more: Any) -> Session:
        made.append(Session(request.param, url, **more))
        return made[-1]

    yield make
    for item in made:
        item.close()


def test_call_when_vendor_recovers_then_answer_arrives(serve: Any, session: Any, answer: Any) -> None:
    def flaky(server: Any, connection: socket.socket, number: int) -> None:
        if number == 1:
            connection.close()
        elif number == 2:
            connection.sendall(answer(b"oops", status="503 Service Unavailable"))
        else:
            connection.sendall(answer(b"[7]"))

    server = serve(flaky)
    assert session(server.url).call("number") == 7
    assert len(server.requests) == 3


@pytest.mark.parametrize(("key", "sent"), [(None, 1), ("order-1", 3)])
def test_order_when_connection_drops_after_it_was_sent_then_is_not_doubled(
    serve: Any, session: Any, key: str | None, sent: int
) -> None:
    server = serve(lambda s, c, n: c.close())
    with pytest.raises(ProviderUnavailable):
        session(server.url).call("order", key)
    assert len(server.requests) == sent


def test_order_when_a_kept_connection_was_closed_by_the_server_then_is_sent_once(
    serve: Any, session: Any, answer: Any
) -> None:
    """The engine itself must not repeat a request on a stale connection."""

    def once_each(server: Any, connection: socket.socket, number: int) -> None:
        if number == 2:
            connection.close()
        else:
            connection.sendall(answer(b"[1]"))

    server = serve(once_each)
    bank = session(server.url)
    assert bank.call("order") == 200
    with pytest.raises(ProviderUnavailable):
        bank.call("order")
    assert len(server.requests) == 2


@pytest.mark.parametrize("behaviour", [drip_headers, silent])
def test_deadline_when_vendor_never_ends_then_call_ends(serve: Any, session: Any, behaviour: Any) -> None:
    server = serve(behaviour)
    bank = session(server.url)
    with deadline(0.3), pytest.raises(DeadlineExceeded) as caught:
        bank.call("number")
    assert not server.finished.is_set()
    assert (caught.value.provider, caught.value.operation) == ("banking:test", "number")
    assert bank.bank.policy.breaker.state is BreakerState.CLOSED


def test_breaker_when_vendor_is_a_black_hole_then_opens_and_saves_the_time(serve: Any, session: Any) -> None:
    server = serve(silent)
    bank = session(server.url, timeout_s=0.1, deadline_s=0.25, breaker_threshold=2)
    for _ in range(2):
        with pytest.raises((DeadlineExceeded, ProviderUnavailable)):
            bank.call("number")
    asked = len(server.requests)
    with pytest.raises(CircuitOpen, match="circuit_open"):
        bank.call("number")
    assert len(server.requests) == asked


def test_retry_after_when_vendor_gives_one_then_next_request_waits(serve: Any, session: Any, answer: Any) -> None:
    def limited(server: Any, connection: socket.socket, number: int) -> None:
        reply = answer(b"", "Retry-After: 60", status="429 Too Many Requests") if number == 1 else answer(b"[1]")
        connection.sendall(reply)

    server = serve(limited)
    with pytest.raises(ProviderError) as caught:
        session(server.url).call("number")
    assert caught.value.retry_after == 60.0
    assert len(server.requests) == 1


def test_redirect_when_vendor_sends_one_then_key_stays_home(serve: Any, session: Any, answer: Any) -> None:
    other = serve(lambda s, c, n: c.sendall(answer(b"[666]")))
    server = serve(lambda s, c, n: c.sendall(answer(b"", f"Location: {other.url}/", status="307 Temporary Redirect")))
    with pytest.raises(UnexpectedPayload, match="redirects"):
        session(server.url).call("number")
    assert other.requests == []


def test_pages_when_read_over_http_then_all_arrive(serve: Any, session: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(b"[%d, %d]" % (2 * n - 1, 2 * n))))
    assert session(server.url).call("numbers", 3) == [1, 2, 3, 4, 5, 6]
    assert server.connections == 1


def test_secret_when_everything_goes_wrong_then_is_in_no_text(
    serve: Any, session: Any, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(server: Any, connection: socket.socket, number: int) -> None:
        if number % 3 == 0:
            connection.close()
        else:
            connection.sendall(answer(b"your key is " + SECRET.encode(), status="500 Oops" if number % 3 else "200 OK"))

    server = serve(echo)
    seen: list[CallRecord] = []
    end = observe_calls(seen.append)
    texts: list[str] = []
    try:
        with caplog.at_level("DEBUG"):
            for behaviour in (server.url, "http://127.0.0.1:1"):
                bank = session(behaviour)
                for name in ("number", "order"):
                    with pytest.raises(ProviderError) as caught:
                        bank.call(name)
                    error: BaseException | None = caught.value
                    while error is not None:
                        texts += [str(error), repr(error), repr(getattr(error, "extra", dict)())]
                        error = error.__cause__ or error.__context__
                texts += [repr(bank.bank), repr(bank.transport), repr(vars(bank.bank))]
    finally:
        end()
    texts += [caplog.text, repr(seen), *(repr(vars(record)) for record in caplog.records)]
    assert len(seen) == 4
    assert not [text for text in texts if SECRET in text]


def test_quota_when_threads_share_a_client_then_holds_on_the_wire(serve: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(b"[1]")))
    transport = HttpTransport(HttpConfig(base_url=server.url))
    bank = Bank(transport, source="banking:test", quotas=(Quota(4, 3600.0),))
    refused: list[ProviderError] = []

    def one(_: int) -> int:
        try:
            return bank.number()
        except ProviderError as exc:
            refused.append(exc)
            return 0

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(20)))
    transport.close()
    assert (sum(found), len(refused), len(server.requests)) == (4, 16, 4)


async def test_tasks_when_many_share_a_client_then_each_gets_its_answer(serve: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(b"[1]")))
    transport = AsyncHttpTransport(HttpConfig(base_url=server.url))
    bank = Bank(transport, source="banking:test")
    found = await asyncio.gather(*(_await(bank.number()) for _ in range(50)))
    await transport.aclose()
    assert found == [1] * 50
