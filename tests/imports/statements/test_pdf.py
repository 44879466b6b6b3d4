"""PDF statements, made here word by word: where an amount stands decides, and a balance proves it."""

from __future__ import annotations

import re
import sys
import zlib
from datetime import date
from random import Random
from typing import Any

import pytest
from fpdf import FPDF

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.pdf import Pdf
from fin_infra.imports.statements.pdf.days import printed
from fin_infra.imports.statements.pdf.layouts import LAYOUTS, layout_of
from fin_infra.model.banking import AccountType
from fin_infra.model.statement import Statement
from tests.imports.statements.mutations import attempt, digits, mutated
from tests.support.effort import share

Cell = tuple[float, str]
"""Where a text begins or, where that is negative, where it ends."""
Rows = list[tuple[Cell, ...]]
SAID: dict[str, Any] = {"account": "4711", "currency": "USD"}
MUTATIONS = share(100_000, test=500, quick=60)


def pdf(*pages: Rows, password: str | None = None, compressed: bool = True) -> bytes:
    """Write each row on a line of its own."""
    document = FPDF(unit="pt", format="A4")
    document.set_compression(compressed)
    document.set_font("helvetica", size=9)
    if password:
        document.set_encryption(owner_password="owner", user_password=password)
    for rows in pages:
        document.add_page()
        for number, row in enumerate(rows):
            for at, text in row:
                left = at if at >= 0 else -at - document.get_string_width(text)
                document.text(left, 40 + number * 14, text)
    return bytes(document.output())


HEAD = ((40, "Date"), (110, "Description"), (330, "Debit"), (410, "Credit"), (490, "Balance"))


def row(day: str, text: str, out: str = "", into: str = "", left: str = "") -> tuple[Cell, ...]:
    cells = [(40.0, day), (110.0, text), (-355.0, out), (-440.0, into), (-525.0, left)]
    return tuple((at, text) for at, text in cells if text)


PERIOD = ((40.0, "Statement period 5 Dec 2025 to 4 Jan 2026"),)
TABLE: Rows = [
    PERIOD,
    HEAD,
    row("05/12", "Opening balance", left="1,000.00"),
    row("28/12", "Corner shop", "50.50", "", "949.50"),
    row("02/01", "Salary", "", "1,719.33", "2,668.83"),
    row("03/01", "Closing balance", left="2,668.83"),
]


def read(data: bytes, **options: Any) -> Statement:
    (statement,) = read_statement(data, **{**SAID, **options}).statements
    return statement


def told(statement: Statement) -> list[tuple[str, str, str]]:
    return [(str(line.posted), str(line.amount.amount), line.description) for line in statement.lines]


def around(statement: Statement) -> list[tuple[str, str, date | None]]:
    return [(each.kind, str(each.amount), each.at) for each in statement.balances]


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(StatementUnreadable) as caught:
        read(data, **options)
    return caught.value.reason


def changed(rows: Rows, at: int, *new: tuple[Cell, ...]) -> Rows:
    return [*rows[:at], *new, *rows[at + 1 :]]


def test_table_when_read_then_columns_give_the_signs_and_the_period_gives_the_years() -> None:
    file = read_statement(pdf(TABLE), **SAID)
    (statement,) = file.statements
    assert (file.format, statement.account.number, statement.account.currency) == ("pdf", "4711", "USD")
    assert (statement.start, statement.end) == (date(2025, 12, 5), date(2026, 1, 4))
    assert told(statement) == [("2025-12-28", "-50.50", "Corner shop"), ("2026-01-02", "1719.33", "Salary")]
    assert around(statement) == [
        ("opening", "1000.00 USD", date(2025, 12, 5)),
        ("ledger", "2668.83 USD", date(2026, 1, 4)),
    ]
    assert [line.place for line in statement.lines] == ["page 1, line 4", "page 1, line 5"]
    assert (statement.warnings, statement.difference) == ((), None)


