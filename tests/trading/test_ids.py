"""Client order ids that never change, fingerprints that mean the same thing, and orders that are the same order."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput
from fin_infra.model import InstrumentKey, NewOrder, OrderClass, OrderStatus, OrderType, Side, TimeInForce
from fin_infra.trading import client_order_id, fingerprint, same_order
from fin_infra.trading.ids import PREFIX
from tests.support.effort import effort
from tests.trading.support import COIN, d, new_order, placed

# printf '9:account-1:key-1' | sha256sum, the first 40 digits. Brokers keep ids for good: a line here never changes.
GOLDEN = [
    ("account-1", "key-1", "620b0568f788fe1bd04197b79147403af52f506a"),
    ("account-2", "key-1", "d3abd1c953a22831b27874bec26dbe51f4b68e5e"),
    ("account-1", "key-2", "4b4fc7dd8800dd4f5a6cb7756eff93dd96e0c187"),
    (
        "e6fe16f3-64a4-4921-8928-cadf02f92f98",
        "8e03978e-40d5-43e8-bc93-6894a57f9324",
        "1800f9854859fe968b400b05f10455cc451cdb45",
    ),
    ("account-1", "schlüssel", "7f5f825ad9582e18acc6ba6c52cd6f743f173d62"),
]


@pytest.mark.parametrize(("account", "key", "digits"), GOLDEN)
def test_id_when_made_from_a_key_then_is_the_one_it_always_was(account: str, key: str, digits: str) -> None:
    assert client_order_id(account, key) == f"fin-{digits}"


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=256).filter(str.strip))
def test_id_when_made_from_anything_then_fits_every_broker(account: str, key: str) -> None:
    assert re.fullmatch(r"fin-[0-9a-f]{40}", client_order_id(account, key))
    assert len(client_order_id(account, None)) <= 48


@given(st.lists(st.tuples(st.text("a1:", max_size=4), st.text("a1:", min_size=1, max_size=4)), unique=True))
def test_ids_when_account_and_key_run_together_then_differ_all_the_same(pairs: list[tuple[str, str]]) -> None:
    assert len({client_order_id(*pair) for pair in pairs}) == len(pairs)


def test_ids_when_there_is_no_key_then_each_is_another() -> None:
    assert len({client_order_id("account-1", None) for _ in range(100)}) == 100


@pytest.mark.parametrize("key", ["", " ", "\t\n", "k" * 257])
def test_key_when_empty_or_endless_then_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 256 characters"):
        client_order_id("account-1", key)


def test_key_when_it_holds_half_a_character_then_still_gives_an_id() -> None:
    assert client_order_id("account-1", "\ud800").startswith(PREFIX)


SAME = [("1.5", "1.50"), ("100", "1E+2"), ("0", "0.000"), ("0.1", "1E-1"), ("1000", "1.000E+3"), ("0", "-0")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_fingerprint_when_a_number_is_written_in_another_way_then_is_equal(one: str, other: str) -> None:
    assert fingerprint(new_order(one)) == fingerprint(new_order(other))
    assert fingerprint(new_order(limit_price=one)) == fingerprint(new_order(limit_price=other))


CHANGES: list[dict[str, Any]] = [
    {"key": InstrumentKey("US", "MSFT")},
    {"side": Side.SELL},
    {"type": OrderType.LIMIT},
    {"quantity": d("11")},
    {"quantity": d("-10")},
    {"quantity": d("1")},
    {"quantity": d("100")},
    {"quantity": None, "notional": d("10")},
    {"time_in_force": TimeInForce.GTC},
    {"limit_price": d("10")},
    {"stop_price": d("10")},
    {"trail_price": d("1")},
    {"trail_percent": d("1")},
    {"extended_hours": True},
    {"order_class": OrderClass.BRACKET},
    {"take_profit": d("1")},
    {"stop_loss": d("1")},
    {"stop_loss_limit": d("1")},
    {"currency": "EUR"},
    {"quantity": d("10.0000000000000000000000000000000001")},
]


def test_fingerprint_when_any_term_differs_then_differs() -> None:
    orders = [new_order(), *(replace(new_order(), **change) for change in CHANGES)]
    assert len({fingerprint(order) for order in orders}) == len(orders)
    named = {name for change in CHANGES for name in change}
    assert named == set(new_order().__dataclass_fields__), "a new term needs a line above"


@settings(max_examples=effort(200))
@given(st.decimals())
def test_fingerprint_when_given_any_number_then_answers_whatever_the_context(number: Decimal) -> None:
    with localcontext() as context:
        context.prec = 3
        rough = fingerprint(replace(new_order(), quantity=number))
    assert rough == fingerprint(replace(new_order(), quantity=number))


def test_fingerprint_when_made_twice_then_is_the_one_it_always_was() -> None:
    """The journal keeps fingerprints for good; this one is sha256 of the text below, made by hand."""
    import hashlib

    text = (
        "key=US:AAPL|side=buy|type=limit|quantity=1e1|notional=|time_in_force=day|limit_price=1875e-1|stop_price=|"
        "trail_price=|trail_percent=|extended_hours=False|order_class=simple|take_profit=|stop_loss=|"
        "stop_loss_limit=|currency=USD"
    )
    order = new_order("10", type=OrderType.LIMIT, limit_price="187.50")
    assert fingerprint(order) == hashlib.sha256(text.encode()).hexdigest()


# As written to journals up to November 2026: a line here never changes, or those orders are not found again.
FINGERPRINTS: list[tuple[NewOrder, str]] = [
    (new_order("3"), "5087f157b1debd5d1c46ad102101e8536f698b821e92d462ae372504921c2160"),
    (
        new_order("10", type=OrderType.LIMIT, limit_price="187.50"),
        "c61477d206a388bad81359d6d822638bcd61d61a0c45784a923d1189f03f350a",
    ),
    (
        new_order(None, key=COIN, notional="25.00", time_in_force=TimeInForce.GTC),
        "7a25a7bcc95678227c20a9d3e81056cf3c863da9ae2bc270855d82cadda96cae",
    ),
    (
        new_order(
            "100",
            side=Side.SELL,
            type=OrderType.LIMIT,
            order_class=OrderClass.BRACKET,
            limit_price="100",
            take_profit="110",
            stop_loss="95",
            stop_loss_limit="94.5",
        ),
        "4188e246338c770f819d2fea04fda39f6d4e760b2be0735e4ad09484ff397cef",
    ),
    (
        new_order("1E+2", type=OrderType.TRAILING_STOP, trail_percent="1.5", extended_hours=True, currency="EUR"),
        "ae0a3af07eb9e7d9fc3345147a1e83676f52018144ef187328cca9eb905386e8",
    ),
]


@pytest.mark.parametrize(("order", "digits"), FINGERPRINTS)
def test_fingerprint_when_an_order_is_in_old_journals_then_is_the_one_written_there(
    order: NewOrder, digits: str
) -> None:
    assert fingerprint(order) == digits


BRACKET = new_order(
    type=OrderType.LIMIT, limit_price="100", order_class=OrderClass.BRACKET, take_profit="110", stop_loss="95"
)
OCO = new_order(side=Side.SELL, type=OrderType.LIMIT, order_class=OrderClass.OCO, take_profit="110", stop_loss="95")
OTO = new_order(
    type=OrderType.LIMIT, limit_price="100", order_class=OrderClass.OTO, stop_loss="95", stop_loss_limit="94"
)
ORDERS = {
    "market": new_order(),
    "fraction": new_order("1.50"),
    "notional": new_order(None, notional="25"),
    "limit": new_order(type=OrderType.LIMIT, limit_price="100.00", time_in_force=TimeInForce.GTC),
    "extended": new_order(type=OrderType.LIMIT, limit_price="100", extended_hours=True),
    "stop": new_order(type=OrderType.STOP, stop_price="101"),
    "stop limit": new_order(type=OrderType.STOP_LIMIT, stop_price="101", limit_price="102"),
    "trailing by price": new_order(type=OrderType.TRAILING_STOP, trail_price="1"),
    "trailing by percent": new_order(type=OrderType.TRAILING_STOP, trail_percent="1.5"),
    "bracket": BRACKET,
    "oco": OCO,
    "oto": OTO,
}


def leg(order: Any, limit: str | None, stop: str | None, **facts: Any) -> Any:
    prices = {"limit_price": None if limit is None else d(limit), "stop_price": None if stop is None else d(stop)}
    return placed(order, "leg", f"leg-{limit}-{stop}", **(prices | facts))


LEGS = {
    "bracket": (leg(BRACKET, "110", None), leg(BRACKET, None, "95.00")),
    "oco": (leg(OCO, None, "95"),),
    "oto": (leg(OTO, "94", "95"),),
}


@pytest.mark.parametrize("name", ORDERS)
def test_order_when_the_broker_shows_it_then_is_the_same_in_every_state(name: str) -> None:
    for status in OrderStatus:
        found = placed(ORDERS[name], "fin-1", status=status, filled_quantity=d("1"), replaced_by="order-2")
        assert same_order(ORDERS[name], found)
        assert same_order(ORDERS[name], replace(found, legs=LEGS.get(name, ())))


@pytest.mark.parametrize("name", ORDERS)
def test_order_when_compared_with_every_other_kind_then_is_the_same_as_itself_alone(name: str) -> None:
    found = placed(ORDERS[name], "fin-1", legs=LEGS.get(name, ()))
    assert [other for other, order in ORDERS.items() if same_order(order, found)] == [name]


DIFFERENT = [
    ("market", {"side": Side.SELL}),
    ("market", {"quantity": d("10.000000001")}),
    ("market", {"key": InstrumentKey("US", "MSFT")}),
    ("market", {"time_in_force": TimeInForce.GTC}),
    ("notional", {"notional": d("25.01")}),
    ("limit", {"limit_price": d("100.01")}),
    ("limit", {"extended_hours": True}),
    ("stop", {"stop_price": d("101.01")}),
    ("stop limit", {"limit_price": d("102.01")}),
    ("trailing by price", {"trail_price": d("2")}),
    ("trailing by percent", {"trail_percent": d("2")}),
    ("oco", {"limit_price": d("111")}),
    ("bracket", {"legs": (leg(BRACKET, "110", None), leg(BRACKET, None, "94"))}),
    ("bracket", {"legs": (leg(BRACKET, "111", None), leg(BRACKET, None, "95"))}),
]


@pytest.mark.parametrize(("name", "change"), DIFFERENT)
def test_order_when_one_term_differs_then_is_another(name: str, change: dict[str, Any]) -> None:
    assert not same_order(ORDERS[name], replace(placed(ORDERS[name], "fin-1"), **change))


def test_trailing_order_when_its_stop_has_moved_then_is_the_same() -> None:
    order = ORDERS["trailing by price"]
    assert same_order(order, placed(order, "fin-1", stop_price=d("123.45"), high_water_mark=d("124.45")))


def test_bracket_when_somebody_moved_a_leg_then_is_still_the_order_it_was() -> None:
    moved = leg(BRACKET, None, "97", replaces="leg-None-95")
    assert same_order(BRACKET, placed(BRACKET, "fin-1", legs=(leg(BRACKET, "110", None), moved)))


def test_instrument_when_the_broker_names_a_venue_then_is_the_same() -> None:
    order = new_order(key=InstrumentKey("XNAS", "AAPL"))
    assert same_order(order, placed(new_order(), "fin-1"))
