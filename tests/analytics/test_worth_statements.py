"""Statement files in the net worth: what a file does not say is missing, never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path

import pytest

from fin_infra.analytics import WorthRecord, net_worth
from fin_infra.imports.statements import read_statement
from fin_infra.model import Money, NetWorth, StatementFile, WorthLine

HEAD = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX>"
NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)


def worth(*records: WorthRecord, currency: str = "USD", on: date | datetime = NOW) -> NetWorth:
    return net_worth(records, {}, None, on=on, currency=currency)


def read(body: str, *, skip_unreadable: bool = False) -> StatementFile:
    return read_statement(f"{HEAD}{body}</OFX>".encode(), skip_unreadable=skip_unreadable)


def ledger(amount: str, day: str = "20261120") -> str:
    return f"<LEDGERBAL><BALAMT>{amount}<DTASOF>{day}</LEDGERBAL>"


def bank(inner: str, *, kind: str = "CHECKING", number: str = "000111222", currency: str = "USD") -> str:
    return (
        f"<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}<BANKACCTFROM><BANKID>1<ACCTID>{number}<ACCTTYPE>{kind}"
        f"</BANKACCTFROM><BANKTRANLIST></BANKTRANLIST>{inner}</STMTRS></STMTTRNRS></BANKMSGSRSV1>"
    )


def card(inner: str) -> str:
    return (
        "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM><ACCTID>4111000000001234</CCACCTFROM>"
        f"<BANKTRANLIST></BANKTRANLIST>{inner}</CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1>"
    )


def invested(inner: str, *, day: str = "20261120", number: str = "00112233") -> str:
    return (
        f"<INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>{day}<CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>{number}"
        f"</INVACCTFROM>{inner}</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>"
    )


def cash(amount: str, more: str = "") -> str:
    return f"<INVBAL><AVAILCASH>{amount}<MARGINBALANCE>0<SHORTBALANCE>0{more}</INVBAL>"


def held(*positions: str) -> str:
    return f"<INVPOSLIST>{''.join(positions)}</INVPOSLIST>"


def position(security: str, value: str, *, day: str = "20261120", more: str = "<POSTYPE>LONG") -> str:
    return (
        f"<POSSTOCK><INVPOS><SECID><UNIQUEID>{security}<UNIQUEIDTYPE>CUSIP</SECID>{more}<UNITS>1<UNITPRICE>1"
        f"<MKTVAL>{value}<DTPRICEASOF>{day}</INVPOS></POSSTOCK>"
    )


def only(found: NetWorth) -> WorthLine:
    (line,) = found.lines
    return line


def test_bank_when_its_balance_is_printed_then_it_counts_on_its_day() -> None:
    line = only(worth(read(bank(ledger("2000.00", "20261110")))))
    assert (line.id, line.source) == ("account ending 1222", "statement:ofx")
    assert (line.amount, line.value, line.missing) == (Money.of("2000.00", "USD"), Money.of("2000.00", "USD"), None)
    assert (line.at, line.age_days) == (date(2026, 11, 10), 15)


def test_bank_when_its_balance_is_zero_then_it_is_zero_and_not_missing() -> None:
    assert worth(read(bank(ledger("0.00")))).complete


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (bank(""), "the file gives no ledger balance"),
        (bank("<LEDGERBAL><BALAMT>5.00</LEDGERBAL>"), "the file does not say which day the amount is for"),
        (bank(ledger("5.00") + ledger("7.00")), "the file gives different ledger balances for the same day"),
        (card(ledger("50.25")), "some banks print money owed on a card as positive, others money in your favor"),
        (
            bank(ledger("250000.00"), kind="MORTGAGE"),
            "an account of kind MORTGAGE may be a loan, whose balance some banks print as positive",
        ),
        (bank(ledger("100.00", "20190131")), "old: of 2019-01-31, more than 45 days before 2026-11-25"),
    ],
)
def test_bank_when_its_balance_cannot_be_counted_then_the_reason_is_named(body: str, reason: str) -> None:
    found = worth(read(body))
    assert (only(found).missing, found.total, found.complete) == (reason, None, False)


def test_files_when_of_two_accounts_then_both_count() -> None:
    assert worth(read(bank(ledger("2000.00"))), read(card(ledger("-50.25")))).total == Money.of("1949.75", "USD")


def test_files_when_one_is_given_twice_and_as_its_statements_then_its_account_counts_once() -> None:
    file = read(bank(ledger("100.00")))
    found = worth(file, file, *file.statements, replace(file, encoding="latin-1"))
    assert (found.total, found.complete) == (Money.of("100.00", "USD"), True)


def test_card_when_every_billing_period_repeats_its_balance_then_it_counts_once() -> None:
    # actualbudget/actual#1884: one statement per period, each with the same LEDGERBAL
    periods = read("".join(card(ledger("-764.60")) for _ in range(5)))
    assert len(periods.statements) == 5
    assert worth(periods).total == Money.of("-764.60", "USD")
    assert worth(periods).complete


def test_files_when_two_exports_of_one_account_then_the_newer_counts_in_any_order() -> None:
    old, new = read(bank(ledger("100.00", "20261020"))), read(bank(ledger("140.00")))
    for files in ((old, new), (new, old)):
        assert worth(*files).total == Money.of("140.00", "USD")
        assert worth(*files).complete
    assert worth(old, new, on=date(2026, 11, 1)).total == Money.of("100.00", "USD")


def test_files_when_one_day_has_two_amounts_then_neither_counts() -> None:
    found = worth(read(bank(ledger("100.00"))), read(bank(ledger("140.00"))))
    assert found.missing == ("statement:ofx account ending 1222: 2 different amounts of the same day, 2026-11-20",)


def test_bank_when_the_newer_file_has_no_balance_then_the_older_balance_counts() -> None:
    assert worth(read(bank(ledger("100.00", "20261020"))), read(bank(""))).total == Money.of("100.00", "USD")


PENDING = "<BANKTRANLISTP><STMTTRNP><DTTRAN>20261109<TRNAMT>-1.00</STMTTRNP></BANKTRANLISTP>"


def test_bank_when_transactions_are_pending_then_what_is_posted_is_complete_without_them() -> None:
    waiting, booked = read(bank(ledger("100.00", "20261110") + PENDING)), read(bank(ledger("99.00")))
    found = worth(waiting)
    assert (found.total, found.complete) == (Money.of("100.00", "USD"), True)
    assert (found.missing, found.doubts) == ((), ())
    assert (worth(waiting, booked).total, worth(waiting, booked).complete) == (Money.of("99.00", "USD"), True)


def test_bank_when_a_pending_row_cannot_be_read_then_it_is_a_doubt_and_nothing_is_missing() -> None:
    found = worth(read(bank(ledger("100.00", "20261110") + PENDING.replace("<DTTRAN>20261109", ""))))
    assert (found.total, found.complete, found.missing) == (Money.of("100.00", "USD"), True, ())
    (doubt,) = found.doubts
    assert "account ending 1222: a pending row is set aside" in doubt


def test_loan_when_read_then_what_is_owed_counts_and_a_positive_principal_is_missing() -> None:
    def loan(principal: str) -> str:
        return (
            "<LOANMSGSRSV1><LOANSTMTTRNRS><LOANSTMTRS><CURDEF>USD<LOANACCTFROM><LOANACCTID>L-4711<LOANACCTTYPE>MORTGAGE"
            f"</LOANACCTFROM><PRINBAL><BALAMT>{principal}<DTASOF>20261110</PRINBAL></LOANSTMTRS></LOANSTMTTRNRS>"
            "</LOANMSGSRSV1>"
        )

    owed = worth(read(bank(ledger("100.00", "20261110")) + loan("-250000.00")))
    assert (owed.total, owed.complete) == (Money.of("-249900.00", "USD"), True)
    unclear = worth(read(bank(ledger("100.00", "20261110")) + loan("250000.00")))
    assert (unclear.total, unclear.complete) == (Money.of("100.00", "USD"), False)
    assert "kind MORTGAGE may be a loan" in unclear.missing[0]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            "<LOANMSGSRSV1><LOANSTMTTRNRS><LOANSTMTRS><LOANPRINBAL>250000.00</LOANSTMTRS></LOANSTMTTRNRS></LOANMSGSRSV1>",
            "the file has a loan statement, which is not read",
        ),
        (
            "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><STATUS><CODE>2000<SEVERITY>WARN</STATUS></CCSTMTTRNRS></CREDITCARDMSGSRSV1>",
            "the bank sent no statement for one of the accounts asked for",
        ),
        (ledger("-5.00"), "1 balance(s) outside their place in a statement not read"),
    ],
)
def test_file_when_it_speaks_of_money_outside_its_statements_then_it_is_incomplete(more: str, reason: str) -> None:
    found = worth(read(bank(ledger("100.00")) + more))
    assert (found.total, found.complete) == (Money.of("100.00", "USD"), False)
    assert found.missing == (f"statement:ofx file with account ending 1222: {reason}",)


def test_file_when_it_is_only_doubtful_then_the_doubt_is_told_and_the_total_complete() -> None:
    found = worth(
        read(bank(f"<BALLIST><BAL><NAME>x<VALUE>1</BAL></BALLIST>{ledger('12.00', '19690101')}")), on=date(1969, 1, 2)
    )
    assert (found.total, found.complete) == (Money.of("12.00", "USD"), True)
    assert found.doubts == (
        "account ending 1222: a date is 1969-01-01, which is hard to believe",
        "file with account ending 1222: 1 further balance(s) not read",
    )


def test_file_when_a_newer_one_counts_then_the_doubts_of_the_older_are_gone() -> None:
    old, new = read(bank(ledger("12.00", "19690101"))), read(bank(ledger("12.00", "20000101")))
    assert [len(worth(*files, on=date(2000, 1, 2)).doubts) for files in ((old,), (old, new))] == [1, 0]


@pytest.mark.parametrize(
    ("body", "total", "missing"),
    [
        (cash("1.00", "") + held(), "1.00", []),
        ("<INVBAL><AVAILCASH>1.00<MARGINBALANCE>-3000.00</INVBAL>" + held(), "-2999.00", []),
        (
            "<INVBAL><AVAILCASH>1.00<MARGINBALANCE>3000.00</INVBAL>" + held(),
            "1.00",
            ["margin: some brokers print money owed on margin as positive"],
        ),
        (
            "<INVBAL><AVAILCASH>1.00<MARGINBALANCE>-5.00</INVBAL><INVBAL><MARGINBALANCE>-7.00</INVBAL>" + held(),
            "1.00",
            ["margin: the file gives different margin balances for the same day"],
        ),
        (cash("1.00"), "1.00", ["holdings: the file does not list the holdings"]),
        (held(position("1", "5.00")), "5.00", ["cash: the file gives no cash balance"]),
        (cash("1.00") + held(position("1", "5.00", more="<POSTYPE>SHORT")), "-4.00", []),
        (
            "<INVBAL><AVAILCASH>9.00<SHORTBALANCE>-5.00</INVBAL>" + held(position("1", "5.00")),
            "14.00",
            ["short: the file gives a short balance and lists no short position"],
        ),
        (
            "<INVBAL><AVAILCASH>9.00<SHORTBALANCE>-5.00</INVBAL>" + held(position("1", "5.00", more="<POSTYPE>SHORT")),
            "4.00",
            [],
        ),
        (
            cash("1.00") + held(position("1", "").replace("<MKTVAL>", "")),
            "1.00",
            ["1 LONG: the file gives no market value"],
        ),
    ],
)
def test_investments_when_read_then_money_owed_counts_or_is_missing(body: str, total: str, missing: list[str]) -> None:
    found = worth(read(invested(body)))
    assert found.total == Money.of(total, "USD")
    assert found.missing == tuple(f"statement:ofx account ending 2233 {text}" for text in missing)


def test_investments_when_one_security_is_held_in_two_rows_then_both_count() -> None:
    # in cash and on margin, say: equal rows are two holdings as well
    on_margin = "<HELDINACCT>MARGIN<POSTYPE>LONG"
    for rows in permutations([position("1", "5.00", day="20261119"), position("1", "7.00", more=on_margin)]):
        found = worth(read(invested(cash("1.00") + held(*rows))))
        assert found.total == Money.of("13.00", "USD")
        assert [(line.id, line.at) for line in found.lines][1:] == [("account ending 2233 1 LONG", date(2026, 11, 19))]
    twins = read(invested(cash("1.00") + held(position("1", "5.00"), position("1", "5.00"))))
    assert (worth(twins).total, worth(twins).complete) == (Money.of("11.00", "USD"), True)
    unvalued = read(invested(cash("1.00") + held(position("1", "5.00"), position("1", "").replace("<MKTVAL>", ""))))
    assert (worth(unvalued).total, worth(unvalued).complete) == (Money.of("6.00", "USD"), False)


def test_investments_when_one_security_is_in_two_currencies_then_they_are_not_added() -> None:
    yen = "<POSTYPE>LONG<CURRENCY><CURRATE>1<CURSYM>JPY</CURRENCY>"
    found = worth(read(invested(cash("1.00") + held(position("1", "5.00"), position("1", "700", more=yen)))))
    assert found.total == Money.of("6.00", "USD")
    assert found.missing == ("statement:ofx account ending 2233 1 LONG: no exchange rate for JPY/USD",)


def test_investments_when_shares_were_sold_between_two_files_then_they_do_not_count_with_their_proceeds() -> None:
    before = read(invested(cash("1.00") + held(position("1", "5000.00", day="20261103")), day="20261103"))
    after = read(invested(cash("5001.00") + held(), day="20261112"))
    other = read(invested(cash("7.00") + held(), day="20261101", number="55556666"))
    for files in permutations([before, after, other]):
        assert worth(*files).total == Money.of("5008.00", "USD")
        assert worth(*files).complete
    assert worth(before, after, on=date(2026, 11, 5)).total == Money.of("5001.00", "USD")


def test_investments_when_a_price_is_older_than_its_list_then_it_is_still_held() -> None:
    file = read(invested(cash("1.00") + held(position("1", "5000.00", day="20261110")), day="20261112"))
    assert (worth(file).total, worth(file).complete) == (Money.of("5001.00", "USD"), True)


def test_investments_when_the_newer_file_lists_no_holdings_then_the_last_list_counts_and_is_incomplete() -> None:
    listed = read(invested(cash("1.00") + held(position("1", "5000.00", day="20261103")), day="20261103"))
    found = worth(listed, read(invested(cash("20.00"), day="20261112")))
    assert found.total == Money.of("5020.00", "USD")
    assert found.missing == ("statement:ofx account ending 2233 holdings: the file does not list the holdings",)


def test_investments_when_the_older_file_lists_no_holdings_then_the_newer_list_is_complete() -> None:
    found = worth(read(invested(cash("20.00"), day="20261112")), read(invested(cash("1.00") + held())))
    assert (found.total, found.complete) == (Money.of("1.00", "USD"), True)


def test_bank_when_a_period_ends_after_its_balance_then_the_day_of_the_balance_decides() -> None:
    period = "<BANKTRANLIST><DTSTART>20261101<DTEND>20261120"
    longer = read(bank(ledger("100.00", "20261110")).replace("<BANKTRANLIST>", period))
    assert worth(longer, read(bank(ledger("140.00", "20261115")))).total == Money.of("140.00", "USD")


def test_investments_when_prices_are_older_than_the_list_then_the_latest_day_of_a_file_decides() -> None:
    later = read(invested(cash("1.00") + held(position("1", "500.00", day="20261103")), day="20261120"))
    earlier = read(invested(cash("2.00") + held(position("2", "30.00", day="20261110")), day="20261110"))
    assert worth(later, earlier).total == Money.of("501.00", "USD")


def test_investments_when_an_older_file_without_list_owed_margin_then_a_newer_list_replaces_it() -> None:
    owing = "<INVBAL><AVAILCASH>20.00<MARGINBALANCE>-5.00</INVBAL>"
    found = worth(read(invested(owing, day="20261112")), read(invested(cash("1.00") + held())))
    assert (found.total, found.complete) == (Money.of("1.00", "USD"), True)


def test_investments_when_two_lists_of_a_day_differ_then_what_only_one_has_is_missing() -> None:
    one = read(invested(cash("1.00") + held(position("1", "500.00"), position("2", "20.00"))))
    two = read(invested(cash("1.00") + held(position("1", "500.00"), position("3", "3.00"))))
    for files in ((one, two), (two, one)):
        found = worth(*files)
        assert found.total == Money.of("501.00", "USD")
        assert sorted(found.missing) == [
            f"statement:ofx account ending 2233 {name} LONG: only in 1 of 2 lists of holdings of 2026-11-20"
            for name in "23"
        ]


def test_investments_when_two_files_of_a_day_agree_then_everything_counts_once() -> None:
    one, two = (
        read(invested(cash("1.00") + held(*rows)))
        for rows in permutations([position("1", "5.00"), position("2", "7.00")])
    )
    assert (worth(one, two).total, worth(one, two).complete) == (Money.of("13.00", "USD"), True)


UNREADABLE = position("9", "5.00").replace("<UNITS>1", "<UNITS>N/A")


def test_investments_when_a_holding_is_set_aside_then_it_is_incomplete_until_a_newer_list() -> None:
    aside = read(invested(cash("1.00") + held(UNREADABLE), day="20261112"), skip_unreadable=True)
    found = worth(aside)
    assert (found.total, found.complete) == (Money.of("1.00", "USD"), False)
    assert "a holding is set aside" in found.missing[0]
    newer = read(invested(cash("2.00") + held()))
    assert (worth(aside, newer).total, worth(aside, newer).complete) == (Money.of("2.00", "USD"), True)
    unlisted = read(invested(cash("2.00")))
    assert not worth(aside, unlisted).complete
    assert len(worth(aside, unlisted).missing) == 2


@pytest.mark.parametrize("name", ["MARGINBALANCE", "SHORTBALANCE"])
def test_investments_when_a_debt_is_set_aside_then_it_is_incomplete(name: str) -> None:
    body = f"<INVBAL><AVAILCASH>1.00<{name}>N/A</INVBAL>" + held()
    assert "balance is set aside" in worth(read(invested(body), skip_unreadable=True)).missing[0]


def test_sample_when_it_has_investments_then_each_line_counts_or_says_why(samples: Path) -> None:
    found = worth(read_statement(samples / "ofx" / "td_ameritrade.ofx"), on=date(2017, 12, 4))
    assert len(found.lines) > 1
    assert found.lines[0].id.endswith("cash")
    assert all(line.value is not None or line.missing for line in found.lines)