BOQ: Rows = [
    ((300, "SaveOne statement."),),
    ((300, "Statement period"),),
    ((300, "01 Jul 24 - 30 Sep 24"),),
    ((40, "Account name"), (130, "SaveOne"), (300, "Opening balance"), (-500, "0")),
    ((40, "Account BSB"), (130, "123-456"), (300, "Total credits"), (-500, "555.00")),
    ((40, "Account number"), (130, "22334455"), (300, "Total debits"), (-500, "-544.00")),
    ((300, "Closing balance"), (-500, "11.00")),
    ((40, "Transactions"),),
    (
        (40, "Date"),
        (90, "Processed"),
        (150, "Description"),
        (300, "Debits ($)"),
        (380, "Credits ($)"),
        (460, "Balance ($)"),
    ),
    ((40, "09-Sep"), (90, "09-Sep"), (150, "From: Jonny N"), (-430, "5.00"), (-515, "5.00")),
    ((150, "this is a"),),
    ((150, "sample test"),),
    ((40, "09-Sep"), (90, "09-Sep"), (150, "To: Acc 01111111"), (-345, "-3.00"), (-515, "2.00")),
    ((40, "15-Sep"), (90, "15-Sep"), (150, "From: SALARY"), (-430, "50.00"), (-515, "52.00")),
    ((40, "15-Sep"), (90, "15-Sep"), (150, "To: Acc 011"), (-345, "-52.00")),
    ((40, "17-Sep"), (90, "17-Sep"), (150, "From: SALARY"), (-430, "500.00"), (-515, "500.00")),
    ((40, "17-Sep"), (90, "17-Sep"), (150, "To: Acc 011"), (-345, "-489.00"), (-515, "11.00")),
    ((150, "Closing Balance"), (-515, "11.00")),
    ((40, "Page 1 of 2 | Statement continues over"),),
]
BNP: Rows = [
    ((40, "BNP PARIBAS"),),
    ((40, "RELEVE DE COMPTE CHEQUES du 5 décembre 2025 au 4 janvier 2026"),),
    ((40, "IBAN : FR76 3000 6000 0112 3456 7890 189"),),
    ((40, "Date"), (90, "Nature des opérations"), (330, "Valeur"), (400, "Débit"), (480, "Crédit")),
    ((90, "SOLDE CREDITEUR AU 04.12.2025"), (-505, "1 000,00")),
    ((40, "28.12"), (90, "PRLV SEPA ELECTRICITE"), (330, "28.12"), (-425, "2 234,50")),
    ((90, "ECHEANCE 12"),),
    ((40, "02.01"), (90, "VIR SALAIRE"), (330, "02.01"), (-505, "500,00")),
    ((90, "TOTAL DES OPERATIONS"), (-425, "2 234,50"), (-505, "500,00")),
    ((90, "SOLDE DEBITEUR AU 04.01.2026"), (-425, "734,50")),
]
ING: Rows = [
    ((40, "ING-DiBa AG"),),
    ((40, "Girokonto Nummer 5400123456"),),
    ((40, "Datum"), (120, "31.01.2026")),
    ((40, "IBAN"), (120, "DE89 3704 0044 0532 0130 00")),
    ((40, "Alter Saldo"), (-515, "1.000,00 Euro")),
    ((40, "Neuer Saldo"), (-515, "1.749,50 Euro")),
    ((40, "Buchung"), (110, "Buchung / Verwendungszweck"), (460, "Betrag (EUR)")),
    ((40, "Valuta"),),
    ((40, "05.01.2026"), (110, "Lastschrift Stadtwerke"), (-515, "-50,50")),
    ((40, "06.01.2026"), (110, "Abschlag Januar")),
    ((40, "30.01.2026"), (110, "Gutschrift Firma GmbH"), (-515, "800,00")),
    ((40, "30.01.2026"), (110, "Gehalt")),
]
ABSA: Rows = [
    ((40, "Absa Bank"),),
    ((40, "Cheque account number"), (160, "40-1234-5678")),
    ((30, "Date"), (90, "Transaction Description"), (270, "Debit Amount"), (350, "Credit Amount"), (435, "Balance")),
    ((30, "01/12/2025"), (90, "Balance Brought Forward"), (-480, "1 000.00")),
    ((30, "03/12/2025"), (90, "Atm Payment"), (-336, "719.3"), (338, "3"), (-480, "280.67")),
    ((95, "Card No. 1234"),),
    ((30, "04/12/2025"), (90, "Salary"), (-422, "5 000.00"), (-480, "5 280.67")),
]
CBA: Rows = [
    ((40, "Commonwealth Bank of Australia"),),
    ((40, "Account Number 06 2000 12345678"),),
    ((40, "Period 20 Dec 2025 - 19 Jan 2026"),),
    ((58, "Date"), (100, "Transaction"), (350, "Debit"), (410, "Credit"), (490, "Balance")),
    ((58, "20 Dec"), (100, "2025 OPENING BALANCE"), (-540, "100.00 CR")),
    ((58, "30 Dec"), (100, "Transfer to xx1234"), (-400, "30.00"), (-540, "70.00 CR")),
    ((100, "Value Date: 29/12/2025"),),
    ((58, "02 Jan"), (100, "Card purchase"), (-400, "80.00"), (-540, "10.00 DR")),
    ((58, "19 Jan"), (100, "2026 CLOSING BALANCE"), (-540, "10.00 DR")),
]
RBC: Rows = [
    ((40, "Royal Bank of Canada"),),
    ((40, "From December 18, 2025 to January 16, 2026"),),
    ((40, "Your account number: 01234-5678901"),),
    ((40, "Your opening balance on December 18, 2025"), (-400, "$1,500.00")),
    ((40, "Your closing balance on January 16, 2026"), (-400, "$1,390.00")),
    ((40, "Date"), (85, "Description"), (320, "Withdrawals ($)"), (400, "Deposits ($)"), (500, "Balance ($)")),
    ((40, "19 Dec"), (85, "Online transfer"), (-385, "100.00")),
    ((85, "ATM withdrawal"), (-385, "40.00"), (-550, "1,360.00")),
    ((40, "05 Jan"), (85, "Interest"), (-455, "30.00"), (-550, "1,390.00")),
]
DBS: Rows = [
    ((40, "DBS Bank Ltd"),),
    ((40, "Account No. 123-45678-9"),),
    ((40, "Details as at 31 Jan 2026"),),
    ((40, "Date"), (90, "Description"), (300, "Withdrawal (-)"), (390, "Deposit (+)"), (480, "Balance")),
    ((90, "Balance Brought Forward"), (-515, "500.00")),
    ((40, "30 Dec"), (90, "FAST Payment"), (-360, "20.00"), (-515, "480.00")),
    ((90, "OTHER 12.50 EACH"),),
    ((40, "02 Jan"), (90, "Salary"), (-440, "1,000.00"), (-515, "1,480.00")),
    ((90, "Balance Carried Forward"), (-515, "1,480.00")),
]
BANKS: dict[str, tuple[Rows, str, str, list[tuple[str, str, str]], list[tuple[str, str, date | None]]]] = {
    "Bank of Queensland (Australia)": (
        BOQ,
        "22334455",
        "AUD",
        [
            ("2024-09-09", "5.00", "From: Jonny N"),
            ("2024-09-09", "-3.00", "To: Acc 01111111"),
            ("2024-09-15", "50.00", "From: SALARY"),
            ("2024-09-15", "-52.00", "To: Acc 011"),
            ("2024-09-17", "500.00", "From: SALARY"),
            ("2024-09-17", "-489.00", "To: Acc 011"),
        ],
        [("opening", "0 AUD", date(2024, 7, 1)), ("ledger", "11.00 AUD", date(2024, 9, 30))],
    ),
    "BNP Paribas (France)": (
        BNP,
        "FR7630006000011234567890189",
        "EUR",
        [("2025-12-28", "-2234.50", "PRLV SEPA ELECTRICITE"), ("2026-01-02", "500.00", "VIR SALAIRE")],
        [("opening", "1000.00 EUR", date(2025, 12, 4)), ("ledger", "-734.50 EUR", date(2026, 1, 4))],
    ),
    "ING-DiBa (Germany)": (
        ING,
        "DE89370400440532013000",
        "EUR",
        [("2026-01-05", "-50.50", "Lastschrift Stadtwerke"), ("2026-01-30", "800.00", "Gutschrift Firma GmbH")],
        [("opening", "1000.00 EUR", None), ("ledger", "1749.50 EUR", date(2026, 1, 31))],
    ),
    "Absa current account (South Africa)": (
        ABSA,
        "40-1234-5678",
        "ZAR",
        [("2025-12-03", "-719.33", "Atm Payment"), ("2025-12-04", "5000.00", "Salary")],
        [("opening", "1000.00 ZAR", date(2025, 12, 1)), ("ledger", "5280.67 ZAR", date(2025, 12, 4))],
    ),
    "Commonwealth Bank savings account (Australia)": (
        CBA,
        "06 2000 12345678",
        "AUD",
        [("2025-12-30", "-30.00", "Transfer to xx1234"), ("2026-01-02", "-80.00", "Card purchase")],
        [("opening", "100.00 AUD", date(2025, 12, 20)), ("ledger", "-10.00 AUD", date(2026, 1, 19))],
    ),
    "RBC chequing (Canada)": (
        RBC,
        "01234-5678901",
        "CAD",
        [
            ("2025-12-19", "-100.00", "Online transfer"),
            ("2025-12-19", "-40.00", "ATM withdrawal"),
            ("2026-01-05", "30.00", "Interest"),
        ],
        [("opening", "1500.00 CAD", date(2025, 12, 18)), ("ledger", "1390.00 CAD", date(2026, 1, 16))],
    ),
    "DBS (Singapore)": (
        DBS,
        "123-45678-9",
        "SGD",
        [("2025-12-30", "-20.00", "FAST Payment"), ("2026-01-02", "1000.00", "Salary")],
        [("opening", "500.00 SGD", None), ("ledger", "1480.00 SGD", date(2026, 1, 31))],
    ),
}


