"""One statement of an MT940 file: its pages put together, its control sums checked, and whether it adds up.
Floor 4: a page opens with what the page before closed with; a statement without a closing balance broke off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.mt940.block import Block
from fin_infra.imports.statements.mt940.details import IBAN
from fin_infra.imports.statements.mt940.fields import Field
from fin_infra.imports.statements.mt940.line import (
    Printed,
    amount_of,
    currency_code,
    read_balance,
    read_line,
)
from fin_infra.imports.statements.parts import (
    Notes,
    account_sentence,
    can_prove,
    currency_sentence,
    plain,
    turned_where_proven,
)
from fin_infra.imports.statements.proof import CLOSING, OPENING, difference_of, prove
from fin_infra.imports.statements.text import Text
from fin_infra.imports.statements.values import shown
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementAccount, StatementBalance, StatementLine

_KINDS = {"60": OPENING, "62": CLOSING, "64": "available", "65": "forward"}
_FLOOR = re.compile(r"\s*([A-Z]{3})")
_TOTAL = re.compile(r"\s*([0-9]{1,5})([A-Z]{3})([0-9.,]{1,25})\s*")
_WITH_CURRENCY = re.compile(r"(.*[0-9])[ /]?([A-Z]{3})")
"""A number and its currency in one word, as ING Bank, Rabobank and Raiffeisen print them."""


@dataclass(slots=True)
class _Pages:
    source: Text
    notes: Notes
    balances: list[tuple[Field, Printed]] = field(default_factory=list[tuple[Field, Printed]])
    lines: list[StatementLine] = field(default_factory=list[StatementLine])
    pending: list[StatementLine] = field(default_factory=list[StatementLine])
    doubtful: list[int] = field(default_factory=list[int])

    def fault(self, error: InvalidInput, index: int) -> None:
        raise self.source.fault(_sentence(error), index) from None

    def balance(self, item: Field | None) -> Printed | None:
        """Read a balance; one that cannot be read is set aside where that is asked."""
        if item is None:
            return None
        try:
            printed = read_balance(item.text, self.notes.options.decimal_mark)
        except InvalidInput as error:
            self.notes.set_aside("balance", self.source.fault(_sentence(error), item.start))
            return None
        self.balances.append((item, printed))
        return printed


def finished(blocks: Sequence[Block], source: Text, options: ReadOptions) -> Statement:
    """Read one statement from its pages.

    Raises:
        StatementUnreadable: a row, a balance or the account cannot be read, or it does not add up.
    """
    work = _Pages(source, Notes(options))
    before: Printed | None = None
    for block in blocks:
        opening = work.balance(block.opening)
        if before and opening and before.amount != opening.amount:
            work.notes.disagree(
                f"A page opens with {opening.amount} and the page before it closes with {before.amount}",
                source.byte(block.index),
                source.line(block.index),
            )
        before = work.balance(block.closing)
        for item in block.others:
            if item.tag[:2] in _KINDS:
                work.balance(item)
    currency = _currency(blocks, work)
    for block in blocks:
        _rows(block, currency, work)
    statement = Statement(
        account=_account(blocks[0], currency, work),
        lines=tuple(work.lines),
        pending=tuple(work.pending),
        balances=tuple(_kept(work)),
    )
    statement = _directions(statement, work)
    _complete(blocks, statement, work)
    for block in blocks:
        _control_sums(block, statement, work)
    return prove(replace(statement, warnings=work.notes.warnings()), options)


def _sentence(error: InvalidInput) -> str:
    text = str(error)
    return (text[:1].upper() + text[1:]).removesuffix(".")


def _rows(block: Block, currency: str, work: _Pages) -> None:
    for row in block.rows:
        try:
            read = read_line(row, currency, work.source.byte(row.index), work.notes.options.decimal_mark)
        except InvalidInput as error:
            work.notes.set_aside("transaction", work.source.fault(_sentence(error), row.index))
            continue
        if read.pending:
            work.pending.append(read.line)
            continue
        if read.doubtful:
            work.doubtful.append(len(work.lines))
        work.lines.append(read.line)


def _currency(blocks: Sequence[Block], work: _Pages) -> str:
    """Return the currency of the balances, of the floor limit, or the caller's."""
    found = dict.fromkeys(printed.amount.currency for _, printed in work.balances)
    if not found:
        limits = (item for block in blocks for item in block.others if item.tag[:2] == "34")
        for item in limits:
            match = _FLOOR.match(item.text)
            if match:
                try:
                    found[currency_code(match[1])] = None
                except InvalidInput as error:
                    work.fault(error, item.start)
    if len(found) > 1:
        raise work.source.fault(
            f"The balances of one statement are in {' and '.join(found)}; export it again", blocks[0].index
        )
    if not found and work.notes.options.currency is None:
        raise work.source.fault(currency_sentence(":60F: or :34F:"), blocks[0].index)
    return next(iter(found), work.notes.options.currency or "")


