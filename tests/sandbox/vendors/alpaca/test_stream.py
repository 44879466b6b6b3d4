"""Alpaca's trade-updates websocket over a real port: who may listen, in which frames, and what is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

client = pytest.importorskip("websockets.asyncio.client")
exceptions = pytest.importorskip("websockets.exceptions")

KEYS = {"apca-api-key-id": "PKSANDBOX0000000000", "apca-api-secret-key": "sandbox-alpaca-secret"}
NEW = {"key_id": "PKSANDBOX0000000000", "secret_key": "sandbox-alpaca-secret"}
SECOND = {"key_id": "PKSANDBOX0000000001", "secret_key": "sandbox-alpaca-secret-1"}
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}
ORDER = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
PATIENCE_S = 20


class Wire:
    """One connection that speaks JSON and keeps the type of the last frame."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.frame: str | bytes = ""

    async def say(self, message: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self) -> Any:
        self.frame = await asyncio.wait_for(self.socket.recv(), PATIENCE_S)
        return json.loads(self.frame)

    async def listen(self, keys: dict[str, str] = NEW) -> None:
        await self.say({"action": "authenticate", "data": keys})
        assert (await self.hear())["data"]["status"] == "authorized"
        await self.say(LISTEN)
        assert (await self.hear()) == {"stream": "listening", "data": {"streams": ["trade_updates"]}}


@asynccontextmanager
async def connected(http: httpx2.Client) -> AsyncGenerator[Wire]:
    url = str(http.base_url).replace("http://", "ws://").rstrip("/")
    async with client.connect(f"{url}/alpaca/stream", proxy=None) as socket:
        yield Wire(socket)


def submit(http: httpx2.Client, **more: Any) -> Any:
    reply = http.post("/alpaca/v2/orders", headers=KEYS, json={**ORDER, **more})
    assert reply.status_code == 200, reply.text
    return reply.json()


def control(http: httpx2.Client, **body: Any) -> Any:
    reply = http.post("/_sandbox/alpaca", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    "message",
    [
        {"action": "authenticate", "data": NEW},
        {"action": "auth", "key": NEW["key_id"], "secret": NEW["secret_key"]},
    ],
)
async def test_authenticate_when_in_either_form_then_authorized_in_a_binary_frame(
    http: httpx2.Client, message: dict[str, Any]
) -> None:
    async with connected(http) as wire:
        await wire.say(message)
        answer = await wire.hear()
        assert answer == {"stream": "authorization", "data": {"status": "authorized", "action": "authenticate"}}
        assert isinstance(wire.frame, bytes)


async def test_authenticate_when_wrong_then_unauthorized_and_closed(http: httpx2.Client) -> None:
    async with connected(http) as wire:
        await wire.say({"action": "authenticate", "data": {**NEW, "secret_key": "wrong"}})
        assert (await wire.hear())["data"]["status"] == "unauthorized"
        with pytest.raises(exceptions.ConnectionClosed):
            await wire.hear()


