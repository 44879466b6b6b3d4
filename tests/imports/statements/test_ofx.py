"""OFX files as a whole: what is read, what is refused, and that nothing is ever read in part."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.ofx import Ofx
from fin_infra.model.banking import AccountType
from fin_infra.model.money import Money
from fin_infra.model.statement import (
    Statement,
    StatementCounterparty,
    StatementFile,
    StatementLine,
    StatementTrade,
)
from tests.support.effort import effort

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "ofx"
NAMES = ("checking.ofx", "card.qfx", "brokerage.ofx")
BOOKING = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260105<TRNAMT>-3.20<FITID>A1<NAME>Coffee</STMTTRN>"


def ofx(transactions: str = BOOKING, *, currency: str = "<CURDEF>EUR", tail: str = "", head: str = "") -> str:
    return (
        f"OFXHEADER:100\n\n<OFX>{head}<BANKMSGSRSV1><STMTTRNRS><STMTRS>{currency}"
        "<BANKACCTFROM><BANKID>1<ACCTID>2<ACCTTYPE>SAVINGS</BANKACCTFROM>"
        f"<BANKTRANLIST><DTSTART>20260101<DTEND>20260131{transactions}</BANKTRANLIST>{tail}"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def lines(text: str | bytes, **options: Any) -> tuple[StatementLine, ...]:
    data = text.encode() if isinstance(text, str) else text
    return read_statement(data, **options).statements[0].lines


def transaction(amount: str = "-3.20", posted: str = "20260105", more: str = "") -> str:
    return f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{posted}<TRNAMT>{amount}<FITID>A1<NAME>Coffee{more}</STMTTRN>"


def refusal(data: str | bytes, **options: Any) -> StatementUnreadable:
    with pytest.raises(StatementUnreadable) as caught:
        lines(data, **options)
    return caught.value


def test_checking_account_when_sgml_with_lying_header_then_every_value_is_typed() -> None:
    file = read_statement(FIXTURES / "checking.ofx")
    (statement,) = file.statements
    assert file.encoding == "utf-8"
    assert statement.account.type is AccountType.DEPOSITORY
    assert (statement.account.number, statement.account.bank_id, statement.account.branch_id) == (
        "00012345678",
        "30004",
        "00123",
    )
    assert statement.account.identity == ("4711", "30004", "00123", "00012345678", "CHECKING", "EUR")
    assert (statement.start, statement.end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert [(line.id, line.posted, line.amount, line.description, line.memo) for line in statement.lines] == [
        ("A1", date(2026, 1, 5), Money(Decimal("-3.20"), "EUR"), "Café de la Gare", "Carte 0103"),
        ("A2", date(2026, 1, 5), Money(Decimal("-3.20"), "EUR"), "Café de la Gare", None),
        ("A3", date(2026, 1, 12), Money(Decimal("-120.00"), "EUR"), "Dupont & Fils <sarl>", None),
        (None, date(2026, 1, 28), Money(Decimal("2500.00"), "EUR"), "Salaire", None),
    ]
    assert statement.lines[0].occurred == date(2026, 1, 3)
    assert statement.lines[2].check_number == "77"
    ledger = statement.balance("ledger")
    assert ledger is not None
    assert (ledger.amount, ledger.at) == (Money(Decimal("3456.78"), "EUR"), date(2026, 1, 31))
    assert statement.balance("available") is None


def test_card_when_xml_then_comments_are_skipped_and_the_original_currency_is_kept() -> None:
    (statement,) = read_statement(FIXTURES / "card.qfx").statements
    assert statement.account.type is AccountType.CREDIT
    assert statement.account.institution_id == "3000"
    assert statement.end is None
    first, second, third = statement.lines
    assert (first.amount, first.description, first.memo) == (
        Money(Decimal("-1234.56"), "USD"),
        "Books & <Maps>",
        None,
    )
    assert (second.description, second.original_currency, second.rate) == ("Bäckerei Hans", "EUR", Decimal("1.08"))
    assert second.amount == Money(Decimal("-10.80"), "USD")
    assert (third.amount, third.memo) == (Money(Decimal(500), "USD"), "thank you web")
    assert [(balance.kind, balance.amount.amount) for balance in statement.balances] == [
        ("ledger", Decimal("-745.36")),
        ("available", Decimal("4254.64")),
    ]


def test_investments_when_read_then_holdings_cash_and_trades_are_typed() -> None:
    (statement,) = read_statement(FIXTURES / "brokerage.ofx").statements
    assert statement.account.type is AccountType.INVESTMENT
    assert statement.account.bank_id == "broker.example"
    assert [(line.id, line.amount) for line in statement.lines] == [("B3", Money(Decimal("0.24"), "USD"))]
    assert statement.warnings == ()
    bought, more = statement.trades
    assert (bought.id, bought.day, bought.type_text) == ("B1", date(2026, 2, 3), "BUYSTOCK")
    assert (bought.security_id, bought.id_type, bought.ticker, bought.name) == (
        "037833100",
        "CUSIP",
        "AAPL",
        "Apple & Co",
    )
    assert (bought.units, bought.unit_price) == (Decimal(10), Money(Decimal("250.5"), "USD"))
    assert (bought.amount, bought.fee) == (Money(Decimal("-2505.00"), "USD"), None)
    assert (more.units, more.amount) == (Decimal("5.125"), Money(Decimal("-1286.38"), "USD"))
    apple, other = statement.positions
    assert (apple.security_id, apple.id_type, apple.ticker, apple.name) == (
        "037833100",
        "CUSIP",
        "AAPL",
        "Apple & Co",
    )
    assert (apple.units, apple.unit_price, apple.at) == (Decimal("15.125"), Decimal("255.00"), date(2026, 3, 31))
    assert apple.market_value == Money(Decimal("3856.88"), "USD")
    assert (other.units, other.unit_price, other.market_value, other.ticker) == (Decimal(3), None, None, None)
    cash = statement.balance("available")
    assert cash is not None
    assert (cash.amount, cash.at) == (Money(Decimal("1208.86"), "USD"), date(2026, 3, 31))
    assert statement.balance("buying_power") is None


@pytest.mark.parametrize("name", NAMES)
def test_offsets_when_text_has_wide_characters_then_point_at_the_booking(name: str) -> None:
    data = (FIXTURES / name).read_bytes()
    for statement in read_statement(data).statements:
        assert all(data[line.offset :].startswith(b"<STMTTRN>") for line in statement.lines)


@pytest.mark.parametrize(
    "encoding",
    ["utf-32", "utf-32-le", "utf-32-be", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-8", "latin-1"],
)
def test_encoding_when_header_lies_then_text_and_offsets_are_right(encoding: str) -> None:
    text = (FIXTURES / "checking.ofx").read_text(encoding="utf-8")
    data = text.encode(encoding)
    read = lines(data)
    assert [line.description for line in read][:1] == ["Café de la Gare"]
    width = {"utf-16": 2, "utf-32": 4}.get(encoding[:6], 1)
    tag = "<STMTTRN>".encode(f"{encoding}-le" if encoding in ("utf-16", "utf-32") else encoding)
    tag = tag.removeprefix(b"\xef\xbb\xbf")
    assert [data[line.offset : line.offset + 9 * width] for line in read] == [tag] * 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_truncation_when_at_any_byte_then_error_or_the_whole(name: str, encoding: str) -> None:
    data = (FIXTURES / name).read_text(encoding="utf-8").encode(encoding)
    whole = [statement.lines for statement in read_statement(data).statements]
    step = 1 if encoding == "utf-8" else 7
    complete = 0
    for size in range(0, len(data), step):
        try:
            file = read_statement(data[:size])
        except StatementUnreadable:
            continue
        assert [statement.lines for statement in file.statements] == whole
        complete += 1
    assert complete <= 2


def test_truncation_when_the_list_is_cut_then_says_where_it_was_opened() -> None:
    data = ofx().encode()
    error = refusal(data[: data.index(b"</BANKTRANLIST>")])
    assert error.offset == data.index(b"</BANKTRANLIST>")
    assert f"<BANKTRANLIST>, opened at byte {data.index(b'<BANKTRANLIST>')}" in error.reason


@pytest.mark.parametrize(
    "missing", ["</STMTTRN>", "</BANKTRANLIST>", "</STMTRS>", "</OFX>", "<STMTTRN>", "<BANKTRANLIST>", "<OFX>"]
)
def test_tag_when_one_is_lost_then_the_file_is_refused(missing: str) -> None:
    assert "export" in refusal(ofx(BOOKING * 2).replace(missing, "", 1)).reason


def test_bookings_when_they_ran_together_then_the_file_is_refused() -> None:
    text = ofx(BOOKING * 2).replace("</STMTTRN><STMTTRN>", "")
    error = refusal(text)
    assert "two" in error.reason
    assert error.offset == text.rindex("<DTPOSTED>")


def test_booking_when_inside_another_then_the_file_is_refused() -> None:
    """The outer one could take its date from one transaction and its amount from the next."""
    outer = "<STMTTRN><DTPOSTED>20260101" + BOOKING + "<TRNAMT>5.00<FITID>A2</STMTTRN>"
    assert "inside another" in refusal(ofx(outer)).reason


def test_amount_when_outside_a_booking_then_the_file_is_refused() -> None:
    text = ofx(BOOKING + BOOKING.replace("<STMTTRN>", "").replace("</STMTTRN>", ""))
    assert refusal(text).offset == text.rindex("<TRNAMT>")


def test_booking_when_outside_the_root_then_the_file_is_refused() -> None:
    assert refusal(ofx() + BOOKING).offset == len(ofx())


def test_booking_when_in_no_statement_then_the_file_is_refused() -> None:
    assert "no statement" in refusal(ofx().replace("</STMTRS>", "</STMTRS>" + BOOKING)).reason


def test_comment_when_it_swallows_a_booking_then_the_file_is_refused() -> None:
    text = ofx(transaction(more="<MEMO>see <!-- below") + transaction(more="<MEMO>see --> above"))
    assert refusal(text).offset == text.index("<!--")


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("-3,20", "-3.20"),
        ("€120", "120"),
        ("-€1,234.56", "-1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("+0000000012.3400", "12.34"),
        ("12.50-", "-12.50"),
        ("5,5 €", "5.5"),
        ("EUR 12.50", "12.50"),
        ("-12.50 EUR", "-12.50"),
        ("(12.50)", "-12.50"),
        ("(€ 1.250,00)", "-1250"),
        ("\u201312,50", "-12.50"),
        (".5", "0.5"),
        ("7.", "7"),
        ("1,234,567", "1234567"),
        ("0.125", "0.125"),
    ],
)
def test_amount_when_clear_then_read_exactly(printed: str, expected: str) -> None:
    assert lines(ofx(transaction(printed)))[0].amount == Money(Decimal(expected), "EUR")


@pytest.mark.parametrize(
    "printed",
    ["abc", "", "1,23,4", "1.2.3", "--5", "1e5", "NaN", "12 34", "(-5.00)", "(5.00", "5.00 EURO", ".", "9" * 70],
)
def test_amount_when_malformed_then_error_with_offset_of_its_tag(printed: str) -> None:
    text = ofx(transaction(printed))
    assert refusal(text).offset in (text.index("<TRNAMT>"), text.index("<STMTTRN>"))


@pytest.mark.parametrize(
    ("printed", "currency"),
    [
        ("$5.00", "EUR"),
        ("€5.00", "USD"),
        ("R$ 5,50", "USD"),
        ("£5", "INR"),
        ("12,50 zł", "EUR"),
        ("kr 12,50", "EUR"),
        ("BRL 12,50", "EUR"),
        ("5.00 USD", "EUR"),
        ("US$ 5", "CAD"),
        ("¥500", "USD"),
    ],
)
def test_amount_when_it_names_another_currency_then_is_refused(printed: str, currency: str) -> None:
    """A dollar sign in an account in euros: either may be wrong, so the amount is neither."""
    error = refusal(ofx(transaction(printed), currency=f"<CURDEF>{currency}"))
    assert f"does not look like an amount in {currency}" in error.reason


@pytest.mark.parametrize(
    ("printed", "currency", "expected"),
    [
        ("$5.00", "CAD", "5.00"),
        ("R$ 5,50", "BRL", "5.50"),
        ("12,50 zł", "PLN", "12.50"),
        ("kr 12,50", "SEK", "12.50"),
        ("12,50 Kč", "CZK", "12.50"),
        ("¥500", "CNY", "500"),
        ("RD$ 5.00", "DOP", "5.00"),
        ("MXN 5.00", "MXN", "5.00"),
    ],
)
def test_amount_when_its_sign_is_the_currencys_then_is_read(printed: str, currency: str, expected: str) -> None:
    (line,) = lines(ofx(transaction(printed), currency=f"<CURDEF>{currency}"))
    assert line.amount == Money(Decimal(expected), currency)


@pytest.mark.parametrize(
    ("printed", "fault"),
    [
        ("<ACCTID>2<ACCTID>3", "ACCTID stands twice"),
        ("<ACCTID>2<BRANCHID>1<BRANCHID>2", "BRANCHID stands twice"),
        ("<ACCTID>2</BANKACCTFROM><BANKACCTFROM><BANKID>1<ACCTID>3", "<BANKACCTFROM> stands twice"),
    ],
)
def test_account_when_the_file_names_two_then_is_refused(printed: str, fault: str) -> None:
    assert fault in refusal(ofx().replace("<ACCTID>2", printed)).reason


def test_value_when_it_stands_twice_and_differs_then_neither_is_taken() -> None:
    assert "CURDEF stands twice" in refusal(ofx(currency="<CURDEF>EUR<CURDEF>USD")).reason
    assert lines(ofx(currency="<CURDEF>EUR<CURDEF>EUR"))
    tail = "<LEDGERBAL><BALAMT>5.00<BALAMT>6.00<DTASOF>20260131</LEDGERBAL>"
    assert "BALAMT stands twice" in refusal(ofx(tail=tail)).reason
    (statement,) = read_statement(ofx(tail=tail).encode(), skip_unreadable=True).statements
    assert statement.balances == ()
    assert "BALAMT" in statement.warnings[0]
    two = "<CURRENCY><CURSYM>USD</CURRENCY><CURRENCY><CURSYM>CHF</CURRENCY>"
    assert "<CURRENCY> stands twice" in refusal(ofx(transaction(more=two))).reason


@pytest.mark.parametrize("more", ["<CURSYM>USD<CURSYM>CHF<CURRATE>1.1", "<CURSYM>USD<CURRATE>1.1<CURRATE>1.2"])
def test_currency_when_its_code_or_rate_stands_twice_then_is_refused(more: str) -> None:
    assert "stands twice" in refusal(ofx(transaction(more=f"<CURRENCY>{more}</CURRENCY>"))).reason


def invested(position: str) -> Statement:
    text = (
        "OFXHEADER:100\n<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>12"
        f"</INVACCTFROM><INVPOSLIST><POSSTOCK><INVPOS>{position}</INVPOS></POSSTOCK></INVPOSLIST>"
        "</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    )
    return read_statement(text.encode(), skip_unreadable=True).statements[0]


_SECURITY = "<SECID><UNIQUEID>1<UNIQUEIDTYPE>CUSIP</SECID>"


def test_holding_when_it_names_its_own_currency_then_its_value_is_in_that() -> None:
    currency = "<CURRENCY><CURRATE>0.9<CURSYM>CHF</CURRENCY>"
    (position,) = invested(f"{_SECURITY}<UNITS>1<MKTVAL>5.00{currency}").positions
    assert str(position.market_value) == "5.00 CHF"


@pytest.mark.parametrize(
    "printed",
    [
        f"{_SECURITY}<UNITS>1<UNITS>2",
        f"{_SECURITY}<UNITS>1<MKTVAL>5.00<MKTVAL>6.00",
        "<SECID><UNIQUEID>1<UNIQUEID>2<UNIQUEIDTYPE>CUSIP</SECID><UNITS>1",
    ],
)
def test_holding_when_a_value_stands_twice_and_differs_then_is_set_aside_and_named(printed: str) -> None:
    statement = invested(printed)
    assert statement.positions == ()
    assert len(statement.left_out) == 1
    assert statement.left_out == statement.warnings
    assert "stands twice" in statement.left_out[0]


def test_hint_when_a_part_of_a_transaction_is_unreadable_then_stands_once_in_the_error() -> None:
    text = ofx(transaction(more="<ORIGCURRENCY>US$"))
    assert refusal(text).reason.count("skip_unreadable") == 1
    tail = "<AVAILBAL><BALAMT>N/A<DTASOF>20260131</AVAILBAL>"
    (statement,) = read_statement(ofx(tail=tail).encode(), skip_unreadable=True).statements
    assert statement.warnings[0].startswith("an available balance is set aside")


def test_transaction_when_it_belongs_to_no_statement_then_says_where_it_is() -> None:
    text = ofx().replace("</STMTRS>", "</STMTRS>" + transaction("-9.00").replace("A1", "A2"))
    error = refusal(text)
    assert "belongs to no statement" in error.reason
    assert error.offset == text.rindex("<STMTTRN>")


def test_transaction_when_a_word_of_it_stands_twice_then_the_first_is_read_and_named() -> None:
    (statement,) = read_statement(ofx(transaction(more="<CHECKNUM>7<CHECKNUM>8")).encode()).statements
    assert statement.lines[0].check_number == "7"
    assert any("CHECKNUM stands twice" in text for text in statement.warnings)


def test_balance_when_it_names_its_own_currency_then_is_in_that() -> None:
    tail = "<LEDGERBAL><BALAMT>5.00<DTASOF>20260131<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY></LEDGERBAL>"
    (balance,) = read_statement(ofx(tail=tail).encode()).statements[0].balances
    assert str(balance.amount) == "5.00 USD"


def test_balance_when_two_of_one_day_differ_then_neither_is_taken() -> None:
    def twice(first: str, second: str) -> Statement:
        tail = "".join(
            f"<LEDGERBAL><BALAMT>{amount}<DTASOF>{day}</LEDGERBAL>"
            for amount, day in ((first, "20260131"), (second, "20260131"), ("1.00", "20260101"))
        )
        return read_statement(ofx(tail=tail).encode()).statements[0]

    assert twice("5.00", "7.00").balance() is None
    assert any("balances of the same day differ" in text for text in twice("5.00", "7.00").warnings)
    balance = twice("5.00", "5.00").balance()
    assert balance is not None
    assert str(balance.amount) == "5.00 EUR"


@pytest.mark.parametrize("number", ["N/A", "unknown", "NULL", "-"])
def test_account_when_its_number_is_a_word_for_none_then_the_caller_says_it(number: str) -> None:
    text = ofx().replace("<ACCTID>2", f"<ACCTID>{number}")
    assert "account=" in refusal(text).reason
    assert read_statement(text.encode(), account="42").statements[0].account.number == "42"


@pytest.mark.parametrize("code", ["XXX", "XTS"])
def test_currency_when_it_is_the_code_for_none_then_the_caller_says_it(code: str) -> None:
    assert "currency='EUR'" in refusal(ofx(currency=f"<CURDEF>{code}")).reason
    assert lines(ofx(currency=f"<CURDEF>{code}"), currency="CHF")[0].amount.currency == "CHF"


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (ofx(transaction(posted="00010101")), "a date is 0001-01-01"),
        (ofx(transaction(posted="99991231")), "a date is 9999-12-31"),
        (ofx().replace("<DTEND>20260131", "<DTEND>20250131"), "begins on 2026-01-01, after its end"),
    ],
)
def test_dates_when_hard_to_believe_then_warns(text: str, warning: str) -> None:
    assert any(warning in said for said in read_statement(text.encode()).statements[0].warnings)


@pytest.mark.parametrize("printed", ["1,234", "-1.234", "€12,000", "(1,234)"])
def test_amount_when_ambiguous_then_refused_until_the_mark_is_named(printed: str) -> None:
    assert "decimal_mark" in refusal(ofx(transaction(printed))).reason
    mark = "." if "." in printed else ","
    thousandths = lines(ofx(transaction(printed)), decimal_mark=mark)[0].amount.amount
    thousands = lines(ofx(transaction(printed)), decimal_mark="," if mark == "." else ".")[0].amount.amount
    assert thousands == thousandths * 1000


def test_amount_when_the_named_mark_does_not_fit_then_the_error_names_it() -> None:
    assert "with the decimal mark ','" in refusal(ofx(transaction("100.00")), decimal_mark=",").reason


@pytest.mark.parametrize("printed", ["2026/01/05", "2026.01.05", "2026-01-05"])
def test_date_when_its_parts_are_set_apart_then_is_the_printed_day(printed: str) -> None:
    assert lines(ofx(transaction(posted=printed)))[0].posted == date(2026, 1, 5)
    assert "DTPOSTED" in refusal(ofx(transaction(posted=printed.replace("01", "1").replace("05", "5")))).reason


def test_amount_when_ambiguous_but_others_tell_then_follows_the_file() -> None:
    read = lines(ofx(transaction("-1,234") + transaction("5.50")))
    assert [line.amount.amount for line in read] == [Decimal(-1234), Decimal("5.50")]
    read = lines(ofx(transaction("-1,234") + transaction("5,50")))
    assert [line.amount.amount for line in read] == [Decimal("-1.234"), Decimal("5.50")]


def test_amount_when_the_currency_has_three_decimals_then_is_not_ambiguous() -> None:
    assert lines(ofx(transaction("1.234"), currency="<CURDEF>KWD"))[0].amount == Money(Decimal("1.234"), "KWD")


@pytest.mark.parametrize(
    "printed",
    [
        "20260105",
        "20260105233000.000[-5:EST]",
        "20260105120000[-03:EST]",
        "20260105 [+0:GMT]",
        "2026-01-05",
        "20260105093914:014",
        "2026010512",
    ],
)
def test_date_when_zoned_or_fractional_then_is_the_printed_day(printed: str) -> None:
    assert lines(ofx(transaction(posted=printed)))[0].posted == date(2026, 1, 5)


@pytest.mark.parametrize("printed", ["", "00000000", "20260230", "20261301", "2026010", "yesterday", "202601051"])
def test_date_when_missing_or_impossible_then_error_with_offset(printed: str) -> None:
    text = ofx(transaction(posted=printed))
    error = refusal(text)
    assert error.offset in (text.index("<DTPOSTED>"), text.index("<STMTTRN>"))
    assert "DTPOSTED" in error.reason
    assert "yesterday" not in str(error)


def test_date_when_optional_and_impossible_then_left_out_with_a_warning() -> None:
    (statement,) = read_statement(ofx(transaction(more="<DTUSER>20260231") * 3).encode()).statements
    assert [line.occurred for line in statement.lines] == [None] * 3
    assert len(statement.warnings) == 1
    assert "DTUSER" in statement.warnings[0]


def test_currency_when_missing_then_the_caller_must_say_it() -> None:
    text = ofx(currency="<CURDEF>\n")
    assert "currency=" in refusal(text).reason
    assert lines(text, currency="CHF")[0].amount == Money(Decimal("-3.20"), "CHF")
    assert lines(ofx(), currency="CHF")[0].amount.currency == "EUR"


def test_currency_when_unknown_then_error_with_offset() -> None:
    text = ofx(currency="<CURDEF>EURO")
    assert refusal(text).offset == text.index("<CURDEF>")


def test_currency_when_the_booking_is_stated_in_another_then_is_not_converted() -> None:
    foreign = "<CURRENCY><CURRATE>0,92<CURSYM>usd</CURRENCY>"
    (statement,) = read_statement(ofx(transaction(more=foreign)).encode()).statements
    (line,) = statement.lines
    assert (line.amount, line.rate) == (Money(Decimal("-3.20"), "USD"), Decimal("0.92"))
    assert line.original_currency is None
    assert "not converted" in statement.warnings[0]
    assert lines(ofx(transaction(more="<CURRENCY>EUR")))[0].amount.currency == "EUR"


def test_sign_when_the_type_disagrees_then_follows_the_amount() -> None:
    line = lines(ofx(transaction("50.00")))[0]
    assert (line.type_text, line.amount) == ("DEBIT", Money(Decimal("50.00"), "EUR"))


def test_status_when_the_bank_reports_an_error_then_names_code_and_message_without_numbers() -> None:
    status = "<STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>Bad login 123456</STATUS>"
    head = f"<SIGNONMSGSRSV1><SONRS>{status}</SONRS></SIGNONMSGSRSV1>"
    error = refusal(ofx(head=head))
    assert "15500" in error.reason
    assert "Bad login *****" in error.reason
    warned = read_statement(ofx(head=head.replace("ERROR", "WARN")).encode())
    assert "15500" in warned.warnings[0]


def warnings(text: str, **options: Any) -> tuple[str, ...]:
    file = read_statement(text.encode(), **options)
    return (*file.warnings, *(warning for statement in file.statements for warning in statement.warnings))


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Cash amount $10.00<BR/>Date 23 Feb", "Cash amount $10.00 Date 23 Feb"),
        ("Cash amount $10.00<BR>Date 23 Feb", "Cash amount $10.00 Date 23 Feb"),
        ("Cash amount $10.00\n<BR/>Date 23 Feb", "Cash amount $10.00  Date 23 Feb"),
        ("a<br />b", "a b"),
        ("THE <BAR> BERLIN", "THE <BAR> BERLIN"),
        ("paid to <B>Bakery</B> today", "paid to <B>Bakery</B> today"),
        ("<ACME/>", "<ACME/>"),
    ],
)
def test_text_when_a_tag_that_is_not_of_ofx_stands_in_it_then_nothing_is_lost(printed: str, expected: str) -> None:
    for end in ("", "</MEMO>"):
        line = lines(ofx(transaction(more=f"<MEMO>{printed}{end}<CHECKNUM>7")))[0]
        if printed != "<ACME/>":
            assert (line.memo, line.description, line.check_number) == (expected, "Coffee", "7")
    assert lines(ofx().replace("<NAME>Coffee", f"<NAME>x {printed}"))[0].description == f"x {expected}"


def test_text_when_an_extension_follows_then_is_no_part_of_it_and_is_named() -> None:
    text = ofx(transaction(more="\n<INTU.NOTE>mine\n<CATEGORY>Food\n"))
    assert lines(text)[0].description == "Coffee"
    assert warnings(text) == ("<CATEGORY> is not an OFX element; its text is not read",)
    after_the_name = ofx(transaction(more="\n<CATEGORY>Food"))
    assert lines(after_the_name)[0].description == "Coffee"
    assert warnings(after_the_name) == warnings(text)


def test_sign_ons_when_two_in_one_file_then_each_account_has_its_own_bank() -> None:
    def signed(org: str, fid: str) -> str:
        return f"<SIGNONMSGSRSV1><SONRS><FI><ORG>{org}<FID>{fid}</FI></SONRS></SIGNONMSGSRSV1>"

    body = ofx(head=signed("CardCo", "1"))
    second = ofx(head=signed("BankCo", "2"))
    joined = body.replace("</OFX>", "") + second[second.index("<SIGNON") :]
    read = [statement.account for statement in read_statement(joined.encode()).statements]
    assert [(account.institution, account.institution_id) for account in read] == [("CardCo", "1"), ("BankCo", "2")]
    late = body.replace("</OFX>", signed("Late", "9") + "</OFX>").replace(signed("CardCo", "1"), "")
    assert read_statement(late.encode()).statements[0].account.institution == "Late"


def test_account_when_the_file_names_none_then_the_caller_says_it() -> None:
    for text in (ofx().replace("<ACCTID>2", "<ACCTID/>"), ofx().replace("<BANKID>1<ACCTID>2<ACCTTYPE>SAVINGS", "")):
        assert "account=" in refusal(text).reason
        assert read_statement(text.encode(), account="0042").statements[0].account.number == "0042"
    assert read_statement(ofx().encode(), account="0042").statements[0].account.number == "2"
    body = ofx().replace("<ACCTID>2", "<ACCTID/>")
    part = body[body.index("<BANKMSGSRSV1>") : body.index("</OFX>")]
    assert "2 statements without an account number" in warnings(body.replace("</OFX>", part + "</OFX>"), account="1")[0]


def test_file_when_it_has_no_root_then_is_read_as_if_it_had() -> None:
    text = ofx().replace("<OFX>", "").replace("</OFX>", "")
    assert [line.id for line in lines(text)] == ["A1"]
    assert "no <OFX> element" in warnings(text)[0]
    assert "cut off" in refusal(text[:-20]).reason


@pytest.mark.parametrize("printed", [".", "N/A", "", "1.5.5"])
def test_line_when_unreadable_then_is_set_aside_only_on_request_and_named(printed: str) -> None:
    text = ofx(BOOKING + "\n" + transaction(printed) + "\n" + BOOKING)
    error = refusal(text)
    assert "skip_unreadable" in error.reason
    assert error.line == 4
    (statement,) = read_statement(text.encode(), skip_unreadable=True).statements
    assert len(statement.lines) == 2
    (warning,) = statement.warnings
    assert f"byte {error.offset}, line 4" in warning
    assert printed != "N/A" or "'N/A'" in warning


def test_skipping_when_the_date_or_the_stated_currency_is_unreadable_then_the_line_is_set_aside() -> None:
    for bad in (
        transaction(posted="soon"),
        transaction(more="<CURRENCY><CURSYM>US$</CURRENCY>"),
        transaction(posted=""),
    ):
        (statement,) = read_statement(ofx(BOOKING + bad).encode(), skip_unreadable=True).statements
        assert (len(statement.lines), len(statement.warnings)) == (1, 1)


@pytest.mark.parametrize("printed", ["None", "N/A", "100.00CR"])
def test_balance_when_unreadable_then_is_set_aside_only_on_request(printed: str) -> None:
    text = ofx(tail=f"<LEDGERBAL><BALAMT>{printed}<DTASOF>20260131</LEDGERBAL>")
    assert "skip_unreadable" in refusal(text).reason
    (statement,) = read_statement(text.encode(), skip_unreadable=True).statements
    assert (len(statement.lines), statement.balances) == (1, ())
    assert "ledger balance is set aside" in statement.warnings[0]


def test_rate_when_unreadable_then_only_the_rate_is_set_aside() -> None:
    for bad in ("<CURRATE>abc<CURSYM>USD", "<CURRATE>1.1<CURSYM>US$"):
        text = ofx(transaction(more=f"<ORIGCURRENCY>{bad}</ORIGCURRENCY>"))
        refusal(text)
        (statement,) = read_statement(text.encode(), skip_unreadable=True).statements
        assert (statement.lines[0].amount, statement.lines[0].rate) == (Money(Decimal("-3.20"), "EUR"), None)
        assert "set aside" in statement.warnings[0]


def test_structure_when_broken_then_is_refused_even_if_lines_may_be_skipped() -> None:
    text = ofx(BOOKING * 2)
    for missing in ("</STMTTRN>", "</BANKTRANLIST>", "</OFX>"):
        refusal(text.replace(missing, "", 1), skip_unreadable=True)


def test_currency_when_the_printed_one_does_not_exist_then_the_caller_may_say_it() -> None:
    text = ofx(currency="<CURDEF>EURO")
    assert "'EURO'" in refusal(text).reason
    assert lines(text, currency="EUR")[0].amount.currency == "EUR"
    assert "taken as EUR" in warnings(text, currency="EUR")[0]


@pytest.mark.parametrize(
    "zone",
    [" GMT", " EST", " BRT", "GMT", " UTC+1", " Z", " (GMT)", " PST8PDT", " Europe/Paris", " PM", "[-3:GMT-03:00]"],
)
def test_date_when_a_zone_is_named_after_the_time_then_is_the_printed_day(zone: str) -> None:
    assert lines(ofx(transaction(posted=f"20221028120000.000{zone}")))[0].posted == date(2022, 10, 28)


def test_closing_tag_when_a_card_is_closed_as_a_bank_account_then_is_read_with_a_note() -> None:
    text = ofx().replace("<STMTRS>", "<CCSTMTRS>")
    (statement,) = read_statement(text.encode()).statements
    assert (statement.account.type, len(statement.lines)) == (AccountType.CREDIT, 1)
    assert "<CCSTMTRS> is closed by </STMTRS>" in warnings(text)[0]
    assert "closes nothing" in refusal(text.replace("</BANKTRANLIST>", "")).reason


@pytest.mark.parametrize(
    ("tag", "instead"),
    [
        ("STMTRS", "CCSTMTRS"),
        ("STMTTRNRS", "CCSTMTTRNRS"),
        ("BANKACCTFROM", "CCACCTFROM"),
        ("BANKMSGSRSV1", "CREDITCARDMSGSRSV1"),
    ],
)
def test_closing_tag_when_it_is_the_cards_then_ends_the_banks_element_with_a_note(tag: str, instead: str) -> None:
    file = read_statement(ofx().replace(f"</{tag}>", f"</{instead}>").encode())
    assert len(file.statements[0].lines) == 1
    assert file.warnings == (f"<{tag}> is closed by </{instead}>; read as its end",)


def test_kinds_when_every_debit_is_positive_then_warns() -> None:
    credit = transaction("9.00").replace("DEBIT", "CREDIT")
    assert "every debit" in warnings(ofx(transaction("50.00") + transaction("1.00") + credit))[0]
    assert warnings(ofx(transaction("50.00") + transaction("-1.00"))) == ()
    assert warnings(ofx(transaction("0.00"))) == ()


def test_counterparty_when_named_then_is_kept_and_its_number_stays_out_of_the_repr() -> None:
    other = "<BANKACCTTO><BANKID>30004<BRANCHID>001<ACCTID>99887766<ACCTTYPE>SAVINGS</BANKACCTTO>"
    line = lines(ofx(transaction(more=f"<EXTDNAME>Coffee and Cake Company<REFNUM>R-1<SIC>5812{other}")))[0]
    assert (line.extended_name, line.reference_number, line.sic) == ("Coffee and Cake Company", "R-1", "5812")
    assert line.counterparty == StatementCounterparty(
        number="99887766", bank_id="30004", branch_id="001", type_text="SAVINGS"
    )
    assert line.counterparty.ending == "7766"
    assert "99887766" not in repr(line)
    card = lines(ofx(transaction(more="<CCACCTTO><ACCTID>4000000000000002</CCACCTTO>")))[0].counterparty
    assert card is not None
    assert card.type_text == "CREDIT"


@pytest.mark.parametrize(
    ("printed", "currency"), [("-169.92320132560259369437", "USD"), ("1.1234567", "EUR"), ("1.12345", "JPY")]
)
def test_amount_when_it_ran_into_the_next_value_then_is_refused(printed: str, currency: str) -> None:
    assert "decimals" in refusal(ofx(transaction(printed), currency=f"<CURDEF>{currency}")).reason


@pytest.mark.parametrize("printed", ["-16992320132560259369437", "1" * 16, "1,000,000,000,000,000", "1" * 36])
def test_amount_when_it_has_more_digits_than_money_has_then_is_refused(printed: str) -> None:
    """`-169` and the id behind it ran together; the most that is read is below 10**15 of any currency."""
    assert "digits" in refusal(ofx(transaction(printed))).reason
    assert lines(ofx(transaction("9" * 15)))[0].amount.amount == 10**15 - 1


@pytest.mark.parametrize(
    ("printed", "currency", "expected"),
    [
        ("-8.95000", "USD", "-8.95"),
        ("1.1234", "EUR", "1.1234"),
        ("12.3400000000", "EUR", "12.34"),
        ("-1,234", "JPY", "-1234"),
        ("1.234", "JPY", "1234"),
        ("1,23,456.78", "INR", "123456.78"),
        ("\u221212,50", "EUR", "-12.50"),
    ],
)
def test_amount_when_the_currency_tells_then_is_read(printed: str, currency: str, expected: str) -> None:
    assert lines(ofx(transaction(printed), currency=f"<CURDEF>{currency}"))[0].amount.amount == Decimal(expected)


def test_amount_when_points_group_elsewhere_then_they_group_here_too() -> None:
    read = lines(ofx(transaction("1.234.567") + transaction("-1.234")))
    assert [line.amount.amount for line in read] == [Decimal(1234567), Decimal(-1234)]


def test_amount_when_a_currency_without_decimals_has_some_then_warns() -> None:
    assert "JPY" in warnings(ofx(transaction("-1234.56"), currency="<CURDEF>JPY"))[0]


def test_balance_when_without_amount_or_out_of_place_or_in_cents_then_warns() -> None:
    assert "no amount" in warnings(ofx(tail="<LEDGERBAL><DTASOF>20260131</LEDGERBAL>"))[0]
    moved = ofx().replace("</STMTRS>", "</STMTRS><LEDGERBAL><BALAMT>5.00<DTASOF>20260131</LEDGERBAL>")
    assert "1 balance(s) outside" in warnings(moved)[0]
    assert "in cents" in warnings(ofx(tail="<LEDGERBAL><BALAMT>12345<DTASOF>20260131</LEDGERBAL>"))[0]
    assert warnings(ofx(tail="<LEDGERBAL><BALAMT>123.45<DTASOF>20260131</LEDGERBAL>")) == ()
    assert warnings(ofx(tail="<LEDGERBAL><BALAMT>0<DTASOF>20260131</LEDGERBAL>")) == ()


def test_balance_when_there_are_two_then_the_latest_counts() -> None:
    old = "<LEDGERBAL><BALAMT>5.00<DTASOF>20260131</LEDGERBAL>"
    new = "<LEDGERBAL><BALAMT>9.00<DTASOF>20260228</LEDGERBAL>"
    for tail in (old + new, new + old):
        balance = read_statement(ofx(tail=tail).encode()).statements[0].balance()
        assert balance is not None
        assert balance.amount.amount == Decimal("9.00")
    undated = "<LEDGERBAL><BALAMT>1.00</LEDGERBAL>" + old + new
    latest = read_statement(ofx(tail=undated).encode()).statements[0].balance()
    assert latest is not None
    assert latest.at == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("LOAN", AccountType.LOAN),
        ("Mortgage", AccountType.LOAN),
        ("CARD", AccountType.CREDIT),
        ("MARKET", AccountType.DEPOSITORY),
        ("CREDITLINE", AccountType.CREDIT),
        ("ODD", AccountType.UNKNOWN),
    ],
)
def test_account_type_when_printed_then_says_whether_it_is_a_debt(printed: str, expected: AccountType) -> None:
    (statement,) = read_statement(ofx().replace("SAVINGS", printed).encode()).statements
    assert (statement.account.type, statement.account.type_text) == (expected, printed)


def test_account_type_when_a_card_stands_in_a_bank_statement_then_is_credit() -> None:
    text = ofx().replace("BANKACCTFROM", "CCACCTFROM").replace("<BANKID>1", "").replace("<ACCTTYPE>SAVINGS", "")
    assert read_statement(text.encode()).statements[0].account.type is AccountType.CREDIT


@pytest.mark.parametrize(
    "part",
    [
        "<LOANSTMTRS><LOANPRINBAL>250000.00</LOANSTMTRS>",
        "<AMRTSTMTRS><PRINBAL>250000.00</AMRTSTMTRS>",
        "<CCSTMTTRNRS><STATUS><CODE>2000<SEVERITY>WARN<MESSAGE>unavailable</STATUS></CCSTMTTRNRS>",
    ],
)
def test_account_when_the_file_keeps_it_to_itself_then_it_is_named(part: str) -> None:
    file = read_statement(ofx().replace("</OFX>", f"{part}</OFX>").encode())
    assert len(file.left_out) == 1
    assert file.left_out[0] in file.warnings
    assert read_statement(ofx().encode()).left_out == ()


def investments(inner: str, **options: Any) -> Statement:
    text = (
        "<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>7788</INVACCTFROM>"
        f"{inner}</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    )
    return read_statement(text.encode(), **options).statements[0]


def test_holdings_when_not_listed_then_are_told_from_none() -> None:
    assert not investments("").positions_listed
    assert investments("<INVPOSLIST></INVPOSLIST>").positions_listed
    assert investments("<INVPOSLIST/>").positions_listed


@pytest.mark.parametrize(("units", "value"), [("-100", "5000.00"), ("100", "5000.00"), ("-100", "-5000.00")])
def test_position_when_short_then_units_and_value_are_owed(units: str, value: str) -> None:
    inner = f"<SECID><UNIQUEID>1<UNIQUEIDTYPE>X</SECID><POSTYPE>Short<UNITS>{units}<UNITPRICE>50<MKTVAL>{value}"
    (position,) = investments(f"<INVPOSLIST><POSSTOCK><INVPOS>{inner}</INVPOS></POSSTOCK></INVPOSLIST>").positions
    assert (position.side, position.units) == ("SHORT", Decimal(-100))
    assert position.market_value == Money(Decimal("-5000.00"), "USD")


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("N/A", "'N/A'"),
        ("NaN", "'NaN'"),
        ("12345678901 CR", "'########### CR'"),
        ("Jane Citizen 5", "'xxxx xxxxxxx #'"),
        ("-1,234", "'-#,###'"),
    ],
)
def test_error_when_it_quotes_then_is_readable_and_private(printed: str, shown: str) -> None:
    assert shown in refusal(ofx(transaction(printed))).reason


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_error_when_raised_then_names_the_line(newline: str) -> None:
    text = ofx(BOOKING + "\n" + transaction("x")).replace("\n", newline)
    error = refusal(text)
    assert (error.line, error.extra()["line"]) == (4, 4)
    assert str(error).endswith(f"(at byte {error.offset}, line 4)")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_file_when_mutated_and_lines_may_be_skipped_then_each_booking_is_read_or_named(
    name: str, data: st.DataObject
) -> None:
    content = bytearray((FIXTURES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    try:
        file = read_statement(bytes(content), skip_unreadable=True, account="1", currency="EUR")
    except StatementUnreadable:
        return
    read = sum(len(statement.lines) for statement in file.statements)
    aside = sum("transaction is set aside" in text for statement in file.statements for text in statement.warnings)
    shown = re.sub(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", b"", bytes(content), flags=re.S)
    assert read + aside == len(re.findall(rb"<STMTTRN\s*>", shown))


def test_correction_when_present_then_names_the_corrected_booking() -> None:
    line = lines(ofx(transaction(more="<CORRECTFITID>A0<CORRECTACTION>REPLACE")))[0]
    assert line.corrects == "A0"


PENDING = (
    "<BANKTRANLISTP><DTASOF>20260131<STMTTRNP><TRNTYPE>HOLD<DTTRAN>20260130<TRNAMT>-1.00<REFNUM>R1<NAME>Hotel"
    "</STMTTRNP></BANKTRANLISTP>"
)


def test_pending_when_announced_then_apart_from_what_is_posted_and_nothing_is_lacking() -> None:
    file = read_statement((ofx(tail=PENDING) + ofx()).encode())
    first, second = file.statements
    (line,) = first.pending
    assert (line.posted, line.amount, line.description) == (date(2026, 1, 30), Money(Decimal("-1.00"), "EUR"), "Hotel")
    assert (line.type_text, line.reference_number, line.id) == ("HOLD", "R1", None)
    assert (len(first.lines), len(second.lines), second.pending) == (1, 1, ())
    assert [(each.left_out, each.warnings) for each in file.statements] == [((), ()), ((), ())]
    assert (file.left_out, file.warnings) == ((), ())


def test_pending_when_copied_from_posted_ones_or_unreadable_then_dated_or_named_and_the_rest_is_read() -> None:
    copied = PENDING.replace("DTTRAN", "DTPOSTED")
    (statement,) = read_statement(ofx(tail=copied).encode()).statements
    assert statement.pending[0].posted == date(2026, 1, 30)
    (statement,) = read_statement(ofx(tail=PENDING.replace("<DTTRAN>20260130", "")).encode()).statements
    assert (len(statement.lines), statement.pending, statement.left_out) == (1, (), ())
    assert "a pending row is set aside: A transaction has no date" in statement.warnings[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            ofx().replace("<STMTTRNRS>", f"<STMTTRNRS>{PENDING}", 1),
            "1 pending transaction(s) outside a statement not read",
        ),
        (
            ofx().replace("</BANKMSGSRSV1>", "<LEDGERBAL><BALAMT>-5.00</LEDGERBAL></BANKMSGSRSV1>"),
            "1 balance(s) outside their place in a statement not read",
        ),
    ],
)
def test_file_when_money_stands_outside_its_statements_then_it_says_what_it_lacks(text: str, said: str) -> None:
    file = read_statement(text.encode())
    assert (file.left_out, file.warnings) == ((said,), (said,))


def test_file_when_several_statements_get_one_number_then_all_but_one_may_be_lacking() -> None:
    unnamed = ofx().replace("<ACCTID>2", "<ACCTID>")
    file = read_statement((unnamed + unnamed).encode(), account="77")
    assert file.left_out == ("2 statements without an account number were given the same one, by account=",)


def test_short_balance_when_set_aside_then_the_statement_lacks_it() -> None:
    text = (
        "<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>7788</INVACCTFROM>"
        "<INVBAL><SHORTBALANCE>N/A</INVBAL></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    )
    (statement,) = read_statement(text.encode(), skip_unreadable=True).statements
    assert "a short balance is set aside" in statement.left_out[0]


def test_files_when_joined_then_each_keeps_its_institution() -> None:
    def with_bank(org: str) -> str:
        return ofx(head=f"<SIGNONMSGSRSV1><SONRS><FI><ORG>{org}</FI></SONRS></SIGNONMSGSRSV1>")

    file = read_statement((with_bank("North") + "\n" + with_bank("South")).encode())
    assert [statement.account.institution for statement in file.statements] == ["North", "South"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "\n\n\n   ",
        "OFXHEADER:100 DATA:OFXSGML VERSION:102 ENCODING:USASCII CHARSET:1252 ",
        "OFXHEADER:101\r\nDATA:OFXSGML\r\n",
        "OFXHEADER:\n100\nDATA:\nOFXSGML\n",
        "<!--\nOFXHEADER:100\nDATA:OFXSGML\n<OFX>\n-->\n",
        '<?xml version="1.0" encoding="no-such-thing"?>',
        '<!DOCTYPE OFX SYSTEM "ofx160.dtd">\n',
    ],
)
def test_header_when_missing_wrapped_or_hidden_then_the_body_is_read(header: str) -> None:
    text = ofx().removeprefix("OFXHEADER:100\n\n")
    assert [line.id for line in lines(header + text)] == ["A1"]


@pytest.mark.parametrize("tag", ["<FITID>", "<TRNAMT>", "<NAME>", "<DTPOSTED>", "<ACCTTYPE>"])
def test_tag_when_broken_or_in_small_letters_then_its_text_is_in_no_other_value(tag: str) -> None:
    """It follows an id, a number or a kind, which it would lengthen; after a name it would be text."""
    for broken in (tag.lower(), tag[:-1], f"<{tag}", f"<1{tag}"):
        assert "holds another tag" in refusal(ofx().replace(tag, broken)).reason


def test_id_when_in_a_cdata_section_then_may_hold_an_angle_bracket() -> None:
    (line,) = lines(ofx(BOOKING.replace("<FITID>A1", "<FITID><![CDATA[A<1]]></FITID>")))
    assert line.id == "A<1"


def test_tags_when_lower_case_then_are_read() -> None:
    assert lines(ofx().replace("OFXHEADER", "").lower())[0].id == "a1"


def test_entities_when_declared_by_the_file_then_it_is_refused() -> None:
    bomb = '<!DOCTYPE OFX [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + ofx(transaction(more="<MEMO>&b;"))
    assert refusal(bomb).offset == bomb.index("<!ENTITY")


def test_entities_when_unknown_or_impossible_then_stay_as_printed() -> None:
    line = lines(ofx(transaction(more="<MEMO>&b; &#0; &#xD800; &#x41; &amp;lt; A&B")))[0]
    assert line.memo == "&b; &#0; &#xD800; A &lt; A&B"


def test_angle_bracket_when_in_text_then_is_no_tag() -> None:
    line = lines(ofx(transaction(more="<MEMO>a < b <me@example.org> <i>now</i>")))[0]
    assert line.memo == "a < b <me@example.org> <i>now</i>"


def test_statement_when_none_or_without_account_then_error() -> None:
    assert "holds no" in refusal("<OFX></OFX>").reason
    assert "ACCTID" in refusal(ofx().replace("<ACCTID>2", "")).reason


def test_nesting_when_very_deep_then_ends_soon() -> None:
    deep = "<A>" * 200_000
    refusal("<OFX>" + deep)
    assert "open at once" in refusal("<OFX>" + deep + "</A>" * 200_000 + "</OFX>").reason
    refusal("<OFX>" + deep[:27_000] + "</A>" * 9_000 + "</OFX>")
    refusal("<OFX>" + deep + "</B>" * 200_000 + "</OFX>")
    refusal("<OFX>" + "<STMTRS>" * 100_000)


@pytest.mark.parametrize(
    "part", ["<", "<A ", "<A b='", "<!--", "<!", "&#1", "<A", " ", "<A x=", "\n<MEMO>", "<![CDATA["]
)
def test_repetition_when_hostile_then_ends_soon(part: str) -> None:
    only_our_error(ofx(transaction(more="<MEMO>" + part * 100_000)).encode())


def only_our_error(data: bytes) -> StatementFile | None:
    """Read the data; None where it is refused, and any other exception is the test's failure."""
    offset: int | None = 0
    try:
        return Ofx().read(data)
    except StatementUnreadable as error:
        offset = error.offset
    assert offset is None or 0 <= offset <= len(data)
    return None


