"""The response cache: no collision, no poison, no errors or partial answers kept, one maker at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from asset_aggregator.infra import ServiceSettings, SvcCache
from asset_aggregator.infra.cache import MAX_BODY_BYTES, _cashews_url


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Maker:
    """Counts how often it was asked."""

    def __init__(self, body: bytes = b"{}", error: Exception | None = None) -> None:
        self.calls = 0
        self.body = body
        self.error = error

    async def __call__(self) -> bytes:
        self.calls += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.body


@pytest.fixture
async def cache() -> AsyncIterator[SvcCache]:
    cache = SvcCache(ServiceSettings(), "fin")
    async with cache.running():
        yield cache


def _backend() -> Any:
    from svc_infra.cache import get_cache

    return get_cache()  # type: ignore[no-untyped-call]  # svc-infra leaves it untyped


async def test_answer_when_asked_again_is_made_once(cache: SvcCache) -> None:
    maker = Maker(b'{"n": 1}')
    assert [await cache.get_or_set(("quote", "XNAS:AAPL"), 60, maker) for _ in range(3)] == [b'{"n": 1}'] * 3
    assert maker.calls == 1


async def test_keys_when_parts_contain_separators_do_not_collide(cache: SvcCache) -> None:
    parts = [
        ("a:x:y", "z"),
        ("a", "x:y:z"),
        ("a:x", "y:z"),
        ("a", "x", "y:z"),
        ("a", "x", "y", "z"),
        ("a", "", "z"),
        ("a", "z", ""),
    ]
    for number, key in enumerate(parts):
        await cache.get_or_set(key, 60, Maker(str(number).encode()))
    assert [await cache.get_or_set(key, 60, Maker(b"new")) for key in parts] == [
        str(n).encode() for n in range(len(parts))
    ]


async def test_error_when_raised_reaches_the_caller_and_is_not_kept(cache: SvcCache) -> None:
    failing = Maker(error=ValueError("down"))
    for _ in range(2):
        with pytest.raises(ValueError, match="down"):
            await cache.get_or_set(("k",), 60, failing)
    assert failing.calls == 2
    assert await cache.get_or_set(("k",), 60, Maker(b"well")) == b"well"


async def test_answer_when_partial_is_given_out_and_not_kept(cache: SvcCache) -> None:
    complete = False
    assert await cache.get_or_set(("k",), 60, Maker(b"half"), keep=lambda: complete) == b"half"
    complete = True
    assert await cache.get_or_set(("k",), 60, Maker(b"whole"), keep=lambda: complete) == b"whole"
    assert await cache.get_or_set(("k",), 60, Maker(b"never"), keep=lambda: complete) == b"whole"


async def test_answer_when_asked_by_many_at_once_is_made_once(cache: SvcCache) -> None:
    maker = Maker(b"one")
    assert await asyncio.gather(*(cache.get_or_set(("k",), 60, maker) for _ in range(50))) == [b"one"] * 50
    assert maker.calls == 1


async def test_answer_when_the_first_caller_gives_up_still_reaches_the_others(cache: SvcCache) -> None:
    gate = asyncio.Event()

    async def slow() -> bytes:
        await gate.wait()
        return b"one"

    first = asyncio.create_task(cache.get_or_set(("k",), 60, slow))
    second = asyncio.create_task(cache.get_or_set(("k",), 60, slow))
    await asyncio.sleep(0.01)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    gate.set()
    assert await second == b"one"


async def test_answer_when_expired_is_made_again() -> None:
    clock = Clock()
    cache = SvcCache(ServiceSettings(), "fin", clock=clock)
    async with cache.running():
        await cache.get_or_set(("k",), 60, Maker(b"old"))
        clock.now += 59.9
        assert await cache.get_or_set(("k",), 60, Maker(b"new")) == b"old"
        clock.now += 0.1
        assert await cache.get_or_set(("k",), 60, Maker(b"new")) == b"new"


@pytest.mark.parametrize(("ttl_s", "size"), [(0, 1), (-5, 1), (60, MAX_BODY_BYTES + 1)])
async def test_answer_when_lifetime_or_size_is_unsuitable_is_not_kept(cache: SvcCache, ttl_s: float, size: int) -> None:
    maker = Maker(b"x" * size)
    for _ in range(2):
        await cache.get_or_set(("k",), ttl_s, maker)
    assert maker.calls == 2


async def test_memory_when_flooded_with_keys_stays_bounded(cache: SvcCache) -> None:
    for number in range(2100):
        await cache.get_or_set((str(number),), 60, Maker(b"x"))
    assert len(_backend()._backends[""].store) == 2000  # cashews has no public count


async def test_cache_when_used_without_a_lifespan_works() -> None:
    maker = Maker()
    cache = SvcCache(ServiceSettings(), "fin")
    for _ in range(2):
        await cache.get_or_set(("unopened",), 60, maker)
    assert maker.calls == 1
    async with cache.running():
        pass


async def test_value_when_tampered_with_is_made_again(cache: SvcCache) -> None:
    await cache.get_or_set(("k",), 60, Maker(b'{"balance": "1.00"}'))
    store = _backend()._backends[""].store  # as an intruder in Redis would
    ((key, (expires, sealed)),) = store.items()
    store[key] = (expires, sealed.replace(b"1.00", b"9.00"))
    assert await cache.get_or_set(("k",), 60, Maker(b"made")) == b"made"


@pytest.mark.parametrize("planted", [b"", b"x", 7, "text", b"\0" * 40 + b"body", None])
async def test_value_when_not_ours_is_made_again(cache: SvcCache, planted: Any) -> None:
    await cache.get_or_set(("k",), 60, Maker(b"first"))
    (key,) = _backend()._backends[""].store  # as above
    await _backend().set(key, planted, expire=60)
    assert await cache.get_or_set(("k",), 60, Maker(b"made")) == b"made"


async def test_value_when_moved_to_another_key_is_made_again(cache: SvcCache) -> None:
    await cache.get_or_set(("mine",), 60, Maker(b"mine"))
    store = _backend()._backends[""].store  # as above
    (mine,) = store
    await cache.get_or_set(("yours",), 60, Maker(b"yours"))
    (yours,) = set(store) - {mine}
    store[yours] = store[mine]
    assert await cache.get_or_set(("yours",), 60, Maker(b"made")) == b"made"


class _Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.marker),)


def _forged_sum(secret: str, key: str, evil: bytes) -> bytes:
    """A value that names `sum` as its own digest: the sum of the secret's bytes is quickly guessed."""
    return b"sum:%x_" % (sum(secret.encode()) + sum(key.encode() + evil)) + evil


