"""Statement files as items of the net worth: what a file does not say is missing, never guessed."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from asset_aggregator.statements import load_statements
from fin_infra.analytics import net_worth
from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.model import Money
from fin_infra.model.networth import NetWorth, WorthItem

HEAD = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX>"
BANK = (
    "<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1<ACCTID>000111222<ACCTTYPE>CHECKING"
    "</BANKACCTFROM><BANKTRANLIST></BANKTRANLIST>{balance}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
CARD = (
    "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM><ACCTID>4111000000001234</CCACCTFROM>"
    "<BANKTRANLIST></BANKTRANLIST>{balance}</CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"
)


def ledger(amount: str) -> str:
    return f"<LEDGERBAL><BALAMT>{amount}<DTASOF>20261120</LEDGERBAL>"


def write(tmp_path: Path, name: str, body: str) -> str:
    file = tmp_path / name
    file.write_text(HEAD + body)
    return str(file)


def test_load_when_two_files_then_both_balances_are_items(tmp_path: Path) -> None:
    bank = write(tmp_path, "a.ofx", BANK.format(balance=ledger("2000.00")))
    card = write(tmp_path, "b.ofx", CARD.format(balance=ledger("-50.25")))
    items = load_statements(os.pathsep.join((bank, card)))
    assert [item.amount for item in items] == [Money.of("2000.00", "EUR"), Money.of("-50.25", "USD")]
    assert [item.id for item in items] == ["account ending 1222", "account ending 1234"]


def test_load_when_balance_is_zero_then_it_is_zero_and_not_missing(tmp_path: Path) -> None:
    (item,) = load_statements(write(tmp_path, "a.ofx", BANK.format(balance=ledger("0.00"))))
    assert (item.amount, item.missing) == (Money.zero("EUR"), None)


def test_load_when_file_has_no_balance_then_amount_is_missing(tmp_path: Path) -> None:
    (item,) = load_statements(write(tmp_path, "a.ofx", BANK.format(balance="")))
    assert item.amount is None
    assert item.missing == "the file gives no ledger balance"


def test_load_when_card_balance_is_positive_then_its_sign_is_not_guessed(tmp_path: Path) -> None:
    (item,) = load_statements(write(tmp_path, "a.ofx", CARD.format(balance=ledger("50.25"))))
    assert item.amount is None
    assert "owed" in (item.missing or "")


def test_load_when_investment_then_cash_and_each_position_count(samples: Path) -> None:
    items = load_statements(str(samples / "ofx" / "td_ameritrade.ofx"))
    assert len(items) > 1
    assert items[0].id.endswith("cash")
    assert all(item.amount is not None or item.missing for item in items)


def test_load_when_a_file_is_unreadable_then_start_stops(tmp_path: Path) -> None:
    with pytest.raises(StatementUnreadable):
        load_statements(str(tmp_path / "absent.ofx"))


def test_load_when_an_entry_has_options_then_they_close_what_the_file_leaves_open(tmp_path: Path) -> None:
    body = BANK.format(balance=ledger("2,000")).replace("<CURDEF>EUR", "").replace("<ACCTID>000111222", "<ACCTID/>")
    path = write(tmp_path, "a.ofx", body)
    with pytest.raises(StatementUnreadable):
        load_statements(path)
    (item,) = load_statements(f"{path}?account=55667788&currency=MXN&decimal_mark=.")
    assert (item.id, item.amount) == ("account ending 7788", Money.of("2000", "MXN"))
    bad = write(tmp_path, "b.ofx", BANK.format(balance=ledger("N/A")))
    with pytest.raises(StatementUnreadable, match="N/A"):
        load_statements(bad)
    (item,) = load_statements(f"{bad}?skip_unreadable=1")
    assert item.amount is None


@pytest.mark.parametrize("query", ["colour=blue", "currency", "", "skip_unreadable=perhaps", "decimal_mark=;"])
def test_load_when_an_option_does_not_exist_then_the_entry_is_named(tmp_path: Path, query: str) -> None:
    path = write(tmp_path, "a.ofx", BANK.format(balance=ledger("1.00")))
    with pytest.raises(InvalidInput) as caught:
        load_statements(f"{path}?{query}")
    assert str(tmp_path) not in str(caught.value)


def test_load_when_the_name_has_a_question_mark_then_is_the_file(tmp_path: Path) -> None:
    assert load_statements(write(tmp_path, "what?.ofx", BANK.format(balance=ledger("1.00"))))


def test_load_when_the_number_has_four_digits_then_it_is_not_shown_whole(tmp_path: Path) -> None:
    body = BANK.format(balance=ledger("1.00")).replace("000111222", "7788")
    assert [item.id for item in load_statements(write(tmp_path, "a.ofx", body))] == ["account ending 88"]


def test_load_when_there_are_none_then_no_items() -> None:
    assert load_statements("") == []


LOAN = (
    "<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>000111222<ACCTTYPE>MORTGAGE"
    "</BANKACCTFROM><BANKTRANLIST></BANKTRANLIST>{balance}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)


def dated(amount: str, day: str) -> str:
    return f"<LEDGERBAL><BALAMT>{amount}<DTASOF>{day}</LEDGERBAL>"


def worth(*paths: str) -> NetWorth:
    return net_worth(load_statements(os.pathsep.join(paths)), "EUR", None, as_of=NOW)


def test_load_when_a_file_is_named_twice_then_its_account_counts_once(tmp_path: Path) -> None:
    bank = write(tmp_path, "a.ofx", BANK.format(balance=ledger("100.00")))
    assert worth(bank, bank).total == Money.of("100.00", "EUR")
    assert worth(bank, bank).complete


def test_load_when_two_exports_of_one_account_then_the_newer_counts_in_any_order(tmp_path: Path) -> None:
    old = write(tmp_path, "old.ofx", BANK.format(balance=dated("100.00", "20261020")))
    new = write(tmp_path, "new.ofx", BANK.format(balance=dated("140.00", "20261120")))
    assert worth(old, new).total == worth(new, old).total == Money.of("140.00", "EUR")
    assert worth(new, old).lines[0].at == date(2026, 11, 20)


def test_load_when_one_day_has_two_amounts_then_neither_counts(tmp_path: Path) -> None:
    one = write(tmp_path, "1.ofx", BANK.format(balance=ledger("100.00")))
    two = write(tmp_path, "2.ofx", BANK.format(balance=ledger("140.00")))
    assert not worth(one, two).complete
    assert "2 different amounts of the same day, 2026-11-20" in worth(one, two).missing[0]


def test_load_when_the_balance_is_years_old_then_it_is_missing_with_its_day(tmp_path: Path) -> None:
    old = worth(write(tmp_path, "a.ofx", BANK.format(balance=dated("100.00", "20190131"))))
    assert not old.complete
    assert "2019-01-31" in old.missing[0]


def test_load_when_a_mortgage_is_printed_positive_then_it_is_no_asset(tmp_path: Path) -> None:
    (item,) = load_statements(write(tmp_path, "a.ofx", LOAN.format(balance=ledger("250000.00"))))
    assert item.amount is None
    assert "MORTGAGE" in (item.missing or "")


def invested(tmp_path: Path, rest: str) -> list[WorthItem]:
    body = (
        "<INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>20261120<CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>00112233"
        f"</INVACCTFROM>{rest}</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    )
    return load_statements(write(tmp_path, "i.ofx", body))


@pytest.mark.parametrize(("margin", "total"), [("-3000.00", Decimal("-2999.00")), ("3000.00", None), ("0", Decimal(1))])
def test_load_when_there_is_margin_debt_then_it_is_subtracted_or_missing(
    tmp_path: Path, margin: str, total: Decimal | None
) -> None:
    items = invested(
        tmp_path,
        f"<INVPOSLIST></INVPOSLIST><INVBAL><AVAILCASH>1.00<MARGINBALANCE>{margin}<SHORTBALANCE>0</INVBAL>",
    )
    sums = net_worth(items, "USD", None, as_of=NOW)
    assert sums.complete is (total is not None)
    if total is not None:
        assert sums.total == Money(total, "USD").quantize()


def test_load_when_margin_is_printed_twice_and_differs_then_it_is_missing(tmp_path: Path) -> None:
    margin = "<INVBAL><AVAILCASH>1.00<MARGINBALANCE>{}</INVBAL>"
    items = invested(tmp_path, "<INVPOSLIST></INVPOSLIST>" + margin.format("-5.00") + margin.format("-7.00"))
    assert [item.missing for item in items] == [None, "the file gives different margin balances for the same day"]


def test_load_when_one_file_has_two_balances_of_a_day_then_neither_counts(tmp_path: Path) -> None:
    (item,) = load_statements(write(tmp_path, "a.ofx", BANK.format(balance=ledger("5.00") + ledger("7.00"))))
    assert (item.amount, item.missing) == (None, "the file gives different ledger balances for the same day")


@pytest.mark.parametrize(
    ("part", "word"),
    [
        (
            "<INVPOSLIST><POSSTOCK><INVPOS><SECID><UNIQUEID>1</SECID><UNITS>N/A</INVPOS></POSSTOCK></INVPOSLIST>",
            "holding",
        ),
        ("<INVPOSLIST></INVPOSLIST><INVBAL><MARGINBALANCE>N/A</INVBAL>", "margin balance"),
    ],
)
def test_load_when_a_holding_or_debt_is_set_aside_then_the_total_is_incomplete(
    tmp_path: Path, part: str, word: str
) -> None:
    body = (
        "<INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>20261120<CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>00112233"
        f"</INVACCTFROM><INVBAL><AVAILCASH>1.00</INVBAL>{part}</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    )
    found = worth(write(tmp_path, "i.ofx", body) + "?skip_unreadable=1")
    assert not found.complete
    assert f"a {word} is set aside" in " ".join(found.missing)


def test_load_when_a_file_is_doubtful_then_the_operator_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pending = "<STMTTRNP><TRNAMT>1.00</STMTTRNP>"
    load_statements(write(tmp_path, "a.ofx", BANK.format(balance=pending + ledger("12345"))))
    assert "statement file 1: 1 pending transaction(s) not read" in caplog.messages


def test_load_when_holdings_are_not_listed_then_they_are_unknown_and_not_none(tmp_path: Path) -> None:
    items = invested(tmp_path, "<INVBAL><AVAILCASH>1.00<MARGINBALANCE>0<SHORTBALANCE>0</INVBAL>")
    assert [item.missing for item in items] == [None, "the file does not list the holdings"]


def test_load_when_the_file_has_a_loan_it_does_not_read_then_the_total_is_incomplete(tmp_path: Path) -> None:
    loan = "<LOANMSGSRSV1><LOANSTMTTRNRS><LOANSTMTRS><LOANPRINBAL>250000.00</LOANSTMTRS></LOANSTMTTRNRS></LOANMSGSRSV1>"
    body = BANK.format(balance=ledger("100.00")).replace("</OFX>", f"{loan}</OFX>")
    found = worth(write(tmp_path, "a.ofx", body))
    assert not found.complete
    assert "loan" in found.missing[0]
