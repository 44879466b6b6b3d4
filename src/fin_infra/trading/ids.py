"""Identity of orders: which client order id a key gives, and when two orders are the same order.
Floor 2: pure functions; the broker keeps the ids for good, so they never change."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from decimal import Decimal
from uuid import uuid4

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.model import NewOrder, Order, OrderClass, OrderType

PREFIX = "fin-"
"""How the client order ids that we give begin; the id of an order at a broker never does."""
MAX_KEY_CHARS = 256
_VERSION = 2
_STOPS = (OrderType.STOP, OrderType.STOP_LIMIT)


@checked
def client_order_id(account_id: str, idempotency_key: str | None) -> str:
    """Return the id an order carries to the broker: always the same for one account and key, random without a key.

    At most 48 characters: what Alpaca's documentation allowed once. Its specification 2.0.1 of June 2026 allows 128.

    Raises:
        InvalidInput: the key is empty or longer than 256 characters.
    """
    if idempotency_key is None:
        return f"{PREFIX}{uuid4().hex}"
    if not idempotency_key.strip() or len(idempotency_key) > MAX_KEY_CHARS:
        raise InvalidInput(
            f"An idempotency key must have 1 to {MAX_KEY_CHARS} characters, not all blank; a UUID will do."
        )
    text = f"{len(account_id)}:{account_id}:{idempotency_key}".encode("utf-8", "surrogatepass")
    return f"{PREFIX}{hashlib.sha256(text).hexdigest()[:40]}"


@checked
def fingerprint(order: NewOrder) -> str:
    """Return a string that is equal for orders with equal terms; 1.50 and 1.5 are one price."""
    parts = [f"{item.name}={_plain(getattr(order, item.name))}" for item in fields(order)]
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def request_fingerprint(verb: str, *terms: object) -> str:
    """Return a string that is equal for equal requests of one kind.

    The number at its start is the version of how it is made. Version 1 had none: the fingerprint of the order alone.
    """
    text = "|".join([verb, *(f"{len(part)}:{part}" for part in map(_plain, terms))])
    return f"{_VERSION}:{verb}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def with_order(request: str, order: NewOrder) -> str:
    """Return the fingerprint of a request together with that of the order it came to."""
    return f"{request}/{fingerprint(order)}"


def request_part(known: str) -> str:
    """Return the fingerprint of the request; in version 1 that is the order's."""
    return known.partition("/")[0]


def order_part(known: str) -> str:
    """Return the fingerprint of the order that was meant to be sent; a change has that of the request alone."""
    return known.rpartition("/")[2]


def is_first_version(known: str) -> bool:
    """Say whether a fingerprint was written when the order alone was known, not the request it came of."""
    return ":" not in known


def _plain(value: object) -> str:
    """Write a number with its digits and its exponent, whatever its size."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return "" if value is None else str(value)
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    kept = text.rstrip("0")
    return f"{'-' * sign}{kept}e{int(exponent) + len(text) - len(kept)}" if kept else "0"


@checked
def same_order(wanted: NewOrder, found: Order) -> bool:
    """Say whether the broker's order is the one wanted: every term that the order was given, none that moves."""
    terms: list[tuple[object, object]] = [
        (wanted.key.symbol, found.key and found.key.symbol),
        (wanted.side, found.side),
        (wanted.type, found.type),
        (wanted.time_in_force, found.time_in_force),
        (wanted.order_class, found.order_class),
        (wanted.quantity, found.quantity),
        (wanted.notional, found.notional),
        (wanted.extended_hours, found.extended_hours),
        (wanted.trail_price, found.trail_price),
        (wanted.trail_percent, found.trail_percent),
    ]
    if wanted.limit_price is not None or found.type in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        terms.append((wanted.own_limit, found.limit_price))
    if wanted.type in _STOPS:  # a trailing stop's moves
        terms.append((wanted.stop_price, found.stop_price))
    legs = {(leg.limit_price, leg.stop_price) for leg in found.legs}
    as_given = bool(legs) and not any(leg.replaces for leg in found.legs)
    if as_given and wanted.order_class is not OrderClass.SIMPLE:
        terms.append((_legs(wanted), legs))
    return all(ours == theirs for ours, theirs in terms)


def _legs(order: NewOrder) -> set[tuple[Decimal | None, Decimal | None]]:
    legs: set[tuple[Decimal | None, Decimal | None]] = set()
    if order.take_profit is not None and order.order_class is not OrderClass.OCO:
        legs.add((order.take_profit, None))
    if order.stop_loss is not None:
        legs.add((order.stop_loss_limit, order.stop_loss))
    return legs
