"""MT940 and MT942 files: dialects, pages, directions, what is refused, and another reader beside ours."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import mt940 as package
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.mt940 import Mt940
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementFile, StatementLine

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "mt940" / "pages.sta"
SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples" / "mt940"
published = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published samples are not here")


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def message(
    *rows: str, opening: str | None = "C260101EUR100,00", closing: str | None = "C260131EUR90,00", account: str = "1/22"
) -> str:
    parts = [":20:REF", f":25:{account}", ":28C:1/1"]
    parts += [f":60F:{opening}"] if opening else []
    parts += rows
    parts += [f":62F:{closing}"] if closing else []
    return "\r\n".join(parts) + "\r\n-\r\n"


ROW = ":61:2601050105D10,00NTRFNONREF//B1"


def read(text: str | bytes, **options: Any) -> StatementFile:
    return read_statement(text.encode() if isinstance(text, str) else text, **options)


def only(text: str | bytes, **options: Any) -> Statement:
    (statement,) = read(text, **options).statements
    return statement


def line(*rows: str, amount: str = "10,00") -> StatementLine:
    return only(message(*rows), accept_difference=True).lines[0]


def refusal(text: str | bytes, **options: Any) -> StatementUnreadable:
    with pytest.raises(StatementUnreadable) as caught:
        read(text, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def test_pages_when_they_follow_then_one_statement_with_every_value_typed() -> None:
    data = FIXTURE.read_bytes()
    file = read(data)
    (statement,) = file.statements
    assert (file.format, file.encoding) == ("mt940", "utf-8")
    account = statement.account
    assert (account.number, account.bank_id, account.currency) == ("0532013000", "37040044", "EUR")
    assert [(each.kind, each.amount, each.at) for each in statement.balances] == [
        ("opening", eur("100.00"), date(2025, 12, 30)),
        ("ledger", eur("1069.75"), date(2026, 1, 3)),
        ("available", eur("1000.00"), date(2026, 1, 3)),
    ]
    assert [(each.id, each.posted, each.amount, each.description, each.memo) for each in statement.lines] == [
        ("B1", date(2025, 12, 31), eur("-25.50"), "Müller & Söhne", "Miete fuer Dezember Wohnung 7"),
        ("B2", date(2026, 1, 2), eur("1000"), "Arbeit GmbH", "Gehalt"),
        ("B3", date(2026, 1, 3), eur("-10.00"), "Versand", "zurück"),
        ("B4", date(2026, 1, 3), eur("5.25"), "Strom", "STORNO"),
    ]
    first = statement.lines[0]
    assert (first.reference_number, first.type_text) == ("E-1", "NTRF+116")
    assert first.counterparty is not None
    assert (first.counterparty.number, first.counterparty.bank_id) == ("DE02120300000000202051", "BYLADEM1001")
    assert statement.warnings == ()
    assert all(data[each.offset :].startswith(b":61:") for each in statement.lines)


def test_pages_when_one_is_missing_then_refused_or_said() -> None:
    data = FIXTURE.read_bytes().replace(b":60M:C260102EUR1074,50", b":60M:C260102EUR1074,00")
    assert "A page opens with 1074.00 EUR and the page before it closes with 1074.50 EUR" in refusal(data).reason
    assert "A page opens" in only(data, accept_difference=True).warnings[0]


@pytest.mark.parametrize("encoding", ["utf-8", "cp850", "latin-1", "utf-16"])
def test_bytes_when_in_another_code_page_then_letters_and_offsets_are_right(encoding: str) -> None:
    data = FIXTURE.read_bytes().decode().encode(encoding)
    statement = only(data)
    assert statement.lines[0].description == "Müller & Söhne"
    assert statement.lines[2].memo == "zurück"
    tag = ":61:".encode("utf-16-le" if encoding == "utf-16" else encoding)
    assert all(data[each.offset :].startswith(tag) for each in statement.lines)


@pytest.mark.parametrize("ending", ["\n", "\r"])
def test_lines_when_they_end_in_another_way_then_read_the_same(ending: str) -> None:
    data = FIXTURE.read_bytes()
    assert only(data.replace(b"\r\n", ending.encode())).lines == only(data).lines


def test_directions_when_reversed_then_a_reversed_credit_is_money_out() -> None:
    rows = [f":61:260105{mark}10,00NTRFNONREF" for mark in ("C", "D", "RC", "RD", "CR", "DR", "RCR", "RDR")]
    statement = only(message(*rows, closing="C260131EUR100,00"))
    assert [each.amount.amount for each in statement.lines] == [
        Decimal(sign) for sign in ("10", "-10", "-10", "10", "10", "-10", "-10", "10")
    ]
    assert statement.warnings == ()


def test_directions_when_the_balances_prove_the_opposite_then_turned_and_said() -> None:
    statement = only(message(":61:260105RC10,00NTRFNONREF", closing="C260131EUR110,00"))
    assert [each.amount for each in statement.lines] == [eur("10.00")]
    assert "as the balances prove" in statement.warnings[0]
    minus = only(message(":61:260105D-10,00NTRFNONREF", closing="C260131EUR110,00"))
    assert [each.amount for each in minus.lines] == [eur("10.00")]
    assert only(message(":61:260105D-10,00NTRFNONREF")).lines[0].amount == eur("-10.00")


@pytest.mark.parametrize(
    ("value", "entry", "posted"),
    [
        ("251231", "0102", date(2026, 1, 2)),
        ("260102", "1231", date(2025, 12, 31)),
        ("240228", "0229", date(2024, 2, 29)),
        ("260105", "", date(2026, 1, 5)),
        ("991231", "", date(1999, 12, 31)),
        ("160230", "0301", date(2016, 3, 1)),
        ("150230", "", date(2015, 2, 28)),
    ],
)
def test_day_when_the_entry_has_no_year_then_that_next_to_the_value_date(value: str, entry: str, posted: date) -> None:
    assert line(f":61:{value}{entry}D10,00NTRFNONREF").posted == posted


@pytest.mark.parametrize(
    ("details", "description", "memo", "number", "reference"),
    [
        ("020?00Wyplata?20Odsetki od?21 lokaty?32BANK?38PL08 1060", "BANK", "Odsetki od lokaty", "PL081060", None),
        ("020<00Przelew<20Czynsz<32Jan Nowak<3112345", "Jan Nowak", "Czynsz", "12345", None),
        ("000>100987654321\r\n>20TUSSENREKENING KOS>21TEN", "TUSSENREKENING KOS TEN", None, None, None),
        ("~00Przelew~20Czynsz", "Czynsz", None, None, None),
        ("835?00ENTGELT", "ENTGELT", None, None, None),
        (
            "/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/Jan Jansen"
            "/REMI/Huur januari/EREF/NOTPROVIDED",
            "Jan Jansen",
            "Huur januari",
            "NL91ABNA0417164300",
            None,
        ),
        (
            "/EREF/E-7//CNTP/NL91ABNA0417164300/ABNANL2A/Jan Jansen/Delft//REMI/USTD//Huur/",
            "Jan Jansen",
            "Huur",
            "NL91ABNA0417164300",
            "E-7",
        ),
        ("/BENM//NAME/Jan Jan\r\nsen/REMI/Huur/ISDT/2026-01-05", "Jan Jansen", "Huur", None, None),
        ("EREF+E-9 SVWZ+Rent for May IBAN+DE021203", "Rent for May", None, "DE021203", "E-9"),
        ("HUUR JANUARI\r\nAPPARTEMENT 7", "HUUR JANUARI APPARTEMENT 7", None, None, None),
        ("A" * 65 + "\r\nB", "A" * 65 + "B", None, None, None),
    ],
)
def test_details_when_of_a_dialect_then_name_text_account_and_reference(
    details: str, description: str, memo: str | None, number: str | None, reference: str | None
) -> None:
    found = line(ROW, f":86:{details}")
    assert (found.description, found.memo, found.reference_number) == (description, memo, reference)
    assert (found.counterparty.number if found.counterparty else None) == number


def test_line_when_broken_in_odd_places_then_read() -> None:
    found = line(":61:2601050105CR\r\n30,00N062NONREF", ":\r\n86:166?00GUTSCHR?20SVWZ+Test")
    assert (found.amount, found.description, found.type_text) == (eur("30.00"), "Test", "N062+166")


def test_line_when_its_text_stands_in_ns_then_taken() -> None:
    found = line(":61:1710111011DF2402,00S   X", ":NS:01526715\r\n15ERGO\r\n16lep")
    assert (found.description, found.type_text, found.reference_number) == ("526715 ERGO lep", "S", "X")


def test_line_when_asn_bank_puts_account_and_name_there_then_taken() -> None:
    found = line(
        ":61:2601050105D10,00NOVBNL91ABNA0417164300\r\njan jansen", ":86:NL91ABNA0417164300 jan jansen\r\nHuur"
    )
    assert found.counterparty is not None
    assert (found.counterparty.number, found.description) == ("NL91ABNA0417164300", "jan jansen")
    assert found.reference_number is None


def test_text_when_after_the_closing_balance_then_of_the_statement() -> None:
    statement = only(message(ROW, ":86:Rent") + ":86:Thank you for your custom\r\n")
    assert [each.description for each in statement.lines] == ["Rent"]
    text = message(ROW, ":86:Rent", ":86:of May", ":NS:22House").replace(
        "-\r\n", ":64:C260131EUR1,\r\n:86:Thanks\r\n-XXX\r\n"
    )
    statement = only(text)
    assert [each.description for each in statement.lines] == ["Rent of May"]
    assert [each.kind for each in statement.balances] == ["opening", "ledger", "available"]


def test_days_when_in_one_message_then_a_statement_each_and_a_gap_is_said() -> None:
    def day(number: int, opening: str, closing: str) -> str:
        return f":28C:{number}/1\r\n:60F:C26010{number}EUR{opening}\r\n{ROW}\r\n:62F:C26010{number}EUR{closing}\r\n"

    head = ":20:REF\r\n:25:1/22\r\n"
    file = read(head + day(1, "100,", "90,") + day(2, "90,", "80,"))
    assert [[str(each.amount) for each in statement.balances] for statement in file.statements] == [
        ["100 EUR", "90 EUR"],
        ["90 EUR", "80 EUR"],
    ]
    assert {statement.account.number for statement in file.statements} == {"22"}
    bare = re.sub(r":28C:\d/1\r\n", "", head + day(1, "100,", "90,") + day(2, "90,", "80,"))
    assert [str(statement.balances[0].amount) for statement in read(bare).statements] == ["100 EUR", "90 EUR"]
    gap = read(head + day(1, "100,", "90,") + day(3, "70,", "60,"))
    assert "a statement between them is missing" in gap.statements[1].warnings[0]


def test_messages_when_without_terminator_then_each_is_read() -> None:
    text = message(ROW).replace("-\r\n", "")
    assert len(read(text + text).statements) == 2


def test_interim_when_mt942_then_lines_are_posted_and_expected_ones_pending() -> None:
    text = (
        ":20:REF\r\n:25:NL91ABNA0417164300\r\n:28C:1/1\r\n:34F:EURD0,\r\n:13D:2601051200+0100\r\n"
        ":61:2601050105D10,00NTRFNONREF\r\n:61:2601050105EC3,00NTRFNONREF\r\n:90D:1EUR10,00\r\n:90C:1EUR3,00\r\n-\r\n"
    )
    statement = only(text)
    assert [each.amount for each in statement.lines] == [eur("-10.00")]
    assert [each.amount for each in statement.pending] == [eur("3.00")]
    assert (statement.balances, statement.warnings) == ((), ())
    assert "90D says 2 entries" in refusal(text.replace(":90D:1", ":90D:2")).reason
    bare = text.replace(":34F:EURD0,\r\n", "")
    assert "currency='EUR'" in refusal(bare).reason
    assert only(bare, currency="EUR").account.currency == "EUR"


@pytest.mark.parametrize(
    ("printed", "number", "bank"),
    [
        ("NL91 ABNA 0417 1643 00", "NL91ABNA0417164300", None),
        ("NL91ABNA0417164300EUR", "NL91ABNA0417164300", None),
        ("NL91ABNA0417164300 EUR", "NL91ABNA0417164300", None),
        ("37040044/0532013000", "0532013000", "37040044"),
        ("1/2/3", "1/2/3", None),
        ("51210600/9223382012EUR", "9223382012", "51210600"),
        ("UBRTHUHB/123456789150ABCDEF002/EUR", "123456789150ABCDEF002", "UBRTHUHB"),
    ],
)
def test_account_when_printed_in_its_ways_then_number_and_bank(printed: str, number: str, bank: str | None) -> None:
    account = only(message(ROW, account=printed)).account
    assert (account.number, account.bank_id) == (number, bank)


def test_account_when_missing_then_asked_for() -> None:
    text = message(ROW).replace(":25:1/22", ":25:")
    error = refusal(text)
    assert "account='12345678'" in error.reason
    assert error.line == 2
    assert only(text, account="7").account.number == "7"
    assert "were given the same one" in read(text + text, account="7").left_out[0]


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        (message(ROW, closing=None), "breaks off", 0),
        (message(ROW, closing="C260131EUR91,00"), "1.00 EUR more", None),
        (message(ROW, closing="C260131USD90,00"), "EUR and USD", 0),
        (message(ROW, closing="X260131EUR90,00"), "not a balance", 6),
        (message(ROW.replace("10,00", "x")), "not a statement line", 4),
        (message(ROW.replace("0105D", "1305D")), "calendar", 4),
        (message(ROW.replace("260105", "260231")), "calendar", 4),
        (message(ROW.replace("260105", "000000")), "no day", 4),
        (message(ROW.replace("10,00", "1.234")), "thousands", 4),
        (":20:REF\r\n:25:\r\n:28C:1\r\n:86:x\r\n", "no statement of an account", None),
    ],
    ids=["cut", "difference", "currencies", "balance", "row", "entry day", "day", "no day", "amount", "nothing"],
)
def test_file_when_wrong_then_one_sentence_with_its_place(text: str, word: str, place: int | None) -> None:
    error = refusal(text)
    assert word in error.reason
    if place:
        assert error.line is not None
        assert error.offset == text.index(text.splitlines()[error.line - 1])


def test_row_when_it_cannot_be_read_then_set_aside_on_request() -> None:
    text = message(ROW, ROW.replace("10,00", "N/A"))
    assert "skip_unreadable" in refusal(text).reason
    statement = only(text, skip_unreadable=True)
    assert len(statement.lines) == 1
    assert "transaction is set aside" in statement.warnings[0]


@pytest.mark.parametrize("head", [b"", b"OFXHEADER:100", b"<Document>", b"01,A,B", b":20:only", b"Date;Amount"])
def test_head_when_of_another_format_then_not_recognized(head: bytes) -> None:
    assert not Mt940().recognizes(head)


def test_package_when_read_then_names_the_format_only() -> None:
    assert package.__all__ == ["Mt940"]


# The published samples, by hand. Three were shortened by their publisher and do not add up.


def sample(name: str, **options: Any) -> tuple[Statement, ...]:
    return read_statement(SAMPLES / name, **options).statements


@published
def test_sample_when_german_and_polish_then_all_three_add_up() -> None:
    first, second, third = sample("cmxl_mt940.sta")
    assert [str(each.amount) for each in first.balances] == ["84349.74 DEM", "84437.04 DEM"]
    assert [str(each.amount.amount) for each in first.lines] == (
        ["-6800", "-620.3", "18500", "-14220", "-1507", "4200", "-19900", "-400", "3656.74", "23040", "-5862.14"]
    )
    assert [(str(each.amount), each.description, each.memo) for each in second.lines] == [
        ("-800 EUR", "MUELLER", "Miete November"),
        ("3000 EUR", "MUELLER", "Gehalt Oktober FirmaMustermannGmbH"),
    ]
    assert [each.counterparty.number for each in second.lines if each.counterparty] == ["234567", "0847564700"]
    assert [(each.id, str(each.amount), each.posted) for each in third.lines] == [
        ("8327000090031789", "20000.00 PLN", date(2003, 10, 20)),
        ("8327000090031790", "-10000.00 PLN", date(2003, 10, 20)),
        ("8327000090031791", "40.00 PLN", date(2003, 10, 20)),
    ]


@published
@pytest.mark.parametrize(
    ("name", "differences", "lines"),
    [
        # 876.84 - (3236.28 - 321.44) and 1849.75 - (2876.84 - 24.49)
        ("jejik_abnamro.sta", ["-2038.00", "-1002.60"], 10),
        # 3.47 - (0 - 50.27 + 4.68)
        ("jejik_ing.sta", ["49.06"], 7),
        # 500 is printed where 5000 makes it: 798.98 - (3058.98 - 7260 + 500)
        ("jejik_knab.sta", [None, "4500.00"], 3),
        # 159.6 - (79.7 + 149.5 - 79.9 + 10.1), over two pages
        ("jejik_postfinance.sta", ["0.2"], 4),
    ],
)
def test_sample_when_it_does_not_add_up_then_refused_or_accepted(
    name: str, differences: list[str | None], lines: int
) -> None:
    with pytest.raises(StatementUnreadable, match="does not add up"):
        sample(name)
    statements = sample(name, accept_difference=True)
    assert [str(each.difference.amount) if each.difference else None for each in statements] == differences
    assert sum(len(each.lines) for each in statements) == lines


@published
def test_sample_when_rabobank_then_two_weeks_that_follow() -> None:
    first, second = sample("jejik_rabobank-iban.sta")
    assert [str(each.amount) for each in (*first.balances, *second.balances)] == [
        "1000.00 EUR",
        "965.00 EUR",
        "965.00 EUR",
        "930.00 EUR",
    ]
    assert [(str(each.amount.amount), each.description, each.memo) for each in first.lines] == [
        ("-25.00", "CONTRA ACCOUNT HOLDER", None),
        ("-10.00", "JOHN DOE", "Reference 201301234 P001234567"),
    ]
    assert first.lines[0].counterparty is not None
    assert first.lines[0].counterparty.number == "NL70ABNA0987654321"
    assert first.lines[0].reference_number == "01-01-2013 12:00 0030000987654321"


@published
def test_sample_when_mbank_then_the_statement_and_the_report_tell_the_same() -> None:
    (statement,), (report,) = sample("mBank_mt940.sta"), sample("mBank_mt942.sta")
    assert [str(each.amount) for each in statement.balances] == ["0.40 PLN", "0.43 PLN", "0.43 PLN"]
    assert [str(each.amount) for each in statement.lines] == ["0.01 PLN"] * 3
    assert statement.lines == report.lines
    assert report.balances == ()


# mt-940 beside ours, with all its options on. Where it differs, ours is right:
# - of several statements it keeps the last one's balances, so balances are compared where there is one statement;
# - without its options a reversed credit is money in, against the definition of field 61;
# - an entry date in another year it moves by a year only when 330 days lie between: the same days in these files.


@published
@pytest.mark.parametrize("name", [path.name for path in sorted(SAMPLES.glob("*.sta"))])
def test_witness_when_both_read_a_sample_then_days_amounts_and_references_agree(name: str) -> None:
    import mt940

    text = (SAMPLES / name).read_text("utf-8")
    theirs = mt940.models.Transactions(options=mt940.Options.all())
    theirs.parse(text)
    ours = [each for statement in sample(name, accept_difference=True) for each in statement.lines]
    assert [(each.posted, each.amount.amount) for each in ours] == [
        (each.data.get("entry_date") or each.data["date"], each.data["amount"].amount) for each in theirs.transactions
    ]
    references = [each.data.get("bank_reference") for each in theirs.transactions]
    assert [each.id for each in ours] == [None if each in (None, "", "NONREF") else each for each in references]
