"""Alpaca: what an order looks like on the wire, that it is sent once, and how lists of orders are walked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import (
    InvalidInput,
    NotFound,
    OrderRejected,
    OrderStateUnknown,
    ProviderUnavailable,
    RejectReason,
    UnexpectedPayload,
)
from fin_infra.model import NewOrder, OrderChange, OrderClass, OrderType, Side, TimeInForce
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay
from tests.providers.brokerage.alpaca.support import (
    AAPL,
    BITCOIN,
    CALL,
    ORDER_ID,
    answering,
    body_of,
    order_of,
    place,
    reply,
    scripted,
    sent,
)

D = Decimal
BODIES = [
    (order_of(), {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}),
    (
        order_of(quantity=D("1E+2"), type=OrderType.LIMIT, limit_price=D("1E+3"), time_in_force=TimeInForce.GTC),
        {
            "symbol": "AAPL",
            "qty": "100",
            "side": "buy",
            "type": "limit",
            "time_in_force": "gtc",
            "limit_price": "1000",
        },
    ),
    (
        order_of(quantity=None, notional=D("100.50"), side=Side.SELL),
        {"symbol": "AAPL", "notional": "100.50", "side": "sell", "type": "market", "time_in_force": "day"},
    ),
    (
        order_of(key=BITCOIN, quantity=D("1E-9"), time_in_force=TimeInForce.IOC),
        {"symbol": "BTC/USD", "qty": "0.000000001", "side": "buy", "type": "market", "time_in_force": "ioc"},
    ),
    (
        order_of(key=CALL, type=OrderType.STOP_LIMIT, stop_price=D("9.50"), limit_price=D("9.6")),
        {
            "symbol": CALL.symbol,
            "qty": "10",
            "side": "buy",
            "type": "stop_limit",
            "time_in_force": "day",
            "stop_price": "9.50",
            "limit_price": "9.6",
        },
    ),
    (
        order_of(type=OrderType.TRAILING_STOP, trail_percent=D("1.25"), side=Side.SELL),
        {
            "symbol": "AAPL",
            "qty": "10",
            "side": "sell",
            "type": "trailing_stop",
            "time_in_force": "day",
            "trail_percent": "1.25",
        },
    ),
    (
        order_of(type=OrderType.LIMIT, limit_price=D("187.5"), extended_hours=True),
        {
            "symbol": "AAPL",
            "qty": "10",
            "side": "buy",
            "type": "limit",
            "time_in_force": "day",
            "limit_price": "187.5",
            "extended_hours": True,
        },
    ),
    (
        order_of(order_class=OrderClass.BRACKET, take_profit=D(200), stop_loss=D(180), stop_loss_limit=D("179.5")),
        {
            "symbol": "AAPL",
            "qty": "10",
            "side": "buy",
            "type": "market",
            "time_in_force": "day",
            "order_class": "bracket",
            "take_profit": {"limit_price": "200"},
            "stop_loss": {"stop_price": "180", "limit_price": "179.5"},
        },
    ),
]


def send(broker: Alpaca[Sync], order: NewOrder, ident: str = "fin-one") -> Any:
    return broker.transport.run(broker.send_order(order, ident))


@pytest.mark.parametrize(("order", "body"), BODIES)
def test_order_when_sent_then_the_documented_body_with_plain_numbers(order: NewOrder, body: dict[str, Any]) -> None:
    broker = answering(body_of("order"))
    assert send(broker, order).id == ORDER_ID
    [request] = sent(broker)
    assert (request.method, request.path, request.repeatable) == ("POST", "/v2/orders", False)
    assert json.loads(request.content or b"") == body | {"client_order_id": "fin-one"}
    headers = {name.lower(): value for name, value in request.headers}
    assert headers["content-type"] == "application/json"
    assert (headers["apca-api-key-id"], headers["apca-api-secret-key"]) == (
        "PKTESTTESTTESTTEST01",
        "sq7fVerySecretSecretSecret",
    )


@pytest.mark.parametrize("failure", [reply({"code": 50010000, "message": "oops"}, 500), reply({}, 504), reply({}, 429)])
def test_order_when_the_vendor_fails_then_it_was_sent_once(failure: Reply) -> None:
    broker = scripted(failure, max_attempts=3)
    with pytest.raises(Exception, match=r"vendor failed|rate limit"):
        send(broker, order_of())
    assert len(sent(broker)) == 1


def test_order_when_the_answer_is_about_another_then_unexpected_payload() -> None:
    with pytest.raises(UnexpectedPayload, match="another client order id"):
        send(answering(body_of("order")), order_of(), "fin-two")


def test_change_when_sent_then_only_what_changes() -> None:
    broker = answering(body_of("order") | {"client_order_id": "fin-two", "replaces": "old"})
    change = OrderChange(limit_price=D("1E+2"), quantity=D(5), time_in_force=TimeInForce.GTC)
    changed = broker.transport.run(broker.send_change(ORDER_ID, change, "fin-two"))
    assert changed.replaces == "old"
    [request] = sent(broker)
    assert (request.method, request.path, request.repeatable) == ("PATCH", f"/v2/orders/{ORDER_ID}", False)
    assert json.loads(request.content or b"") == {
        "client_order_id": "fin-two",
        "qty": "5",
        "limit_price": "100",
        "time_in_force": "gtc",
    }


def test_find_order_when_asked_then_the_colon_stays_in_the_path() -> None:
    broker = answering(body_of("order"))
    assert broker.order_by_client_id("fin-one").id == ORDER_ID
    [request] = sent(broker)
    assert (request.path, request.params) == ("/v2/orders:by_client_order_id", (("client_order_id", "fin-one"),))


def test_find_order_when_a_proxy_answers_404_then_not_a_word_about_the_order() -> None:
    """Were that a NotFound, the order would be taken for lost and sent again."""
    for body in (b"<html>404</html>", b"{}", b'{"message": "nginx"}'):
        with pytest.raises(UnexpectedPayload, match="check the base URL and any proxy"):
            answering(body, 404).order_by_client_id("fin-one")


def test_submit_when_a_proxy_refuses_the_order_then_it_is_looked_for_and_found() -> None:
    broker = _flow([reply("Forbidden", 403), reply(_placed())])
    order = broker.submit_order(order_of(), idempotency_key="k")
    assert order.id == ORDER_ID
    assert [request.method for request in sent(broker)].count("POST") == 1


def test_submit_when_the_broker_refuses_then_rejected_and_nobody_asks_further() -> None:
    refusal = {"code": 40310000, "message": "insufficient buying power", "buying_power": "1.5", "cost_basis": "1700"}
    broker = _flow([reply(refusal, 403)])
    with pytest.raises(OrderRejected, match="too little buying power") as caught:
        broker.submit_order(order_of(), idempotency_key="k")
    assert caught.value.reason is RejectReason.INSUFFICIENT_BUYING_POWER
    assert caught.value.facts == {"buying_power": "1.5", "cost_basis": "1700"}


@pytest.mark.parametrize("code", [40010001, 42210000])
def test_submit_when_the_id_was_used_then_the_first_order_comes_back(code: int) -> None:
    broker = _flow([reply({"code": code, "message": "client_order_id must be unique"}, 422), reply(_placed())])
    assert broker.submit_order(order_of(), idempotency_key="k").replayed


def test_replace_when_the_answer_is_no_json_then_the_new_order_is_looked_for() -> None:
    """A body cut short proves nothing: the change may have been made."""
    ident: list[str] = []

    def respond(request: Request) -> Reply:
        if request.method == "PATCH":
            ident.append(json.loads(request.content or b"")["client_order_id"])
            return Reply(200, b'{"id": "0b')
        if request.path.endswith("by_client_order_id"):
            if not ident:
                return reply({"code": 40410000, "message": "order not found for x"}, 404)
            changed = {"id": "new", "client_order_id": ident[0], "replaces": ORDER_ID, "limit_price": "172.50"}
            return reply(body_of("order") | changed)
        if request.path == f"/v2/orders/{ORDER_ID}":
            return reply(body_of("order"))
        return _context(request)

    broker = Alpaca(Replay(respond), place())
    changed = broker.replace_order(ORDER_ID, OrderChange(limit_price=D("172.50")), idempotency_key="k")
    assert changed.id == "new"


def test_replace_when_the_order_is_gone_then_not_found() -> None:
    missing = reply({"code": 40410000, "message": "order not found for x"}, 404)
    broker = Alpaca(Replay(lambda request: missing if "/orders/" in request.path else _context(request)), place())
    with pytest.raises(NotFound):
        broker.replace_order("gone", OrderChange(limit_price=D("172.50")))


def test_cancel_when_the_order_is_filled_then_rejected_as_not_cancelable() -> None:
    broker = answering({"code": 42210000, "message": 'order is already in "filled" state'}, 422)
    with pytest.raises(OrderRejected) as caught:
        broker.cancel_order(ORDER_ID)
    assert caught.value.reason is RejectReason.NOT_CANCELABLE


def test_submit_when_everything_fails_after_the_send_then_state_unknown_with_the_id() -> None:
    down = ProviderUnavailable("down", retryable=True)
    broker = _flow([reply({}, 504)] + [down] * 200)
    with pytest.raises(OrderStateUnknown) as caught:
        broker.submit_order(order_of(), idempotency_key="k")
    assert caught.value.client_order_id.startswith("fin-")


def _placed() -> dict[str, Any]:
    return body_of("order") | {"type": "market", "limit_price": None}


def _context(request: Request) -> Reply:
    """Answer what the checks before an order ask."""
    answers = {
        "/v2/account": body_of("account"),
        "/v2/clock": body_of("clock"),
        "/v2/assets/AAPL": body_of("asset") | {"symbol": "AAPL"},
    }
    if request.path == "/v2/stocks/quotes/latest":
        quote = {"ap": 172.55, "as": 100, "bp": 172.51, "bs": 100, "t": "2026-10-08T14:02:00Z"}
        return reply({"quotes": {"AAPL": quote}})
    return reply(answers[request.path])


def _flow(steps: list[Reply | Exception]) -> Alpaca[Sync]:
    """A broker that answers the checks, knows no order before the first send, and then follows `steps`."""
    rest = iter(steps)
    ident: list[str] = []

    def respond(request: Request) -> Reply | Exception:
        if request.method == "POST":
            ident.append(json.loads(request.content or b"")["client_order_id"])
        elif not request.path.endswith("by_client_order_id"):
            return _context(request)
        elif not ident:
            return reply({"code": 40410000, "message": "order not found for x"}, 404)
        step = next(rest)
        if isinstance(step, Reply) and step.status == 200:
            return reply(json.loads(step.content) | {"client_order_id": ident[0]})
        return step

    return Alpaca(Replay(respond), place())


EXITS = {"order_class": "bracket", "side": "sell"}


def _row(ident: str, minute: int, **facts: Any) -> dict[str, Any]:
    at = f"2026-10-08T14:{minute:02}:00Z"
    return body_of("order") | {"id": ident, "submitted_at": at, "created_at": at, "order_class": ""} | facts


def test_open_orders_when_the_entry_of_a_bracket_is_filled_then_its_exit_is_among_them() -> None:
    simple, profit = _row("simple", 9), _row("profit", 5, **EXITS)

    def respond(request: Request) -> Reply:
        return reply([] if dict(request.params)["nested"] == "true" else [simple, profit])

    assert [order.id for order in Alpaca(Replay(respond), place()).orders()] == ["simple", "profit"]


def test_open_orders_when_a_bracket_waits_for_its_entry_then_it_is_one_tree_with_its_legs() -> None:
    legs = [_row("profit", 4, status="held", **EXITS), _row("stop", 4, status="held", **EXITS)]
    entry, new, old = _row("entry", 5, order_class="bracket"), _row("new", 9), _row("old", 1)
    asked: list[tuple[str, str | None]] = []

    def respond(request: Request) -> Reply:
        params = dict(request.params)
        asked.append((params["nested"], params.get("until")))
        pages = {  # the vendor may or may not show held legs flat
            ("false", None): [new, _row("newer", 8)],
            ("false", "2026-10-08T14:08:00.000001Z"): [_row("newer", 8), entry],
            ("false", "2026-10-08T14:05:00.000001Z"): [entry, legs[0]],
            ("true", "2026-10-08T14:08:00.000001Z"): [_row("newer", 8), entry | {"legs": legs}],
            ("true", "2026-10-08T14:05:00.000001Z"): [entry | {"legs": legs}, old],
        }
        return reply(pages.get(asked[-1], [old]))

    broker = Alpaca(Replay(respond), place(page_size=2))
    found = list(broker.orders())
    assert [(order.id, [leg.id for leg in order.legs]) for order in found] == [
        ("new", []),
        ("newer", []),
        ("entry", ["profit", "stop"]),
        ("old", []),
    ]


def test_open_orders_when_all_are_simple_then_one_list_is_asked_for() -> None:
    broker = answering([_row("one", 9), _row("two", 5)])
    assert [order.id for order in broker.orders()] == ["one", "two"]
    assert [dict(request.params)["nested"] for request in sent(broker)] == ["false"]


class Ledger:
    """A list of orders as the vendor keeps it: by submission, `after` and `until` exclusive, with a limit."""

    def __init__(self, moments: list[str]) -> None:
        self.rows = [
            body_of("order") | {"id": f"order-{n:04d}", "submitted_at": at, "created_at": "2026-10-08T13:00:00Z"}
            for n, at in enumerate(moments)
        ]

    def __call__(self, request: Request) -> Reply:
        asked = dict(request.params)
        assert (asked["nested"], asked["direction"]) == ("true", "desc")
        after, until = (_nanos(asked[name]) if name in asked else None for name in ("after", "until"))
        rows = [row for row in self.rows if after is None or _nanos(row["submitted_at"]) > after]
        rows = [row for row in rows if until is None or _nanos(row["submitted_at"]) < until]
        rows.sort(key=lambda row: _nanos(row["submitted_at"]), reverse=True)
        return reply(rows[: int(asked["limit"])])


def _nanos(text: str) -> int:
    """Nanoseconds since the epoch, from a text with any number of decimals."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)