def test_layouts_when_listed_then_each_has_a_public_source_and_a_page_here() -> None:
    assert {layout.name for layout in LAYOUTS} == set(BANKS)
    assert all(layout.source.startswith("https://github.com/") for layout in LAYOUTS)


@pytest.mark.parametrize("name", BANKS)
def test_layout_when_its_page_is_read_then_what_it_does_not_print_is_known(name: str) -> None:
    rows, number, currency, lines, balances = BANKS[name]
    found = layout_of("\n".join(" ".join(text for _, text in row) for row in rows).lower())
    assert found is not None
    assert found.name == name
    statement = read(pdf(rows), account=None, currency=None)
    assert (statement.account.number, statement.account.currency) == (number, currency)
    assert told(statement) == lines
    assert around(statement) == balances
    assert statement.warnings == ()


def test_description_when_of_several_lines_then_the_rest_is_its_memo_and_no_footer() -> None:
    memos = {name: [line.memo for line in read(pdf(BANKS[name][0]), **SAID).lines] for name in BANKS}
    assert memos["Bank of Queensland (Australia)"] == ["this is a sample test", None, None, None, None, None]
    assert memos["ING-DiBa (Germany)"] == ["Abschlag Januar", "Gehalt"]
    assert memos["DBS (Singapore)"] == ["OTHER 12.50 EACH", None]
    assert memos["Absa current account (South Africa)"] == ["Card No. 1234", None]


