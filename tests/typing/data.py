"""Only type-checked: what users of plain data, frames, series and money see, for mypy and pyright alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, assert_type

import fin_infra
from fin_infra import Money, to_frame
from fin_infra.model import (
    Account,
    Candle,
    CandleSeries,
    ChartPoint,
    Listing,
    MarketChart,
    Portfolio,
    Quotes,
    RateTable,
    Transaction,
)


def ways_out(accounts: Listing[Account], transactions: list[Transaction], quotes: Quotes, portfolio: Portfolio) -> None:
    assert_type(accounts[0].to_dict(raw=True, private=True), dict[str, Any])
    assert_type(accounts[0].to_json(indent=2), str)
    assert_type(accounts.to_dicts(), list[dict[str, Any]])
    assert_type(to_frame(transactions), Any)
    assert_type(fin_infra.to_frame(iter(transactions), kind="polars", of=Transaction), Any)
    assert_type(quotes.to_frame("arrow"), Any)
    assert_type(portfolio.to_frame(), Any)
    accounts.to_frame("excel")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no such kind
    accounts[0].to_dict(True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # say what is True


def series(candles: CandleSeries, chart: MarketChart, table: RateTable) -> None:
    assert_type(candles[0], Candle)
    assert_type(candles[-5:], tuple[Candle, ...])
    assert_type([candle for candle in candles], list[Candle])  # noqa: C416  # the type of an item is the point
    assert_type(len(candles), int)
    assert_type(chart[0], ChartPoint)
    assert_type(table["USD"], Decimal)
    assert_type(list(table), list[str])


def money(a: Money, b: Money) -> None:
    assert_type(sum([a, b]), Money | Literal[0])
    assert_type(a + b, Money)
    assert_type(a / b, Decimal)
    assert_type(a / 2, Money)
    assert_type(+a, Money)
    assert_type(a > 0, bool)
    assert_type(a <= b, bool)
    assert_type(f"{a:,.2f}", str)
    a < 5  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]  # noqa: B015  # has no currency
