"""The HTTP transports against servers that drip, hang, lie and break, in both modes."""

from __future__ import annotations

import asyncio
import gc
import gzip
import socket
import ssl
import time
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Event, Thread
from typing import Any

import httpcore2
import pytest

from fin_infra.errors import (
    ConfigurationError,
    DeadlineExceeded,
    FinInfraError,
    InvalidInput,
    ProviderError,
    ProviderUnavailable,
    UnexpectedPayload,
)
from fin_infra.transport import Reply, Request, engine, http, url_path
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.effects import UNREACHABLE
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport
from tests.support.ports import free_port
from tests.transport.support import drip_headers, silent

GET = Request("GET", "/x", timeout_s=5.0)


def soon(seconds: float = 0.3, **more: Any) -> Request:
    return Request("GET", "/x", timeout_s=30.0, until=time.monotonic() + seconds, **more)


# What is sent


def test_request_when_sent_then_arrives_byte_for_byte(serve: Any, ask: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(b'{"a": 1.10}', "Content-Type: application/json")))
    request = Request(
        "POST",
        url_path("accounts", "a/b ?#%", "x"),
        (("q", "a b&c"), ("none", "")),
        (("X-Key", "k1"),),
        b'{"n": 1}',
    )
    reply = ask(server.url + "/base/", request)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /base/accounts/a%2Fb%20%3F%23%25/x?q=a+b%26c&none= HTTP/1.1"
    assert sorted(lines[1:]) == sorted(
        [
            b"Host: " + server.url.removeprefix("http://").encode(),
            b"Accept: */*",
            b"Accept-Encoding: gzip, deflate",
            b"User-Agent: fin-infra",
            b"X-Key: k1",
            b"Content-Length: 8",
        ]
    )
    assert body == b'{"n": 1}'
    assert (reply.status, reply.content, reply.headers["content-type"]) == (200, b'{"a": 1.10}', "application/json")
    assert str(reply.json()["a"]) == "1.10"


def test_post_when_it_has_no_body_then_says_length_zero(serve: Any, ask: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    ask(server.url, Request("POST", "/x"))
    assert b"Content-Length: 0" in server.requests[0]


@pytest.mark.parametrize(
    "value", ["key\n", "key\r\nX-Evil: 1", "k\u00e9y", " key", "key ", "\u201ckey\u201d", "a\x00b"]
)
def test_header_when_it_cannot_be_sent_then_says_so_without_the_value(serve: Any, ask: Any, value: str) -> None:
    server = serve(lambda s, c, n: None)
    with pytest.raises(ConfigurationError) as caught:
        ask(server.url, Request("GET", "/x", headers=(("Authorization", value),)))
    assert "Authorization" in str(caught.value)
    assert "key" not in str(caught.value).replace("check the key", "")
    assert server.requests == []


@pytest.mark.parametrize("bad", ["@evil.example/x", "x", "", "/a b", "/a\r\nX: y", "/a#b", "/\u00e9", ".evil.example/"])
def test_path_when_it_is_no_path_then_nothing_is_sent(serve: Any, ask: Any, bad: str) -> None:
    server = serve(lambda s, c, n: None)
    with pytest.raises(InvalidInput):
        ask(server.url, Request("GET", bad))
    assert server.connections == 0


def test_parameter_when_it_is_no_text_then_is_refused_before_anything_is_sent(serve: Any, ask: Any) -> None:
    server = serve(lambda s, c, n: None)
    with pytest.raises(InvalidInput, match="cannot be encoded as UTF-8"):
        ask(server.url, Request("GET", "/x", (("keywords", "a\ud800"),)))
    assert server.connections == 0


def test_redirect_when_it_comes_then_is_not_followed(serve: Any, ask: Any, answer: Any) -> None:
    other = serve(lambda s, c, n: c.sendall(answer()))
    server = serve(lambda s, c, n: c.sendall(answer(b"", f"Location: {other.url}/steal", status="302 Found")))
    reply = ask(server.url, Request("GET", "/x", headers=(("Authorization", "Bearer s3cret"),)))
    assert reply.status == 302
    assert other.requests == []


def test_cookie_when_server_sets_one_then_is_not_sent_back(serve: Any, ask: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(b"{}", "Set-Cookie: session=abc; Path=/")))
    ask(server.url, GET, GET)
    assert len(server.requests) == 2
    assert b"session" not in server.requests[1]


