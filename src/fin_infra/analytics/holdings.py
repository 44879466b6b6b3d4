"""Everybody's holdings in one list: one line per instrument, with what each account has of it.
Floor 5: sums only what has a value and one currency, says what has none, and counts no account and no cash twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import reduce
from operator import attrgetter

from fin_infra.arguments import checked
from fin_infra.errors import RateUnavailable
from fin_infra.model import (
    AccountError,
    AccountRef,
    AssetClass,
    CashBalance,
    CashLine,
    HoldingAccount,
    HoldingLine,
    HoldingPart,
    Holdings,
    InstrumentKey,
    Money,
    Portfolio,
    Position,
    RateTable,
)
from fin_infra.model.currency import CURRENCIES
from fin_infra.normalize import US_MICS, convert

_EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation])
_ZERO = Decimal(0)
_PRICE = Context(prec=12)
"""An average is a quotient, so its digits never end; twelve tell any price, that of a small coin too."""
_FULL_NUMBER = 6
"""Characters from which on an account number without a mask tells one account from all others of a broker."""


@checked
def merge_holdings(
    holdings: Holdings,
    *,
    currency: str | None = None,
    rates: RateTable | None = None,
    on: date | None = None,
) -> Portfolio:
    """Merge what many accounts hold, whatever the order they come in; see `read_holdings`.

    Long and short, options and their shares, coins and what no key can name have lines of their own. Values are added
    up per currency, at the broker's prices whatever their age: `oldest` says when the oldest of them was made, and a
    net worth leaves old ones out. An account that was connected twice counts once: the broker's own connection, else
    the fresher. Questions that nobody answered are named in `missing`, because what they would add is unknown.

    Args:
        currency: currency of the total; no total without it.
        rates: the table to convert with; without one only `currency` itself counts.
        on: the day to value at; rates may be up to a week older. None takes the table's own day.
    """
    doubles = _doubles(holdings)
    left_out = {double for double, _ in doubles}
    listed = {AccountRef(account.source, account.id) for account in holdings.accounts}
    held = [position for position in holdings.positions if ref(position) not in left_out]
    cash = [balance for balance in holdings.balances if AccountRef(balance.source, balance.account_id) not in left_out]
    synced = {AccountRef(each.source, each.id): each.holdings_synced_at for each in holdings.accounts}
    lines, purses = _lines(held), _cash(cash, synced)
    amounts = [value for line in lines if not line.in_cash for value in line.market_values]
    amounts += [purse.amount for purse in purses if purse.amount is not None]
    values = _by_currency(amounts)
    missing = [f"{_name(line)}, {part.account}: no market value" for line in lines for part in _unpriced(line)]
    missing += [
        f"{purse.currency} cash, {who}: no amount" for purse in purses for who, amount in purse.parts if amount is None
    ]
    missing += [f"{error.provider} {error.operation}{_at(error)}: {error.message}" for error in holdings.errors]
    missing += [f"{account}: not asked" for account in sorted(holdings.skipped)]
    total = None
    if currency is not None:
        total, unvalued = _total(values, currency, rates, on)
        missing += unvalued
    return Portfolio(
        lines=lines,
        cash=purses,
        accounts=tuple(sorted(holdings.accounts, key=attrgetter("source", "id"))),
        values=values,
        total=total,
        complete=not missing,
        missing=tuple(missing),
        duplicates=doubles,
        errors=holdings.errors,
        read=frozenset(who for who in listed - left_out if holdings.is_read(who)),
        oldest=_oldest(lines, purses),
    )


def ref(position: Position) -> AccountRef:
    """Return the account of a position."""
    return AccountRef(position.source, position.account_id or "")


def composite(key: InstrumentKey) -> InstrumentKey:
    """Return the key with US for a venue of the United States, where a symbol is the same everywhere."""
    return InstrumentKey("US", key.symbol) if key.namespace in US_MICS else key


def _lines(positions: Iterable[Position]) -> tuple[HoldingLine, ...]:
    groups: dict[tuple[str, ...], list[Position]] = {}
    for position in positions:
        groups.setdefault(_line_key(position), []).append(position)
    return tuple(_line(groups[line_key]) for line_key in sorted(groups))


def _line_key(position: Position) -> tuple[str, ...]:
    """Return what positions of one line have in common; what has no key shares its line with nothing elsewhere."""
    side = (position.side.value, str(position.in_cash))
    if position.key is not None:
        return (str(composite(position.key)), "", "", *side)
    return ("", position.symbol_text, str(ref(position)), position.asset_class.value, *side)


def _line(group: Sequence[Position]) -> HoldingLine:
    rows = sorted(group, key=_rank)
    first = rows[0]
    known = sorted({row.asset_class for row in rows} - {AssetClass.UNKNOWN})
    return HoldingLine(
        key=None if first.key is None else composite(first.key),
        symbol_text=min(row.symbol_text for row in rows),
        asset_class=known[0] if known else AssetClass.UNKNOWN,
        side=first.side,
        quantity=_sum(row.quantity for row in rows),
        parts=tuple(
            HoldingPart(
                account=ref(row),
                quantity=row.quantity,
                currency=row.currency,
                average_price=row.average_entry_price,
                current_price=row.current_price,
                market_value=row.market_value,
                as_of=row.as_of,
                identifier=row.identifier,
            )
            for row in rows
        ),
        average_price=_average(rows),
        market_values=_by_currency(row.market_value for row in rows if row.market_value is not None),
        in_cash=first.in_cash,
    )


def _rank(row: Position) -> tuple[AccountRef, Decimal, str]:
    """Return what rows of a line are sorted by; one account may have two of the same quantity."""
    prices = f"{row.currency} {row.average_entry_price} {row.current_price} {row.as_of.isoformat()}"
    return ref(row), row.quantity, f"{row.symbol_text} {prices}"


def _average(rows: Sequence[Position]) -> Money | None:
    """Return the price paid per unit, weighted by quantity; the broker's own figure where there is one part only."""
    currencies = {row.currency for row in rows}
    prices = [row.average_entry_price for row in rows if row.average_entry_price is not None]
    units = _sum(row.quantity for row in rows)
    if len(prices) < len(rows) or len(currencies) > 1 or not currencies <= CURRENCIES.keys() - {"XXX"} or not units:
        return None
    currency = rows[0].currency
    if len(rows) == 1:
        return Money(prices[0], currency)
    paid = Money.total(
        (Money(price, currency) * row.quantity for row, price in zip(rows, prices, strict=True)), currency
    )
    return Money(_PRICE.plus((paid / units).amount), currency)


