"""Transactions as OFX 2.2: a statement for each account and currency, posted rows and announced ones.
Floor 6: what the book does not know is left out, also where the format wants it: a balance, a rate, a broker's cash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import TextIOWrapper
from typing import BinaryIO
from xml.sax.saxutils import escape

from fin_infra.book.exports.rows import Rows, Span
from fin_infra.book.records import BookAccount, BookTransaction
from fin_infra.model import AccountSubtype, AccountType, Money, TransactionStatus
from fin_infra.model.currency import CURRENCIES

_HEAD = """\
<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>
<OFX>
<SIGNONMSGSRSV1><SONRS>{status}<DTSERVER>{now}</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>
"""
_STATUS = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
_NAME, _EXTENDED, _MEMO = 32, 100, 255
"""The longest texts of these elements in OFX."""
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""What XML cannot have, and line breaks, which OFX's texts do not have."""
_SETS = {AccountType.CREDIT: ("CREDITCARDMSGSRSV1", "CC"), AccountType.INVESTMENT: ("INVSTMTMSGSRSV1", "INV")}
_BANK = ("BANKMSGSRSV1", "")
_LINE = "CREDITLINE"
_KINDS = {
    AccountSubtype.SAVINGS: "SAVINGS",
    AccountSubtype.MONEY_MARKET: "MONEYMRKT",
    AccountSubtype.CERTIFICATE_OF_DEPOSIT: "CD",
}
"""What OFX calls an account at a bank; the rest is CHECKING, as it has no other word."""


def write_ofx(rows: Rows, out: BinaryIO) -> int:
    """Write a statement for each account and each currency in it; return how many transactions there are."""
    written = TextIOWrapper(out, "utf-8", newline="\n")
    written.write(_HEAD.format(status=_STATUS, now=f"{rows.now:%Y%m%d%H%M%S}"))
    for messages, prefix in (_BANK, *_SETS.values()):
        accounts = [each for each in rows.accounts if _SETS.get(each.type, _BANK)[1] == prefix]
        if accounts:
            written.write(f"<{messages}>\n")
            for account in accounts:
                for statement in _statements(rows, account, prefix):
                    written.write(statement)
            written.write(f"</{messages}>\n")
    written.write("</OFX>\n")
    written.flush()
    written.detach()
    return sum(span.count for span in rows.spans)


def _statements(rows: Rows, account: BookAccount, prefix: str) -> Iterator[str]:
    """Yield the account's statements piece by piece; one in its own currency is there without rows, too."""
    spans = [span for span in rows.spans if span.account is account]
    for currency in dict.fromkeys((account.currency, *(span.currency for span in spans))):
        mine = [span for span in spans if span.currency == currency]
        yield f"<{prefix}STMTTRNRS><TRNUID>0</TRNUID>{_STATUS}<{prefix}STMTRS>"
        yield f"<DTASOF>{_instant(rows.now.date())}</DTASOF>" if prefix == "INV" else ""
        yield f"<CURDEF>{currency}</CURDEF>{_account(rows, account, prefix)}\n"
        yield from _posted(rows, account, mine, prefix)
        if currency == account.currency and prefix != "INV":
            yield from _balances(rows, account)
        yield from _pending(rows, account, mine)
        yield f"</{prefix}STMTRS></{prefix}STMTTRNRS>\n"


def _account(rows: Rows, account: BookAccount, prefix: str) -> str:
    number = f"<ACCTID>{rows.marks.account(account.id, account.ending)}</ACCTID>"
    if prefix == "CC":
        return f"<CCACCTFROM>{number}</CCACCTFROM>"
    if prefix == "INV":
        return f"<INVACCTFROM><BROKERID>fin-infra</BROKERID>{number}</INVACCTFROM>"
    kind = _LINE if account.type is AccountType.LOAN else _KINDS.get(account.subtype, "CHECKING")
    return f"<BANKACCTFROM><BANKID>fin-infra</BANKID>{number}<ACCTTYPE>{kind}</ACCTTYPE></BANKACCTFROM>"


