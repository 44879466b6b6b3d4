"""QIF files: what the letters mean, which days they name, and whose transactions they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.qif import Qif
from fin_infra.model.banking import AccountType
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementFile, StatementTrade
from tests.imports.statements.mutations import attempt, digits, mutated
from tests.support.effort import share

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "qif"
SAID: dict[str, Any] = {"currency": "USD", "account": "9911"}
MUTATIONS = share(100_000, test=500, quick=60)


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


def qif(*records: str, kind: str = "Bank", head: str = "") -> bytes:
    return (f"{head}!Type:{kind}\n" + "".join(f"{record}\n^\n" for record in records)).encode()


def read(data: bytes, **options: Any) -> Statement:
    (statement,) = read_statement(data, **{**SAID, **options}).statements
    return statement


def days(*printed: str, head: str = "", **options: Any) -> list[date]:
    data = qif(*(f"D{text}\nT1.00" for text in printed), head=head)
    return [line.posted for line in read(data, **options).lines]


def trade(*fields: str, head: str = "") -> StatementTrade:
    (found,) = read(qif("\n".join(("D31/12/2025", *fields)), kind="Invst", head=head)).trades
    return found


def refusal(data: bytes, **options: Any) -> StatementUnreadable:
    with pytest.raises(StatementUnreadable) as caught:
        read_statement(data, **{**SAID, **options})
    return caught.value


def test_household_when_three_accounts_then_each_list_is_its_own_and_a_transfer_stands_once_in_each() -> None:
    file = read_statement(FIXTURES / "household.qif", currency="USD")
    bank, card, broker = file.statements
    assert [(each.account.number, each.account.type) for each in file.statements] == [
        ("Checking", AccountType.DEPOSITORY),
        ("Visa", AccountType.CREDIT),
        ("Brokerage", AccountType.INVESTMENT),
    ]
    assert [(line.posted, line.amount, line.description) for line in bank.lines] == [
        (date(2026, 1, 5), usd("-54.56"), "Corner Shop"),
        (date(2026, 1, 28), usd("-200.00"), "Card payment"),
        (date(2026, 1, 30), usd("-1000.00"), "To the broker"),
    ]
    shop, payment, _ = bank.lines
    assert (shop.check_number, shop.type_text) == ("1042", "Food:Groceries")
    assert shop.memo == "Weekly shopping; Food:Groceries (bread) -50.00, Household -4.56"
    assert payment.counterparty is not None
    assert (payment.counterparty.number, payment.reference_number, payment.check_number) == ("Visa", "TXFR", None)
    assert [(each.kind, each.amount, each.at) for each in bank.balances] == [
        ("opening", usd("1234.56"), date(2026, 1, 1)),
        ("interim", usd("1180.00"), date(2026, 1, 31)),
    ]
    assert [(line.amount, line.description) for line in card.lines] == [
        (usd("200.00"), "Card payment"),
        (usd("-12.00"), "Cinema"),
    ]
    assert broker.lines == ()
    assert [(each.type_text, each.units, each.amount) for each in broker.trades] == [
        ("XIn", None, usd("1000.00")),
        ("Buy", Decimal("50.5"), usd("-510.00")),
        ("ReinvDiv", Decimal("0.25"), None),
    ]
    bought = broker.trades[1]
    assert (bought.name, bought.ticker, bought.unit_price, bought.fee) == (
        "Example Fund",
        "EXFND",
        usd("10.00"),
        usd("5.00"),
    )
    assert (file.left_out, file.warnings, bank.warnings) == ((), (), ())


def test_continental_when_no_account_list_then_the_opening_balance_names_it_and_marks_are_the_files() -> None:
    statement = read((FIXTURES / "continental.qif").read_bytes(), account=None, currency="EUR")
    assert statement.account.number == "Girokonto"
    assert [str(line.amount) for line in statement.lines] == ["-3.20 EUR", "-3.20 EUR", "-1000 EUR"]
    assert [line.posted for line in statement.lines] == [date(2026, 1, 5), date(2026, 1, 5), date(2026, 1, 6)]
    assert [(each.kind, str(each.amount)) for each in statement.balances] == [("opening", "1234.00 EUR")]
    data = (FIXTURES / "continental.qif").read_bytes()
    assert data[statement.lines[2].offset :].startswith(b"D06.01.2026")


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (["1/ 5'18", "1/31'18"], [date(2018, 1, 5), date(2018, 1, 31)]),
        (["28.02'2009", " 5. 3' 9"], [date(2009, 2, 28), date(2009, 3, 5)]),
        (["12/31'26"], [date(2026, 12, 31)]),
        (["12/31/98", "1/2/04"], [date(1998, 12, 31), date(2004, 1, 2)]),
        (["31.12.2026", "01.02.2026"], [date(2026, 12, 31), date(2026, 2, 1)]),
        (["2018-01-05", "20180106"], [date(2018, 1, 5), date(2018, 1, 6)]),
        (["5 Jan 2018", "Feb 3, 18", "3-Mär-18"], None),
        (["5 Jan 2018", "Feb 3, 18"], [date(2018, 1, 5), date(2018, 2, 3)]),
        (["1/ 1'00", "3-3-2003"], [date(2000, 1, 1), date(2003, 3, 3)]),
    ],
)
def test_days_when_one_of_them_tells_the_order_then_all_have_it(
    printed: list[str], expected: list[date] | None
) -> None:
    if expected is None:
        assert "is not a date like" in refusal(qif(*(f"D{text}\nT1" for text in printed))).reason
    else:
        assert days(*printed) == expected


def test_days_when_nothing_tells_then_both_readings_are_shown_and_the_caller_chooses() -> None:
    data = qif("D03/04/2026\nT-1.00", "D05/05/2026\nT-2.00")
    error = refusal(data)
    assert "2026-04-03 or 2026-03-04" in error.reason
    assert (error.offset, error.line) == (data.index(b"D03/04"), 2)
    assert days("03/04/2026", day_first=True) == [date(2026, 4, 3)]
    assert days("03/04/2026", day_first=False) == [date(2026, 3, 4)]


def test_days_when_the_file_names_the_order_then_it_counts_unless_a_date_says_otherwise() -> None:
    assert days("03/04/2026", head="!Option:MDY\n") == [date(2026, 3, 4)]
    assert days("03/04/2026", head="!Option:DMY\n") == [date(2026, 4, 3)]
    error = refusal(qif("D28/02/2026\nT1", head="!Option:MDY\n"))
    assert "contradicts" in error.reason
    assert days("28/02/2026", head="!Option:MDY\n", day_first=True) == [date(2026, 2, 28)]


def test_days_when_they_contradict_each_other_then_both_lines_are_named() -> None:
    error = refusal(qif("D28/02/2026\nT1", "D02/28/2026\nT1"))
    assert (error.line, "line 2" in error.reason) == (5, True)


def test_days_when_one_list_tells_then_all_lists_of_the_file_have_its_order() -> None:
    head = "!Account\nNOne\nTBank\n^\n"
    data = qif("D03/04/2026\nT1", head=head) + qif("D01/31/2026\nT1", head=head.replace("One", "Two"))
    first, second = read_statement(data, currency="USD").statements
    assert (first.lines[0].posted, second.lines[0].posted) == (date(2026, 3, 4), date(2026, 1, 31))


def test_days_when_they_may_begin_with_the_year_then_refused_until_told() -> None:
    printed = ["25-12-29", "25-12-30", "26-01-02", "26-01-13", "26-01-20"]
    error = refusal(qif(*(f"D{text}\nT1" for text in printed)))
    assert "may begin with the year" in error.reason
    assert error.line == 2
    assert days(*printed, day_first=True)[0] == date(2029, 12, 25)
    assert days("25-12-26", "25-01-26", "25-02-26", "25-03-26") == [
        date(2026, month, 25) if month < 12 else date(2026, 12, 25) for month in (12, 1, 2, 3)
    ]


def test_date_when_of_a_category_or_a_description_then_it_tells_nothing() -> None:
    head = "!Type:Cat\nNX\nD31/01/2026\n^\n!Account\nNA\nD31/01/2026\n^\n"
    assert "may be" in refusal(qif("D03/04/2026\nT1", head=head)).reason


def test_split_when_its_category_is_a_transfer_then_it_is_words_and_no_line_of_its_own() -> None:
    data = qif("D31/1/26\nT-10.00\nPShop\nL--Split--\nS[Savings]\n$-9.00\nSFood\nEbread\n$-1.00\n%10")
    (line,) = read(data).lines
    assert (line.amount, line.memo) == (usd("-10.00"), "[Savings] -9.00, Food (bread) -1.00 (10)")
    assert line.counterparty is None
    (odd,) = read(data.replace(b"$-9.00", b"$-8.00")).lines
    assert odd.memo is not None
    assert odd.memo.endswith("(the splits make -9.00)")


def test_opening_when_its_transfer_names_another_account_then_it_is_a_line() -> None:
    head = "!Account\nNOne\nTBank\n^\n"
    statement = read(qif("D31/1/26\nT5.00\nPOpening Balance\nL[Two]", head=head))
    assert (len(statement.lines), statement.balances) == (1, ())
    own = read(qif("D31/1/26\nT5.00\nPOpening Balance\nL[One]", head=head))
    assert (own.lines, [each.amount for each in own.balances]) == ((), [usd("5.00")])
    adjusted = read(qif("D31/1/26\nT5.00\nPBalance Adjustment\nL[One]", head=head))
    assert (len(adjusted.lines), adjusted.balances) == (1, ())


def test_lists_when_two_openings_name_two_accounts_then_they_are_two() -> None:
    data = qif("D31/1/26\nT1\nPOpening Balance\nL[A]", "D31/1/26\nT2\nPx") + qif(
        "D31/1/26\nT3\nPOpening Balance\nL[B]", "D31/1/26\nT4\nPy"
    )
    first, second = read_statement(data, currency="USD").statements
    assert [(each.account.number, str(each.lines[0].amount)) for each in (first, second)] == [
        ("A", "2 USD"),
        ("B", "4 USD"),
    ]


def test_account_when_listed_twice_then_its_lists_are_one_statement() -> None:
    head = "!Account\nNOne\nTInvst\n^\n"
    data = qif("D31/1/26\nNXIn\nT1.00", kind="Invst", head=head) + qif("D31/1/26\nNXIn\nT2.00", kind="Invst", head=head)
    assert [each.amount for each in read(data).trades] == [usd("1.00"), usd("2.00")]


def test_currency_and_account_when_the_file_names_none_then_they_are_asked() -> None:
    data = qif("D31/1/26\nT1")
    assert "currency='EUR'" in refusal(data, currency=None).reason
    assert "account='12345678'" in refusal(data, account=None).reason
    after_list = qif("D31/1/26\nT1", head="!Account\nNOne\n^\nNTwo\n^\n")
    assert "names no account" in refusal(after_list, account=None).reason
    assert read(after_list).account.number == "9911"


def test_account_when_the_list_of_accounts_was_cleared_then_what_follows_is_nobodys() -> None:
    cleared = qif("D31/1/26\nT1", head="!Option:AutoSwitch\n!Account\nNOne\n^\n!Clear:AutoSwitch\n")
    assert "names no account" in refusal(cleared, account=None).reason


def test_accounts_when_several_have_no_name_then_the_file_says_so() -> None:
    file = read_statement(qif("D31/1/26\nT1") + qif("D31/1/26\nT1", kind="CCard"), **SAID)
    assert [each.account.type_text for each in file.statements] == ["Bank", "CCard"]
    assert file.left_out == ("2 lists without an account's name were given the same one, by account=",)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Bank", AccountType.DEPOSITORY),
        ("CCard", AccountType.CREDIT),
        ("Cash", AccountType.DEPOSITORY),
        ("Oth A", AccountType.UNKNOWN),
        ("Oth L", AccountType.LOAN),
        ("Invst", AccountType.INVESTMENT),
        ("Compte bancaire", AccountType.UNKNOWN),
    ],
)
def test_kind_when_printed_then_it_is_the_accounts_and_an_unknown_word_is_kept(
    kind: str, expected: AccountType
) -> None:
    statement = read(qif("D31/1/26\nT1.00\nNCash\nPx", kind=kind))
    assert (statement.account.type, statement.account.type_text) == (expected, kind)
    assert len(statement.lines) + len(statement.trades) == 1


def test_lists_when_of_words_prices_or_bills_then_no_account_and_bills_are_named() -> None:
    head = '!Type:Memorized\nKP\nT-5.00\nPRent\n^\n!Type:Prices\n"INTU",50 1/2,"6/30/98"\n^\n!Type:Class\nNx\n^\n'
    assert len(read(qif("D31/1/26\nT1", head=head)).lines) == 1
    file = read_statement(qif("D31/1/26\nT1") + qif("D31/1/26\nT9", kind="Bill"), **SAID)
    assert file.left_out == file.warnings == ("1 bill(s) or invoice(s) not read",)
    assert "no account's transactions" in refusal(head.encode()).reason


@pytest.mark.parametrize(
    ("fields", "units", "amount"),
    [
        (["NBuy", "Q10", "T100.00"], "10", "-100.00"),
        (["NBuy", "Q10", "T-100.00"], "10", "-100.00"),
        (["NBuyX", "Q10", "T100.00", "L[Bank]", "$100.00"], "10", None),
        (["NBuyX", "Q10", "T100.00", "L[Bank]", "$40.00"], "10", "-60.00"),
        (["NBuyX", "Q10", "T100.00", "L[Bank]"], "10", None),
        (["NSell", "Q10", "T90.00"], "-10", "90.00"),
        (["NSellX", "Q10", "T90.00", "$90.00"], "-10", None),
        (["NVerkauf", "Q10", "T90.00"], "-10", "90.00"),
        (["NShtSell", "Q10", "T90.00"], "-10", "90.00"),
        (["NCvrShrt", "Q10", "T90.00"], "10", "-90.00"),
        (["NDiv", "T7.00"], None, "7.00"),
        (["NDiv", "T-7.00"], None, "-7.00"),
        (["NDivX", "T7.00", "$7.00"], None, None),
        (["NIntInc", "T7.00"], None, "7.00"),
        (["NCGLong", "T7.00"], None, "7.00"),
        (["NRtrnCap", "T7.00"], None, "7.00"),
        (["NMiscExp", "T7.00"], None, "-7.00"),
        (["NMargInt", "T7.00"], None, "-7.00"),
        (["NReinvDiv", "Q0.5", "T7.00"], "0.5", None),
        (["NShrsIn", "Q3"], "3", None),
        (["NShrsOut", "Q3"], "-3", None),
        (["NXIn", "T7.00"], None, "7.00"),
        (["NXOut", "T7.00"], None, "-7.00"),
        (["NWithdrwX", "T7.00"], None, "-7.00"),
        (["NCash", "T-7.00"], None, "-7.00"),
        (["NStkSplit", "Q20"], None, None),
    ],
)
def test_action_when_known_then_it_gives_units_and_money_their_sign(
    fields: list[str], units: str | None, amount: str | None
) -> None:
    found = trade(*fields)
    assert found.units == (None if units is None else Decimal(units))
    assert found.amount == (None if amount is None else usd(amount))
    assert found.type_text == fields[0][1:]


def test_action_when_a_split_then_the_ratio_is_words_and_units_are_missing() -> None:
    assert trade("NStkSplit", "YX", "Q20").memo == "20 new units for each 10"


def test_action_when_unknown_then_kept_without_units_or_money_and_said() -> None:
    statement = read(
        qif("D31/12/25\nNSwap\nQ5\nT9.00", "D31/12/25\nNReminder\nMx", "D31/12/25\nNBuy\nQ1", kind="Invst")
    )
    assert [(each.type_text, each.units, each.amount) for each in statement.trades] == [
        ("Swap", None, None),
        ("Buy", 1, None),
    ]
    assert statement.warnings == (
        "1 'Swap' row(s): what they do to units and money is not known",
        "1 'Buy' row(s) name no amount",
    )


def test_price_when_a_fraction_or_with_thousandths_then_exact() -> None:
    assert trade("NBuy", "I50 1/2", "Q1", "T50.50").unit_price == usd("50.5")
    assert trade("NBuy", "I1.125", "Q1.500", "T50.50").units == Decimal("1.500")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("D31/1/26\nPx", "no amount"),
        ("T1.00\nPx", "no date"),
        ("D31/1/26\nT1.00\nU2.00", "two amounts"),
        ("D31/1/26\nT1.00\nPx\nD31/1/26\nT1.00\nPy", "ran together"),
        ("D31/1/26\nTx", "is not an amount"),
        ("D44/1/26\nT1.00", "is not a date"),
    ],
)
def test_row_when_it_cannot_be_read_then_refused_or_set_aside_alone(record: str, reason: str) -> None:
    data = qif("D31/1/26\nT5.00\nPgood", record)
    error = refusal(data)
    assert reason in error.reason
    assert "skip_unreadable=True" in error.reason
    statement = read(data, skip_unreadable=True)
    assert [line.description for line in statement.lines] == ["good"]
    (warning,) = statement.warnings
    assert "a transaction is set aside" in warning


def test_amount_when_it_reads_in_two_ways_then_refused_until_told() -> None:
    data = qif("D31/1/26\nT1,234")
    assert "decimal_mark" in refusal(data).reason
    assert read(data, decimal_mark=".").lines[0].amount == usd("1234")
    assert read(data, decimal_mark=",").lines[0].amount == usd("1.234")
    assert read(qif("D31/1/26\nT1,234", "D31/1/26\nT1.50")).lines[0].amount == usd("1234")


def test_file_when_cut_off_then_refused_and_a_record_without_list_too() -> None:
    whole = qif("D31/1/26\nT1.00\nPx", "D31/1/26\nT123.00\nPy")
    assert "cut off" in refusal(whole[:-6]).reason
    assert "stands in no list" in refusal(b"!Option:MDY\nD1/2/26\nT5.00\n^\n").reason


def test_recognition_when_another_format_then_no() -> None:
    recognizes = Qif().recognizes
    assert recognizes("!Type:Bank\n".encode("utf-16"))
    assert recognizes(b"\xef\xbb\xbf!Account\r\nNx\r\n^")
    assert not recognizes(b"Date,Amount\n2026-01-01,5\n")
    assert not recognizes(b"say !Type:Bank")


def test_samples_when_read_in_place_then_their_values(samples: Path) -> None:
    folder = samples / "qif"
    with pytest.raises(StatementUnreadable, match="empty"):
        read_statement(folder / "empty.qif")
    with pytest.raises(StatementUnreadable, match="no account's transactions"):
        read_statement(folder / "test_nosymbol.qif", **SAID)
    for name, kind in (("test.qif", "Bank"), ("test_oth_a.qif", "Oth A")):
        bank, broker = read_statement(folder / name, **SAID).statements
        assert (bank.account.number, bank.account.type_text, broker.account.number) == ("TestExport", kind, "9911")
        assert [(line.posted.day, str(line.amount), line.description) for line in bank.lines] == [
            (14, "67.50 USD", "T-Mobile"),
            (14, "32.00 USD", "US Post Office"),
            (12, "-10.00 USD", "Target"),
            (11, "-25.00 USD", "Walmart"),
            (10, "-100.00 USD", "Amazon.com"),
        ]
        assert [(each.kind, str(each.amount), each.at) for each in bank.balances] == [
            ("opening", "0.00 USD", date(2020, 2, 10))
        ]
        (bought,) = broker.trades
        assert bought.amount is None
        assert (bought.day, bought.units, str(bought.unit_price), str(bought.fee)) == (
            date(2020, 2, 14),
            Decimal(376),
            "32.00 USD",
            "10 USD",
        )
    split = read((folder / "test_split.qif").read_bytes())
    assert [(line.posted, str(line.amount), line.memo) for line in split.lines] == [
        (date(2000, 1, 1), "-10.00 USD", "[An Account] -9.00, A Category -1.00")
    ]
    (odd,) = read_statement(folder / "test_unknown_account_type.qif", currency="USD").statements
    assert (odd.account.number, odd.account.type_text) == ("Portfolio Account", "Invst")
    assert [(each.day, each.type_text, each.amount) for each in odd.trades] == [(date(2001, 1, 1), "Cash", None)]


def test_file_when_damaged_then_error_with_place_or_every_value_is_the_files() -> None:
    whole = [path.read_bytes() for path in sorted(FIXTURES.glob("*.qif"))]
    random = Random("qif")
    found = 0
    for number in range(MUTATIONS):
        data = _moved(mutated(random.choice(whole), random), random)
        options = SAID if number % 2 else {**SAID, "skip_unreadable": True, "day_first": True}
        error, file = attempt(data, options)
        if file is None:
            assert error is not None
            assert error.offset is None or 0 <= error.offset <= len(data)
            assert error.reason.endswith(".")
        else:
            assert list(_unaccounted(data, file)) == [], number
            found += 1
    assert found > MUTATIONS // 20


def _moved(data: bytes, random: Random) -> bytes:
    """Put a line that QIF knows somewhere, every other time."""
    lines = data.splitlines(keepends=True)
    if random.random() < 0.5 and lines:
        extra = (
            b"^\n",
            b"!Type:Bank\n",
            b"!Account\n",
            b"!Clear:AutoSwitch\n",
            b"T1,234\n",
            b"D1/2/26\n",
            b"$\n",
            b"!\n",
        )
        lines.insert(random.randrange(len(lines)), random.choice(extra))
    return b"".join(lines)


def _unaccounted(data: bytes, file: StatementFile) -> Iterator[str]:
    """Yield amounts that were read and stand in no record of the file, at the place they are said to be."""
    step = 2 if file.encoding.startswith("utf-16") else 1
    for statement in file.statements:
        for line in statement.lines:
            text = data[line.offset - line.offset % step :].decode(file.encoding, "replace")
            record = re.split(r"[\r\n]\^\s*(?:[\r\n]|$)", text, maxsplit=1)[0]
            printed = {digits(value) for value in re.findall(r"(?:^|[\r\n])[TU]([^\r\n]*)", record)}
            if digits(line.amount.amount) not in printed:
                yield f"amount {line.amount} at {line.offset} is not in its record"
