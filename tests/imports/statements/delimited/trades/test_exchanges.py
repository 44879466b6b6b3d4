"""Crypto exchanges: both legs and the fee of each trade, worked out by hand from rows in their public shape."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from fin_infra.model.statement import StatementTrade

COINBASE = (
    "\nTransactions\nUser,Somebody,0000\n"
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
KRAKEN = '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"\n'


def trades(text: str, **options: Any) -> tuple[StatementTrade, ...]:
    said: dict[str, Any] = {"account": "1", **options}
    file = read_statement(text.encode(), **said)
    return tuple(trade for each in file.statements for trade in each.trades)


def told(trade: StatementTrade) -> tuple[str | None, str | None, str | None, str | None, str | None]:
    units = None if trade.units is None else f"{trade.units:f}"
    amount = None if trade.amount is None else str(trade.amount)
    return trade.id, trade.ticker, units, amount, None if trade.fee is None else str(trade.fee)


def test_coinbase_when_bought_and_sold_then_fees_are_in_the_money() -> None:
    text = (
        COINBASE + "a1,2026-01-02 10:11:12 UTC,Buy,BTC,0.01,USD,$40000.00,$400.00,$405.99,$5.99,Bought 0.01 BTC for "
        "405.99 USD\n"
        "a2,2026-01-03 10:11:12 UTC,Sell,BTC,-0.005,USD,$42000.00,$210.00,$207.01,$2.99,Sold 0.005 BTC for 207.01 USD\n"
        "a3,2026-01-04 10:11:12 UTC,Send,BTC,-0.001,USD,$42000.00,$42.00,$42.00,$0.00,Sent 0.001 BTC\n"
        "a4,2026-01-05 10:11:12 UTC,Staking Income,ETH,0.0002,USD,$3000.00,$0.60,$0.60,$0.00,\n"
        "a5,2026-01-06 10:11:12 UTC,Deposit,USD,100,USD,$1.00,$100.00,$100.00,$0.00,\n"
    )
    found = trades(text)
    assert [told(each) for each in found] == [
        ("a1", "BTC", "0.01", "-405.99 USD", "5.99 USD"),
        ("a2", "BTC", "-0.005", "207.01 USD", "2.99 USD"),
        ("a3", "BTC", "-0.001", None, None),
        ("a4", "ETH", "0.0002", None, None),
        ("a5", None, None, "100 USD", None),
    ]
    assert str(found[0].unit_price) == "40000.00 USD"
    assert f"{found[0].day}" == "2026-01-02"


def test_coinbase_when_one_asset_becomes_another_then_both_legs_share_the_id() -> None:
    row = "c1,2026-01-07 10:11:12 UTC,Convert,BTC,0.5,USD,$40000,$20000,$20100,$100,Converted 0.5 BTC to 7.25 ETH\n"
    assert [told(each) for each in trades(COINBASE + row, currency="USD")] == [
        ("c1", "BTC", "-0.5", None, None),
        ("c1", "ETH", "7.25", None, None),
    ]


@pytest.mark.parametrize(
    "row",
    [
        "x,2026-01-07 10:11:12 UTC,Teleport,BTC,0.5,USD,$1,$1,$1,$0,\n",
        "x,2026-01-07 10:11:12 UTC,Advanced Trade Buy,BTC,0.5,USD,$1,$1,$1,$0,Bought 0.5 BTC for 1 USDC on BTC-USDC\n",
        "x,2026-01-07 10:11:12 UTC,Convert,BTC,0.5,USD,$1,$1,$1,$0,\n",
        "x,2026-01-07 10:11:12 UTC,Buy,,0.5,USD,$1,$1,$1,$0,\n",
    ],
)
def test_coinbase_when_a_row_does_not_say_enough_then_it_is_at_fault_alone(row: str) -> None:
    good = "a5,2026-01-06 10:11:12 UTC,Deposit,USD,100,USD,$1.00,$100.00,$100.00,$0.00,\n"
    with pytest.raises(StatementUnreadable) as caught:
        trades(COINBASE + good + row)
    assert caught.value.line == 6
    assert [each.id for each in trades(COINBASE + good + row, skip_unreadable=True)] == ["a5"]


def test_kraken_when_two_rows_share_a_reference_then_they_are_one_trade_with_both_legs() -> None:
    text = (
        KRAKEN + '"L1","R1","2026-01-02 10:00:00","deposit","","currency","ZEUR","1000.0000","0.0000","1000.0000"\n'
        '"L2","R2","2026-01-03 10:00:00","trade","","currency","ZEUR","-400.0000","1.0400","598.9600"\n'
        '"L3","R2","2026-01-03 10:00:00","trade","","currency","XXBT","0.0100000000","0.0000000000","0.0100000000"\n'
        '"","R3","2026-01-04 10:00:00","withdrawal","","currency","XXBT","-0.0050000000","0.0001000000",""\n'
        '"L4","R3","2026-01-04 10:05:00","withdrawal","","currency","XXBT","-0.0050000000","0.0001000000","0.0049"\n'
    )
    assert [told(each) for each in trades(text)] == [
        ("R1", None, None, "1000.0000 EUR", None),
        ("R2", "BTC", "0.0100000000", "-401.0400 EUR", "1.0400 EUR"),
        ("R3", "BTC", "-0.0051000000", None, None),
    ]


def test_kraken_when_one_asset_is_traded_for_another_then_each_is_a_row_of_its_own() -> None:
    text = (
        KRAKEN + '"L2","R2","2026-01-03 10:00:00","spend","","currency","XETH","-2.0","0.0","0.0"\n'
        '"L3","R2","2026-01-03 10:00:00","receive","","currency","XXBT","0.1","0.0005","0.0995"\n'
    )
    assert [told(each) for each in trades(text, currency="EUR")] == [
        ("R2", "ETH", "-2.0", None, None),
        ("R2", "BTC", "0.0995", None, None),
    ]