CARD: Rows = [
    ((40, "Payment due date 02/10/2026"), (300, "Minimum payment due $25.00")),
    ((40, "Account number: XXXX XXXX XXXX 4242"),),
    ((40, "Statement period 12/15/2025 - 01/14/2026"),),
    ((40, "Previous balance"), (-300, "$100.00")),
    ((40, "New balance"), (-300, "$45.50")),
    ((40, "Date"), (110, "Description"), (480, "Amount")),
    ((40, "12/20"), (110, "PAYMENT THANK YOU"), (-515, "-100.00")),
    ((40, "12/28"), (110, "BOOKSHOP"), (-515, "50.00")),
    ((40, "01/03"), (110, "REFUND"), (-515, "4.50 CR")),
]


def test_card_when_purchases_are_printed_positive_then_they_are_money_out_and_the_balance_is_owed() -> None:
    statement = read(pdf(CARD), account=None)
    assert statement.account.type is AccountType.CREDIT
    assert statement.account.ending == "4242"
    assert told(statement) == [
        ("2025-12-20", "100.00", "PAYMENT THANK YOU"),
        ("2025-12-28", "-50.00", "BOOKSHOP"),
        ("2026-01-03", "4.50", "REFUND"),
    ]
    assert around(statement) == [
        ("opening", "-100.00 USD", date(2025, 12, 15)),
        ("ledger", "-45.50 USD", date(2026, 1, 14)),
    ]