def _moment(microseconds: int, nanos: str = "") -> str:
    at = datetime(2026, 10, 8, 14, 0, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + nanos + "Z"


@pytest.mark.parametrize("size", [4, 5, 7, 12, 500])
def test_orders_when_many_share_an_instant_then_each_comes_once_newest_first(size: int) -> None:
    # three at one instant across every page edge, nanoseconds among them
    moments = [_moment(n // 3, ("", "001", "999")[n % 3]) for n in range(23)]
    ledger = Ledger(moments)
    broker = Alpaca(Replay(ledger), place(page_size=size))
    found = list(broker.orders(status="all"))
    assert sorted(order.id for order in found) == [row["id"] for row in ledger.rows]
    assert [order.placed_at for order in found] == sorted((order.submitted_at for order in found), reverse=True)


def test_orders_when_in_a_window_then_from_start_to_before_end() -> None:
    ledger = Ledger([_moment(n) for n in range(10)])
    broker = Alpaca(Replay(ledger), place(page_size=2))
    start = datetime(2026, 10, 8, 14, 0, 0, 3, tzinfo=UTC)
    found = list(broker.orders(status="all", start=start, end=start + timedelta(microseconds=4)))
    assert [order.id for order in found] == ["order-0006", "order-0005", "order-0004", "order-0003"]


def test_orders_when_more_share_an_instant_than_fit_a_page_then_error_and_never_a_gap() -> None:
    broker = Alpaca(Replay(Ledger([_moment(0)] * 5)), place(page_size=2))
    with pytest.raises(UnexpectedPayload, match="does not advance"):
        list(broker.orders(status="all"))


def test_orders_when_filtered_by_symbols_then_the_vendors_spelling() -> None:
    broker = answering([])
    assert list(broker.orders(keys=[AAPL, BITCOIN])) == []
    assert dict(sent(broker)[0].params)["symbols"] == "AAPL,BTC/USD"
    assert dict(sent(broker)[0].params)["status"] == "open"


def test_orders_when_the_filter_is_a_typo_then_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="one of 'open', 'closed', 'all', not 'opn'"):
        list(answering([]).orders(status="opn"))  # type: ignore[arg-type]  # the typo is the point
