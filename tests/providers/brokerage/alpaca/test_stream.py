"""Alpaca's trade updates against a server that follows a script: sign-in, frames, breaks, gaps; no pause is waited."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from traceback import walk_tb
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from fin_infra.errors import (
    AuthenticationFailed,
    ClientClosed,
    MissingExtra,
    ProviderUnavailable,
    UnexpectedPayload,
)
from fin_infra.model import OrderStatus, TradeEvent, TradeUpdate
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.transport import Async, Reply, Request
from fin_infra.transport.replay import AsyncReplay
from tests.providers.brokerage.alpaca.support import KEYS, body_of, place, reply
from tests.support.effort import share

Script = Callable[[ServerConnection], Awaitable[None]]
CLOCK = body_of("clock")
EIGHTH = datetime(2026, 10, 8, 14, tzinfo=UTC)


def order(ident: str = "order-1", **facts: Any) -> dict[str, Any]:
    return body_of("order") | {"id": ident, "client_order_id": f"client-{ident}", "status": "new"} | facts


def event(kind: str, row: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    data = {"event": kind, "order": row or order(), "timestamp": "2026-10-08T14:03:00.123456789Z", **facts}
    return {"stream": "trade_updates", "data": data}


class Vendor:
    """Orders as the vendor lists them, and what it was asked."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = {row["id"]: row for row in rows}
        self.asked: list[Request] = []
        self.listed = asyncio.Event()
        self.now: str = CLOCK["timestamp"]

    def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        if request.path == "/v2/clock":
            return reply(CLOCK | {"timestamp": self.now})
        if request.path != "/v2/orders":
            row = self.rows.get(request.path.rpartition("/")[2])
            missing = {"code": 40410000, "message": "order not found for x"}
            return reply(missing, 404) if row is None else reply(row)
        self.listed.set()
        params = dict(request.params)
        rows = [row for row in self.rows.values() if params["status"] == "all" or row["status"] == "new"]
        return reply([row for row in rows if row["submitted_at"] > params.get("after", "")])


async def sign_in(socket: ServerConnection) -> list[dict[str, Any]]:
    """Do what the vendor does before the first event; return what it heard."""
    heard = [json.loads(await socket.recv())]
    await socket.send(b'{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}')
    heard.append(json.loads(await socket.recv()))
    await socket.send(b'{"stream":"listening","data":{"streams":["trade_updates"]}}')
    return heard


def says(*messages: dict[str, Any] | bytes | str, then: str = "stay") -> Script:
    """Sign in, send messages (objects as binary frames), then stay or break off."""

    async def script(socket: ServerConnection) -> None:
        await sign_in(socket)
        for message in messages:
            await socket.send(json.dumps(message).encode() if isinstance(message, dict) else message)
        if then == "break":
            socket.transport.abort()
        elif then == "stay":
            await socket.wait_closed()

    return script


