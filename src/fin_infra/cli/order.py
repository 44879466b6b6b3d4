"""`fin-infra order`: place, change, close, cancel and look up orders.
Floor 8: nothing here decides about orders; it shows the key and what will be sent, asks, and sends."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from fin_infra.brokerage import easy_brokerage
from fin_infra.cli.output import OutcomeUnknown, ask, print_json, say
from fin_infra.cli.sending import send, tell_first
from fin_infra.cli.tables import print_table
from fin_infra.errors import (
    ConfigurationError,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    NotFound,
    OrderChecksFailed,
    ProviderError,
)
from fin_infra.model import BidAsk, NewOrder, Order, OrderChange, OrderClass, OrderType, Side, TimeInForce
from fin_infra.model.money import decimal_from_text
from fin_infra.normalize import instrument
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.trading.ids import PREFIX, client_order_id
from fin_infra.trading.proof import no_effect
from fin_infra.transport import Sync

NUMBERS = (
    "quantity",
    "notional",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
    "trail",
    "percent",
    "take_profit",
    "stop_loss",
    "stop_loss_limit",
)
KINDS: Mapping[str, type[StrEnum]] = {"type": OrderType, "time_in_force": TimeInForce, "order_class": OrderClass}
UNKNOWN = "asset"
"""The rule that the broker knows the instrument and trades it."""
K = TypeVar("K", bound=StrEnum)


class Declined(FinInfraError):
    code = "fin.declined"
    title = "Not sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What all commands that send share. Without a key the order gets a new one."""

    provider: str
    live: bool
    as_json: bool
    yes: bool = True
    queue: bool = False
    idempotency_key: str | None = None


def submit(side: str, symbol: str, terms: Mapping[str, Any], options: Options) -> None:
    """Show the order, ask, and place it once for its key.

    Raises:
        Declined: the person said no; nothing was sent.
        Unwritable: the key cannot be shown; nothing was sent.
        InvalidInput: a number or the symbol cannot be read.
        ConfigurationError: it would cost real money, and `live` is not set.
    """
    order = new_order(side, symbol, terms)
    broker = _broker(options)
    facts = {item.name: str(getattr(order, item.name)) for item in fields(order) if _matters(order, item.name)}
    facts["last quote"] = _quote(broker, order)
    try:
        _place(broker, facts, partial(broker.submit_order, order), options)
    except OrderChecksFailed as exc:
        raise _pointing_to_search(exc, symbol) from None


def _pointing_to_search(exc: OrderChecksFailed, symbol: str) -> OrderChecksFailed:
    """Return the refusal; of a symbol that is unknown to the broker it names the command that finds it."""
    command = f"fin-infra search {shlex.quote(symbol)}"
    return OrderChecksFailed(
        [
            (rule, f"{sentence.removesuffix('.')}: {command}" if rule == UNKNOWN and "look" in sentence else sentence)
            for rule, sentence in exc.failures
        ]
    )


def replace(order_id: str, terms: Mapping[str, Any], options: Options) -> None:
    """Show the new terms of an open order, ask, and change it once for the key; the errors are those of `submit`."""
    change = OrderChange(**_terms(terms))
    broker = _broker(options)
    if order_id.startswith(PREFIX):
        order_id = _find(broker, order_id).id
    facts = {item.name: str(getattr(change, item.name)) for item in fields(change) if _matters(change, item.name)}
    _place(broker, {"change of order": order_id} | facts, partial(broker.replace_order, order_id, change), options)


def close(symbol: str, terms: Mapping[str, Any], options: Options) -> None:
    """Show what is closed, ask, and place a market order for it once for the key; the errors are those of `submit`."""
    key, parts = instrument(symbol), _terms(terms)
    broker = _broker(options)
    held = broker.position(key)
    facts = {"close": str(key), "held": str(held.quantity)} | {name: str(part) for name, part in parts.items()}
    _place(broker, facts, partial(broker.close_position, key, **parts), options)