SECTIONS: Rows = [
    ((40, "March 1, 2026 through March 31, 2026"),),
    ((40, "Account Number: 000000123456789"),),
    ((40, "CHECKING SUMMARY"),),
    ((40, "Beginning Balance"), (-300, "$100.00")),
    ((40, "Ending Balance"), (-300, "$73.00")),
    ((40, "DEPOSITS AND ADDITIONS"),),
    ((40, "DATE"), (110, "DESCRIPTION"), (480, "AMOUNT")),
    ((40, "03/02"), (110, "Payroll"), (-515, "$50.00")),
    ((40, "Total Deposits and Additions"), (-515, "$50.00")),
    ((40, "ELECTRONIC WITHDRAWALS"),),
    ((40, "DATE"), (110, "DESCRIPTION"), (480, "AMOUNT")),
    ((40, "03/13"), (110, "Power company"), (-515, "$60.00")),
    ((40, "03/20"), (110, "Water company"), (-515, "$20.00")),
    ((40, "Total Electronic Withdrawals"), (-515, "$80.00")),
    ((40, "FEES"),),
    ((40, "DATE"), (110, "DESCRIPTION"), (480, "AMOUNT")),
    ((40, "03/31"), (110, "Fee waived"), (-515, "$3.00")),
]


def test_account_when_deposits_and_withdrawals_have_tables_of_their_own_then_the_heads_give_the_signs() -> None:
    wrong = read(pdf(SECTIONS), account=None, accept_difference=True)
    assert str(wrong.difference) == "6.00 USD"
    statement = read(pdf(changed(SECTIONS, 4, ((40, "Ending Balance"), (-300, "$67.00")))), account=None)
    assert statement.account.type is AccountType.DEPOSITORY
    assert told(statement) == [
        ("2026-03-02", "50.00", "Payroll"),
        ("2026-03-13", "-60.00", "Power company"),
        ("2026-03-20", "-20.00", "Water company"),
        ("2026-03-31", "-3.00", "Fee waived"),
    ]
    assert (statement.start, statement.end) == (date(2026, 3, 1), date(2026, 3, 31))


def test_account_when_only_credits_are_marked_then_the_balances_say_that_the_rest_is_money_out() -> None:
    rows: Rows = [
        PERIOD,
        ((40, "Date"), (110, "Details"), (480, "Amount")),
        ((110, "Opening balance"), (-515, "100.00")),
        ((40, "28/12"), (110, "Shop"), (-515, "30.00")),
        ((40, "02/01"), (110, "Refund"), (-515, "5.00CR")),
        ((110, "Closing balance"), (-515, "75.00")),
    ]
    assert [amount for _, amount, _ in told(read(pdf(rows)))] == ["-30.00", "5.00"]


def test_columns_when_amounts_hang_left_of_their_titles_then_the_running_balance_decides() -> None:
    titles = ((40, "Date"), (110, "Description"), (360, "Debit"), (445, "Credit"), (530, "Balance"))
    statement = read(pdf(changed(TABLE, 1, titles)))
    assert [amount for _, amount, _ in told(statement)] == ["-50.50", "1719.33"]


def test_columns_when_marks_hang_behind_some_amounts_then_they_are_of_the_same_column() -> None:
    overdrawn = ((40.0, "28/12"), (110.0, "Corner shop"), (-355.0, "1,050.50"), (-525.0, "50.50"), (527.0, "DR"))
    data = pdf([*TABLE[:3], overdrawn, row("02/01", "Salary", "", "60.50", "10.00")])
    assert [amount for _, amount, _ in told(read(data))] == ["-1050.50", "60.50"]
    assert around(read(data))[-1] == ("ledger", "10.00 USD", date(2026, 1, 2))


def test_rows_when_newest_first_then_in_the_order_of_time() -> None:
    rows = [*TABLE[:2], TABLE[4], TABLE[3], row("27/12", "Tea", "1.00", "", "1,000.00")]
    statement = read(pdf(rows))
    assert [day for day, _, _ in told(statement)] == ["2025-12-27", "2025-12-28", "2026-01-02"]
    assert around(statement) == [("ledger", "2668.83 USD", date(2026, 1, 2))]


def test_pages_when_several_then_one_table_and_each_page_carries_its_balance() -> None:
    carried = row("", "Balance carried forward", left="949.50")
    brought = row("", "Balance brought forward", left="949.50")
    data = pdf([*TABLE[:4], carried], [HEAD, brought, *TABLE[4:]], [((40, "How we use your data 2,000.00"),)])
    statement = read(data)
    assert told(statement) == told(read(pdf(TABLE)))
    assert around(statement) == around(read(pdf(TABLE)))
    assert [line.place for line in statement.lines] == ["page 1, line 4", "page 2, line 3"]


