"""Rows of crypto exchanges: what was given, what was got, and the fee in the asset that paid it.
Floor 4: an asset that is not money of a state is units; a trade of two such assets is two rows with one id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import partial

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import values
from fin_infra.imports.statements.delimited.table import Row
from fin_infra.imports.statements.delimited.trades.reading import Sheet, as_currency, guarded
from fin_infra.imports.statements.values import shown
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementTrade

_IN = frozenset(
    {
        "receive",
        "rewards income",
        "reward income",
        "learning reward",
        "coinbase earn",
        "inflation reward",
        "staking income",
        "interest payout",
        "exchange withdrawal",
        "pro withdrawal",
        "subscription rebate",
        "subscription rebates (24 hours)",
        "deposit",
    }
)
_OUT = frozenset({"send", "exchange deposit", "pro deposit", "donation", "admin debit", "withdrawal"})
_BUY = frozenset({"buy", "advanced trade buy", "advance trade buy"})
_SELL = frozenset({"sell", "advanced trade sell", "advance trade sell"})
"""The words of Coinbase's `Transaction Type`, as the source of its table groups them."""
_CONVERTED = re.compile(r"Converted [\d.,]+ \w+ to (?P<units>[\d.,]+) (?P<asset>\w+)")
_FOR = re.compile(r"(?:Bought|Sold) [\d.,]+ \w+ for [£€$]?[\d.,]+ (?P<asset>\w+)")
_KRAKEN_ASSETS: Mapping[str, str] = {
    "XETC": "ETC",
    "XETH": "ETH",
    "XLTC": "LTC",
    "XMLN": "MLN",
    "XREP": "REP",
    "XXBT": "BTC",
    "XBT": "BTC",
    "XXDG": "DOGE",
    "XXLM": "XLM",
    "XXMR": "XMR",
    "XXRP": "XRP",
    "XZEC": "ZEC",
    "ZAUD": "AUD",
    "ZCAD": "CAD",
    "ZEUR": "EUR",
    "ZGBP": "GBP",
    "ZJPY": "JPY",
    "ZUSD": "USD",
}
"""Kraken's older names: X for what is not money of a state and Z for what is."""
_JOINED = frozenset({"trade", "spend", "receive"})


def coinbase(sheet: Sheet) -> Iterator[StatementTrade]:
    for number, row in sheet.rows():
        yield from guarded(sheet, number, partial(_coinbase, sheet, number, row))


def _coinbase(sheet: Sheet, number: int, row: Row) -> Iterator[StatementTrade]:
    layout = sheet.layout
    word = (sheet.cell(row, layout.type_text) or "").casefold()
    asset, units = sheet.cell(row, layout.ticker), sheet.number(row, layout.units)
    if asset is None or units is None:
        raise InvalidInput("a row names no asset, or how much of it")
    size = abs(units)
    currency = as_currency(sheet.cell(row, str(layout.rows.currency)) or "")
    notes = sheet.cell(row, layout.memo) or ""
    if word in _BUY | _SELL:
        paid_in = match["asset"] if (match := _FOR.match(notes)) else currency
        if currency is None or paid_in != currency:
            raise InvalidInput(f"a trade against {shown(str(paid_in))!r} does not print what it cost; leave it out")
        subtotal, fee = sheet.money(row, str(layout.rows.amount), currency), sheet.fees(row, currency)
        if subtotal is None:
            raise InvalidInput("a trade has no amount (Subtotal)")
        cost, charge = abs(subtotal), fee or Money.zero(currency)
        bought = word in _BUY
        yield _leg(
            sheet, number, row, asset, size if bought else -size, -cost - charge if bought else cost - charge, fee
        )
    elif word == "convert":
        match = _CONVERTED.match(notes)
        if match is None:
            raise InvalidInput("a conversion does not say into what (Notes)")
        yield _leg(sheet, number, row, asset, -size, None, None)
        yield _leg(sheet, number, row, match["asset"], values.number(match["units"].replace(",", ""), "."), None, None)
    elif word in _IN | _OUT:
        signed = size if word in _IN else -size
        if money := as_currency(asset):
            yield _leg(sheet, number, row, None, None, Money(signed, money), None)
        else:
            yield _leg(sheet, number, row, asset, signed, None, None)
    else:
        raise InvalidInput(f"{shown(word)!r} is not a known kind of transaction")


def _leg(
    sheet: Sheet,
    number: int,
    row: Row,
    asset: str | None,
    units: Decimal | None,
    amount: Money | None,
    fee: Money | None,
) -> StatementTrade:
    layout = sheet.layout
    price = None
    if amount is not None and units is not None:
        printed = sheet.number(row, layout.unit_price)
        price = None if printed is None else Money(printed, amount.currency)
    return StatementTrade(
        id=sheet.cell(row, layout.id),
        day=_day(sheet, row),
        type_text=sheet.cell(row, layout.type_text) or "",
        security_id=asset,
        id_type="TICKER" if asset else None,
        ticker=asset,
        units=units,
        unit_price=price,
        amount=amount,
        fee=fee,
        memo=sheet.cell(row, layout.memo),
        offset=sheet.body.table.offsets[number],
    )


def _day(sheet: Sheet, row: Row) -> date:
    day = sheet.day(row, str(sheet.layout.rows.date))
    if day is None:
        raise InvalidInput("a row has no day")
    return day


def kraken(sheet: Sheet) -> Iterator[StatementTrade]:
    """Read a ledger: each row changes one asset, and the rows of a trade share their `refid`."""
    groups: dict[str, list[tuple[int, Row]]] = {}
    for number, row in sheet.rows():
        if sheet.cell(row, "txid") is None:
            continue  # asked for and not done yet: the row of the same refid that is done has an id
        word, refid = (sheet.cell(row, "type") or "").casefold(), sheet.cell(row, "refid")
        joined = word in _JOINED and refid is not None
        groups.setdefault(refid if joined and refid else f"row {number}", []).append((number, row))
    for rows in groups.values():
        yield from guarded(sheet, rows[0][0], partial(_ledger, sheet, rows))


def _ledger(sheet: Sheet, rows: list[tuple[int, Row]]) -> Iterator[StatementTrade]:
    """Read the rows of one reference: money and units in one trade, several assets as one trade each."""
    changes = [(number, row, _asset(sheet, row), *_change(sheet, row)) for number, row in rows]
    money = [each for each in changes if as_currency(each[2])]
    units = [each for each in changes if not as_currency(each[2])]
    if len(money) == len(units) == 1:
        (number, row, code, net, fee), (_, _, asset, change, _) = money[0], units[0]
        first = min(number, units[0][0])
        yield _leg(sheet, first, row, asset, change, Money(net, code), Money(fee, code) if fee else None)
        return
    for number, row, code, net, fee in changes:
        if as_currency(code):
            yield _leg(sheet, number, row, None, None, Money(net, code), Money(fee, code) if fee else None)
        else:
            yield _leg(sheet, number, row, code, net, None, None)


def _asset(sheet: Sheet, row: Row) -> str:
    asset = sheet.cell(row, "asset")
    if asset is None:
        raise InvalidInput("a row names no asset")
    return _KRAKEN_ASSETS.get(asset, asset)


def _change(sheet: Sheet, row: Row) -> tuple[Decimal, Decimal]:
    """Return what a row changes, with the fee taken off, and the fee."""
    amount, fee = sheet.number(row, "amount"), sheet.number(row, "fee") or Decimal(0)
    if amount is None:
        raise InvalidInput("a row has no amount")
    return amount - fee, fee
