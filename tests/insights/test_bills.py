"""Bills of streams, by hand."""

from __future__ import annotations

import datetime as dt

from fin_infra.insights.bills import bills
from fin_infra.insights.recurring import find_streams
from fin_infra.model import Money
from tests.insights.recurring.payments import TODAY, months, paid

D = dt.date
RENT = paid("GREENFIELD RENT", "-1200.00", *months(1, "2026-01", 11))
POWER = paid("EDISON ELECTRIC", ["-60.00", "-64.00", "-90.00", "-110.00", "-76.00", "-80.00"],
             *months(12, "2026-06", 6))  # fmt: skip
PAY = paid("ACME PAYROLL", "1500.00", *months(20, "2026-01", 11))
GYM = paid("PLANET FITNESS", "-39.00", *months(9, "2026-01", 6))


def test_bills_when_streams_go_on_then_those_of_money_out_come_by_date() -> None:
    streams = find_streams([*RENT, *POWER, *PAY, *GYM], today=TODAY)
    found = bills(streams, today=TODAY, until=D(2027, 1, 5))
    assert [(each.date, each.merchant, str(each.amount), str(each.most), str(each.least)) for each in found] == [
        (D(2026, 12, 1), "GREENFIELD RENT", "-1200.00 USD", "-1200.00 USD", "-1200.00 USD"),
        (D(2026, 12, 12), "EDISON ELECTRIC", "-80.00 USD", "-110.00 USD", "-60.00 USD"),
        (D(2027, 1, 1), "GREENFIELD RENT", "-1200.00 USD", "-1200.00 USD", "-1200.00 USD"),
    ]


def test_bills_when_one_is_late_then_it_is_due_today_and_says_since_when() -> None:
    day = D(2026, 12, 3)
    (bill,) = bills(find_streams(RENT, today=day), today=day, until=D(2026, 12, 31))
    assert (bill.date, bill.late_since, bill.amount) == (day, D(2026, 12, 1), Money.of("-1200.00", "USD"))


def test_bills_when_a_stream_has_ended_then_none() -> None:
    assert bills(find_streams(GYM, today=TODAY), today=TODAY, until=D(2027, 12, 31)) == []
