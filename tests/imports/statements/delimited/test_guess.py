"""Files of unknown banks: read by what they show, with reasons, or refused with the two readings or the next step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.delimited import Delimited, guess_delimited, learn, learned, read_delimited
from fin_infra.model.statement import Statement

PUBLIC = Path(__file__).resolve().parents[5] / "shared" / "samples" / "csv"
public = pytest.mark.skipif(not PUBLIC.is_dir(), reason="needs the shared samples beside the repository")
SAID: dict[str, Any] = {"account": "4711", "currency": "USD"}


def statement(text: str | bytes, **options: Any) -> Statement:
    data = text.encode() if isinstance(text, str) else text
    (found,) = read_statement(data, **{**SAID, **options}).statements
    return found


def amounts(text: str | bytes, **options: Any) -> list[str]:
    return [str(line.amount.amount) for line in statement(text, **options).lines]


def refusal(text: str | bytes, **options: Any) -> StatementUnreadable:
    with pytest.raises(StatementUnreadable) as caught:
        statement(text, **options)
    return caught.value


# The public samples, by values worked out by hand.


@public
def test_french_sample_when_read_then_commas_are_decimals_and_the_day_comes_first() -> None:
    found = statement((PUBLIC / "french_example.csv").read_bytes(), currency="EUR")
    assert [str(line.amount.amount) for line in found.lines] == [
        "-10.00",
        "-5.76",
        "-105.90",
        "-39.99",
        "-36.00",
        "-40.00",
        "-47.12",
        "-27.02",
        "-25.65",
    ]
    assert [line.posted for line in found.lines] == [date(2014, 1, 22)] * 6 + [date(2014, 1, 21)] * 3
    assert found.lines[0].description.startswith("CHEQUE 012345678901234578ABC000 0000")


@public
def test_german_sample_when_read_then_the_running_balance_proves_signs_and_order() -> None:
    found = statement((PUBLIC / "german_date_example.csv").read_bytes())
    assert [(line.posted, str(line.amount.amount), line.description) for line in found.lines] == [
        (date(2009, 12, 24), "-76.00", "Check - 0000000122"),
        (date(2009, 12, 24), "327.49", "BLARG R SH 456930"),
        (date(2009, 12, 24), "-800.00", "Check - 0000000112"),
    ]
    opening, closing = found.balance("opening"), found.balance()
    assert opening is not None
    assert closing is not None
    assert (opening.amount.amount, closing.amount.amount) == (Decimal("2298.57"), Decimal("1750.06"))


@public
def test_suntrust_sample_when_read_then_debit_and_credit_are_told_apart_by_the_balance() -> None:
    found = statement((PUBLIC / "suntrust.csv").read_bytes())
    assert [str(line.amount.amount) for line in found.lines] == ["500.00", *["-100.00"] * 5, "700.00"]
    assert (found.lines[0].posted, found.lines[6].posted) == (date(2014, 11, 1), date(2014, 11, 17))
    assert [str(each.amount.amount) for each in found.balances] == ["0.00", "700.00"]


@public
def test_card_sample_when_the_words_contradict_every_sign_then_plus_is_money_out() -> None:
    found = statement((PUBLIC / "inversed_credit_card.csv").read_bytes(), currency="NZD")
    assert [str(line.amount.amount) for line in found.lines[:5]] == ["-30.00", "-4.60", "-2.00", "500.00", "-64.99"]
    assert sum(line.amount.amount for line in found.lines) == Decimal("557.75") - Decimal("370.74")
    assert len(found.lines) == 16
    assert any("plus is money out" in each for each in found.warnings)


@public
def test_mint_sample_when_amounts_have_no_sign_then_the_word_says_the_way() -> None:
    found = statement((PUBLIC / "intuit_mint_example.csv").read_bytes(), currency="CAD")
    assert [str(line.amount.amount) for line in found.lines] == [
        "0.01",
        "-331.63",
        "-100.00",
        "-140.72",
        "943.34",
        "-500.00",
        "-559.96",
    ]
    assert [line.posted for line in found.lines][:2] == [date(2014, 12, 10), date(2014, 2, 3)]


@public
def test_chase_sample_when_dates_are_those_of_ofx_then_the_printed_day_counts() -> None:
    found = statement((PUBLIC / "chase.csv").read_bytes())
    assert [str(line.amount.amount) for line in found.lines] == [
        "-85.00",
        "-20.00",
        "-7.00",
        "3520.00",
        "1558.52",
        "-12.23",
        "-20.96",
        "-116.22",
        "2105.00",
    ]
    assert found.lines[0].posted == date(2009, 12, 24)
    assert found.lines[3].description == "Some Company vendorpymt PPD ID: 59728JSL20"


@public
def test_other_samples_when_read_then_they_are_right_or_refused_with_a_sentence() -> None:
    (line,) = statement((PUBLIC / "yyyymmdd_date_example.csv").read_bytes()).lines
    assert (line.posted, str(line.amount.amount)) == (date(2012, 12, 31), "-123.45")
    (line,) = statement((PUBLIC / "multi-line-field.csv").read_bytes()).lines
    assert (line.posted, str(line.amount.amount)) == (date(2002, 9, 10), "-21.59")
    assert "not one transaction" in refusal((PUBLIC / "bom_utf8_file.csv").read_bytes()).reason
    # 1,298.57 - 800.00 is not 1,498.57: the sample's texts were made up without its balances
    assert "1088.55 USD more" in refusal((PUBLIC / "two_money_columns.csv").read_bytes()).reason
    found = statement((PUBLIC / "two_money_columns.csv").read_bytes(), accept_difference=True)
    assert str(found.difference) == "1088.55 USD"
    assert [str(line.amount.amount) for line in found.lines] == ["-76.00", "327.49", "-800.00", "-88.55", "88.55"]


# Days.


def test_days_when_every_one_reads_in_two_ways_then_both_readings_are_shown() -> None:
    text = "Date,Description,Amount\n03/04/2026,a,-1.00\n05/04/2026,b,2.00\n"
    error = refusal(text)
    assert "'03/04/2026' may be 3 April 2026 or 4 March 2026" in error.reason
    assert "day_first=True" in error.reason
    assert (error.offset, error.line) == (24, 2)
    assert [line.posted for line in statement(text, day_first=True).lines] == [date(2026, 4, 3), date(2026, 4, 5)]
    assert [line.posted for line in statement(text, day_first=False).lines] == [date(2026, 3, 4), date(2026, 5, 4)]


def test_days_when_one_of_a_thousand_decides_then_it_decides_for_all() -> None:
    rows = "".join(f"{1 + n % 12:02}/{1 + n % 11:02}/2026,a,-1.00\n" for n in range(3000))
    found = statement(f"Date,Description,Amount\n{rows}31/01/2026,a,-1.00\n")
    assert found.lines[1].posted == date(2026, 2, 2)
    assert found.lines[2].posted == date(2026, 3, 3)
    assert found.lines[12].posted == date(2026, 2, 1)


def test_days_when_written_in_two_orders_then_both_are_shown() -> None:
    error = refusal("Date,Description,Amount\n13/04/2026,a,-1.00\n05/14/2026,b,2.00\n")
    assert "'13/04/2026' has the day first, '05/14/2026' the month" in error.reason


def test_day_when_the_calendar_does_not_have_it_then_its_row_is_at_fault() -> None:
    text = "Date,Description,Amount\n2026-02-28,a,-1.00\n2026-02-30,b,2.00\n2026-03-01,c,3.00\n"
    error = refusal(text)
    assert (error.offset, error.line) == (text.index("2026-02-30"), 3)
    assert amounts(text, skip_unreadable=True) == ["-1.00", "3.00"]


# Amounts.


def test_amounts_when_marks_differ_by_column_then_each_column_has_its_own() -> None:
    text = 'Date;Description;Amount;Balance\n2026-01-01;a;1.000;"2,000.00"\n2026-01-02;b;1.111,11;"3,111.11"\n'
    assert amounts(text) == ["1000", "1111.11"]


def test_amounts_when_only_thousands_or_thousandths_then_the_mark_is_asked_for() -> None:
    text = "Date,Description,Amount\n2026-01-01,a,-1.234\n2026-01-02,b,5.678\n"
    assert "pass decimal_mark" in refusal(text).reason
    assert amounts(text, decimal_mark=",") == ["-1234", "5678"]
    assert amounts(text, decimal_mark=".") == ["-1.234", "5.678"]


def test_amounts_when_both_marks_are_clear_in_one_column_then_each_is_read_by_itself_and_said() -> None:
    found = statement('Date;Description;Amount\n2026-01-01;a;-1.234,56\n2026-01-02;b;"1,234.56"\n')
    assert [str(line.amount.amount) for line in found.lines] == ["-1234.56", "1234.56"]
    assert any("points and commas" in each for each in found.warnings)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("(12.50)", "-12.50"),
        ("\u221212.50", "-12.50"),
        ("12.50-", "-12.50"),
        ("- $12.50", "-12.50"),
        ("+ $1.00", "1.00"),
        ("$1,234.56", "1234.56"),
        ("-12.50 USD", "-12.50"),
        ("1'234.50", "1234.50"),
        ("1 234.50", "1234.50"),
    ],
)
def test_amount_when_dressed_then_it_is_read(printed: str, value: str) -> None:
    assert amounts(f'Date,Description,Amount\n2026-01-01,a,"{printed}"\n2026-01-02,b,-1.00\n')[0] == value


def test_amount_when_it_is_no_number_then_its_place_is_told_and_the_row_can_be_set_aside() -> None:
    text = "Date,Description,Amount\n2026-01-01,a,-1.00\n2026-01-02,b,n/a\n2026-01-03,c,-3.00\n"
    error = refusal(text)
    assert (error.offset, error.line) == (43, 3)
    found = statement(text, skip_unreadable=True)
    assert [line.description for line in found.lines] == ["a", "c"]
    assert any("a row is set aside" in each and "byte 43, line 3" in each for each in found.warnings)


def test_amount_when_another_currency_stands_beside_it_then_it_contradicts() -> None:
    assert (
        "does not look like an amount in EUR"
        in refusal("Date,Description,Amount\n2026-01-01,a,-$1.00\n2026-01-02,b,-$2.00\n", currency="EUR").reason
    )


# Signs.


def test_signs_when_nothing_says_them_then_the_file_is_refused() -> None:
    assert "which are money out" in refusal("Date,Description,Amount\n2026-01-01,a,1.00\n2026-01-02,b,2.00\n").reason


def test_signs_when_the_balance_falls_by_positive_amounts_then_they_are_money_out() -> None:
    text = "Date,Description,Amount,Balance\n2026-01-01,a,10.00,90.00\n2026-01-02,b,20.00,70.00\n"
    assert amounts(text) == ["-10.00", "-20.00"]


def test_debit_when_negative_among_positive_ones_then_it_is_a_refund() -> None:
    text = "Date,Description,Debit,Credit\n2026-01-01,a,10.00,\n2026-01-02,b,-3.00,\n2026-01-03,c,,5.00\n"
    assert amounts(text) == ["-10.00", "3.00", "5.00"]


def test_debit_when_all_are_negative_then_the_sign_is_printed() -> None:
    text = "Date,Description,Debit,Credit\n2026-01-01,a,-10.00,\n2026-01-03,c,,5.00\n"
    assert amounts(text) == ["-10.00", "5.00"]


def test_credit_when_printed_with_a_minus_beside_plain_debits_then_it_is_money_in() -> None:
    text = (
        "Status,Date,Description,Debit,Credit\nCleared,03/16/2026,PAYMENT THANK YOU,,-2000.05\n"
        "Cleared,03/17/2026,FILMS,17.99,\nPending,03/18/2026,BAKERY,4.10,\n"
    )
    found = statement(text)
    assert [str(line.amount.amount) for line in found.lines] == ["2000.05", "-17.99"]
    assert [str(line.amount.amount) for line in found.pending] == ["-4.10"]


def test_kind_when_it_says_debit_and_credit_beside_plain_amounts_then_the_balance_proves_it() -> None:
    text = (
        "Account Number,Transaction Description,Transaction Date,Transaction Type,Transaction Amount,Balance\n"
        "4321,Payment to Power Co,03/17/26,Debit,51.99,1234.56\n4321,Interest Paid,02/28/26,Credit,1.23,1286.55\n"
    )
    found = statement(text)
    assert [str(line.amount.amount) for line in found.lines] == ["-51.99", "1.23"]
    assert (found.account.number, [str(each.amount.amount) for each in found.balances]) == (
        "4321",
        ["1285.32", "1234.56"],
    )


def test_row_when_it_has_money_out_and_in_then_it_is_refused() -> None:
    assert "at once" in refusal("Date,Description,Debit,Credit\n2026-01-01,a,1.00,2.00\n").reason


@pytest.mark.parametrize(("out", "into"), [("Af", "Bij"), ("D", "C"), ("S", "H"), ("DBIT", "CRDT"), ("Soll", "Haben")])
def test_amounts_when_a_word_says_the_way_then_it_decides(out: str, into: str) -> None:
    text = f"Date,Description,Amount,D/C\n2026-01-01,a,10.00,{out}\n2026-01-02,b,20.00,{into}\n"
    assert amounts(text) == ["-10.00", "20.00"]


def test_amounts_when_their_side_stands_behind_them_then_it_is_their_sign() -> None:
    text = "Date,Description,Amount,Balance\n2026-01-01,a,10.00 DR,90.00 CR\n2026-01-02,b,100.00 DR,10.00 DR\n"
    assert amounts(text) == ["-10.00", "-100.00"]


def test_balance_when_it_cannot_be_read_then_its_row_is_not_lost() -> None:
    text = (
        "Date,Description,Amount,Balance\n2026-01-01,a,-10.00,90.00\n2026-01-02,b,-5.00,n/a\n2026-01-03,c,-5.00,80.00\n"
    )
    assert refusal(text).line == 3
    found = statement(text, skip_unreadable=True)
    assert [line.description for line in found.lines] == ["a", "b", "c"]
    assert any("a balance is set aside" in each for each in found.warnings)
    assert [str(each.amount) for each in found.balances] == ["100.00 USD", "80.00 USD"]


def test_balance_when_it_does_not_follow_then_the_difference_is_shown() -> None:
    text = "Date,Description,Amount,Balance\n2026-01-01,a,-10.00,90.00\n2026-01-02,b,-20.00,75.00\n"
    assert "5.00 USD more" in refusal(text).reason
    assert str(statement(text, accept_difference=True).difference) == "5.00 USD"


def test_balance_when_the_rows_of_a_day_are_shuffled_then_the_chain_still_proves_them() -> None:
    text = (
        "Date,Description,Amount,Balance\n2026-01-01,a,-10.00,90.00\n2026-01-02,c,-5.00,65.00\n"
        "2026-01-02,b,-20.00,70.00\n2026-01-02,d,-1.00,64.00\n"
    )
    found = statement(text)
    assert [str(each.amount.amount) for each in found.balances] == ["100.00", "64.00"]


# Columns.


def test_account_column_when_it_may_be_the_other_sides_then_it_is_not_taken_for_the_own_one() -> None:
    text = "Datum;Rekening;Omschrijving;Bedrag\n13.01.2026;BE12;Winkel;-12,50\n14.01.2026;BE13;Loon;1.200,00\n"
    assert statement(text).account.number == "4711"
    same = text.replace("BE13", "BE12")
    assert statement(same).account.number == "BE12"


def test_amount_column_when_it_is_empty_then_debit_and_credit_count() -> None:
    text = (
        "Buchungstag;Verwendungszweck;Betrag;Soll;Haben;Währung\n01.02.2026;Kauf;;-12,00;;EUR\n"
        "03.02.2026;Lohn;;;1.500,00;EUR\nKontostand;03.02.2026;;2.488,00;;EUR\n"
    )
    assert amounts(text) == ["-12.00", "1500.00"]


def test_names_when_they_do_not_say_enough_then_what_stands_in_the_columns_does() -> None:
    text = (
        "Radnr,Kontonr,Valuta,Bokfdag,Text,Belopp x,Saldo x\n1,123,SEK,2026-01-05,ICA,-100.00,900.00\n"
        "2,123,SEK,2026-01-04,COOP,-50.00,1000.00\n"
    )
    found = statement(text)
    assert [(line.description, str(line.amount)) for line in found.lines] == [
        ("ICA", "-100.00 SEK"),
        ("COOP", "-50.00 SEK"),
    ]
    assert any("do not say enough" in each for each in found.warnings)


def test_balances_when_read_then_their_days_are_those_of_the_oldest_and_the_newest_row() -> None:
    rows = ["2026-01-05,c,-5.00,85.00", "2026-01-03,b,-10.00,90.00", "2026-01-02,a,-1.00,100.00"]
    for order in (rows, rows[::-1], [rows[1], rows[0], rows[2]]):
        found = statement("Date,Description,Amount,Balance\n" + "\n".join(order) + "\n")
        assert [(each.kind, str(each.at), str(each.amount)) for each in found.balances] == [
            ("opening", "2026-01-02", "101.00 USD"),
            ("ledger", "2026-01-05", "85.00 USD"),
        ]


# Frames.


def test_file_when_metadata_stands_above_and_totals_below_then_only_rows_are_read() -> None:
    text = (
        "Account Number : 6007793\nCurrency:,CAD\nDate Range : 12/10/2025-01/28/2026\n\n"
        "Date,Description,Amount\n01/23/2026,a,-67.66\n01/24/2026,b,12.00\nTotal,,-55.66\nEnd of file\n"
    )
    found = statement(text, account=None, currency=None)
    assert (found.account.number, found.account.currency) == ("6007793", "CAD")
    assert [str(line.amount.amount) for line in found.lines] == ["-67.66", "12.00"]
    assert any("a row without a day" in each for each in found.warnings)


def test_file_when_it_names_no_account_or_currency_then_the_way_is_told() -> None:
    text = "Date,Description,Amount\n2026-01-01,a,-1.00\n"
    assert "--account" in refusal(text, account=None).reason
    assert "--currency" in refusal(text, currency=None).reason


def test_file_when_it_has_a_byte_order_mark_then_its_first_column_has_its_name() -> None:
    text = "\ufeffDate,Description,Amount\n2026-01-01,a,-1.00\n"
    assert statement(text).lines[0].offset == len("\ufeffDate,Description,Amount\n".encode())


def test_file_when_rows_are_pending_then_they_are_not_posted() -> None:
    text = (
        "Date,Description,Amount,Status\n2026-01-01,a,-1.00,Posted\n2026-01-02,b,-2.00,Pending\n"
        "2026-01-02,c,-3.00,Declined\n"
    )
    found = statement(text)
    assert [line.description for line in found.lines] == ["a"]
    assert [line.description for line in found.pending] == ["b"]


def test_twins_when_they_are_equal_in_every_cell_then_both_are_kept() -> None:
    row = "2026-01-01,Coffee,-3.20\n"
    assert amounts("Date,Description,Amount\n" + row * 3) == ["-3.20"] * 3


def test_cells_when_they_are_formulas_then_they_are_texts() -> None:
    found = statement('Date,Description,Amount\n2026-01-01,"=HYPERLINK(""http://x"")",-1.00\n2026-01-01,+cmd|x,-2.00\n')
    assert [line.description for line in found.lines] == ['=HYPERLINK("http://x")', "+cmd|x"]


def test_field_when_it_takes_several_lines_then_rows_know_their_places() -> None:
    text = 'Date,Description,Amount\n2026-01-01,"a\nb",-1.00\n2026-01-02,c,-2.00\n'
    found = statement(text)
    assert [(line.description, line.offset) for line in found.lines] == [("a b", 24), ("c", text.index("2026-01-02"))]


def test_quote_when_it_swallows_rows_then_the_file_is_refused() -> None:
    error = refusal('Date,Description,Amount\n2026-01-01,"a,-1.00\n2026-01-02,"b",-2.00\n2026-01-03,c,-3.00\n')
    assert "quote" in error.reason
    assert error.line == 2


def test_text_when_it_holds_the_delimiter_unquoted_then_its_row_is_at_fault() -> None:
    error = refusal("Date,Description,Amount\n2026-01-01,a,-1.00\n2026-01-02,b,c,-2.00\n2026-01-03,d,-1.00\n")
    assert error.line == 3


@pytest.mark.parametrize("cut", range(1, 28))
def test_file_when_cut_off_then_it_is_refused_or_has_only_whole_rows(cut: int) -> None:
    text = "Date,Description,Amount,Balance\n" + "".join(
        f"2026-01-{day:02},shop {day},-10.00,{1000 - 10 * day}.00\n" for day in range(1, 9)
    )
    whole = amounts(text)
    try:
        found = amounts(text[:-cut])
    except StatementUnreadable:
        return
    assert found in (whole, whole[:-1])


def test_fees_when_nothing_says_whether_they_are_in_the_amount_then_they_are_refused() -> None:
    assert "fees" in refusal("Date,Description,Amount,Fee\n2026-01-01,a,-10.00,0.50\n2026-01-02,b,-1.00,0.10\n").reason


def test_amount_when_two_columns_may_be_it_then_both_are_named() -> None:
    error = refusal("Date,Description,Amount,Value\n2026-01-01,a,-10.00,-12.00\n2026-01-02,b,-1.00,-1.50\n")
    assert "'amount' and 'value'" in error.reason


def test_currencies_when_several_then_each_has_its_statement() -> None:
    text = "Date,Description,Amount,Currency\n2026-01-01,a,-1.00,EUR\n2026-01-02,b,-2.00,USD\n2026-01-03,c,3.00,EUR\n"
    file = read_statement(text.encode(), account="1")
    assert [(each.account.currency, len(each.lines)) for each in file.statements] == [("EUR", 2), ("USD", 1)]


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>2026-01-01,a,b</body></html>",
        b'{"Date": "2026-01-01", "Amount": 1}',
        b"[1,2,3]\n2026-01-01,a,-1.00\n",
        b"%PDF-1.4\n2026-01-01,a,-1.00\n",
        b"!Type:Bank\nD01/02/2026\nT-1,234.00\n^\n",
        b":20:STARTUMS\r\n:25:1/2\r\n:61:2601010101D1,00NMSC\r\n",
        b"01,122099999,123456789,260621,0200,1,65,,2/\n02,031001234,122099999,1,260620,2359,,2/\n",
        b"Dear customer, your statement is attached.\nRegards, the bank\n",
        b"\x00\x01\x02,2026-01-01,-1.00\n",
    ],
)
def test_file_when_it_is_of_another_format_then_it_is_never_taken_for_csv(data: bytes) -> None:
    assert not Delimited().recognizes(data)
    with pytest.raises(StatementUnreadable) as caught:  # by its own reader, or because nobody knows it
        read_statement(data)
    assert "CSV file" not in caught.value.reason


def test_guess_when_kept_then_the_next_file_is_read_by_it_without_a_guess(tmp_path: Path) -> None:
    data = b"Date;Text;Betrag\n13.01.2026;a;-1,00\n14.01.2026;b;2,00\n"
    guess = guess_delimited(data)
    assert (guess.layout.date, guess.layout.amount, guess.layout.delimiter) == ("Date", "Betrag", ";")
    assert guess.reasons
    learn(replace(guess.layout, name="My bank", fixed_currency="EUR"), tmp_path)
    layouts, notes = learned(tmp_path)
    assert notes == ()
    (found,) = read_delimited(data, ReadOptions(account="1"), layouts=layouts).statements
    assert [str(line.amount) for line in found.lines] == ["-1.00 EUR", "2.00 EUR"]
    assert not any("known bank" in each for each in found.warnings)
