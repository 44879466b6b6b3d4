"""An entry of a CAMT statement: one transaction, or one for each of its details where those have amounts.
Floor 4: amounts are positive and CdtDbtInd says the direction; what cannot be read is an error of that one entry.

Elements and their meaning: ISO 20022 message definitions camt.052, 053 and 054, versions 001.02 to 001.13.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import values
from fin_infra.imports.statements.camt.tree import Branch
from fin_infra.imports.statements.parts import Notes, joined, plain
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementCounterparty, StatementLine

_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,5})?")
"""ActiveOrHistoricCurrencyAndAmount: at most 18 digits, at most five of them after the point."""
_STATES: dict[str, Literal["posted", "pending", "info"]] = {
    "BOOK": "posted",
    "PDNG": "pending",
    "FUTR": "pending",  # from version 8 on: will be posted on a later day
    "INFO": "info",
}
_DIRECTIONS = {"CRDT": False, "DBIT": True}
_NO_REFERENCE = frozenset(("NOTPROVIDED", "NONREF", "NOREF", "NOT PROVIDED", "-"))
_ONCE = ("Amt", "CdtDbtInd", "RvslInd", "Sts", "AcctSvcrRef")
UNSPLIT = "{} transaction(s) have several details whose amounts are missing or do not make it up; each is read as one"
UNDATED = "{} transaction(s) have no day of posting; their value date is taken"


class Entry(NamedTuple):
    """What an entry says; `printed` is its amount by its own CdtDbtInd."""

    lines: tuple[StatementLine, ...]
    state: Literal["posted", "pending", "info"]
    printed: Money
    reversal: bool


def read_entry(branch: Branch, own: str | None, notes: Notes, offset: int) -> Entry:
    """Read one `Ntry`.

    Args:
        own: number of the account, which tells the counterparty from the owner.

    Raises:
        InvalidInput: it has no amount, direction, state or day that can be read.
    """
    for name in _ONCE:
        if type(branch.get(name)) is list and len(set(branch.all_texts(name))) != 1:
            raise InvalidInput(f"{name} stands twice with different values")
    debit = direction(branch)
    state = _state(branch)
    amount = money(branch, notes, debit=debit)
    reversal = (branch.leaf("RvslInd") or "").lower() in ("true", "1")
    details = [detail for group in branch.each("NtryDtls") for detail in group.each("TxDtls")]
    side = _Side(own, debit != reversal)
    whole = _Whole(
        _reference(branch.leaf("AcctSvcrRef")),
        _posted(branch, notes),
        _text(branch.leaf("AddtlNtryInf")),
        _kind(branch),
        offset,
    )
    if len(details) == 1:
        lines: tuple[StatementLine, ...] = (_described(whole, amount, details[0], side),)
    elif details:
        lines = _split(whole, amount, details, side) or (_merged(whole, amount, details, side, notes),)
    else:
        lines = (whole.line(amount, whole.text or ""),)
    return Entry(lines, state, amount, reversal)


def money(branch: Branch, notes: Notes, *, debit: bool) -> Money:
    """Read an amount and its currency, negative for a debit; a file without `Ccy` takes the caller's currency."""
    text = branch.leaf("Amt")
    if text is None:
        raise InvalidInput("a transaction or balance has no amount (Amt)")
    currency = branch.leaf("Amt@Ccy") or notes.options.currency
    if currency is None:
        raise InvalidInput("an amount does not name its currency (Ccy); give it, as in currency='EUR'")
    amount = decimal(text, currency, notes)
    return Money(-amount if debit else amount, currency_code(currency))


def decimal(text: str, currency: str | None, notes: Notes) -> Decimal:
    """Read a number of the schema; banks that write a comma are read as any other file is."""
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    mark = "." if "." in text and "," not in text else notes.options.decimal_mark
    found = values.amount(text, currency, mark)
    if found < 0:
        raise InvalidInput(f"{values.shown(text)!r} is negative, where CdtDbtInd says the direction")
    return found


def currency_code(code: str) -> str:
    if code not in CURRENCIES or code in ("XXX", "XTS"):
        raise InvalidInput(f"{values.shown(code)!r} is not an ISO 4217 currency code")
    return code


def direction(branch: Branch) -> bool:
    """Tell whether money goes out."""
    word = branch.leaf("CdtDbtInd") or ""
    if word not in _DIRECTIONS:
        raise InvalidInput(f"CdtDbtInd is CRDT or DBIT, not {values.shown(word)!r}")
    return _DIRECTIONS[word]