async def test_listen_when_not_authenticated_then_unauthorized(http: httpx2.Client) -> None:
    async with connected(http) as wire:
        await wire.say(LISTEN)
        answer = await wire.hear()
        assert answer == {"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}}


async def test_events_when_an_order_lives_then_each_step_with_the_order_as_it_was(http: httpx2.Client) -> None:
    async with connected(http) as wire:
        await wire.listen()
        order = submit(http)
        events = [await wire.hear() for _ in range(3)]
        assert {event["stream"] for event in events} == {"trade_updates"}
        told = [event["data"] for event in events]
        assert [each["event"] for each in told] == ["pending_new", "new", "fill"]
        assert [each["order"]["status"] for each in told] == ["pending_new", "new", "filled"]
        assert {each["order"]["id"] for each in told} == {order["id"]}
        assert (told[2]["qty"], told[2]["position_qty"]) == ("10", "10")
        assert told[2]["price"] == told[2]["order"]["filled_avg_price"]
        assert told[2]["timestamp"] == told[2]["order"]["filled_at"]
        assert len({each["execution_id"] for each in told}) == 3


async def test_events_when_the_clock_moves_then_fills_and_expiries_are_told(http: httpx2.Client) -> None:
    async with connected(http) as wire:
        await wire.listen()
        http.post("/_sandbox/clock", json={"set": "2026-11-20T22:00:00Z"})
        submit(http)
        submit(http, type="limit", limit_price="1")
        assert [(await wire.hear())["data"]["event"] for _ in range(2)] == ["accepted", "accepted"]
        http.post("/_sandbox/clock", json={"set": "2026-11-23T22:00:00Z"})
        assert [(await wire.hear())["data"]["event"] for _ in range(4)] == ["new", "fill", "new", "expired"]


async def test_events_when_cancelled_and_replaced_then_told(http: httpx2.Client) -> None:
    async with connected(http) as wire:
        await wire.listen()
        order = submit(http, type="limit", limit_price="1")
        new = http.patch(f"/alpaca/v2/orders/{order['id']}", headers=KEYS, json={"limit_price": "2"}).json()
        http.delete(f"/alpaca/v2/orders/{new['id']}", headers=KEYS)
        told = [(await wire.hear())["data"] for _ in range(5)]
        assert [each["event"] for each in told] == ["pending_new", "new", "replaced", "new", "canceled"]
        assert told[2]["order"]["replaced_by"] == new["id"]
        assert told[4]["order"]["cancel_requested_at"]


async def test_frames_when_switched_to_text_then_text(http: httpx2.Client) -> None:
    control(http, frames="text")
    async with connected(http) as wire:
        await wire.listen()
        assert isinstance(wire.frame, str)


async def test_slot_when_taken_then_the_second_connection_is_refused_and_the_first_goes_on(http: httpx2.Client) -> None:
    async with connected(http) as first:
        await first.listen()
        async with connected(http) as other:
            await other.listen(SECOND)  # another account has its own slot
        async with connected(http) as second:
            await second.say({"action": "authenticate", "data": NEW})
            assert (await second.hear())["data"]["message"] == "connection limit exceeded"
        submit(http)
        assert (await first.hear())["data"]["event"] == "pending_new"


async def test_accounts_when_two_listen_then_each_hears_its_own(http: httpx2.Client) -> None:
    async with connected(http) as first, connected(http) as second:
        await first.listen()
        await second.listen(SECOND)
        submit(http, client_order_id="of the first")
        assert (await first.hear())["data"]["order"]["client_order_id"] == "of the first"
        keys = {"apca-api-key-id": SECOND["key_id"], "apca-api-secret-key": SECOND["secret_key"]}
        http.post("/alpaca/v2/orders", headers=keys, json={**ORDER, "client_order_id": "of the second"})
        assert (await second.hear())["data"]["order"]["client_order_id"] == "of the second"


@pytest.mark.parametrize(
    ("path", "body"), [("alpaca", {"drop_streams": True}), ("alpaca", {"forget": True}), ("reset", {})]
)
async def test_streams_when_dropped_then_closed_and_the_slot_is_free(
    http: httpx2.Client, path: str, body: dict[str, Any]
) -> None:
    async with connected(http) as wire:
        await wire.listen()
        assert http.get("/_sandbox/alpaca").json()["streams"] == ["PKSANDBOX0000000000"]
        assert http.post(f"/_sandbox/{path}", json=body).status_code == 200
        with pytest.raises(exceptions.ConnectionClosed):
            await wire.hear()
    assert http.get("/_sandbox/alpaca").json()["streams"] == []
    submit(http)  # nobody hears this
    async with connected(http) as wire:
        await wire.listen()
        submit(http, symbol="KO")
        assert (await wire.hear())["data"]["order"]["symbol"] == "KO"


async def test_ping_when_sent_then_answered(http: httpx2.Client) -> None:
    async with connected(http) as wire:
        await asyncio.wait_for(await wire.socket.ping(), PATIENCE_S)