@asynccontextmanager
async def stream(
    vendor: Vendor, *scripts: Script, since: datetime | None = None, **given: Any
) -> AsyncIterator[AsyncIterator[TradeUpdate]]:
    """The updates of a client whose connections follow the scripts in turn."""
    rest = iter(scripts)

    async def connected(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.path == "/alpaca/stream"
        await next(rest)(socket)

    async with serve(connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        broker: Alpaca[Async] = Alpaca(AsyncReplay(vendor), place(f"http://127.0.0.1:{port}/alpaca", **given))
        async with aclosing(broker.trade_updates(since=since)) as updates:  # type: ignore[type-var]  # a generator
            yield updates


async def first(updates: AsyncIterator[TradeUpdate], count: int) -> list[TradeUpdate]:
    async with asyncio.timeout(30):
        return [await anext(updates) for _ in range(count)]


async def test_updates_when_frames_are_binary_or_text_then_the_same() -> None:
    fill = event("fill", price="187.4475", qty="4", position_qty="14", execution_id="e-1")
    async with stream(Vendor(), says(fill, json.dumps(fill), {"stream": "other", "data": {}}, fill)) as updates:
        binary, text, third = await first(updates, 3)
    assert binary == text == third
    assert (binary.event, binary.execution_id) == (TradeEvent.FILL, "e-1")
    assert (binary.price, binary.quantity) == (Decimal("187.4475"), Decimal(4))
    assert binary.position_quantity == Decimal(14)
    assert binary.as_of.isoformat() == "2026-10-08T14:03:00.123456+00:00"


@pytest.mark.parametrize("kind", [kind for kind in TradeEvent if kind is not TradeEvent.CAUGHT_UP])
async def test_updates_when_of_any_documented_event_then_read(kind: TradeEvent) -> None:
    async with stream(Vendor(), says(event(kind.value))) as updates:
        [update] = await first(updates, 1)
    assert (update.event, update.execution_id) == (kind, None)


async def test_updates_when_started_then_keys_then_listen_and_a_ping_is_answered() -> None:
    heard: list[Any] = []

    async def script(socket: ServerConnection) -> None:
        heard.extend(await sign_in(socket))
        await (await socket.ping())
        await socket.send(json.dumps(event("new")))
        await socket.wait_closed()

    async with stream(Vendor(), script) as updates:
        await first(updates, 1)
    assert heard == [
        {
            "action": "authenticate",
            "data": {"key_id": KEYS["api_key_id"], "secret_key": KEYS["api_secret_key"]},
        },
        {"action": "listen", "data": {"streams": ["trade_updates"]}},
    ]


@pytest.mark.parametrize("heard", [0, 1], ids=["before", "after the first update"])
async def test_updates_when_the_client_is_closed_then_they_end_and_nobody_signs_in(heard: int) -> None:
    connections: list[ServerConnection] = []

    async def connected(socket: ServerConnection) -> None:
        connections.append(socket)
        await says(event("new"), event("fill"))(socket)

    async with serve(connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        broker: Alpaca[Async] = Alpaca(AsyncReplay(Vendor()), place(f"http://127.0.0.1:{port}/alpaca"))
        updates = broker.trade_updates()
        await first(updates, heard)
        await broker.aclose()
        with pytest.raises(ClientClosed):
            await first(updates, 1)
    assert len(connections) == heard


@pytest.mark.parametrize("kind", ["caught_up", "vanished"])
async def test_updates_when_an_event_is_unknown_then_the_word_is_kept_and_the_stream_goes_on(kind: str) -> None:
    async with stream(Vendor(), says(event("new"), event(kind), event("fill"))) as updates:
        await first(updates, 1)
        strange, fill = await first(updates, 2)
    assert (strange.event, strange.event_text, strange.problem) == (TradeEvent.UNKNOWN, kind, None)
    assert strange.order is not None
    assert fill.event is TradeEvent.FILL


@pytest.mark.parametrize("change", [{"status": "teleported"}, {"side": "sideways"}, {"filled_qty": None}])
async def test_updates_when_an_order_cannot_be_read_then_it_is_named_and_the_stream_goes_on(
    change: dict[str, Any],
) -> None:
    bad = event("fill")
    bad["data"]["order"] |= change
    async with stream(Vendor(), says(event("new"), bad, event("fill"))) as updates:
        _, broken, fill = await first(updates, 3)
    assert (broken.event, broken.order) == (TradeEvent.FILL, None)
    assert broken.order_id == bad["data"]["order"]["id"]
    assert next(iter(change)) in (broken.problem or "")
    assert fill.order is not None


@pytest.mark.parametrize("frame", [b"\xff\x00", "[]", '"x"', '{"stream": "trade_updates"}', "{"])
async def test_updates_when_a_frame_makes_no_sense_then_a_problem_and_the_stream_goes_on(frame: bytes | str) -> None:
    async with stream(Vendor(), says(frame, event("new"))) as updates:
        broken, new = await first(updates, 2)
    assert (broken.event, broken.order) == (TradeEvent.UNKNOWN, None)
    assert broken.problem
    assert new.event is TradeEvent.NEW


async def test_updates_when_the_keys_are_refused_then_it_ends_with_the_next_step() -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(b'{"stream":"authorization","data":{"status":"unauthorized","action":"authenticate"}}')
        await socket.close(1008)

    async with stream(Vendor(), refuse, api_key_id="AKLIVELOOKING0000001") as updates:
        with pytest.raises(AuthenticationFailed, match="looks like a live key") as caught:
            await first(updates, 1)
    assert "AKLIVE" not in str(caught.value)
    frames = [frame for frame, _ in walk_tb(caught.tb) if "fin_infra" in frame.f_code.co_filename]
    assert len(frames) >= 3
    shown = repr([frame.f_locals for frame in frames])
    assert not any(secret in shown for secret in ("AKLIVE", KEYS["api_secret_key"]))


async def test_updates_when_the_place_is_taken_for_a_moment_then_tried_again() -> None:
    async def taken(socket: ServerConnection) -> None:
        await socket.recv()
        answer = {"status": "unauthorized", "message": "connection limit exceeded"}
        await socket.send(json.dumps({"stream": "authorization", "data": answer}))

    async with stream(Vendor(), taken, says(event("new")), max_attempts=2) as updates:
        assert (await first(updates, 1))[0].event is TradeEvent.NEW


async def test_updates_when_nobody_listens_at_first_then_unavailable_after_the_attempts() -> None:
    broker: Alpaca[Async] = Alpaca(AsyncReplay(Vendor()), place("http://127.0.0.1:1", max_attempts=3))
    with pytest.raises(ProviderUnavailable, match=r"127\.0\.0\.1:1 cannot be reached for trade updates"):
        await first(broker.trade_updates(), 1)
    assert isinstance(broker.transport, AsyncReplay)
    assert len(broker.transport.pauses) == 2


async def test_updates_when_begun_then_what_was_open_before_is_no_news() -> None:
    vendor = Vendor(order("old"), order("older"))
    async with stream(vendor, says(event("new", order("young")))) as updates:
        [update] = await first(updates, 1)
    assert update.order.id == "young"


async def test_updates_when_the_connection_breaks_then_everything_that_changed_meanwhile_is_caught_up() -> None:
    quiet, filled = order("quiet"), order("filled", submitted_at="2026-09-01T14:00:00Z")
    legs = [order("leg", status="held")]
    vendor = Vendor(quiet, filled, order("bracket", legs=legs))

    async def meanwhile(socket: ServerConnection) -> None:
        """Between the two connections: one order fills, a leg wakes up, one is new and gone again; one stays."""
        later = "2026-10-08T14:05:00.5Z"
        vendor.rows["filled"] = order("filled", status="filled", filled_qty="10", updated_at=later)
        vendor.rows["filled"]["submitted_at"] = "2026-09-01T14:00:00Z"
        vendor.rows["bracket"] = order("bracket", legs=[order("leg", status="new", updated_at=later)])
        vendor.rows["brief"] = order("brief", status="canceled", submitted_at="2026-10-08T14:04:00Z")
        await says(event("fill", order("seen", status="filled")))(socket)

    async with stream(vendor, says(event("new"), then="break"), meanwhile) as updates:
        found = await first(updates, 5)
    assert found[0].event is TradeEvent.NEW
    caught = {update.order.id: update for update in found[1:4]}
    assert set(caught) == {"filled", "leg", "brief"}
    assert {update.event for update in caught.values()} == {TradeEvent.CAUGHT_UP}
    assert caught["filled"].order.status is OrderStatus.FILLED
    assert caught["filled"].as_of == caught["filled"].order.updated_at
    assert (found[4].event, found[4].order.id) == (TradeEvent.FILL, "seen")
    single = [request.path for request in vendor.asked if request.path.startswith("/v2/orders/")]
    assert "/v2/orders/filled" in single  # older than the gap, and no longer in the list of open ones


async def test_updates_when_it_breaks_twice_without_news_then_nothing_is_told_twice() -> None:
    vendor = Vendor(order("filled", status="filled", submitted_at="2026-10-08T14:02:30Z"))
    last = says(event("canceled", order("last", status="canceled")))
    async with stream(vendor, says(then="break"), says(then="break"), says(then="end"), last) as updates:
        found = await first(updates, 2)
    assert [(update.event, update.order.id) for update in found] == [
        (TradeEvent.CAUGHT_UP, "filled"),
        (TradeEvent.CANCELED, "last"),
    ]


async def test_updates_when_a_change_was_told_before_the_break_then_it_is_not_told_again_after_it() -> None:
    vendor = Vendor(order("told"))
    changed = order("told", updated_at="2026-10-08T14:03:00.5Z")

    async def tells(socket: ServerConnection) -> None:
        await sign_in(socket)
        await vendor.listed.wait()
        vendor.rows["told"] = changed
        await socket.send(json.dumps(event("restated", changed)).encode())
        socket.transport.abort()

    async with stream(vendor, tells, says(event("canceled", order("last", status="canceled")))) as updates:
        found = await first(updates, 2)
    assert [(update.event, update.order.id) for update in found] == [
        (TradeEvent.RESTATED, "told"),
        (TradeEvent.CANCELED, "last"),
    ]


async def test_updates_when_the_list_of_a_gap_fails_then_tried_again_until_it_is_there() -> None:
    class Failing(Vendor):
        failures = 2

        def __call__(self, request: Request) -> Reply:
            if dict(request.params).get("status") == "all":
                if self.failures:
                    self.failures -= 1
                    return reply({"message": "down"}, 503)
                self.rows["young"] = order("young", submitted_at="2026-10-08T14:03:00Z")
            return super().__call__(request)

    vendor = Failing(order("late"))
    async with stream(vendor, says(then="break"), says(), says(), says()) as updates:
        [update] = await first(updates, 1)
    assert (update.event, update.order.id) == (TradeEvent.CAUGHT_UP, "young")
    assert vendor.failures == 0


@pytest.mark.parametrize("answer", [Reply(200, b"<html>"), Reply(200, b"{}"), Reply(200, b"7"), Reply(200, b"")])
async def test_updates_when_the_list_of_a_gap_makes_no_sense_then_tried_again(answer: Reply) -> None:
    class Odd(Vendor):
        odd = 2

        def __call__(self, request: Request) -> Reply:
            if dict(request.params).get("status") == "all" and self.odd:
                self.odd -= 1
                return answer
            return super().__call__(request)

    vendor = Odd(order("young", submitted_at="2026-10-08T14:03:00Z", status="filled"))
    async with stream(vendor, says(event("new"), then="break"), says(), says(), says()) as updates:
        new, caught = await first(updates, 2)
    assert (new.event, caught.event, vendor.odd) == (TradeEvent.NEW, TradeEvent.CAUGHT_UP, 0)


async def test_updates_when_what_is_open_at_first_cannot_be_read_then_it_listens() -> None:
    several = order("several", order_class="mleg", symbol="", side="", asset_class="", legs=[{"id": "leg"}])
    async with stream(Vendor(order("strange", status="teleported"), several), says(event("new"))) as updates:
        [update] = await first(updates, 1)
    assert update.event is TradeEvent.NEW


async def test_updates_when_the_first_look_makes_no_sense_then_it_ends_with_the_error() -> None:
    class Odd(Vendor):
        def __call__(self, request: Request) -> Reply:
            return reply(7)

    async with stream(Odd(), says()) as updates:
        with pytest.raises(UnexpectedPayload):
            await first(updates, 1)


# Going on where another stream ended.


def at(minute: float) -> str:
    """An instant of 8 October 2026, that many minutes after 14:00."""
    return (EIGHTH + timedelta(minutes=minute)).isoformat()


def changed(ident: str, minute: float, days_ago: int = 0, **facts: Any) -> dict[str, Any]:
    submitted = (EIGHTH - timedelta(days=days_ago, minutes=5)).isoformat()
    return order(ident, submitted_at=submitted, created_at=submitted, updated_at=at(minute), **facts)


async def test_updates_when_resumed_then_all_that_changed_comes_first_and_what_cannot_be_read_is_named() -> None:
    vendor = Vendor(
        changed("before", -10, status="filled"),
        changed("open-and-quiet", -10),
        changed("filled", 3, status="filled", filled_qty="10"),
        changed("of-august", 4, days_ago=60, status="filled"),
        changed("strange", 5, status="teleported"),
        changed("open-and-replaced", 6),
        changed("several", 7, order_class="mleg", symbol="", side="", asset_class="", legs=[]),
    )
    async with stream(vendor, says(event("fill", order("live"))), since=EIGHTH) as updates:
        found = await first(updates, 6)
    told = {update.order_id: update for update in found[:5]}
    assert set(told) == {"filled", "of-august", "strange", "open-and-replaced", "several"}
    assert {update.event for update in told.values()} == {TradeEvent.CAUGHT_UP}
    assert (told["strange"].order, "'status'" in (told["strange"].problem or "")) == (None, True)
    assert [ident for ident, update in told.items() if update.problem] == ["strange"]
    assert (found[5].event, found[5].order_id) == (TradeEvent.FILL, "live")


async def test_updates_when_resumed_and_the_first_connection_breaks_then_nothing_is_lost() -> None:
    vendor = Vendor(changed("filled", 3, days_ago=60, status="filled"))
    broken = says(then="break")

    async def dies(socket: ServerConnection) -> None:
        socket.transport.abort()

    async with stream(vendor, dies, broken, says(event("fill")), since=EIGHTH, max_attempts=5) as updates:
        found = await first(updates, 2)
    assert {update.order_id for update in found} >= {"filled"}


@pytest.mark.parametrize("seed", range(share(60, test=12, quick=3)))
async def test_updates_when_read_in_pieces_then_no_order_that_changed_is_lost(seed: int) -> None:
    """Orders change at random instants, some unreadably; each piece resumes from the last `as_of` of the one before."""
    chance = Random(seed)
    vendor, heard, since = Vendor(), set[str](), EIGHTH
    lately = set[str]()
    for piece in range(4):
        for number in range(chance.randrange(1, 8)):
            ident, minute = f"{piece}-{number}", piece * 10 + chance.uniform(2, 9)
            facts = {"status": "teleported"} if chance.random() < 0.3 else {"status": chance.choice(["new", "filled"])}
            vendor.rows[ident] = changed(ident, minute, days_ago=chance.choice([0, 1, 80]), **facts)
            lately.add(ident)
        vendor.now = at(piece * 10 + 9.5)
        async with stream(
            vendor, says(event("new", order("mark"), timestamp=at(piece * 10 + 9.5))), since=since
        ) as now:
            while (update := (await first(now, 1))[0]).order_id != "mark":
                heard.add(str(update.order_id))
        since = update.as_of
        assert lately <= heard
        lately.clear()


async def test_updates_when_the_caller_stops_then_the_connection_is_closed() -> None:
    closed = asyncio.Event()

    async def script(socket: ServerConnection) -> None:
        await says(event("new"))(socket)
        closed.set()

    async with stream(Vendor(), script) as updates:
        await first(updates, 1)
        await updates.aclose()  # type: ignore[attr-defined]  # a generator
        async with asyncio.timeout(30):
            await closed.wait()


async def test_updates_when_logged_at_debug_then_no_key_is_told(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("websockets", "websockets.client", "fin_infra", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    caplog.set_level(logging.DEBUG)
    async with stream(Vendor(), says(event("new"), then="break"), says(event("new"))) as updates:
        await first(updates, 2)
    mine = [record for record in caplog.records if not record.name.startswith("websockets.server")]
    assert any("connection" in record.getMessage() for record in mine)
    told = " ".join(f"{record.getMessage()} {vars(record)}" for record in mine)
    assert KEYS["api_secret_key"] not in told
    assert KEYS["api_key_id"] not in told


async def test_updates_when_the_package_is_missing_then_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "websockets.asyncio.client", None)
    broker: Alpaca[Async] = Alpaca(AsyncReplay(Vendor()), place())
    with pytest.raises(MissingExtra, match=r"pip install 'fin-infra-kit\[brokerage\]'"):
        await first(broker.trade_updates(), 1)