@pytest.mark.parametrize("query", ["", "?secret={secret}&digestmod=sha256", "?pickle_type=default"])
async def test_pickle_planted_in_redis_is_executed_by_svc_infra_alone_and_never_by_us(
    redis_server: Any, tmp_path: Path, query: str
) -> None:
    from svc_infra.cache import init_cache
    from svc_infra.cache.backend import shutdown_cache

    secret = "s" * 32
    url = redis_server.url + query.format(secret=secret)
    evil = pickle.dumps(_Payload(tmp_path / "executed"))
    planted = _forged_sum(secret, "k", evil) if "secret" in query else evil

    redis_server.client.set(b"k", planted)
    init_cache(url=url)
    await _backend().get("k")
    await shutdown_cache()
    assert (tmp_path / "executed").exists()  # the pitfall is real
    (tmp_path / "executed").rmdir()

    settings = ServiceSettings(redis_url=url, cache_secret=secret)
    cache = SvcCache(settings, "fin")
    async with cache.running():
        await cache.get_or_set(("k",), 60, Maker(b"good"))
        (key,) = redis_server.keys - {b"k"}
        redis_server.client.set(key, _forged_sum(secret, key.decode(), evil) if "secret" in query else evil)
        assert await cache.get_or_set(("k",), 60, Maker(b"made")) == b"made"
    assert not (tmp_path / "executed").exists()


async def test_redis_when_set_is_shared_by_workers_with_one_secret(redis_server: Any) -> None:
    settings = ServiceSettings(redis_url=redis_server.url, cache_secret="s" * 32)
    for body in (b"first", b"second"):
        cache = SvcCache(settings, "fin")
        async with cache.running():
            assert await cache.get_or_set(("quote", "XNAS:AAPL"), 60, Maker(body)) == b"first"
    stranger = SvcCache(ServiceSettings(redis_url=redis_server.url, cache_secret="z" * 32), "fin")
    async with stranger.running():
        assert await stranger.get_or_set(("quote", "XNAS:AAPL"), 60, Maker(b"own")) == b"own"
    assert not [key for key in redis_server.keys if b"AAPL" in key]
    assert redis_server.expiring == redis_server.keys


async def test_redis_when_down_calls_through(dead_redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    maker = Maker(b"made")
    cache = SvcCache(ServiceSettings(redis_url=dead_redis_url), "fin")
    async with cache.running():
        assert [await cache.get_or_set(("k",), 60, maker) for _ in range(2)] == [b"made", b"made"]
    assert "hunter2" not in caplog.text


async def test_redis_when_it_hangs_holds_up_one_request_and_is_reported_once(
    redis_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    maker, waits = Maker(b"made"), []
    cache = SvcCache(ServiceSettings(redis_url=redis_server.url), "fin")
    async with cache.running():
        await cache.get_or_set(("before",), 60, maker)
        with redis_server.hung():
            for number in range(12):
                started = time.monotonic()
                assert await cache.get_or_set((f"k{number}",), 60, maker) == b"made"
                waits.append(time.monotonic() - started)
        cache._outage._retry_at = 0.0  # the pause is over
        await cache.get_or_set(("after",), 60, maker)
        assert await cache.get_or_set(("after",), 60, Maker(b"again")) == b"made"
    assert sum(wait > 0.4 for wait in waits) == 1, waits
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in told] == ["asset_aggregator.infra.outage"]


def test_redis_url_when_it_carries_cashews_options_keeps_only_harmless_ones() -> None:
    url = _cashews_url("rediss://u:p@h:6379/1?ssl_cert_reqs=none&PICKLE_TYPE=dill&secret=x&digestmod=sum")
    assert url == (
        "rediss://u:p@h:6379/1?ssl_cert_reqs=none&pickle_type=null&suppress=false"
        "&socket_timeout=0.5&socket_connect_timeout=0.5"
    )


async def test_password_of_redis_when_the_cache_opens_is_not_logged(
    redis_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    url = redis_server.url.replace("redis://", "redis://:hunter2hunter2@")
    async with SvcCache(ServiceSettings(redis_url=url), "fin").running():
        pass
    assert "hunter2hunter2" not in caplog.text


async def test_make_when_it_never_ends_is_cancelled_at_shutdown() -> None:
    cache = SvcCache(ServiceSettings(), "fin")
    waiting: list[Awaitable[bytes]] = []

    async def forever() -> bytes:
        await asyncio.Event().wait()
        return b""

    async with cache.running():
        task = asyncio.create_task(cache.get_or_set(("k",), 60, forever))
        waiting.append(task)
        await asyncio.sleep(0.01)
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