def _cash(balances: Iterable[CashBalance], synced: Mapping[AccountRef, datetime | None]) -> tuple[CashLine, ...]:
    groups: dict[str, list[tuple[AccountRef, Money | None, datetime]]] = {}
    for balance in balances:
        who = AccountRef(balance.source, balance.account_id)
        at = min(balance.as_of, synced.get(who) or balance.as_of)
        groups.setdefault(balance.currency, []).append((who, balance.cash, at))
    return tuple(_purse(currency, groups[currency]) for currency in sorted(groups))


def _purse(currency: str, group: Iterable[tuple[AccountRef, Money | None, datetime]]) -> CashLine:
    rows = sorted(group, key=lambda row: row[0])
    known = [amount for _, amount, _ in rows if amount is not None]
    return CashLine(
        currency=currency,
        amount=Money.total(known, currency) if known else None,
        parts=tuple((who, amount) for who, amount, _ in rows),
        as_of=tuple(at for _, _, at in rows),
    )


def _by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    return tuple(sums[currency] for currency in sorted(sums))


def _total(
    values: Iterable[Money], currency: str, rates: RateTable | None, on: date | None
) -> tuple[Money | None, list[str]]:
    """Return the sum in one currency, each value rounded to its cents, and what has no rate."""
    found: list[Money] = []
    missing: list[str] = []
    for value in values:
        try:
            if value.currency == currency:
                found.append(value.quantize())
            elif rates is None:
                missing.append(f"{value.currency}: no exchange rate for {value.currency}/{currency}")
            else:
                found.append(convert(value, currency, rates, on=on).quantize())
        except RateUnavailable as exc:
            missing.append(f"{value.currency}: {exc}")
    return (Money.total(found, currency) if found or not missing else None), missing


def _doubles(holdings: Holdings) -> tuple[tuple[AccountRef, AccountRef], ...]:
    """Return accounts to leave out, each with the same account as it is counted."""

    def worth(account: HoldingAccount) -> tuple[bool, bool, float, AccountRef]:
        seen, who = account.holdings_synced_at or account.as_of, AccountRef(account.source, account.id)
        return not holdings.is_read(who), account.connection_id != account.source, -seen.timestamp(), who

    counted: dict[tuple[str, ...], AccountRef] = {}
    doubles: list[tuple[AccountRef, AccountRef]] = []
    for account in sorted(holdings.accounts, key=worth):
        who = AccountRef(account.source, account.id)
        identifiers = _identifiers(account)
        same = next((counted[identifier] for identifier in identifiers if identifier in counted), None)
        if same is not None and same != who:
            doubles.append((who, same))
        for identifier in identifiers:
            counted.setdefault(identifier, same or who)
    return tuple(sorted(doubles))


def _identifiers(account: HoldingAccount) -> list[tuple[str, ...]]:
    """Return what tells this account at its broker, whoever shows it."""
    broker, number = account.institution.casefold(), account.number or ""
    identifiers: list[tuple[str, ...]] = []
    if account.institution_account_id:
        identifiers.append((broker, "id", account.institution_account_id))
    if len(number) >= _FULL_NUMBER and number.isalnum():
        identifiers.append((broker, "number", number.casefold()))
    return identifiers


def _oldest(lines: Iterable[HoldingLine], purses: Iterable[CashLine]) -> datetime | None:
    """Return when the oldest amount of a sum was true."""
    prices = (part.as_of for line in lines if not line.in_cash for part in line.parts if part.market_value is not None)
    cash = (
        at for purse in purses for (_, amount), at in zip(purse.parts, purse.as_of, strict=True) if amount is not None
    )
    return min((*prices, *cash), default=None)


def _unpriced(line: HoldingLine) -> list[HoldingPart]:
    return [part for part in line.parts if part.market_value is None and part.quantity]


def _name(line: HoldingLine) -> str:
    return line.symbol_text if line.key is None else str(line.key)


def _at(error: AccountError) -> str:
    return f" {error.account_id}" if error.account_id else ""


def _sum(quantities: Iterable[Decimal]) -> Decimal:
    return reduce(_EXACT.add, quantities, _ZERO)
