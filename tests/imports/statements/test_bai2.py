"""BAI2 files: continuations, funds types, codes, control totals, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import bai2 as package
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.bai2 import Bai2
from fin_infra.model.statement import Statement, StatementFile

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "bai2" / "two_accounts.bai"
SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples" / "bai2"
published = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published samples are not here")


def document(*rows: str, account: str = "03,1,USD/", group: str = "02,R,122,1,260104,2400,USD,2/") -> str:
    """Write a file whose counts are right and whose sums are left out, which trailers may do."""
    body = [account, *rows]
    return "\n".join(
        [
            "01,S,R,260105,0200,1,,,2/",
            group,
            *body,
            f"49,,{len(body) + 1}/",
            f"98,,1,{len(body) + 3}/",
            f"99,,1,{len(body) + 5}/",
        ]
    )


def read(text: str | bytes, **options: Any) -> StatementFile:
    return read_statement(text.encode() if isinstance(text, str) else text, **options)


def only(text: str, **options: Any) -> Statement:
    (statement,) = read(text, **options).statements
    return statement


def refusal(text: str | bytes, **options: Any) -> StatementUnreadable:
    with pytest.raises(StatementUnreadable) as caught:
        read(text, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def test_file_when_read_then_every_value_is_typed() -> None:
    data = FIXTURE.read_bytes()
    file = read(data)
    dollars, yen = file.statements
    assert (file.format, file.encoding, file.warnings) == ("bai2", "utf-8", ())
    assert (dollars.account.number, dollars.account.bank_id) == ("0123456789", "122099999")
    assert [(each.kind, str(each.amount), each.at) for each in dollars.balances] == [
        ("opening", "1000.00 USD", date(2026, 1, 4)),
        ("ledger", "1305.00 USD", date(2026, 1, 4)),
        ("available", "1200.00 USD", date(2026, 1, 4)),
    ]
    assert [
        (each.id, each.reference_number, str(each.amount.amount), each.type_text, each.description)
        for each in dollars.lines
    ] == [
        ("B1", "C1", "300.00", "165", "Payroll, first half"),
        ("B2", None, "5.00", "169", "INTEREST PAID FOR THE LONG MONTH OF DECEMBER, AT FOUR PER CENT"),
        ("B3", "C3", "200.00", "195", ""),
        ("B4", "1027", "-200.00", "475", "Check to the landlord"),
    ]
    assert {each.posted for each in dollars.lines} == {date(2026, 1, 4)}
    assert all(data[each.offset :].startswith(b"16,") for each in dollars.lines)
    assert [str(each.amount) for each in (*yen.balances, *yen.lines)] == ["5000 JPY", "4000 JPY", "-1000 JPY"]
    assert (dollars.warnings, yen.warnings) == ((), ())


def test_lines_when_padded_to_80_or_without_ends_then_read_the_same() -> None:
    lines = FIXTURE.read_text().splitlines()
    expected = [statement.lines for statement in read(FIXTURE.read_bytes()).statements]
    padded = "\r\n".join(line.ljust(80) for line in lines)
    assert [statement.lines for statement in read(padded).statements] == expected
    short = document("16,165,30000,1,B1,C1,Payroll/", "16,475,100,,,,Check/").replace("\n", "").replace("/0", "/   0")
    assert [str(each.amount) for each in only(short).lines] == ["300.00 USD", "-1.00 USD"]


def test_lines_when_records_share_one_or_text_is_broken_then_each_is_found() -> None:
    text = document("16,165,100,Z,B,C,PAID 1/16,5 USD/ 16,475,200,Z,,,one", "two        /", "88,three/")
    statement = only(text)
    assert [(str(each.amount.amount), each.description) for each in statement.lines] == [
        ("1.00", "PAID 1/16,5 USD"),
        ("-2.00", "one two three"),
    ]
    assert "1 line(s) without a record code" in statement.warnings[0]


@pytest.mark.parametrize(
    ("rows", "amount", "text"),
    [
        (("16,165,500,V,260106,1200,B,C,Text",), "5.00", "Text"),
        (("16,165,500,S,1,2,3,B,C,Text/",), "5.00", "Text"),
        (("16,165,500,D,3,0,1,1,2,2,3,B,C,Text/",), "5.00", "Text"),
        (("16,165,500,2,B,C,a/b, c/",), "5.00", "a/b, c"),
        (("16,165,500,Z,B,C,/slash first",), "5.00", "/slash first"),
        (("16,165,500,0,B/", "88,C,Text/"), "5.00", "Text"),
        (("16,165,50", "88,0,0,B,C,Text/"), "5.00", "Text"),
        (("16,165,500,0,B,", "88,C,Text/"), "5.00", "Text"),
        (("16,165,500,0,B,C,one", "88,two, three/", "88,four"), "5.00", "one two, three four"),
        (("16,165,+500,,B,C/",), "5.00", ""),
        (("16,165,-500,,B,C/",), "-5.00", ""),
        (("16,165,12.34,,B,C/",), "12.34", ""),
    ],
)
def test_transaction_when_continued_or_with_funds_then_no_field_shifts(
    rows: tuple[str, ...], amount: str, text: str
) -> None:
    (line,) = only(document(*rows)).lines
    assert (str(line.amount.amount), line.id, line.reference_number, line.description) == (amount, "B", "C", text)


@pytest.mark.parametrize(
    ("account", "kinds"),
    [
        ("03,1,USD,010,5,,,015,5,,/", ["opening", "ledger"]),
        ("03,1,USD,010,5,1,V,260101,,015,5,,S,1,2,2,030,7,,/", ["opening", "ledger", "interim"]),
        ("03,1,USD,010,5,,D,1,0,5,015,5/", ["opening", "ledger"]),
        ("03,1,USD,,,,,060,3,,,045,2,,/", ["available"]),
        ("03,1,USD,060,3,,/", ["available"]),
        ("03,1,USD/", []),
    ],
)
def test_balances_when_listed_then_each_has_its_place(account: str, kinds: list[str]) -> None:
    assert [each.kind for each in only(document(account=account)).balances] == kinds


@pytest.mark.parametrize(
    ("code", "sign"), [("100", 1), ("399", 1), ("400", -1), ("699", -1), ("921", 1), ("961", -1), ("108", 1)]
)
def test_code_when_in_a_range_then_the_range_says_the_direction(code: str, sign: int) -> None:
    (line,) = only(document(f"16,{code},100,,B,C/")).lines
    assert (line.amount.amount, line.type_text) == (Decimal(sign), code)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("16,720,100,,B,C/", "neither credit nor debit"),
        ("16,900,100,,B,C/", "neither credit nor debit"),
        ("16,1x5,100,,B,C/", "type code"),
        ("16,165,1O0,,B,C/", "smallest unit"),
        ("16,165,,,B,C/", "no amount"),
        ("16,165,100,Q,B,C/", "funds type"),
        ("16,165,100,D,x,B,C/", "availabilities"),
    ],
)
def test_transaction_when_a_value_is_wrong_then_refused_with_its_place_or_set_aside(row: str, word: str) -> None:
    text = document("16,165,200,,B,C/", row)
    error = refusal(text)
    assert word in error.reason
    assert "skip_unreadable" in error.reason
    assert (error.offset, error.line) == (text.index(row), 5)
    statement = only(text, skip_unreadable=True)
    assert len(statement.lines) == 1
    assert "transaction is set aside" in statement.warnings[0]


def test_transaction_when_of_text_only_then_counted() -> None:
    statement = only(document("16,890,,,,,Rates change/"))
    assert (statement.lines, statement.warnings) == ((), ("1 record(s) of text only (890) are not read",))


@pytest.mark.parametrize(("status", "word"), [("2", "deletes"), ("3", "corrects"), ("4", "test")])
def test_group_when_it_is_no_update_then_its_rows_are_left_out_and_said(status: str, word: str) -> None:
    file = read(document("16,165,100,,B,C/", group=f"02,R,122,{status},260104,2400,USD,2/"))
    assert file.statements == ()
    assert word in file.left_out[0]
    assert file.left_out[0] in file.warnings
    assert "group status" in refusal(document(group="02,R,122,9,260104,,USD,2/")).reason


def test_currency_when_missing_then_the_groups_the_callers_or_the_formats() -> None:
    row = "16,165,100,,B,C/"
    assert str(only(document(row, account="03,1,/", group="02,R,1,1,260104,,KWD,2/")).lines[0].amount) == "0.100 KWD"
    none = document(row, account="03,1,/", group="02,R,1,1,260104,,,2/")
    assert str(only(none, currency="JPY").lines[0].amount) == "100 JPY"
    assert "default of BAI2" in only(none).warnings[0]
    assert "currency code" in refusal(document(row, account="03,1,DOL/")).reason


def test_account_when_missing_then_asked_for() -> None:
    text = document(account="03,,USD/")
    assert "account='12345678'" in refusal(text).reason
    assert only(text, account="7").account.number == "7"


WHOLE = FIXTURE.read_text()


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("49,491500,9/", "49,491501,9/", "says 491501 as its sum, and it makes 491500"),
        ("49,491500,9/", "49,491500,8/", "count of records"),
        ("98,501500,2,14/", "98,501500,3,14/", "count of parts"),
        ("98,501500,2,14/", "98,501501,2,14/", "as its sum"),
        ("99,501500,1,16/", "99,501500,1,17/", "count of records"),
        ("99,501500,1,16/", "", "breaks off"),
    ],
)
def test_totals_when_they_differ_then_refused_or_said(old: str, new: str, word: str) -> None:
    text = WHOLE.replace(old, new)
    error = refusal(text)
    assert word in error.reason
    assert error.offset is not None
    file = read(text, accept_difference=True)
    assert word in " ".join(file.warnings)


def test_balances_when_they_do_not_add_up_then_refused_with_the_difference() -> None:
    text = document("16,165,100,,B,C/", account="03,1,USD,010,5,,,015,106,,/")
    assert "0.01 USD more" in refusal(text).reason
    assert str(only(text, accept_difference=True).difference) == "0.01 USD"


def test_summary_when_it_differs_then_said() -> None:
    statement = only(document("16,165,100,,B,C/", account="03,1,USD,100,200,2,/"))
    assert "says 2 credit transactions of 2.00 in all, and there are 1 of 1.00 USD" in statement.warnings[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (WHOLE.replace("16,165", "17,165"), "no BAI2 record code"),
        (WHOLE.replace("03,0123456789,USD", "16,1"), "where none may be"),
        (WHOLE.replace("49,491500,9/\n", ""), "where none may be"),
        (WHOLE.replace("260104", "260230"), "as-of date"),
        (WHOLE[: WHOLE.index("16,195")], "breaks off"),
        (WHOLE.replace("16,165,30000,1,B1,C1,Payroll, first half/\n", ""), "does not add up"),
        ("01,S,R,260105,0200,1,,,2/\n02,R,122,1,260104,2400,USD,2/\n98,0,0,2/\n99,0,1,4/", "no account"),
    ],
    ids=["code", "no account", "no trailer", "day", "cut", "row lost", "empty"],
)
def test_file_when_damaged_then_one_sentence_with_its_place(text: str, word: str) -> None:
    error = refusal(text)
    assert word in error.reason
    assert (error.offset is None) == (word == "does not add up")


@pytest.mark.parametrize("head", [b"", b"01,02,2026;5", b"01,a,b\n05,c", b":20:1", b"<Document>", b"OFXHEADER:100"])
def test_head_when_of_another_format_then_not_recognized(head: bytes) -> None:
    assert not Bai2().recognizes(head)


def test_package_when_read_then_names_the_format_only() -> None:
    assert package.__all__ == ["Bai2"]


def test_example_when_of_the_specification_then_its_totals_agree() -> None:
    """Section 3 of the specification: a bank reports an opening balance and a deposit of 15,000 dollars."""
    statement = only(
        "01,122099999,123456789,040621,0200,1,,,2/\n02,031001234,122099999,1,040620,2359,,2/\n"
        "03,0975312468,,010,500000,,,190,70000000,4,0/\n16,165,1500000,1,DD1620,, DEALER PAYMENTS\n"
        "49,72000000,3/\n98,72000000,1,5/\n99,72000000,1,7/\n"
    )
    (line,) = statement.lines
    assert (str(line.amount), line.id, line.description) == ("15000.00 USD", "DD1620", "DEALER PAYMENTS")
    assert (line.posted, str(statement.balances[0].amount)) == (date(2004, 6, 20), "5000.00 USD")


# The published samples, by hand.


@published
def test_sample_when_control_totals_agree_then_both_days_are_read() -> None:
    first, second = read_statement(SAMPLES / "sample1.txt").statements
    # 834000 is 4 times 208500, 446000 is 4 times 111500: summaries and transactions, credits and debits
    assert [str(each.amount.amount) for each in first.lines] == (
        ["-25.00", "-900.00", "-5.00", "2035.00", "25.00", "25.00", "-200.00", "-900.00", "-20.00", "-25.00", "-10.00"]
    )
    assert [str(each.amount) for each in second.lines][:2] == ["115.00 CAD", "1000.00 CAD"]
    assert (len(second.lines), first.account.number) == (6, "10200123456")
    assert [str(each.amount) for each in first.balances] == ["0.00 CAD"]
    assert first.lines[0].description == "RETURNED CHEQUE"
    assert (first.warnings, second.warnings) == ((), ())


@published
def test_sample_when_its_publisher_changed_it_then_refused_or_read_with_every_difference_named() -> None:
    path = SAMPLES / "sample4-continuations-newline-delimited.txt"
    with pytest.raises(StatementUnreadable, match="says -1260161341762 as its sum, and it makes 7999960"):
        read_statement(path)
    file = read_statement(path, accept_difference=True)
    assert [len(statement.lines) for statement in file.statements] == [0, 3, 14, 0, 0]
    third = file.statements[2]
    # opening 1,595,811.94 and closing 1,593,811.94; credits 4,572.31 and debits 303,604.05
    assert str(third.difference) == "297031.74 USD"
    assert [str(each.amount) for each in third.balances] == ["1595811.94 USD", "1593811.94 USD", "1583688.97 USD"]
    assert (third.lines[3].id, third.lines[3].reference_number) == ("GI2321400000090", "GSV0DL6RKT")
    assert third.lines[3].description.endswith("CRNM: TEST COMPANY DBNM: SAMPLE TEST")
    assert len(file.warnings) == 8
