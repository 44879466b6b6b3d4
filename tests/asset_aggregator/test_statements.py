"""Statement files of the service: read once at start, with their options; what is doubtful goes to the log."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asset_aggregator.statements import load_statements
from fin_infra.analytics import net_worth
from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.model import Money, NetWorth, WorthLine

HEAD = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX>"
BANK = (
    "<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1<ACCTID>000111222<ACCTTYPE>CHECKING"
    "</BANKACCTFROM><BANKTRANLIST></BANKTRANLIST>{balance}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
CARD = (
    "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM><ACCTID>4111000000001234</CCACCTFROM>"
    "<BANKTRANLIST></BANKTRANLIST>{balance}</CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"
)
NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)


def ledger(amount: str) -> str:
    return f"<LEDGERBAL><BALAMT>{amount}<DTASOF>20261120</LEDGERBAL>"


def write(tmp_path: Path, name: str, body: str) -> str:
    file = tmp_path / name
    file.write_text(HEAD + body)
    return str(file)


def worth(*paths: str) -> NetWorth:
    return net_worth(load_statements(os.pathsep.join(paths)), {}, None, on=NOW, currency="EUR")


def line(path: str) -> WorthLine:
    (found,) = worth(path).lines
    return found


def test_load_when_two_files_then_both_are_read_in_order(tmp_path: Path) -> None:
    bank = write(tmp_path, "a.ofx", BANK.format(balance=ledger("2000.00")))
    card = write(tmp_path, "b.ofx", CARD.format(balance=ledger("-50.25")))
    lines = worth(bank, card).lines
    assert [each.amount for each in lines] == [Money.of("2000.00", "EUR"), Money.of("-50.25", "USD")]
    assert [each.id for each in lines] == ["account ending 1222", "account ending 1234"]


def test_load_when_a_file_is_unreadable_then_start_stops(tmp_path: Path) -> None:
    with pytest.raises(StatementUnreadable):
        load_statements(str(tmp_path / "absent.ofx"))


def test_load_when_an_entry_has_options_then_they_close_what_the_file_leaves_open(tmp_path: Path) -> None:
    body = BANK.format(balance=ledger("2,000")).replace("<CURDEF>EUR", "").replace("<ACCTID>000111222", "<ACCTID/>")
    path = write(tmp_path, "a.ofx", body)
    with pytest.raises(StatementUnreadable):
        load_statements(path)
    found = line(f"{path}?account=55667788&currency=MXN&decimal_mark=.")
    assert (found.id, found.amount) == ("account ending 7788", Money.of("2000", "MXN"))
    bad = write(tmp_path, "b.ofx", BANK.format(balance=ledger("N/A")))
    with pytest.raises(StatementUnreadable, match="N/A"):
        load_statements(bad)
    assert line(f"{bad}?skip_unreadable=1").amount is None


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
    assert line(write(tmp_path, "a.ofx", body)).id == "account ending 88"


def test_load_when_there_are_none_then_nothing_is_read() -> None:
    assert load_statements("") == []


def test_load_when_a_file_is_named_twice_then_its_account_counts_once(tmp_path: Path) -> None:
    bank = write(tmp_path, "a.ofx", BANK.format(balance=ledger("100.00")))
    assert worth(bank, bank).total == Money.of("100.00", "EUR")
    assert worth(bank, bank).complete


def test_load_when_a_file_is_doubtful_then_the_operator_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pending = "<STMTTRNP><TRNAMT>1.00</STMTTRNP>"
    load_statements(write(tmp_path, "a.ofx", BANK.format(balance=pending + ledger("12345"))))
    assert any("statement file 1: a pending row is set aside" in message for message in caplog.messages)
