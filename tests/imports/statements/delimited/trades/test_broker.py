"""Brokers' exports: trades with units, price, money and fees, worked out by hand from rows in their public shape."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.delimited.trades import TRADES, TradeLayout
from fin_infra.model.statement import StatementTrade

SCHWAB = (
    '"Transactions  for account General Investing ...XXX as of 05/03/2026 02:21:05 PM ET"\n'
    '"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"\n'
    '"04/27/2026","Buy","BND","TOTAL BOND ETF","45","$73.7789","","-$3320.05"\n'
    '"04/18/2026","Sell","BND","TOTAL BOND ETF","10.065","$73.4049","$0.01","$738.81"\n'
    '"04/17/2026 as of 04/15/2026","Bank Interest","","BANK INT 031626-041526","","","","$0.03"\n'
    '"04/10/2026","Reinvest Shares","BND","TOTAL BOND ETF","0.0249","$73.8993","","-$1.84"\n'
    '"04/05/2026","Stock Split","XYZ","XYZ INC","30","","",""\n'
    '"Transactions Total","","","","","","","-$2,583.05",\n'
)
FIDELITY = (
    "\n\nRun Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),"
    "Amount ($),Cash Balance ($),Settlement Date\n"
    "01/27/2026, YOU BOUGHT INDEX FUND (FXAIX) (Cash), FXAIX, INDEX FUND,Cash,2.5,100.00,,,,-250.00,749.75,01/28/2026\n"
    "01/28/2026, YOU SOLD ACME (ACME) (Cash), ACME, ACME CORP,Cash,-3,20.10,4.95,0.01,,55.34,805.09,01/30/2026\n"
    "01/29/2026, DIVIDEND RECEIVED ACME (ACME) (Cash), ACME, ACME CORP,Cash,,,,,,1.25,806.34,\n"
    "\n"
    '"The data and information in this spreadsheet is provided to you solely for your use, 24 pages."\n'
    "Date downloaded 01/31/2026 10:28 am\n"
)
VANGUARD = (
    "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n"
    "77770001,TOTAL STOCK ETF,VTI,10.5,200.00,2100.00,\n\n\n"
    "Account Number,Trade Date,Settlement Date,Transaction Type,Transaction Description,Investment Name,Symbol,Shares,"
    "Share Price,Principal Amount,Commission Fees,Net Amount,Accrued Interest,Account Type,\n"
    "77770001,01/15/2026,01/17/2026,Buy,Buy,TOTAL STOCK ETF,VTI,1.5,200.00,-300.00,0.0,-300.00,0.0,CASH,\n"
    "77770002,01/15/2026,01/15/2026,Dividend,Dividend Received,BOND ETF,BND,0.0,1.0,12.34,0.0,12.34,0.0,CASH,\n"
)


def trades(text: str, **options: Any) -> tuple[StatementTrade, ...]:
    said: dict[str, Any] = {"account": "1", **options}
    file = read_statement(text.encode(), **said)
    return tuple(trade for each in file.statements for trade in each.trades)


def told(trade: StatementTrade) -> tuple[str, str | None, str | None, str | None, str | None]:
    units = None if trade.units is None else str(trade.units)
    return (
        trade.day.isoformat(),
        trade.ticker,
        units,
        None if trade.amount is None else str(trade.amount),
        None if trade.fee is None else str(trade.fee),
    )


def test_schwab_when_a_sale_prints_its_units_without_a_minus_then_money_in_says_they_went_out() -> None:
    assert [told(each) for each in trades(SCHWAB)] == [
        ("2026-04-27", "BND", "45", "-3320.05 USD", None),
        ("2026-04-18", "BND", "-10.065", "738.81 USD", "0.01 USD"),
        ("2026-04-17", None, None, "0.03 USD", None),
        ("2026-04-10", "BND", "0.0249", "-1.84 USD", None),
        ("2026-04-05", "XYZ", "30", None, None),
    ]
    first = trades(SCHWAB)[0]
    assert first.unit_price is not None
    assert (str(first.unit_price), first.type_text, first.name) == ("73.7789 USD", "Buy", "TOTAL BOND ETF")
    assert SCHWAB.encode()[first.offset :].startswith(b'"04/27/2026"')


def test_fidelity_when_commission_and_fees_stand_apart_then_they_are_one_fee() -> None:
    assert [told(each) for each in trades(FIDELITY)] == [
        ("2026-01-27", "FXAIX", "2.5", "-250.00 USD", None),
        ("2026-01-28", "ACME", "-3", "55.34 USD", "4.96 USD"),
        ("2026-01-29", "ACME", None, "1.25 USD", None),
    ]
    assert [each.settled for each in trades(FIDELITY)] == [date(2026, 1, 28), date(2026, 1, 30), None]


def test_vanguard_when_holdings_stand_above_then_they_are_positions_of_their_account() -> None:
    one, other = read_statement(VANGUARD.encode()).statements
    assert (one.account.number, other.account.number) == ("77770001", "77770002")
    assert [told(each) for each in (*one.trades, *other.trades)] == [
        ("2026-01-15", "VTI", "1.5", "-300.00 USD", None),
        ("2026-01-15", "BND", None, "12.34 USD", None),
    ]
    (position,) = one.positions
    assert (position.ticker, position.units, str(position.market_value)) == ("VTI", Decimal("10.5"), "2100.00 USD")
    assert (one.positions_listed, other.positions_listed) == (True, False)


def test_row_when_its_price_is_no_number_then_its_place_is_told_and_it_can_be_set_aside() -> None:
    damaged = SCHWAB.replace("$73.4049", "n.a.?")
    with pytest.raises(StatementUnreadable) as caught:
        trades(damaged)
    assert (caught.value.offset, caught.value.line) == (damaged.index('"04/18/2026"'), 4)
    assert len(trades(damaged, skip_unreadable=True)) == 4


def test_account_when_the_file_names_none_then_the_way_is_told() -> None:
    with pytest.raises(StatementUnreadable, match="--account"):
        read_statement(SCHWAB.encode())


@pytest.mark.parametrize("layout", TRADES, ids=lambda layout: layout.rows.name)
def test_layout_of_a_broker_when_checked_then_it_reads_columns_that_its_header_names(layout: TradeLayout) -> None:
    assert layout.rows.checked() is layout.rows
    wanted = {layout.type_text, layout.ticker, layout.units, *layout.fees}
    wanted |= {each for each in (layout.unit_price, layout.name, layout.settled, layout.memo, layout.id) if each}
    assert wanted <= set(layout.rows.header)
    assert layout.rows.source.startswith("https://")
