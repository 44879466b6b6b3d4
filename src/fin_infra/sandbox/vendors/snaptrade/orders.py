"""Put brokerage orders into SnapTrade's JSON, in the older shape and in the one with legs; all figures are strings.
Floor 8: every trade of the last days was an order, and a few orders rest, were canceled or filled in part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fin_infra.sandbox.vendors.snaptrade.replies import Shapes, plain, spelt, stamp
from fin_infra.sandbox.world.holdings import HoldingWalk, uid
from fin_infra.sandbox.world.portfolio import INSTRUMENTS, Instrument

OPEN_STATES = frozenset({"PENDING", "ACCEPTED", "PARTIAL", "QUEUED", "TRIGGERED", "ACTIVATED", "CANCEL_PENDING"})
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order; `filled` and `cancelled` are parts of `total`."""

    id: str
    key: str
    action: str
    status: str
    total: Decimal
    placed: datetime
    filled: Decimal = _ZERO
    canceled: Decimal = _ZERO
    type: str = "Market"
    force: str = "Day"
    limit: Decimal | None = None
    paid: Decimal | None = None
    executed: datetime | None = None

    @property
    def instrument(self) -> Instrument:
        """Return what is ordered."""
        return INSTRUMENTS[self.key]


def _limit(
    ident: str, key: str, action: str, status: str, total: str, limit: str, day: int, filled: str = "0"
) -> Order:
    placed = datetime(2026, 11, day, 14, 45, tzinfo=UTC)
    count, done = Decimal(total), Decimal(filled)
    return Order(
        id=ident, key=key, action=action, status=status, total=count, placed=placed, type="Limit", force="GTC",
        limit=Decimal(limit), filled=done, canceled=count if status in ("CANCELED", "REJECTED") else _ZERO,
        paid=Decimal(limit) if done else None, executed=placed + timedelta(minutes=3) if done else None,
    )  # fmt: skip


RESTING: dict[str, tuple[Order, ...]] = {
    "schwab-individual": (
        _limit("1004417551", "AAPL", "SELL", "ACCEPTED", "10", "420.00", 10),
        _limit("1004417560", "AAPL", "SELL", "CANCELED", "5", "300.00", 12),
    ),
    "schwab-roth": (_limit("1009038112", "BND", "BUY", "PARTIAL", "30", "70.05", 17, "12"),),
    "robinhood-individual": (_limit("66a033fa-da74-4fcf", "SHOP", "BUY", "REJECTED", "2.5", "140.00", 13),),
}


def orders_of(book: HoldingWalk, now: datetime, since: datetime) -> list[Order]:
    """Return the orders placed from `since` to `now`, newest first."""
    made = [
        Order(
            id=uid("order", row.id), key=row.instrument.key, action=row.type, status="EXECUTED",
            total=abs(row.units), filled=abs(row.units), placed=row.at - timedelta(minutes=1), executed=row.at,
            paid=row.price,
        )
        for row in book.standing(now).movements
        if row.type in ("BUY", "SELL") and row.instrument is not None
    ]  # fmt: skip
    rows = [row for row in (*made, *RESTING.get(book.holder.slug, ())) if since <= row.placed <= now]
    return sorted(rows, key=lambda row: row.placed, reverse=True)


def in_state(rows: list[Order], state: str) -> list[Order]:
    """Return the orders of a state: all, open or executed."""
    wanted = {"open": OPEN_STATES, "executed": frozenset({"EXECUTED", "PARTIAL"})}.get(state)
    return rows if wanted is None else [row for row in rows if row.status in wanted]


def record(shapes: Shapes, book: HoldingWalk, row: Order) -> dict[str, object]:
    """Return an order in the older shape."""
    held, symbol = row.instrument, spelt(book, row.instrument)
    is_option = held.kind == "option"
    return {
        "brokerage_order_id": row.id, "brokerage_group_order_id": None, "order_role": None, "status": row.status,
        "universal_symbol": None if is_option else shapes.universal(held, symbol),
        "option_symbol": shapes.option_symbol(held) if is_option else None,
        "quote_universal_symbol": None, "quote_currency": None,
        "action": f"{row.action}_OPEN" if is_option else row.action,
        "total_quantity": plain(row.total), "open_quantity": plain(_open(row)),
        "canceled_quantity": plain(row.canceled), "filled_quantity": plain(row.filled),
        "execution_price": plain(row.paid), "limit_price": plain(row.limit), "stop_price": None,
        "trailing_stop": None, "order_type": row.type, "time_in_force": row.force,
        "time_placed": stamp(row.placed), "time_updated": stamp(row.executed or row.placed),
        "time_executed": None if row.executed is None else stamp(row.executed), "expiry_date": None,
        "symbol": shapes.symbol_id(symbol), "child_brokerage_order_ids": None,
    }  # fmt: skip


def record_v2(shapes: Shapes, book: HoldingWalk, row: Order) -> dict[str, object]:
    """Return an order in the shape with legs."""
    held, symbol = row.instrument, spelt(book, row.instrument)
    kind = {"option": "OPTION", "crypto": "CRYPTO"}.get(held.kind, "EQUITY")
    leg = {
        "leg_id": None,
        "instrument": {
            "symbol": symbol, "description": held.name, "asset_type": kind, "exchange_mic_code": held.mic,
            "figi_code": shapes.universal(held, symbol)["figi_code"],
        },
        "action": f"{row.action}_TO_OPEN" if kind == "OPTION" else row.action,
        "execution_price": plain(row.paid), "total_quantity": plain(row.total),
        "canceled_quantity": plain(row.canceled), "filled_quantity": plain(row.filled), "status": row.status,
    }  # fmt: skip
    return {
        "brokerage_order_id": row.id, "brokerage_group_order_id": None, "order_role": None, "status": row.status,
        "order_type": row.type.upper(), "time_in_force": row.force.upper(), "time_placed": stamp(row.placed),
        "time_executed": None if row.executed is None else stamp(row.executed),
        "price_currency": held.currency, "execution_price": plain(row.paid), "limit_price": plain(row.limit),
        "stop_price": None, "trailing_stop": None, "legs": [leg],
        "price_effect": "DEBIT" if row.action == "BUY" else "CREDIT",
    }  # fmt: skip


def _open(row: Order) -> Decimal:
    return row.total - row.filled - row.canceled
