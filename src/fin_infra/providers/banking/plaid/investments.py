"""How Plaid's investments read: holdings in the model of brokerage aggregation, and what was done in the accounts.
Floor 3: cash is a security at Plaid and a balance for us; an amount is positive for cash that leaves the account."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.flow import json_of, row_error
from fin_infra.model import (
    AccountError,
    AccountType,
    ActivityStatus,
    AssetClass,
    BrokerActivity,
    CashBalance,
    HoldingAccount,
    Holdings,
    InstrumentKey,
    Listing,
    Money,
    Position,
    PositionSide,
    Side,
)
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.networth import UNREADABLE_ROW
from fin_infra.normalize import crypto_id, instrument
from fin_infra.providers import fields
from fin_infra.providers.banking.plaid.payloads import KEY, NO_CURRENCY, TYPES, currency_of, institution_of, money_of
from fin_infra.transport import Reply

CASH = "cash"
CONTRACT = Decimal("0.01")
"""Plaid counts an option by the shares that it is on, 100 to a contract; we count contracts.

https://plaid.com/docs/api/products/investments, `quantity`."""
# The types of https://plaid.com/docs/api/products/investments that a key of ours can name
_CLASSES: Mapping[str, AssetClass] = {
    "equity": AssetClass.EQUITY,
    "etf": AssetClass.EQUITY,
    "mutual fund": AssetClass.EQUITY,
    "cryptocurrency": AssetClass.CRYPTO,
}
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}


def holdings(reply: Reply) -> Holdings:
    """Read `/investments/holdings/get`. What cannot be read of it is an error of its account, and hides nothing."""
    body: dict[str, Any] = json_of(reply, dict)
    bank, item = institution_of(fields.child(body, "item")), fields.child(body, "item")
    securities = securities_of(body)
    listed = fields.rows(
        [row for row in _listed(body, "accounts") if _may_be_investment(row)],
        "accounts",
        lambda row: _account(row, bank.name if bank else "unknown", fields.ident(item, "item_id"), reply),
        id_field="account_id",
    )
    read, errors = _Read(reply, securities), [_error("accounts", None, str(error)) for error in listed.errors]
    for at, row in enumerate(_listed(body, "holdings")):
        read.take(row, at)
    balances = [cash for account in listed for cash in read.cash_of(account)]
    return Holdings(
        accounts=tuple(listed),
        positions=tuple(read.positions),
        balances=tuple(balances),
        errors=(*errors, *read.errors),
    )


def _listed(body: Mapping[str, Any], name: str) -> list[Any]:
    found: Any = body.get(name)
    if type(found) is not list:
        raise fields.wrong(name, "a list")
    return found  # pyright: ignore[reportUnknownVariableType]  # rows are looked at one by one


def _may_be_investment(row: object) -> bool:
    """Say whether a row is not certainly another kind of account: what cannot be read is named, not left out."""
    kind = fields.object_of(row).get("type")
    return not isinstance(kind, str) or TYPES.get(kind) is AccountType.INVESTMENT


def securities_of(body: Mapping[str, Any]) -> dict[str, fields.Row]:
    """Return the securities by id; one that cannot be read leaves its holdings without a key, and with their value."""
    rows = [fields.object_of(row) for row in _listed(body, "securities")]
    return {row["security_id"]: row for row in rows if isinstance(row.get("security_id"), str)}