def day(branch: Branch | None) -> date | None:
    """Return the day of a `Dt` or `DtTm` as printed, whatever its zone."""
    text = (branch.leaf("Dt") or branch.leaf("DtTm")) if branch else None
    return values.day(text) if text else None


def _state(branch: Branch) -> Literal["posted", "pending", "info"]:
    """Return whether it is posted: plain text up to version 7, a code or a proprietary word from version 8 on."""
    word = branch.leaf("Sts") or branch.text("Sts", "Cd") or branch.text("Sts", "Prtry") or ""
    if word not in _STATES:
        raise InvalidInput(f"the state (Sts) is BOOK, PDNG, FUTR or INFO, not {values.shown(word)!r}")
    return _STATES[word]


def _posted(branch: Branch, notes: Notes) -> date:
    posted = day(branch.branch("BookgDt"))
    if posted is None:
        posted = day(branch.branch("ValDt"))
        if posted is None:
            raise InvalidInput("a transaction has no day (BookgDt)")
        notes.count(UNDATED)
    return posted


def _kind(branch: Branch) -> str | None:
    """Return the bank's code for what it is, such as PMNT-RCDT-ESCT."""
    code = branch.branch("BkTxCd")
    domain = code.branch("Domn") if code else None
    if code is None or domain is None:
        return _text(code.text("Prtry", "Cd")) if code else None
    family = domain.branch("Fmly") or _NOTHING
    named = _code(domain.leaf("Cd"), family.leaf("Cd"), family.leaf("SubFmlyCd"))
    return named or _text(code.text("Prtry", "Cd"))


@lru_cache(maxsize=256)
def _code(*parts: str | None) -> str | None:
    return _text("-".join(part for part in parts if part))


def _reference(text: str | None) -> str | None:
    return None if text is None or not text or text.upper() in _NO_REFERENCE else plain(text)


def _text(text: str | None) -> str | None:
    return (plain(text) or None) if text else None


@dataclass(slots=True)
class _Whole:
    """What an entry says of all its details."""

    id: str | None
    posted: date
    text: str | None
    kind: str | None
    offset: int

    def line(self, amount: Money, description: str, memo: str | None = None) -> StatementLine:
        return StatementLine(
            id=self.id,
            posted=self.posted,
            amount=amount,
            description=description,
            memo=memo if memo != description else None,
            type_text=self.kind,
            offset=self.offset,
        )


@dataclass(slots=True)
class _Side:
    """Which party of a transaction is the other one.

    By the direction the debtor of money in and the creditor of money out; in a reversal, whose parties are those of the
    transaction reversed, the other way round; never the one whose account is this one.
    """

    own: str | None
    creditor: bool

    def other(self, detail: Branch) -> tuple[str | None, StatementCounterparty | None]:
        """Return name and account of the other party."""
        parties = detail.branch("RltdPties")
        if parties is None:
            return None, None
        for role in ("Cdtr", "Dbtr") if self.creditor else ("Dbtr", "Cdtr"):
            number = _number(parties.branch(role + "Acct", "Id"))
            name = _name(parties.branch(role)) or _name(parties.branch("Ultmt" + role))
            if (name or number) and (number is None or number != self.own):
                bank = detail.branch("RltdAgts", role + "Agt", "FinInstnId")
                bank_id = (bank.leaf("BICFI") or bank.leaf("BIC")) if bank else None
                account = StatementCounterparty(number=number, bank_id=bank_id) if number else None
                return name, account
        return None, None


def _number(account: Branch | None) -> str | None:
    return (_text(account.leaf("IBAN")) or _text(account.text("Othr", "Id"))) if account else None


def _name(party: Branch | None) -> str | None:
    """Return a party's name: `Nm` up to version 7, inside `Pty` or `Agt` from version 8 on."""
    if party is None:
        return None
    return _text(party.leaf("Nm") or party.text("Pty", "Nm") or party.text("Agt", "FinInstnId", "Nm"))


def _described(whole: _Whole, amount: Money, detail: Branch, side: _Side) -> StatementLine:
    """Return the line of one detail."""
    references = detail.branch("Refs") or _NOTHING
    name, counterparty = side.other(detail)
    said = _remittance(detail) or whole.text or _text(detail.leaf("AddtlTxInf"))
    original, rate = _conversion(detail, amount.currency)
    return StatementLine(
        id=whole.id or _reference(references.leaf("AcctSvcrRef")),
        posted=whole.posted,
        amount=amount,
        description=name or said or "",
        memo=said if name else None,
        type_text=whole.kind or _kind(detail),
        check_number=_reference(references.leaf("ChqNb")),
        occurred=day_or_none(detail),
        original_currency=original,
        rate=rate,
        counterparty=counterparty,
        reference_number=_reference(references.leaf("EndToEndId")) or _reference(references.leaf("TxId")),
        offset=whole.offset,
    )