def _account(block: Block, currency: str, work: _Pages) -> StatementAccount:
    """Read `:25:`: an account number, often with a bank code before a slash, or an IBAN with a currency."""
    text = plain(block.account.text.strip().splitlines()[0]) if block.account and block.account.text.strip() else ""
    match = _WITH_CURRENCY.fullmatch(text)
    if match and match[2] == currency:
        text = match[1]
    bank, slash, number = text.partition("/")
    if not slash or "/" in number:
        bank, number = "", text
    number = "".join(number.split()) if IBAN.fullmatch("".join(number.split())) else number.strip()
    if not number:
        if work.notes.options.account is None:
            index = block.account.start if block.account else block.index
            raise work.source.fault(account_sentence(":25:"), index)
        number = work.notes.options.account
    return StatementAccount(number=number, bank_id=bank.strip() or None, currency=currency)


def _kept(work: _Pages) -> list[StatementBalance]:
    """Return the balances: of pages put together the first opening and the last closing one."""
    openings = [each for each in work.balances if each[0].tag[:2] == "60"]
    closings = [each for each in work.balances if each[0].tag[:2] == "62"]
    rest = [each for each in work.balances if each[0].tag[:2] in ("64", "65")]
    return [
        StatementBalance(amount=printed.amount, at=printed.at, kind=_KINDS[item.tag[:2]])
        for item, printed in (*openings[:1], *_last(closings), *rest)
    ]


def _last(closings: list[tuple[Field, Printed]]) -> list[tuple[Field, Printed]]:
    """Return the closing balance, and one that contradicts it on the same page."""
    final = [each for each in closings if each[0].tag != "62M"]
    return final or closings[-1:]


def _directions(statement: Statement, work: _Pages) -> Statement:
    """Turn reversals, and amounts with a minus besides their mark, where only that makes the closing balance.

    By the definition RC is money out and RD is money in.
    """
    if not work.doubtful:
        return statement
    if not can_prove(statement):
        work.notes.say(f"{len(work.doubtful)} reversal(s) or amounts with a minus: no balance proves their direction")
        return statement
    other = turned_where_proven(statement, work.doubtful)
    if other is not statement:
        work.notes.say(
            f"{len(work.doubtful)} reversal(s) or amounts with a minus have the direction opposite to their mark, as "
            "the balances prove"
        )
    return other


def _complete(blocks: Sequence[Block], statement: Statement, work: _Pages) -> None:
    """Refuse what broke off; an MT942 has no balances and cannot be proved."""
    if all(block.interim and not block.opening and not block.closing for block in blocks):
        return
    last = blocks[-1]
    if last.closing is None:
        work.notes.disagree(
            f"The statement of the {statement.account.label} has no closing balance (:62F:): the file breaks off",
            work.source.byte(last.index),
            work.source.line(last.index),
        )
    elif statement.balance(OPENING) is None:
        work.notes.say("the statement has no opening balance (:60F:): nothing proves that it is whole")


def _control_sums(block: Block, statement: Statement, work: _Pages) -> None:
    """Compare `:90D:` and `:90C:` with the rows; reversals are on either side, depending on the bank."""
    if work.notes.aside or work.doubtful or len(block.rows) != len(statement.lines) + len(statement.pending):
        return
    for item in block.others:
        match = _TOTAL.fullmatch(item.text) if item.tag[:2] == "90" else None
        if match is None:
            continue
        try:
            total = amount_of(match[3], statement.account.currency, work.notes.options.decimal_mark)
        except InvalidInput as error:
            work.notes.say(f"{item.tag}: {error}")
            continue
        debit = item.tag == "90D"
        rows = [line for line in (*statement.lines, *statement.pending) if (line.amount < 0) == debit]
        made = Money.total([line.amount for line in rows], statement.account.currency)
        if (int(match[1]), total) != (len(rows), abs(made.amount)):
            said = f"{item.tag} says {match[1]} entries of {shown(match[3])} and there are {len(rows)} of {made}"
            if can_prove(statement) and difference_of(statement) is None:
                work.notes.say(said)
            else:
                work.notes.disagree(said, work.source.byte(item.start), work.source.line(item.start))