@settings(max_examples=effort(200), deadline=None)
@given(st.binary(max_size=400))
@example(b"\xff\xfe<")
@example(b"<OFX>\x00</OFX>")
def test_bytes_when_random_then_only_our_error(data: bytes) -> None:
    only_our_error(data)
    with contextlib.suppress(StatementUnreadable):
        read_statement(data)


_PIECES = st.sampled_from(
    """<OFX> </OFX> <STMTRS> </STMTRS> <BANKTRANLIST> </BANKTRANLIST> <STMTTRN> </STMTTRN> <TRNAMT>1.00 <TRNAMT>1,234
    <DTPOSTED>20260101 <FITID>9 <NAME> </NAME> <NAME>x</NAME> <CURDEF>EUR <BANKACCTFROM> </BANKACCTFROM> <ACCTID>1
    <!-- --> <![CDATA[ ]]> & < > é <INVSTMTRS> </INVSTMTRS> <INVPOS> </INVPOS> <UNITS>1 <STATUS> </STATUS> <CODE>5
    <CURRENCY> </CURRENCY> <CURSYM>USD <LEDGERBAL> </LEDGERBAL> <BALAMT>1 <MEMO/> <A> </A>""".split()  # noqa: SIM905 - a table of tags reads better as words
)


@settings(max_examples=effort(200), deadline=None)
@given(st.lists(_PIECES, max_size=60))
def test_tags_when_in_any_order_then_only_our_error(pieces: list[str]) -> None:
    only_our_error(("<OFX>" + "".join(pieces) + "</OFX>").encode())