def test_url_when_request_is_logged_then_no_line_shows_it(
    serve: Any, ask: Any, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    with caplog.at_level("DEBUG"):
        ask(server.url, Request("GET", "/x", (("apikey", "S3CRET"),), (("Authorization", "Bearer S3CRET"),)))
    assert "S3CRET" not in caplog.text


# Time


def drip_status(server: Any, connection: socket.socket, number: int) -> None:
    server.drip(connection, b"H")


def drip_informational(server: Any, connection: socket.socket, number: int) -> None:
    server.drip(connection, b"HTTP/1.1 102 Processing\r\n\r\n")


def drip_body(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    server.drip(connection, b"x")


def drip_chunks(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    server.drip(connection, b"1\r\nx\r\n")


def drip_trailers(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    server.drip(connection, b"X-T: 1\r\n")


@pytest.mark.parametrize(
    "behaviour", [drip_headers, drip_status, drip_informational, drip_body, drip_chunks, drip_trailers, silent]
)
def test_deadline_when_server_never_ends_then_client_leaves_in_time(serve: Any, ask: Any, behaviour: Any) -> None:
    server = serve(behaviour)
    with pytest.raises(DeadlineExceeded) as caught:
        ask(server.url, soon())
    assert not server.finished.is_set()
    assert caught.value.retryable
    assert caught.value.__context__ is None


@pytest.mark.parametrize("behaviour", [drip_headers, drip_body, silent])
def test_timeout_when_it_comes_before_the_deadline_then_is_an_outage(serve: Any, ask: Any, behaviour: Any) -> None:
    server = serve(behaviour)
    with pytest.raises(ProviderUnavailable, match=r"within 0\.3 s") as caught:
        ask(server.url, Request("GET", "/x", timeout_s=0.3, until=time.monotonic() + 60))
    assert not server.finished.is_set()
    assert caught.value.retryable


def test_timeout_when_server_does_not_read_then_writing_ends_too(serve: Any, ask: Any) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1)
    try:
        with pytest.raises(DeadlineExceeded):
            ask(f"http://127.0.0.1:{listener.getsockname()[1]}", soon(0.4, content=b"x" * 40_000_000))
    finally:
        listener.close()


def test_timeout_when_server_reads_by_the_spoonful_then_writing_ends_too(ask: Any) -> None:
    """Each spoonful lets a write go on: only the sum of the waits shows that the time is over."""
    stop, swallowed = Event(), [0]

    def sip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            while (size := len(connection.recv(2**19))) and not stop.wait(0.02):
                swallowed[0] += size

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=sip, args=(listener,), daemon=True)
        thread.start()
        try:
            with pytest.raises(DeadlineExceeded):
                ask(f"http://127.0.0.1:{listener.getsockname()[1]}", soon(0.4, content=b"x" * 60_000_000))
        finally:
            stop.set()
            thread.join(10)
    assert swallowed[0] < 40_000_000


def test_deadline_when_every_connection_is_taken_then_nobody_waits_longer_for_one(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(http._LIMITS, "max_connections", 1)

    def hold(server: Any, connection: socket.socket, number: int) -> None:
        server.stop.wait(8)
        connection.shutdown(socket.SHUT_RDWR)

    server = serve(hold)
    transport = HttpTransport(HttpConfig(base_url=server.url))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(transport.step, soon(3.0))
        assert server.arrived.wait(10)
        with pytest.raises(DeadlineExceeded):
            transport.step(soon(0.2))
        assert not first.done()
        server.stop.set()
        with pytest.raises(ProviderError):
            first.result()
    transport.close()


def test_deadline_when_already_over_then_nothing_is_waited_for(serve: Any, ask: Any) -> None:
    server = serve(silent)
    with pytest.raises(DeadlineExceeded):
        ask(server.url, soon(-1.0))
    assert not server.finished.is_set()


def test_slow_answer_when_within_time_then_arrives(serve: Any, ask: Any, answer: Any) -> None:
    def slow(server: Any, connection: socket.socket, number: int) -> None:
        for piece in answer(b"[1]").partition(b"\r\n"):
            time.sleep(0.05)
            connection.sendall(piece)

    assert ask(serve(slow).url, soon(20)).json() == [1]


def test_two_addresses_when_first_is_dead_then_second_answers(
    serve: Any, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    resolve = socket.getaddrinfo

    def two(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host == "localhost":
            return [
                *resolve("127.0.0.2", port, type=socket.SOCK_STREAM),
                *resolve("127.0.0.1", port, type=socket.SOCK_STREAM),
            ]
        return resolve(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", two)
    monkeypatch.setattr(socket.socket, "connect", _without_guard)
    transport = HttpTransport(HttpConfig(base_url=server.url.replace("127.0.0.1", "localhost")))
    assert transport.step(GET).status == 200
    transport.close()


def test_two_addresses_when_first_is_silent_then_second_still_gets_its_share_of_the_time(
    serve: Any, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    port = int(server.url.rpartition(":")[2])
    resolve = socket.getaddrinfo
    found = [resolve(host, port, type=socket.SOCK_STREAM)[0] for host in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *a, **k: found if host == "localhost" else resolve(host, port, *a, **k),
    )
    monkeypatch.setattr(socket.socket, "connect", _without_guard)
    transport = HttpTransport(HttpConfig(base_url=f"http://localhost:{port}"))
    with socket.create_server(("127.0.0.2", port), backlog=0), ExitStack() as queue:
        for _ in range(3):  # nobody accepts: the queue is full, and who comes now hears nothing
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.2", port))
        assert transport.step(Request("GET", "/x", timeout_s=1.0)).status == 200
    transport.close()


_without_guard = socket.socket.connect


# What comes back


def test_host_when_nobody_listens_then_error_is_unreachable_and_short(ask: Any) -> None:
    port = free_port()
    with pytest.raises(ProviderUnavailable) as caught:
        ask(f"http://127.0.0.1:{port}", Request("GET", "/x", (("apikey", "S3CRET"),), repeatable=True))
    assert (caught.value.vendor_code, caught.value.retryable) == (UNREACHABLE, True)
    assert str(caught.value) == f"cannot connect to 127.0.0.1:{port}"
    assert caught.value.for_caller() == "cannot connect to the provider"


def _refused_certificate() -> ssl.SSLError:
    made = ssl.SSLError(1, "alert")
    made.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"  # as OpenSSL sets it
    return made


@pytest.mark.parametrize(
    "cause",
    [
        httpcore2.ReadTimeout(),
        httpcore2.ProxyError(),
        httpcore2.ConnectError(),
        httpcore2.ReadError(),
        ssl.SSLCertVerificationError(),
        _refused_certificate(),
    ],
    ids=lambda cause: type(cause).__name__,
)
@pytest.mark.parametrize("until", [None, 0.0], ids=["no deadline", "deadline over"])
def test_failure_whatever_it_is_names_the_host_to_the_operator_and_not_to_a_caller(
    cause: Exception, until: float | None
) -> None:
    found = engine.failure(cause, Request("GET", "/x", until=until), "bank.internal:8443")
    assert "bank.internal" in str(found)
    assert "bank.internal" not in found.for_caller()
    assert "base URL" not in found.for_caller()


def drop(server: Any, connection: socket.socket, number: int) -> None:
    connection.close()


def drop_in_headers(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
    connection.close()


def promise_more(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2]")
    connection.close()


def cut_chunk(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n[1]")
    connection.close()


def garbage(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"\x16\x03\x01\x00\xff SSH-2.0-OpenSSH_9\r\n\r\n")
    connection.close()


def endless_header(server: Any, connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    server.drip(connection, b"y" * 65536, times=10)


@pytest.mark.parametrize("behaviour", [drop, drop_in_headers, promise_more, cut_chunk, garbage, endless_header])
def test_answer_when_it_breaks_off_then_is_never_taken_for_whole(serve: Any, ask: Any, behaviour: Any) -> None:
    server = serve(behaviour)
    with pytest.raises(ProviderUnavailable, match="the connection to 127") as caught:
        ask(server.url, GET)
    assert caught.value.retryable
    assert caught.value.outage


def test_answer_when_server_says_more_than_announced_then_next_request_is_not_answered_by_the_rest(
    serve: Any, ask: Any, answer: Any
) -> None:
    def split(server: Any, connection: socket.socket, number: int) -> None:
        connection.sendall(answer(b'"first"') + answer(b'"smuggled"') if number == 1 else answer(b'"second"'))

    server = serve(split)
    try:
        second = ask(server.url, GET, Request("GET", "/two", timeout_s=5.0)).json()
    except ProviderError:
        return
    assert second == "second"


@pytest.mark.parametrize(
    ("coding", "squeeze"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("identity", bytes),
    ],
)
def test_body_when_compressed_then_is_expanded(
    serve: Any, ask: Any, answer: Any, coding: str, squeeze: Callable[[bytes], bytes]
) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(squeeze(b"[1, 2, 3]"), f"Content-Encoding: {coding}")))
    assert ask(server.url, GET).json() == [1, 2, 3]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(b"[1, 2, 3]" * 100, mtime=0)[:-9]),
        ("deflate", b"\xff\xff\xff"),
        ("br", b"\x0b\x02\x80[1]\x03"),
        ("gzip", gzip.compress(b"[1]", mtime=0) + gzip.compress(b"[2]", mtime=0)),
        ("gzip, gzip", gzip.compress(gzip.compress(b"[]", mtime=0), mtime=0)),
    ],
)
def test_body_when_it_cannot_be_expanded_then_payload_is_unexpected(
    serve: Any, ask: Any, answer: Any, coding: str, body: bytes
) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(body, f"Content-Encoding: {coding}")))
    with pytest.raises(UnexpectedPayload, match="compressed"):
        ask(server.url, GET)


def test_bomb_when_it_expands_past_the_limit_then_is_refused(
    serve: Any, ask: Any, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MAX_REPLY_BYTES", 2**20)
    bomb = gzip.compress(b"\0" * (64 * 2**20))
    server = serve(lambda s, c, n: c.sendall(answer(bomb, "Content-Encoding: gzip")))
    with pytest.raises(UnexpectedPayload, match="larger than 1 MiB"):
        ask(server.url, GET)


def test_body_when_it_is_endless_then_is_refused_at_the_limit(
    serve: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MAX_REPLY_BYTES", 2**20)

    def flood(server: Any, connection: socket.socket, number: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        server.drip(connection, b"z" * 65536)

    server = serve(flood)
    with pytest.raises(UnexpectedPayload, match="larger than 1 MiB"):
        ask(server.url, GET)
    assert not server.finished.is_set()


def test_header_when_repeated_then_values_are_joined(serve: Any, ask: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer(b"", "X-A: 1", "x-a: 2")))
    assert ask(server.url, GET).headers["x-a"] == "1, 2"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[" * 100_000, b"[1e99999999999999999999]", b'"\xff"', b"[NaN]", b"\0"]
)
def test_json_when_body_is_not_json_then_only_our_error(body: bytes) -> None:
    with pytest.raises(UnexpectedPayload) as caught:
        Reply(200, body).json()
    assert "html" not in str(caught.value)


# Connections


def test_connection_when_requests_follow_then_is_kept(serve: Any, ask: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    ask(server.url, GET, GET, GET)
    assert (server.connections, len(server.requests)) == (1, 3)


def test_connection_when_an_answer_was_abandoned_then_is_not_used_again(serve: Any, answer: Any) -> None:
    def first_drips(server: Any, connection: socket.socket, number: int) -> None:
        if number == 1:
            drip_body(server, connection, number)
        else:
            connection.sendall(answer(b'"whole"'))

    server = serve(first_drips)
    transport = HttpTransport(HttpConfig(base_url=server.url))
    with pytest.raises(DeadlineExceeded):
        transport.step(soon())
    assert transport.step(GET).json() == "whole"
    transport.close()


def test_transport_when_closed_then_opens_again_and_leaks_nothing(serve: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        transport = HttpTransport(HttpConfig(base_url=server.url))
        for _ in range(2):
            assert transport.step(GET).status == 200
            transport.close()
        transport.close()
        del transport
        gc.collect()
    assert server.connections == 2


def test_async_transport_when_loop_changes_then_gets_new_connections(serve: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    transport = AsyncHttpTransport(HttpConfig(base_url=server.url))

    async def once() -> int:
        reply: Reply = await transport.step(GET)
        await transport.aclose()
        await transport.aclose()
        return reply.status

    assert [asyncio.run(once()), asyncio.run(once())] == [200, 200]
    assert server.connections == 2


def test_async_transport_when_nobody_closes_it_then_connections_end_with_their_loop(serve: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    transport = AsyncHttpTransport(HttpConfig(base_url=server.url))

    async def once() -> int:
        return int((await transport.step(GET)).status)

    assert [asyncio.run(once()), asyncio.run(once())] == [200, 200]
    assert not transport._pools


def test_async_transport_when_two_loops_share_it_then_both_work(serve: Any, answer: Any) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    transport = AsyncHttpTransport(HttpConfig(base_url=server.url))

    async def several() -> list[int]:
        replies = [await transport.step(GET) for _ in range(20)]
        await transport.aclose()
        return [reply.status for reply in replies]

    with ThreadPoolExecutor(2) as pool:
        found = [future.result() for future in [pool.submit(asyncio.run, several()) for _ in range(2)]]
    assert found == [[200] * 20] * 2
    assert server.connections == 2


async def test_async_request_when_cancelled_then_connection_is_released(serve: Any, answer: Any) -> None:
    def first_hangs(server: Any, connection: socket.socket, number: int) -> None:
        if number == 1:
            server.stop.wait(8)
        else:
            connection.sendall(answer())

    server = serve(first_hangs)
    transport = AsyncHttpTransport(HttpConfig(base_url=server.url))
    task = asyncio.create_task(transport.step(GET))
    await asyncio.to_thread(server.arrived.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (shared,) = transport._pools.values()
    assert shared.pool.connections == []
    assert (await transport.step(GET)).status == 200
    await transport.aclose()


def test_sync_transport_when_threads_share_it_then_each_gets_its_own_answer(serve: Any, answer: Any) -> None:
    def mirror(server: Any, connection: socket.socket, number: int) -> None:
        connection.sendall(answer(b"[]"))

    server = serve(mirror)
    transport = HttpTransport(HttpConfig(base_url=server.url))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: transport.step(Request("GET", f"/{n}")), range(100)))
    transport.close()
    assert {reply.status for reply in replies} == {200}
    assert sorted(int(request.split(b" ")[1][1:]) for request in server.requests) == list(range(100))


# Settings


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://user:pw@api.example.com",
        "https://:pw@api.example.com",
        "https://api.example.com?key=1",
        "https://api.example.com#x",
        "https://api.example.com:99999",
        "https://api.example.com:x",
        "https://[::1",
        "https://api.example.com/a b",
        "https://api\n.example.com",
        "https://b\u00fccher.example",
        "https://evil.example\\@api.example.com",
        "",
    ],
)
def test_base_url_when_unusable_then_one_clear_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="A base URL looks like"):
        HttpConfig(base_url=url)


@pytest.mark.parametrize("url", ["http://api.example.com", "HTTP://api.example.com", "http://127.0.0.1.evil.example"])
def test_plain_http_when_host_is_not_loopback_then_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        HttpConfig(base_url=url)
    assert HttpConfig(base_url=url, allow_http=True).tls() is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8060", "http://localhost", "http://[::1]:8060/x"])
def test_plain_http_when_host_is_loopback_then_is_allowed(url: str) -> None:
    assert HttpConfig(base_url=url).is_loopback


def test_host_when_port_is_the_usual_one_then_is_left_out() -> None:
    assert HttpConfig(base_url="https://api.example.com:443/v1").host == "api.example.com"
    assert HttpConfig(base_url="https://api.example.com:8443").host == "api.example.com:8443"
    assert HttpConfig(base_url="http://[::1]:8060").host == "[::1]:8060"


def test_proxy_when_environment_names_one_then_is_used_but_not_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:p%40ss@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    found = engine.proxy(HttpConfig(base_url="https://api.example.com"))
    assert found is not None
    assert (found.url.host, found.url.port, found.auth) == (b"proxy.example", 3128, (b"me", b"p@ss"))
    assert engine.proxy(HttpConfig(base_url="https://inside.example")) is None
    assert engine.proxy(HttpConfig(base_url="https://127.0.0.1")) is None
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example")
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        engine.proxy(HttpConfig(base_url="https://api.example.com"))


def test_proxy_when_only_the_one_for_everything_is_named_then_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    found = engine.proxy(HttpConfig(base_url="https://api.example.com"))
    assert found is not None
    assert (found.url.scheme, found.url.host, found.url.port, found.auth) == (b"http", b"proxy.example", 3128, None)


def test_proxy_when_it_is_used_then_requests_go_through_it(
    serve: Any, ask: Any, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda s, c, n: c.sendall(answer()))
    monkeypatch.setenv("HTTP_PROXY", server.url)
    assert ask("http://api.example.com", GET, allow_http=True).status == 200
    assert server.requests[0].startswith(b"GET http://api.example.com/x HTTP/1.1")


def test_errors_when_anything_goes_wrong_then_are_ours(serve: Any, ask: Any) -> None:
    def reset(server: Any, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()

    with pytest.raises(FinInfraError):
        ask(serve(reset).url, GET)
