"""Cash flow by month, worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from fin_infra.insights.spending import CashFlow, CountsAs, cash_flow
from tests.insights.spending.test_figures import row

IN, MOVED = CountsAs.INCOME, CountsAs.TRANSFER
ROWS = (
    row("pay", "2000.00", date="2025-11-28", counts_as=IN),
    row("rent", "-1450.00", date="2025-11-29"),
    row("saved", "-300.00", date="2025-11-30", counts_as=MOVED),
    row("arrived", "300.00", date="2026-01-02", counts_as=MOVED),
    row("shoes", "-80.00", date="2026-02-10"),
    row("back", "90.00", date="2026-02-11"),
    row("bus", "-2.50", date="2026-02-11", currency="EUR"),
)


def test_cash_flow_when_months_are_added_up_then_they_are_as_by_hand():
    told = cash_flow(ROWS)
    assert [
        (str(each.month), str(each.income), str(each.spending), str(each.net), str(each.transfers), each.savings_rate)
        for each in told.rows
    ] == [
        ("2025-11-01", "2000.00 USD", "1450.00 USD", "550.00 USD", "-300.00 USD", Decimal("0.2750")),
        ("2025-12-01", "0 USD", "0 USD", "0 USD", "0 USD", None),
        ("2026-01-01", "0 USD", "0 USD", "0 USD", "300.00 USD", None),
        ("2026-02-01", "0 EUR", "2.50 EUR", "-2.50 EUR", "0 EUR", None),
        ("2026-02-01", "0 USD", "-10.00 USD", "10.00 USD", "0 USD", None),
    ]
    assert [each.entry_ids for each in told.rows] == [
        ("pay", "rent", "saved"),
        (),
        ("arrived",),
        ("bus",),
        ("back", "shoes")[::-1],
    ]
    dollars = told.totals[1]
    assert (dollars.month, str(dollars.net), str(dollars.transfers)) == (None, "560.00 USD", "0.00 USD")
    assert dollars.savings_rate == Decimal("0.2800")


def test_cash_flow_when_more_is_spent_than_earned_then_the_rate_is_below_zero():
    rows = [row("pay", "3.00", counts_as=IN), row("rent", "-4.00")]
    assert cash_flow(rows).rows[0].savings_rate == Decimal("-0.3333")


def test_cash_flow_when_income_is_taken_back_then_there_is_no_rate():
    assert cash_flow([row("pay", "-3.00", counts_as=IN)]).rows[0].savings_rate is None


def test_cash_flow_when_days_are_given_then_months_outside_are_not_there():
    told = cash_flow(ROWS, start=dt.date(2025, 11, 29), end=dt.date(2026, 1, 1))
    assert [(str(each.month), each.entry_ids) for each in told.rows] == [("2025-11-01", ("rent", "saved"))]


def test_cash_flow_when_the_last_month_of_the_calendar_is_in_it_then_it_ends_there():
    assert len(cash_flow([row("a", "-1", date="9999-11-30"), row("b", "-1", date="9999-12-31")]).rows) == 2


def test_cash_flow_when_there_is_nothing_then_there_is_no_month():
    assert cash_flow([]) == CashFlow(rows=(), totals=())