_NOTHING = Branch()


def day_or_none(detail: Branch) -> date | None:
    """Return when the person acted, as far as the file says so readably; it decides nothing."""
    dates = detail.branch("RltdDts")
    text = (dates.leaf("TxDtTm") or dates.leaf("AccptncDtTm")) if dates else None
    try:
        return values.day(text) if text else None
    except InvalidInput:
        return None


def _remittance(detail: Branch) -> str | None:
    """Return what the payer wrote, then structured references."""
    said: list[str | None] = []
    for info in detail.each("RmtInf"):
        said += [_text(text) for text in info.all_texts("Ustrd")]
        for structured in info.each("Strd"):
            said.append(_text(structured.text("CdtrRefInf", "Ref")))
            said += [_text(text) for text in structured.all_texts("AddtlRmtInf")]
    return joined(said)


def _conversion(detail: Branch, currency: str) -> tuple[str | None, Decimal | None]:
    """Return the currency that it was converted from, and the rate as printed."""
    amounts = detail.branch("AmtDtls")
    named = detail.leaf("Amt@Ccy")
    if amounts is None:
        return (named if named in CURRENCIES and named != currency else None), None
    found, rate = named, None
    for name in ("TxAmt", "InstdAmt", "CntrValAmt"):
        of = amounts.branch(name)
        if of is None:
            continue
        if name != "CntrValAmt":
            found = of.leaf("Amt@Ccy") or found
        printed = of.text("CcyXchg", "XchgRate")
        if printed and rate is None and _PLAIN_RATE.fullmatch(printed):
            rate = Decimal(printed)
    other = found if found in CURRENCIES and found != currency else None
    return other, rate


_PLAIN_RATE = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,10})?")
"""BaseOneRate: at most 11 digits, at most ten of them after the point."""


def _split(whole: _Whole, total: Money, details: Sequence[Branch], side: _Side) -> tuple[StatementLine, ...] | None:
    """Return a line for each detail where their amounts make up the entry's; else None.

    Some banks print each detail's own direction, others that of the payment's first leg: the sum tells which.
    """
    amounts = [amount for detail in details if (amount := _detail_amount(detail, total.currency)) is not None]
    if len(amounts) < len(details):
        return None
    debit = total < 0
    own = [
        -amount if _DIRECTIONS.get(detail.leaf("CdtDbtInd") or "", debit) else amount
        for amount, detail in zip(amounts, details, strict=True)
    ]
    same = [-amount if debit else amount for amount in amounts]
    chosen = next((found for found in (own, same) if sum(found) == total.amount), None)
    if chosen is None:
        return None
    each = replace(whole, id=None)
    lines = [
        _described(each, Money(amount, total.currency), detail, side)
        for amount, detail in zip(chosen, details, strict=True)
    ]
    ids = [line.id for line in lines]
    if len(set(ids)) == len(ids) and None not in ids:
        return tuple(lines)
    # A reference that the details share would make them one transaction told several times.
    return tuple(
        replace(line, id=f"{whole.id or line.id}/{number}" if whole.id or line.id else None)
        for number, line in enumerate(lines, 1)
    )


def _detail_amount(detail: Branch, currency: str) -> Decimal | None:
    """Return a detail's amount in the entry's currency: its own from version 3 on, else that of its payment."""
    places = (detail, *(detail.branch("AmtDtls", name) for name in ("TxAmt", "CntrValAmt", "InstdAmt")))
    for at in places:
        text = at.leaf("Amt") if at else None
        if at and text and at.leaf("Amt@Ccy") == currency and _PLAIN.fullmatch(text):
            return Decimal(text)
    return None


def _merged(whole: _Whole, amount: Money, details: Sequence[Branch], side: _Side, notes: Notes) -> StatementLine:
    """Return one line of an entry whose details do not say what each amounts to; it is told by its own text."""
    notes.count(UNSPLIT)
    texts = joined(side.other(detail)[0] or _remittance(detail) for detail in details)
    return whole.line(amount, whole.text or texts or "", texts)