def test_pages_when_the_titles_are_not_repeated_then_dated_rows_go_on() -> None:
    data = pdf(TABLE[:4], [((40, "Page 2 of 2 000,00"),), *TABLE[4:]])
    assert told(read(data)) == told(read(pdf(TABLE)))


def test_table_when_another_follows_with_other_columns_then_it_is_named_and_not_mixed_in() -> None:
    other = ((40.0, "Date"), (110.0, "Description"), (480.0, "Amount"))
    statement = read(pdf([*TABLE, other, ((40, "03/01"), (110, "Savings interest"), (-525, "7.00"))]))
    assert told(statement) == told(read(pdf(TABLE)))
    assert statement.left_out == statement.warnings == ("a further table of transactions (page 1, line 7) is not read",)


@pytest.mark.parametrize(
    ("split", "whole"),
    [
        (((-348, "50.5"), (350, "0")), "-50.50"),
        (((-330, "-"), (332, "50.50")), "-50.50"),
        (((-325, "$"), (327, "50.50")), "-50.50"),
        (((-355, "$50.50"),), "-50.50"),
    ],
)
def test_number_when_split_by_a_space_then_it_is_one(split: tuple[Cell, ...], whole: str) -> None:
    cells = ((40.0, "28/12"), (110.0, "Corner shop"), *split, (-525.0, "949.50"))
    assert told(read(pdf(changed(TABLE, 3, cells))))[0][1] == whole


def test_number_when_its_groups_are_apart_then_it_is_one() -> None:
    rows = changed(BNP, 4, ((90, "SOLDE CREDITEUR AU 04.12.2025"), (-505, "1 001 000,00")))
    rows = changed(rows, 9, ((90, "SOLDE CREDITEUR AU 04.01.2026"), (-505, "999 265,50")))
    assert str(read(pdf(rows)).balances[0].amount) == "1001000.00 EUR"


def test_balances_when_they_do_not_prove_the_rows_then_refused_with_the_difference_or_accepted_with_it() -> None:
    wrong = changed(TABLE, 3, row("28/12", "Corner shop", "51.50"))
    wrong = changed(wrong, 4, row("02/01", "Salary", "", "1,719.33"))
    data = pdf(wrong)
    assert "its closing balance is 1.00 USD more than" in refusal(data)
    statement = read(data, accept_difference=True)
    assert str(statement.difference) == "1.00 USD"
    assert "no balance of the PDF proves" in statement.warnings[0]


def test_running_balance_when_a_row_is_lost_then_refused() -> None:
    rows = [*TABLE[:3], *TABLE[4:5]]
    assert "do not follow" in refusal(pdf(rows))


def test_table_when_no_balance_is_printed_then_refused_with_the_next_step() -> None:
    rows = [PERIOD, HEAD, row("28/12", "Corner shop", "50.50"), row("02/01", "Salary", "", "10.00")]
    assert "no balances that prove" in refusal(pdf(rows))
    assert "download it as CSV" in refusal(pdf(rows))


def test_table_when_empty_or_missing_then_refused_although_the_balances_agree() -> None:
    assert "holds none" in refusal(pdf([*TABLE[:3], row("", "Closing balance", left="1,000.00")]))
    assert "no table of transactions" in refusal(pdf([((40, "Dear customer"),)]))


def test_year_when_nothing_names_it_then_refused() -> None:
    assert "names no period" in refusal(pdf(TABLE[1:]))


def test_days_when_they_read_in_two_ways_then_both_are_shown_and_the_caller_chooses() -> None:
    rows = [
        ((40.0, "Statement date 06/05/2026"),),
        HEAD,
        row("", "Opening balance", left="1,000.00"),
        row("03/04/2026", "Corner shop", "50.50", "", "949.50"),
    ]
    assert "2026-04-03 or 2026-03-04" in refusal(pdf(rows))
    assert told(read(pdf(rows), day_first=True))[0][0] == "2026-04-03"
    assert told(read(pdf(rows), day_first=False))[0][0] == "2026-03-04"


def test_number_and_currency_when_not_printed_then_asked() -> None:
    assert "account='12345678'" in refusal(pdf(TABLE), account=None)
    assert "currency='EUR'" in refusal(pdf(TABLE), currency=None)
    named = changed(TABLE, 1, tuple((at, f"{text} CHF" if text == "Debit" else text) for at, text in HEAD))
    assert read(pdf(named), currency=None).account.currency == "CHF"


