"""What the tests of holdings share: accounts, positions and syncs with the few facts that matter."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fin_infra.model import (
    AccountError,
    AccountRef,
    AssetClass,
    CashBalance,
    HoldingAccount,
    Holdings,
    InstrumentKey,
    Money,
    Position,
    PositionSide,
)

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SOURCE = "brokerage:test"


def ref(ident: str, source: str = SOURCE) -> AccountRef:
    return AccountRef(source, ident)


def account(ident: str, **facts: Any) -> HoldingAccount:
    given: dict[str, Any] = {
        "source": SOURCE,
        "as_of": NOW,
        "connection_id": "c-1",
        "institution": "Broker",
        "name": None,
        "number": None,
        "status": "open",
        "category": None,
        "is_paper": False,
        "total": None,
        "holdings_synced_at": NOW,
    }
    return HoldingAccount(id=ident, **{**given, **facts})


def position(
    ident: str,
    key: str | None,
    quantity: str,
    price: str | None = None,
    cost: str | None = None,
    currency: str = "USD",
    **facts: Any,
) -> Position:
    units = Decimal(quantity)
    worth = None if price is None else Money.of(price, currency) * units
    given: dict[str, Any] = {
        "source": SOURCE,
        "as_of": NOW,
        "asset_class": AssetClass.EQUITY,
        "side": PositionSide.SHORT if units < 0 else PositionSide.LONG,
        "available_quantity": None,
        "market_value": worth,
        "cost_basis": None,
        "unrealized": None,
        "symbol_text": key.partition(":")[2] if key else "?",
    }
    return Position(
        account_id=ident,
        key=None if key is None else InstrumentKey.parse(key),
        quantity=units,
        currency=currency,
        average_entry_price=None if cost is None else Decimal(cost),
        current_price=None if price is None else Decimal(price),
        **{**given, **facts},
    )


def cash(ident: str, amount: str | None, currency: str = "USD", source: str = SOURCE) -> CashBalance:
    money = None if amount is None else Money.of(amount, currency)
    return CashBalance(source=source, as_of=NOW, account_id=ident, currency=currency, cash=money, buying_power=None)


def failed(operation: str, ident: str | None, source: str = SOURCE) -> AccountError:
    return AccountError(
        provider=source, operation=operation, code="fin.provider_unavailable", message="down", account_id=ident
    )


def sync(*rows: Position | CashBalance | HoldingAccount | AccountError | AccountRef) -> Holdings:
    """Return a sync of these rows; an account that is not given is made up from its positions and cash."""
    accounts = [row for row in rows if isinstance(row, HoldingAccount)]
    positions = [row for row in rows if isinstance(row, Position)]
    balances = [row for row in rows if isinstance(row, CashBalance)]
    known = {(row.source, row.id) for row in accounts}
    named = {(row.source, str(row.account_id)) for row in (*positions, *balances)}
    made = [account(ident, source=source) for source, ident in sorted(named - known)]
    return Holdings(
        accounts=(*accounts, *made),
        positions=tuple(positions),
        balances=tuple(balances),
        errors=tuple(row for row in rows if isinstance(row, AccountError)),
        skipped=tuple(row for row in rows if isinstance(row, AccountRef)),
    )