@settings(max_examples=effort(200), deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_file_when_mutated_then_only_our_error_and_every_booking_tag_is_read(name: str, data: st.DataObject) -> None:
    content = bytearray((FIXTURES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        size = data.draw(st.integers(0, 30))
        content[at : at + size] = data.draw(st.binary(max_size=8))
    file = only_our_error(bytes(content))
    if file is not None:
        shown = re.sub(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", b"", bytes(content), flags=re.S)
        read = sum(len(statement.lines) for statement in file.statements)
        assert read == len(re.findall(rb"<STMTTRN\s*>", shown))


SAMPLES_READ = {
    # file: (transactions, first transaction: day, amount, text), (ledger balances), positions, read off the files
    "anzcc.ofx": ((1, "2017-05-08", "-5.50", "SOME MEMO"), ("-123.45 AUD",), 0),
    "bank_medium.ofx": ((3, "2009-04-01", "-6.60", "MCDONALD'S #112"), ("382.34 CAD",), 0),
    "checking.ofx": ((3, "2011-03-31", "0.01", "DIVIDEND EARNED FOR PERIOD OF 03"), ("100.99 USD",), 0),
    "fidelity.ofx": ((3, "2012-07-31", "0.24", "INTEREST EARNED"), (), 6),
    "multiple_accounts.ofx": (None, ("111 USD", "222 USD"), 0),
    "ofxdata-bb-two-stmtrs.ofx": ((36, "2017-03-01", "13318.36", None), ("0.00 BRL", "4555.28 BRL"), 0),
    "ofxdata-cmfr.ofx": ((42, "2016-06-01", "-1978.78", None), ("10000.00 EUR",), 0),
    "ofxdata-memoWithAmpersand.ofx": (
        (16, "2018-09-13", "-33.3", "Amazon.Com.Br Amazon & Cloud 3/3"),
        ("-734.05 BRL",),
        0,
    ),
    "ofxdata-oneline.ofx": ((8, "2016-07-19", "-1.55", "FRAIS TRIMESTRIELS"), ("100.00 EUR",), 0),
    "ofxdata-selfclose.ofx": ((5, "2019-09-18", "-70.00", "CXE     000026 SAQUE"), (), 0),
    "ofxdata-xml.ofx": ((3, "2007-03-15", "200.00", "DEPOSIT"), ("5250.00 USD",), 0),
    "suncorp.ofx": ((1, "2013-12-15", "-16.85", "EFTPOS WDL HANDYWAY ALDI STORE"), ("1234.12 AUD",), 0),
    "td_ameritrade.ofx": (None, (), 2),
    "vanguard401k.ofx": (None, (), 1),
}
SAMPLES_REFUSED = {
    "date_missing.ofx": ("DTPOSTED", b"<STMTTRN>"),
    "decimal_error.ofx": ("DTPOSTED", b"<DTPOSTED>"),
    "error_message.ofx": ("2000: General Server Error", b"<CODE>2000"),
    "ofx-v102-empty-tags.ofx": ("currency=", b"<CURDEF>"),
}


@pytest.mark.parametrize("name", SAMPLES_READ)
def test_real_file_when_readable_then_counts_and_spot_checks_agree(samples: Path, name: str) -> None:
    first, ledgers, positions = SAMPLES_READ[name]
    data = (samples / "ofx" / name).read_bytes()
    file = read_statement(data)
    read = [line for statement in file.statements for line in statement.lines]
    assert len(read) == len(re.findall(rb"<STMTTRN>", data)) == (first[0] if first else 0)
    if first:
        _, day, amount, text = first
        assert (read[0].posted.isoformat(), read[0].amount.amount) == (day, Decimal(amount))
        assert text is None or read[0].description == text
    balances = [statement.balance("ledger") for statement in file.statements]
    assert tuple(str(balance.amount) for balance in balances if balance) == ledgers
    assert sum(len(statement.positions) for statement in file.statements) == positions


@pytest.mark.parametrize("name", SAMPLES_REFUSED)
def test_real_file_when_unreadable_then_says_why_and_where(samples: Path, name: str) -> None:
    reason, place = SAMPLES_REFUSED[name]
    data = (samples / "ofx" / name).read_bytes()
    error = refusal(data)
    assert reason in error.reason
    assert error.offset == data.index(place)


def test_real_file_when_the_currency_is_given_then_its_empty_tags_are_absent_values(samples: Path) -> None:
    data = (samples / "ofx" / "ofx-v102-empty-tags.ofx").read_bytes()
    (statement,) = read_statement(data, currency="AUD").statements
    (line,) = statement.lines
    assert (line.id, line.posted, line.amount) == (None, date(2018, 5, 7), Money(Decimal("12.34"), "AUD"))
    assert statement.balances == ()


def test_real_files_when_new_ones_appear_then_are_read_or_refused(samples: Path) -> None:
    for path in sorted((samples / "ofx").iterdir()):
        if path.suffix in (".ofx", ".qfx"):
            with contextlib.suppress(StatementUnreadable):
                read_statement(path)


def test_real_investments_when_read_then_values_are_those_of_the_file(samples: Path) -> None:
    (statement,) = read_statement(samples / "ofx" / "fidelity.ofx").statements
    first = statement.positions[0]
    assert (first.security_id, first.units, first.unit_price) == ("G7945E105", Decimal(128), Decimal("40.87"))
    assert first.market_value == Money(Decimal("5231.36"), "USD")
    cash = statement.balance("available")
    assert cash is not None
    assert cash.amount == Money(Decimal("18073.98"), "USD")
    assert statement.warnings == ()
    assert Counter(trade.type_text for trade in statement.trades) == {"BUYSTOCK": 8, "INCOME DIV": 4, "SELLSTOCK": 2}
    bought = statement.trades[0]
    assert (bought.id, bought.day, bought.units) == ("0123456789020201120120720", date(2012, 7, 20), Decimal(100))
    assert (bought.unit_price, bought.fee) == (Money(Decimal("25.635"), "USD"), Money(Decimal("7.95"), "USD"))
    assert (bought.amount, bought.name) == (Money(Decimal("-2571.45"), "USD"), "INTEL CORP")
    sold = statement.trades[12]
    assert (sold.units, sold.amount, sold.ticker) == (Decimal(-8), Money(Decimal("1089.30"), "USD"), "SPY")
    amounts = [trade.amount for trade in statement.trades if trade.amount]
    assert Money.total(amounts, "USD") == Money(Decimal("-10526.10"), "USD")
    fees = [trade.fee for trade in statement.trades if trade.fee]
    assert Money.total(fees, "USD") == Money(Decimal("47.70"), "USD")


def test_real_pension_plan_when_read_then_purchases_by_source_and_balances_that_nobody_filled_in(samples: Path) -> None:
    (statement,) = read_statement(samples / "ofx" / "vanguard401k.ofx").statements
    assert [(str(each.day), each.type_text, str(each.units), str(each.amount)) for each in statement.trades] == [
        ("2014-09-26", "BUYMF", "14.61137", "-673.0 USD"),
        ("2014-09-26", "BUYMF", "7.30568", "-336.5 USD"),
        ("2014-10-10", "BUYMF", "15.25039", "-673.0 USD"),
        ("2014-10-10", "BUYMF", "7.62519", "-336.5 USD"),
        ("2013-09-05", "TRANSFER OUT", "-0.04241", "None"),
    ]
    moved = statement.trades[4]
    assert (moved.settled, moved.unit_price) == (date(2013, 9, 6), Money(Decimal("39.37"), "USD"))
    assert (moved.name, moved.memo) == ("Target Retirement 2050 Trust Plus", "Investment Expense; 401(k) source MATCH")
    kinds = {balance.kind for balance in statement.balances}
    assert len(kinds) == 9
    assert {"401k_pretax", "401k_match", "401k_other_unvested", "401k_total"} < kinds
    assert statement.balances[0].at == date(2014, 10, 17)
    assert statement.warnings == (
        "the 401(k) balances are zero beside holdings that are not: they may not have been filled in",
    )


def test_real_broker_when_nothing_was_traded_then_holdings_alone(samples: Path) -> None:
    file = read_statement(samples / "ofx" / "td_ameritrade.ofx")
    (statement,) = file.statements
    assert (statement.trades, statement.lines) == ((), ())
    assert [(each.ticker, each.units, str(each.market_value)) for each in statement.positions] == [
        ("AMZN", Decimal(1), "1000 USD"),
        ("912810RW0", Decimal(1000), "1000 USD"),
    ]
    assert file.warnings == ("13 further balance(s) not read",)


def traded(inner: str, **options: Any) -> Statement:
    return investments(f"<INVTRANLIST><DTSTART>20260101<DTEND>20260131{inner}</INVTRANLIST>", **options)


HEAD = "<INVTRAN><FITID>F1<DTTRADE>20260105<DTSETTLE>20260107<MEMO>m</INVTRAN>"
SECURITY = "<SECID><UNIQUEID>U1<UNIQUEIDTYPE>CUSIP</SECID>"


def one(name: str, values: str, *, within: str = "", head: str = HEAD, **options: Any) -> StatementTrade:
    inner = f"{head}{SECURITY}{values}"
    (trade,) = traded(f"<{name}>{f'<{within}>{inner}</{within}>' if within else inner}</{name}>", **options).trades
    return trade


@pytest.mark.parametrize(
    ("name", "within", "values", "type_text", "units", "amount", "fee"),
    [
        ("BUYSTOCK", "INVBUY", "<UNITS>10<UNITPRICE>5<COMMISSION>1<FEES>.5<TOTAL>-51.50", "", "10", "-51.50", "1.5"),
        ("BUYSTOCK", "INVBUY", "<UNITS>10<UNITPRICE>5<TOTAL>50.00", "", "10", "-50.00", None),
        ("BUYSTOCK", "INVBUY", "<UNITS>-10<UNITPRICE>5<TOTAL>50.00", "", "-10", "50.00", None),
        ("BUYOPT", "INVBUY", "<UNITS>1<TOTAL>-5<OPTBUYTYPE>BUYTOOPEN", "BUYTOOPEN", "1", "-5", None),
        ("SELLMF", "INVSELL", "<UNITS>-10<TAXES>2<WITHHOLDING>3<TOTAL>45<SELLTYPE>SELL", "", "-10", "45", "5"),
        ("SELLSTOCK", "INVSELL", "<UNITS>10<TOTAL>45<SELLTYPE>SELLSHORT", "SELLSHORT", "-10", "45", None),
        ("SELLSTOCK", "INVSELL", "<UNITS>10<TOTAL>-45", "", "10", "-45", None),
        ("REINVEST", "", "<INCOMETYPE>DIV<TOTAL>-12.00<UNITS>3<UNITPRICE>4", "DIV", "3", None, None),
        ("INCOME", "", "<INCOMETYPE>CGLONG<TOTAL>12.00<WITHHOLDING>2", "CGLONG", None, "12.00", None),
        ("INVEXPENSE", "", "<TOTAL>-12.00", "", None, "-12.00", None),
        ("MARGININTEREST", "", "<TOTAL>-1.25", "", None, "-1.25", None),
        ("RETOFCAP", "", "<TOTAL>7.00", "", None, "7.00", None),
        ("JRNLFUND", "", "<SUBACCTTO>MARGIN<SUBACCTFROM>CASH<TOTAL>7.00", "", None, None, None),
        ("JRNLSEC", "", "<SUBACCTTO>MARGIN<SUBACCTFROM>CASH<UNITS>7", "", None, None, None),
        ("SPLIT", "", "<OLDUNITS>10<NEWUNITS>25<NUMERATOR>5<DENOMINATOR>2<FRACCASH>1.5", "", "15", "1.5", None),
        ("TRANSFER", "", "<UNITS>4<TFERACTION>OUT<POSTYPE>LONG", "OUT", "-4", None, None),
        ("TRANSFER", "", "<UNITS>4<TFERACTION>IN<POSTYPE>LONG", "IN", "4", None, None),
        ("CLOSUREOPT", "", "<OPTACTION>EXPIRE<UNITS>-2<SHPERCTRCT>100", "EXPIRE", "-2", None, None),
    ],
)
def test_trade_when_read_then_units_and_money_have_the_signs_of_the_specification(
    name: str, within: str, values: str, type_text: str, units: str | None, amount: str | None, fee: str | None
) -> None:
    trade = one(name, values, within=within)
    assert (trade.id, trade.day, trade.settled) == ("F1", date(2026, 1, 5), date(2026, 1, 7))
    assert trade.type_text == f"{name} {type_text}".strip()
    assert trade.units == (None if units is None else Decimal(units))
    assert trade.amount == (None if amount is None else Money(Decimal(amount), "USD"))
    assert trade.fee == (None if fee is None else Money(Decimal(fee), "USD"))


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("REINVEST", "<TOTAL>-12.00<UNITS>3", "m; reinvested 12.00"),
        ("INCOME", "<TOTAL>12.00<WITHHOLDING>2", "m; withheld 2"),
        ("JRNLFUND", "<SUBACCTTO>MARGIN<SUBACCTFROM>CASH<TOTAL>7.00", "m; 7.00 from CASH to MARGIN"),
        ("SPLIT", "<NUMERATOR>5<DENOMINATOR>2", "m; 5 new units for 2 old"),
        ("BUYDEBT", "<UNITS>1000<UNITPRICE>99.5<TOTAL>-995.00", "m; price 99.5 for 100 of par value"),
    ],
)
def test_trade_when_a_value_has_no_field_then_it_is_words(name: str, values: str, words: str) -> None:
    trade = one(name, values)
    assert trade.memo == words
    assert name != "BUYDEBT" or trade.unit_price is None


def test_trade_when_in_another_currency_then_its_money_is() -> None:
    trade = one("INCOME", "<TOTAL>5.00<CURRENCY><CURRATE>1.1<CURSYM>EUR</CURRENCY>")
    assert trade.amount == Money(Decimal("5.00"), "EUR")


def test_trade_when_a_broker_prints_no_signs_then_it_is_said() -> None:
    inner = f"<BUYSTOCK><INVBUY>{HEAD}{SECURITY}<UNITS>1<TOTAL>5</INVBUY></BUYSTOCK>"
    assert traded(inner).warnings == ("a purchase's TOTAL is printed as money in; read as money out",)
    assert traded(inner.replace("BUY", "SELL")).warnings == (
        "a sale's UNITS are printed as coming in; read as going out",
    )


def test_trade_when_unreadable_then_refused_or_set_aside_and_a_foreign_element_is_counted() -> None:
    bad = f"<INCOME><INVTRAN><FITID>1</INVTRAN>{SECURITY}<TOTAL>5</INCOME>"
    good = f"<INCOME>{HEAD}{SECURITY}<TOTAL>5</INCOME>"
    with pytest.raises(StatementUnreadable, match=r"no date \(DTTRADE\).*skip_unreadable"):
        traded(bad + good)
    statement = traded(bad + good + "<ODDITY><X>1</ODDITY>", skip_unreadable=True)
    assert len(statement.trades) == 1
    assert statement.warnings[0] == "1 ODDITY investment transaction(s) not read"
    assert "a trade is set aside" in statement.warnings[1]


LOAN = (
    "<OFX><LOANMSGSRSV1><LOANSTMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><LOANSTMTRS><CURDEF>USD"
    "<LOANACCTFROM><LOANACCTID>L-4711<LOANACCTTYPE>MORTGAGE</LOANACCTFROM><LOANTRANLIST><DTSTART>20260101<DTEND>20260131"
    "<LOANSTMTTRN><LOANTRNTYPE>PAYMENT<DTPOSTED>20260115<TRNAMT>1500.00<LOANTRNAMT><PRINAMT>400.00<INTAMT>900.00"
    "<ESCRWAMT><ESCRWTOTAL>200.00<ESCRWTAX>150.00</ESCRWAMT></LOANTRNAMT><FITID>P1<NAME>Payment</LOANSTMTTRN>"
    "</LOANTRANLIST><PRINBAL><BALAMT>-250000.00<DTASOF>20260131</PRINBAL></LOANSTMTRS></LOANSTMTTRNRS></LOANMSGSRSV1></OFX>"
)


def test_loan_when_read_then_its_payments_and_what_is_owed() -> None:
    file = read_statement(LOAN.encode())
    (statement,) = file.statements
    assert (statement.account.number, statement.account.type, statement.account.type_text) == (
        "L-4711",
        AccountType.LOAN,
        "MORTGAGE",
    )
    (line,) = statement.lines
    assert (line.id, line.posted, line.amount, line.type_text) == (
        "P1",
        date(2026, 1, 15),
        Money(Decimal("1500.00"), "USD"),
        "PAYMENT",
    )
    assert line.memo == "principal 400.00, interest 900.00, escrow 200.00, escrow for taxes 150.00"
    ledger = statement.balance("ledger")
    assert ledger is not None
    assert (ledger.amount, ledger.at) == (Money(Decimal("-250000.00"), "USD"), date(2026, 1, 31))
    assert (file.left_out, file.warnings, statement.warnings) == ((), (), ())


def test_loan_when_the_bank_sends_none_or_without_number_then_it_is_named() -> None:
    joined = ofx() + LOAN.replace("<LOANACCTID>L-4711", "")
    assert read_statement(joined.encode()).left_out == ("the file has a loan statement, which is not read",)
    unsent = "<OFX><LOANSTMTTRNRS><STATUS><CODE>2000<SEVERITY>WARN</STATUS></LOANSTMTTRNRS></OFX>"
    assert read_statement((ofx() + unsent).encode()).left_out == (
        "the bank sent no statement for one of the accounts asked for",
    )


def test_plan_when_it_lent_money_then_the_statement_lacks_it() -> None:
    lent = "<INV401K><EMPLOYERNAME>x<LOANINFO><LOANID>1<CURRENTLOANBAL>5000</LOANINFO></INV401K>"
    statement = investments(lent)
    assert statement.left_out == ("the file has a loan from the 401(k) plan, which is not read",)
    assert statement.left_out == statement.warnings