def test_amount_when_its_mark_is_unclear_then_the_files_others_tell() -> None:
    rows = [[(at, text.replace(",", "#").replace(".", ",").replace("#", ".")) for at, text in each] for each in TABLE]
    assert told(read(pdf([tuple(each) for each in rows]))) == told(read(pdf(TABLE)))


def test_password_when_missing_or_wrong_then_one_sentence_and_right_then_read() -> None:
    data = pdf(TABLE, password="19800101")
    assert "protected by a password; say it, as in password='...'" in refusal(data)
    assert "is not that of this PDF" in refusal(data, password="nope")
    assert "nope" not in refusal(data, password="nope")
    assert told(read(data, password="19800101")) == told(read(pdf(TABLE)))


def test_scan_when_it_has_no_text_then_said_to_be_one() -> None:
    document = FPDF(unit="pt", format="A4")
    document.add_page()
    document.rect(50, 50, 300, 400, style="F")
    assert "is a scan" in refusal(bytes(document.output()))


def packed(content: bytes, packing: bytes = b"/FlateDecode") -> bytes:
    """Write one page of this content by hand: the library that makes the others packs nothing so far."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        b"<</Length %d/Filter[%s]>>stream\n%s\nendstream" % (len(content), packing, content),
    )
    return b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s endobj\n" % (at, each) for at, each in enumerate(objects, 1))


def test_file_when_it_is_a_bomb_then_it_is_not_opened() -> None:
    bomb = zlib.compress(b"BT (x) Tj ET\n" * 3_000_000, 9)
    assert len(bomb) < 200_000
    assert "more than 32 MiB" in refusal(packed(bomb))
    assert "packed twice" in refusal(packed(zlib.compress(bomb), b"/FlateDecode/FlateDecode"))
    assert "32 MiB" not in refusal(packed(zlib.compress(b"BT ET")))


def test_file_when_cut_off_or_no_pdf_then_said() -> None:
    assert "damaged or cut off" in refusal(b"%PDF-1.7\n%junk")
    assert Pdf().recognizes(b"\xef\xbb\xbf%PDF-1.4\n")
    assert not Pdf().recognizes(b"Date,Amount\n")


def test_library_when_not_installed_then_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    reason = refusal(pdf(TABLE))
    assert "not installed; run: pip install" in reason
    assert "[statements]" in reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28/12", (28, 12, None)),
        ("28.12.", (28, 12, None)),
        ("2026-01-05", (5, 1, 2026)),
        ("5 janvier 2026", (5, 1, 2026)),
        ("1. Mai 2026", (1, 5, 2026)),
        ("Jan 5, 2026", (5, 1, 2026)),
        ("3 de febrero de 2026", (3, 2, 2026)),
        ("09-Sep", (9, 9, None)),
        ("Sept. 9", (9, 9, None)),
        ("28.12.25", (28, 12, 2025)),
    ],
)
def test_date_when_printed_then_its_parts(text: str, expected: tuple[int, int, int | None]) -> None:
    found = printed(text)
    assert found is not None
    assert (found.first, found.second, found.year) == expected


@pytest.mark.parametrize("text", ["12", "32/13", "Max 5", "1,234.56", "12/34/5", "Page 1", ""])
def test_date_when_it_is_none_then_none(text: str) -> None:
    assert printed(text) is None


def test_file_when_damaged_then_an_error_or_amounts_that_are_the_files() -> None:
    wholes = [pdf(rows, compressed=packed) for rows in (TABLE, BNP, CARD) for packed in (False, True)]
    random = Random("pdf")
    found = 0
    for number in range(MUTATIONS):
        at = random.randrange(len(wholes))
        data = mutated(wholes[at], random)
        error, file = attempt(data, SAID)
        if file is None:
            assert error is not None
            assert error.reason.endswith("."), number
            continue
        found += 1
        if at % 2 == 0:  # in the others the text is packed
            shown = {digits(text) for text in re.findall(r"\(([^)]*)\) ?Tj", data.decode("latin-1"))}
            assert {digits(line.amount.amount) for line in file.statements[0].lines} <= shown, number
    assert found > MUTATIONS // 20