def status(order_id: str | None, *, idempotency_key: str | None, provider: str, as_json: bool) -> None:
    """Show one order, by its id, by its client order id, or by the key that `submit` printed."""
    if (order_id is None) == (idempotency_key is None):
        raise InvalidInput("Give either the id of an order or --key.")
    broker = easy_brokerage(provider)
    if idempotency_key is not None:
        order_id = client_order_id(broker.account().id, idempotency_key)
    try:
        found = _find(broker, order_id or "")
    except NotFound as exc:
        if idempotency_key is not None:
            exc.message = f"there is no order with the key {idempotency_key!r}"
        raise
    _show(as_json, found)


def cancel(order_id: str, options: Options) -> None:
    """Ask to cancel an order, and show it as it is after that.

    Raises:
        OutcomeUnknown: the answer was lost; the order may be canceled or not.
    """
    broker = _broker(options)
    if order_id.startswith(PREFIX):
        order_id = _find(broker, order_id).id
    advice = f"Look at it with: fin-infra order status {shlex.quote(order_id)}"
    send(partial(_cancel, broker, order_id, advice), partial(_show, options.as_json), advice=advice)


def _cancel(broker: BrokerageProvider[Sync], order_id: str, advice: str) -> Order:
    try:
        broker.cancel_order(order_id)
    except ProviderError as exc:
        if no_effect(exc, of="change"):
            raise
        raise OutcomeUnknown(f"{exc}. The order may or may not be canceled. {advice}") from exc
    try:
        return broker.order(order_id)
    except ProviderError as exc:
        raise OutcomeUnknown(f"The broker was asked to cancel the order, and then: {exc}. {advice}") from exc


def _place(
    broker: BrokerageProvider[Sync], facts: Mapping[str, str], order: Callable[..., Order], options: Options
) -> None:
    """Show the key and what will be sent, ask, and send it once. The key comes first: whoever reads anything has it."""
    key = options.idempotency_key or str(uuid4())
    repeat = f"--key {shlex.quote(key)}"
    lines = [f"Idempotency key: {key}"]
    if options.idempotency_key is None:
        lines.append("If this is interrupted, repeat the command with --key and that key: the order cannot double.")
    queue = {"queue": "until the market opens"} if options.queue else {}
    lines += [f"To {where(broker)}:", *(f"  {name:17} {value}" for name, value in {**facts, **queue}.items())]
    tell_first("\n".join(lines))
    if not options.yes and not ask(f"Send this order to {where(broker)}?"):
        raise Declined("Nothing was sent; --yes sends without asking.")
    advice = (
        f"Find out with: fin-infra order status {repeat}, or repeat the command with {repeat}: the key is sent once."
    )
    act = partial(order, idempotency_key=key, queue=options.queue)
    send(act, partial(_show, options.as_json), advice=advice)


def new_order(side: str, symbol: str, terms: Mapping[str, Any]) -> NewOrder:
    """Return the order that the arguments of the command line describe."""
    return NewOrder(key=instrument(symbol), side=_word(Side, side, "The side"), **_terms(terms))


def _terms(terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms that were given, as numbers and enums."""
    known: dict[str, Any] = {name: value for name, value in terms.items() if value is not None}
    for name in known.keys() & set(NUMBERS):
        known[name] = _number(name, known[name])
    for name, kind in KINDS.items():
        if name in known:
            known[name] = _word(kind, known[name], f"--{name.replace('_', '-')}")
    return known


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


def _broker(options: Options) -> BrokerageProvider[Sync]:
    broker = easy_brokerage(options.provider)
    if broker.is_live and not options.live:
        raise ConfigurationError("These keys trade with real money; add --live if you mean that.")
    return broker


def _matters(order: NewOrder | OrderChange, name: str) -> bool:
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


def _show(as_json: bool, order: Order) -> None:
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