def _posted(rows: Rows, account: BookAccount, spans: Iterable[Span], prefix: str) -> Iterator[str]:
    found = next((span for span in spans if span.status is TransactionStatus.POSTED), None)
    start, end = _days(rows, found)
    if start is None or end is None:  # nothing is known of the days, and OFX has no list without them
        return
    name, around = ("INVTRANLIST", True) if prefix == "INV" else ("BANKTRANLIST", False)
    yield f"<{name}><DTSTART>{_instant(start)}</DTSTART><DTEND>{_instant(end)}</DTEND>\n"
    if found is not None:
        for part in rows.parts(account, found.currency, TransactionStatus.POSTED):
            for row in part:
                line = f"<STMTTRN>{_kind(row)}<DTPOSTED>{_instant(row.date)}</DTPOSTED>{_amount(row.amount)}"
                line += f"<FITID>{rows.marks.row(row.id)}</FITID>{_texts(row)}</STMTTRN>"
                yield f"<INVBANKTRAN>{line}<SUBACCTFUND>CASH</SUBACCTFUND></INVBANKTRAN>\n" if around else f"{line}\n"
    yield f"</{name}>\n"


def _days(rows: Rows, found: Span | None) -> tuple[date | None, date | None]:
    """Return the first and the last day: those that were asked for, else those that have a row."""
    choice = rows.choice
    end = choice.end - timedelta(days=1) if choice.end else found.last if found else choice.start
    return choice.start or (found.first if found else end), end


def _pending(rows: Rows, account: BookAccount, spans: Iterable[Span]) -> Iterator[str]:
    found = next((span for span in spans if span.status is TransactionStatus.PENDING), None)
    if found is None:
        return
    yield f"<BANKTRANLISTP><DTASOF>{_instant(rows.now.date())}</DTASOF>\n"
    for part in rows.parts(account, found.currency, TransactionStatus.PENDING):
        for row in part:
            reference = f"<REFNUM>{rows.marks.row(row.id)}</REFNUM>"
            day = f"<DTTRAN>{_instant(row.date)}</DTTRAN>"
            yield f"<STMTTRNP>{_kind(row)}{day}{_amount(row.amount)}{reference}{_texts(row)}</STMTTRNP>\n"
    yield "</BANKTRANLISTP>\n"


def _balances(rows: Rows, account: BookAccount) -> Iterator[str]:
    known = rows.balances.get(account.id)
    for name, money in (("LEDGERBAL", known and known.current), ("AVAILBAL", known and known.available)):
        if known and money and money.currency == account.currency:
            amount = f"<BALAMT>{_number(money)}</BALAMT><DTASOF>{_instant(known.day)}</DTASOF>"
            yield f"<{name}>{amount}</{name}>\n"


def _kind(row: BookTransaction) -> str:
    amount = row.amount.amount
    return f"<TRNTYPE>{'CREDIT' if amount > 0 else 'DEBIT' if amount < 0 else 'OTHER'}</TRNTYPE>"


def _amount(money: Money) -> str:
    return f"<TRNAMT>{_number(money)}</TRNAMT>"


def _number(money: Money) -> str:
    """Return an amount with a point; three decimals get a zero, as `1.234` may be taken for thousands."""
    amount: Decimal = money.amount
    padded = amount.as_tuple().exponent == -3 and CURRENCIES.get(money.currency) != 3
    return f"{amount:f}0" if padded else f"{amount:f}"


def _texts(row: BookTransaction) -> str:
    """Return the description in as many elements as its length needs; longer than the longest it is cut."""
    text = " ".join(_UNPRINTABLE.sub(" ", row.description).split())
    found = ""
    for name, length, when in (("NAME", _NAME, 0), ("EXTDNAME", _EXTENDED, _NAME), ("MEMO", _MEMO, _EXTENDED)):
        if len(text) > when:
            found += f"<{name}>{escape(text[:length])}</{name}>"
    return found


def _instant(day: date) -> str:
    """Return a day as OFX has it: at noon, so that it is that day in every zone."""
    return f"{day:%Y%m%d}120000"
