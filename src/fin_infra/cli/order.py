"""`fin-infra order`: place, look up and cancel an order; the key to repeat it with is printed before it is sent.
Floor 8: nothing here decides about orders; it shows what will be sent, asks, and sends."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar
from uuid import uuid4

from fin_infra.brokerage import easy_brokerage
from fin_infra.cli.output import print_json, print_table, say
from fin_infra.errors import (
    ConfigurationError,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    OrderStateUnknown,
    ProviderError,
)
from fin_infra.model import BidAsk, NewOrder, Order, OrderClass, OrderType, Side, TimeInForce
from fin_infra.model.money import decimal_from_text
from fin_infra.normalize import instrument
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.trading.ids import PREFIX, client_order_id
from fin_infra.transport import Sync

NUMBERS = (
    "quantity",
    "notional",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
    "take_profit",
    "stop_loss",
    "stop_loss_limit",
)
KINDS: Mapping[str, type[StrEnum]] = {"type": OrderType, "time_in_force": TimeInForce, "order_class": OrderClass}
K = TypeVar("K", bound=StrEnum)


class Declined(FinInfraError):
    code = "fin.declined"
    title = "Not sent"


def submit(
    side: str,
    symbol: str,
    terms: Mapping[str, Any],
    *,
    idempotency_key: str | None,
    queue: bool,
    live: bool,
    yes: bool,
    provider: str,
    as_json: bool,
    confirm: Callable[[str], bool],
) -> None:
    """Show the order, ask, and place it once for its key.

    Raises:
        Declined: the person said no; nothing was sent.
        InvalidInput: a number or the symbol cannot be read.
        ConfigurationError: it would cost real money, and `live` is not set.
    """
    order = new_order(side, symbol, terms)
    broker = _broker(provider, live)
    _note(_proposal(broker, order, queue))
    if not yes and not confirm(f"Send this order to {where(broker)}?"):
        raise Declined("Nothing was sent; --yes sends without asking.")
    idempotency_key, is_new = idempotency_key or str(uuid4()), idempotency_key is None
    _note(f"Idempotency key: {idempotency_key}")
    if is_new:
        _note("If this is interrupted, repeat the command with --key and that key: the order cannot double.")
    try:
        found = broker.submit_order(order, idempotency_key=idempotency_key, queue=queue)
    except OrderStateUnknown as exc:
        repeat = f"--key {shlex.quote(idempotency_key)}"
        _note(
            f"Do not send it again as a new order. Find out with: fin-infra order status {repeat}\n"
            f"Or repeat this command with {repeat}; it sends only what the broker does not have."
        )
        raise exc
    _show(found, as_json)


def status(order_id: str | None, *, idempotency_key: str | None, provider: str, as_json: bool) -> None:
    """Show one order, by its id, by its client order id, or by the key that `submit` printed."""
    if (order_id is None) == (idempotency_key is None):
        raise InvalidInput("Give either the id of an order or --key.")
    broker = easy_brokerage(provider)
    if idempotency_key is not None:
        order_id = client_order_id(broker.account().id, idempotency_key)
    _show(_find(broker, order_id or ""), as_json)


def cancel(order_id: str, *, live: bool, provider: str, as_json: bool) -> None:
    """Ask to cancel an order, and show it as it is after that."""
    broker = _broker(provider, live)
    if order_id.startswith(PREFIX):
        order_id = _find(broker, order_id).id
    broker.cancel_order(order_id)
    _show(broker.order(order_id), as_json)


def new_order(side: str, symbol: str, terms: Mapping[str, Any]) -> NewOrder:
    """Return the order that the arguments of the command line describe."""
    known: dict[str, Any] = {name: value for name, value in terms.items() if value is not None}
    for name in known.keys() & set(NUMBERS):
        known[name] = _number(name, known[name])
    for name, kind in KINDS.items():
        if name in known:
            known[name] = _word(kind, known[name], f"--{name.replace('_', '-')}")
    return NewOrder(key=instrument(symbol), side=_word(Side, side, "The side"), **known)


def where(broker: BrokerageProvider[Any]) -> str:
    """Return where orders go: the sandbox, paper money, or real money."""
    stake = "the sandbox" if broker.environment == "sandbox" else "REAL MONEY" if broker.is_live else "paper money"
    return f"{broker.info.title}, {stake}"


def _number(name: str, text: str) -> Decimal:
    try:
        return decimal_from_text(text)
    except InvalidInput:
        raise InvalidInput(f"--{name.removesuffix('_price').replace('_', '-')} {text!r} is not a number.") from None


def _word(kind: type[K], text: str, what: str) -> K:
    try:
        return kind(text.lower().replace("-", "_"))
    except ValueError:
        raise InvalidInput(f"{what} must be one of {', '.join(kind)}, not {text!r}.") from None


def _broker(provider: str, live: bool) -> BrokerageProvider[Sync]:
    broker = easy_brokerage(provider)
    if broker.is_live and not live:
        raise ConfigurationError("These keys trade with real money; add --live if you mean that.")
    return broker


def _proposal(broker: BrokerageProvider[Sync], order: NewOrder, queue: bool) -> str:
    """Return what will be sent, where to, and what the market says."""
    facts = {item.name: str(getattr(order, item.name)) for item in fields(order) if _matters(order, item.name)}
    facts |= {"queue": "until the market opens"} if queue else {}
    facts["last quote"] = _quote(broker, order)
    return "\n".join([f"To {where(broker)}:", *(f"  {name:17} {value}" for name, value in facts.items())])


def _matters(order: NewOrder, name: str) -> bool:
    return getattr(order, name) not in (None, False) and (name, str(getattr(order, name))) != ("order_class", "simple")


def _quote(broker: BrokerageProvider[Sync], order: NewOrder) -> str:
    try:
        quote: BidAsk = broker.bid_ask(order.key)
    except FeatureDisabled:
        return "none (the broker offers no quotes)"
    except ProviderError as exc:
        return f"none ({exc.message})"
    return f"bid {quote.bid or '-'}, ask {quote.ask or '-'} {quote.currency}, {quote.as_of:%Y-%m-%d %H:%M:%S %Z}"


def _find(broker: BrokerageProvider[Sync], order_id: str) -> Order:
    return broker.order_by_client_id(order_id) if order_id.startswith(PREFIX) else broker.order(order_id)


def _note(text: str) -> None:
    """Print to stderr at once: stdout is for the result alone."""
    print(text, file=sys.stderr, flush=True)


def _show(order: Order, as_json: bool) -> None:
    facts = _facts(order)
    if as_json:
        print_json(facts)
        return
    print_table(
        "Order", ("term", "value"), [(name, str(value)) for name, value in facts.items() if value not in (None, [])]
    )
    if not order.status.is_final:
        say(f"fin-infra order status {order.id}   shows what becomes of it.")


def _facts(order: Order) -> dict[str, Any]:
    """Return an order as plain data, without the provider, which the command names."""
    found = order.to_dict() | {"legs": [_facts(leg) for leg in order.legs]}
    del found["source"]
    return found
