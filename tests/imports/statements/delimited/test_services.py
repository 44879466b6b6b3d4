# ruff: noqa: E501 - rows as the services print them
"""Payment services: fees on top, legs in several currencies, rows that were reverted, held or have not settled."""

from __future__ import annotations

from fin_infra.imports.statements import read_statement
from fin_infra.model.statement import Statement

REVOLUT = "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
PAYPAL = (
    '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address",'
    '"To Email Address","Transaction ID","Item Title","Item ID","Reference Txn ID","Receipt ID","Balance","Note"\n'
)


def statements(text: str) -> tuple[Statement, ...]:
    return read_statement(text.encode(), account="1").statements


def test_revolut_when_a_fee_stands_in_its_column_then_the_balance_proves_that_it_is_on_top() -> None:
    (found,) = statements(
        REVOLUT + "TOPUP,Current,2026-01-02 12:16:54,2026-01-02 12:16:55,Top-Up,500.00,0.00,EUR,COMPLETED,500.00\n"
        "EXCHANGE,Current,2026-01-03 12:16:54,2026-01-03 12:16:55,To GBP,-100.00,1.25,EUR,COMPLETED,398.75\n"
        "CARD_PAYMENT,Current,2026-01-04 08:00:00,2026-01-05 08:00:00,Shop,-38.71,0.00,EUR,COMPLETED,360.04\n"
    )
    assert [str(line.amount) for line in found.lines] == ["500.00 EUR", "-101.25 EUR", "-38.71 EUR"]
    assert [str(each.amount) for each in found.balances] == ["0.00 EUR", "360.04 EUR"]
    assert f"{found.lines[2].occurred} {found.lines[2].posted}" == "2026-01-04 2026-01-05"


def test_revolut_when_rows_are_reverted_or_pending_then_they_are_not_posted() -> None:
    (found,) = statements(
        REVOLUT + "CARD_PAYMENT,Current,2026-01-13 11:21:43,,store,-44.57,0.00,EUR,PENDING,\n"
        "CARD_PAYMENT,Current,2026-01-12 11:21:43,,bolt,-2.18,0.00,EUR,REVERTED,\n"
        "CARD_PAYMENT,Current,2026-01-11 16:52:43,2026-01-14 08:22:37,food,-33.89,0.00,EUR,COMPLETED,66.11\n"
    )
    assert [line.description for line in found.lines] == ["food"]
    assert [(f"{line.posted}", str(line.amount)) for line in found.pending] == [("2026-01-13", "-44.57 EUR")]
    assert any("1 row(s) that moved no money" in each for each in found.warnings)


def test_revolut_when_pots_and_currencies_differ_then_each_has_its_statement_and_proof() -> None:
    found = statements(
        REVOLUT + "TOPUP,Current,2026-01-02 12:16:54,2026-01-02 12:16:55,a,500.00,0.00,EUR,COMPLETED,500.00\n"
        "TOPUP,Savings,2026-01-02 12:16:54,2026-01-02 12:16:55,b,7.00,0.00,EUR,COMPLETED,7.00\n"
        "TRANSFER,Current,2026-01-03 12:16:54,2026-01-03 12:16:55,c,-1.00,0.00,EUR,COMPLETED,499.00\n"
        "TOPUP,Current,2026-01-02 12:16:54,2026-01-02 12:16:55,d,5.00,0.00,GBP,COMPLETED,5.00\n"
    )
    assert [(each.account.type_text, each.account.currency, len(each.lines)) for each in found] == [
        ("Current", "EUR", 2),
        ("Savings", "EUR", 1),
        ("Current", "GBP", 1),
    ]


def test_paypal_when_a_payment_is_funded_by_the_bank_then_both_rows_are_in_the_balance() -> None:
    (found,) = statements(
        PAYPAL
        + '"10/13/2026","03:46:20","PDT","Radio","Subscription Payment","Completed","USD","-6.99","0.00","-6.99",'
        '"a@example.com","b@example.com","06P","MONTHLY","","I-RY8","","-6.99",""\n'
        '"10/13/2026","03:46:20","PDT","","Bank Deposit to PP Account ","Pending","USD","6.99","0.00","6.99","",'
        '"a@example.com","0UT","","","06P","","0.00",""\n'
        '"10/22/2026","05:07:06","PDT","Patron","Subscription Payment","Completed","USD","10.00","-0.59","9.41",'
        '"c@example.com","a@example.com","68L","Gift","","I-K","","9.41",""\n'
    )
    assert [str(line.amount) for line in found.lines] == ["-6.99 USD", "6.99 USD", "9.41 USD"]
    assert [line.description for line in found.lines] == ["Radio", "Bank Deposit to PP Account", "Patron"]
    assert found.pending == ()
    assert [str(each.amount) for each in found.balances] == ["0.00 USD", "9.41 USD"]


def test_paypal_when_money_is_converted_then_each_leg_is_in_its_currency() -> None:
    found = statements(
        PAYPAL
        + '"10/13/2026","1","PDT","Shop","Payment","Completed","EUR","-10.00","0.00","-10.00","","","A1","","","",'
        '"","-10.00",""\n'
        '"10/13/2026","1","PDT","","General Currency Conversion","Completed","USD","-11.50","0.00","-11.50","","","A2","",'
        '"","A1","","88.50",""\n'
        '"10/13/2026","1","PDT","","General Currency Conversion","Completed","EUR","10.00","0.00","10.00","","","A3","",'
        '"","A1","","0.00",""\n'
    )
    assert [(each.account.currency, [str(line.amount) for line in each.lines]) for each in found] == [
        ("EUR", ["-10.00 EUR", "10.00 EUR"]),
        ("USD", ["-11.50 USD"]),
    ]
    assert [line.reference_number for line in found[0].lines] == [None, "A1"]


def test_paypal_when_a_hold_is_placed_then_it_is_not_money() -> None:
    (found,) = statements(
        PAYPAL
        + '"10/13/2026","1","PDT","","Account Hold","Placed","USD","-5.00","0.00","-5.00","","","A1","","","","",'
        '"10.00",""\n'
        '"10/14/2026","1","PDT","Shop","Payment","Completed","USD","-1.00","0.00","-1.00","","","A2","","","","","9.00",""\n'
    )
    assert [line.id for line in found.lines] == ["A2"]