class _Read:
    """The holdings of one answer, taken row by row."""

    def __init__(self, reply: Reply, securities: Mapping[str, fields.Row]) -> None:
        self._reply, self._securities = reply, securities
        self.positions: list[Position] = []
        self.errors: list[AccountError] = []
        self._cash: dict[str, dict[str, Money]] = {}
        self._unvalued: set[str] = set()
        """Accounts with a holding that could not be read, or whose value is not told."""

    def take(self, row: object, at: int) -> None:
        account: Any = fields.object_of(row).get("account_id")
        account = account if isinstance(account, str) else None
        try:
            held = fields.as_row(row, "holdings")
            security = self._securities.get(fields.ident(held, "security_id"), {})
            if security.get("type") == CASH:
                self._add_cash(fields.ident(held, "account_id"), fields.amount(held, "institution_value"), held)
            else:
                self.positions.append(_position(held, security, self._reply))
        except UnexpectedPayload as exc:
            self._unvalued.add(account or "")
            self.errors.append(_error("positions", account, str(row_error("holdings", at, row, exc, "security_id"))))

    def _add_cash(self, account: str, amount: Decimal, row: fields.Row) -> None:
        money = money_of(amount, row)
        assert money is not None
        purse = self._cash.setdefault(account, {})
        purse[money.currency] = purse[money.currency] + money if money.currency in purse else money

    def cash_of(self, account: HoldingAccount) -> list[CashBalance]:
        """Return the cash of an account: what its holdings of cash say, else what is left of its total.

        `current` of an investment account is the whole of it (https://plaid.com/docs/api/accounts), so that without a
        holding of cash the rest is cash; where a value is not told, nobody knows.
        """
        told = self._cash.get(account.id)
        if told is None:
            rest = self._rest(account)
            told = {rest.currency: rest} if rest is not None else {}
        return [
            CashBalance(
                source=KEY,
                as_of=account.as_of,
                account_id=account.id,
                currency=currency,
                cash=cash,
                buying_power=None,
            )
            for currency, cash in sorted(told.items())
        ]

    def _rest(self, account: HoldingAccount) -> Money | None:
        values = [held.market_value for held in self.positions if held.account_id == account.id]
        total = account.total
        if total is None or {account.id, ""} & self._unvalued:
            return None
        for value in values:
            if value is None or value.currency != total.currency:
                return None
            total = total - value
        return total


def _error(operation: str, account: str | None, message: str) -> AccountError:
    return AccountError(provider=KEY, operation=operation, code=UNREADABLE_ROW, message=message, account_id=account)


def _account(row: fields.Row, bank: str, item_id: str, reply: Reply) -> HoldingAccount:
    fields.text(row, "type")
    balances = fields.child(row, "balances")
    current = fields.maybe_amount(balances, "current")
    known = fields.maybe_text(balances, "iso_currency_code") in CURRENCIES
    return HoldingAccount(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "account_id"),
        connection_id=item_id,
        institution=bank,
        name=fields.maybe_text(row, "name"),
        number=fields.maybe_text(row, "mask"),
        status=None,
        category=fields.maybe_text(row, "subtype"),
        is_paper=None,
        total=money_of(current, balances) if known else None,
        institution_account_id=fields.maybe_text(row, "persistent_account_id"),
    )


def _position(row: fields.Row, security: fields.Row, reply: Reply) -> Position:
    key, asset_class = key_of(security)
    quantity = fields.amount(row, "quantity")
    currency = currency_of(row)
    value, basis = (
        money_of(fields.maybe_amount(row, name), row) if currency in CURRENCIES else None
        for name in ("institution_value", "cost_basis")
    )
    return Position(
        source=KEY,
        as_of=fields.maybe(fields.when, row, "institution_price_datetime") or reply.received_at,
        raw=row,
        account_id=fields.ident(row, "account_id"),
        key=key,
        asset_class=asset_class,
        side=PositionSide.SHORT if quantity < 0 else PositionSide.LONG,
        quantity=quantity * CONTRACT if asset_class is AssetClass.OPTION else quantity,
        available_quantity=None,
        currency=currency if currency in CURRENCIES else NO_CURRENCY,
        average_entry_price=None,  # the basis is told in all, and a quotient of it would not be exact
        current_price=fields.maybe_amount(row, "institution_price"),
        market_value=value,
        cost_basis=basis,
        unrealized=value - basis if value is not None and basis is not None else None,
        symbol_text=text_of(security) or fields.ident(row, "security_id"),
        identifier=f"plaid:{fields.ident(row, 'security_id')}",
    )


