"""A transaction of a bank, card, cash, asset or liability account in QIF.
Floor 4: splits are words of their transaction; a transfer is a line in each account's own list, made of no other."""

from __future__ import annotations

import re
from decimal import Decimal

from fin_infra.imports.statements.qif.reading import Reading
from fin_infra.imports.statements.qif.records import Record
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementBalance, StatementCounterparty, StatementLine

_ACCOUNT = re.compile(r"\[([^\]]+)\](?:/.*)?")
"""A transfer: the other account in brackets, behind it perhaps a class."""
_OPENINGS = frozenset(
    {
        "opening balance",
        "initial balance",
        "starting balance",
        "anfangssaldo",
        "eröffnungssaldo",
        "solde initial",
        "solde d'ouverture",
        "saldo inicial",
        "saldo iniziale",
        "beginsaldo",
    }
)
_SPLIT = ("S", "E", "$", "%")
_ONCE = ("D", "P", "N")


def transfer_to(record: Record) -> str | None:
    """Return the account that a transaction's L names in brackets."""
    match = _ACCOUNT.fullmatch((record.text("L") or "").split("|")[-1])
    return match[1].strip() if match else None


def is_opening(record: Record, name: str | None) -> bool:
    """Tell whether a transaction is the balance that an account began with: its L names the account itself.

    In a list without an account it is the name of the account (Microsoft Money writes no other).
    """
    other = transfer_to(record)
    if other is None or (name is not None and other != name):
        return False
    return (record.text("P") or record.text("M") or "").casefold() in _OPENINGS


def read_opening(record: Record, currency: str, reading: Reading) -> StatementBalance | None:
    """Return the opening balance; None where the record names none."""
    amount = reading.total(record, currency)
    return None if amount is None else StatementBalance(amount=amount, at=reading.day(record), kind="opening")


def read_line(record: Record, currency: str, reading: Reading) -> StatementLine:
    _whole(record, reading)
    amount = reading.total(record, currency)
    if amount is None:
        raise reading.fault("A transaction has no amount (T); export the file again", record.index)
    number = record.text("N")
    is_check = number is not None and number.isdigit()
    other = transfer_to(record)
    splits, total = _splits(record, currency, reading)
    if splits and total is not None and total != amount:
        splits += f" (the splits make {total.amount})"
    memo = record.text("M")
    return StatementLine(
        id=None,
        posted=reading.day(record),
        amount=amount,
        description=record.text("P") or memo or "",
        memo="; ".join(filter(None, (memo, splits))) or None,
        type_text=record.text("L"),
        check_number=number if is_check else None,
        reference_number=None if is_check else number,
        counterparty=StatementCounterparty(number=other) if other else None,
        offset=reading.source.byte(record.index),
    )


def _whole(record: Record, reading: Reading) -> None:
    """Refuse a record that was cut off, or two that ran together because the `^` between them was lost."""
    if not record.ended:
        raise reading.fault("A transaction has no end (^): the file was cut off; export it again", record.index)
    seen: set[str] = set()
    for letter, _, index in record.fields:
        if letter in _SPLIT:
            break  # a split may have a day of its own
        if letter in _ONCE and letter in seen:
            raise reading.fault(
                f"A transaction has two fields {letter}: two of them ran together; export the file again", index
            )
        seen.add(letter)


def _splits(record: Record, currency: str, reading: Reading) -> tuple[str, Money | None]:
    """Return the splits as words, and what they make; None where one of them has no amount."""
    words: list[list[str]] = []
    total = Decimal(0)
    amounts = 0
    for letter, text, index in record.fields:
        if letter == "S":
            words.append([text])
        elif letter == "$" and words:
            money = reading.amount(text, currency, index)
            words[-1].append(str(money.amount))
            total, amounts = total + money.amount, amounts + 1
        elif letter in ("E", "%") and words and text:
            words[-1].append(f"({text})")
    said = ", ".join(" ".join(filter(None, split)) for split in words)
    return said, Money(total, currency) if words and amounts == len(words) else None