def text_of(security: fields.Row) -> str:
    return fields.maybe_text(security, "ticker_symbol") or fields.maybe_text(security, "name") or ""


def key_of(security: fields.Row) -> tuple[InstrumentKey | None, AssetClass]:
    """Return the key of a security and its class; None for a key where its words name none for certain.

    A ticker counts with its venue, or alone where it is traded in dollars; then ISIN and CUSIP, which Plaid tells only
    to those who have licensed them.
    """
    ticker = (fields.maybe_text(security, "ticker_symbol") or "").upper()
    if security.get("option_contract"):
        return _key(f"OCC:{''.join(ticker.split())}"), AssetClass.OPTION
    asset_class = _CLASSES.get(fields.maybe_text(security, "type") or "", AssetClass.UNKNOWN)
    if asset_class is AssetClass.CRYPTO:
        return _coin(ticker.removeprefix("CUR:")), asset_class
    if asset_class is AssetClass.UNKNOWN:
        return _by_number(security), asset_class
    venue = (fields.maybe_text(security, "market_identifier_code") or "").upper()
    if ticker and venue:
        key = _key(f"{venue}:{ticker}")
    else:
        key = _key(f"US:{ticker}") if ticker and security.get("iso_currency_code") == "USD" else None
    return key or _by_number(security), asset_class


def _by_number(security: fields.Row) -> InstrumentKey | None:
    found = ((name, fields.maybe_text(security, name)) for name in ("isin", "cusip"))
    return next((key for key in (_key(f"{name.upper()}:{text}") for name, text in found if text) if key), None)


def _key(text: str) -> InstrumentKey | None:
    try:
        return InstrumentKey.parse(text) if text.startswith("OCC:") else instrument(text)
    except InvalidInput:
        return None


def _coin(ticker: str) -> InstrumentKey | None:
    try:
        return crypto_id(ticker)
    except InvalidInput:
        return None


def activities(reply: Reply) -> tuple[Listing[BrokerActivity], int]:
    """Read a page of `/investments/transactions/get`, and how many rows all pages have."""
    body: dict[str, Any] = json_of(reply, dict)
    securities = securities_of(body)
    total = fields.whole(body, "total_investment_transactions")
    found = fields.rows(
        body.get("investment_transactions"),
        "investment_transactions",
        lambda row: _activity(row, securities, reply),
        id_field="investment_transaction_id",
    )
    return found, total


def _activity(row: fields.Row, securities: Mapping[str, fields.Row], reply: Reply) -> BrokerActivity:
    kind, word = fields.text(row, "type"), fields.text(row, "subtype")
    security = securities.get(fields.maybe_text(row, "security_id") or "", {})
    is_cash = security.get("type") == CASH
    key, asset_class = key_of(security) if security and not is_cash else (None, AssetClass.UNKNOWN)
    side, quantity = _SIDES.get(kind), fields.amount(row, "quantity")
    if asset_class is AssetClass.OPTION:
        quantity = quantity * CONTRACT
    amount, fees = fields.amount(row, "amount"), fields.maybe_amount(row, "fees")
    price = fields.maybe_amount(row, "price")
    return BrokerActivity(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "investment_transaction_id"),
        type=word,
        at=fields.maybe(fields.when, row, "transaction_datetime"),
        day=fields.day(row, "date"),
        account_id=fields.ident(row, "account_id"),
        key=key,
        symbol_text="" if is_cash else text_of(security),
        side=side,
        quantity=None if is_cash else abs(quantity) if side else quantity or None,
        price=price if side else price or None,
        amount=money_of(-amount, row),
        fee=money_of(fees, row),
        description=fields.text(row, "name"),
        # "a cancellation of a pending transaction": no money moved by it
        status=ActivityStatus.CANCELED if kind == "cancel" else None,
        status_text=kind if kind == "cancel" else "",
    )
