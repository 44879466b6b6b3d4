"""What one transaction says by itself about being a side of a transfer: its text, its label, a person's word.
Floor 5: words of banks as data; numbers in the text are compared with the endings of own accounts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, primary
from fin_infra.insights.records import Entry, Judge, Label

SURE_LETTERS = Decimal("0.8")
"""From here on the model's word speaks against a transfer; below it, nobody has said anything."""

_TRANSFER = re.compile(
    r"\b(?:TRANSFERS?|XFE?RS?|TRN?SFR|TFR|TO (?:SAV|SAVINGS|CHK|CHECKING)|FROM (?:SAV|SAVINGS|CHK|CHECKING)|"
    r"AUTOSAVE|ROUND ?UPS?|ÜBERTRAG|UMBUCHUNG|VIREMENT INTERNE)\b"
)
_PAYS = re.compile(
    r"\b(?:CREDIT ?(?:CARD|CRD)|CRCARD\w*|CARDMEMBER|CARD (?:PAYMENT|PMT|PYMT)|CRD (?:AUTOPAY|EPAY|PMT|PYMT)|"
    r"(?:LOAN|MORTGAGE) (?:PAYMENT|PMT|PYMT)|E-?PAYMENT|EPAY)\b"
)
_MAY_PAY = re.compile(r"\b(?:PAYMENT|PMT|PYMT|AUTO ?PAY|THANK YOU)\b")
_OTHERS = re.compile(
    r"\b(?:ZELLE|VENMO|CASH ?APP|PAYPAL|POPMONEY|INTERAC|WIRE|REMITLY|WISE|WESTERN UNION|MONEYGRAM|MONEY TRANSFER)\b"
)
_NOT_MOVED = re.compile(r"\b(?:FEES?|INTEREST|DIVIDENDS?|CASH ?BACK|REWARDS?|CHECK|CASH|ATM)\b")
_NAME_OF_CARD = re.compile(
    r"\b(?:(?:CASH|BACK|CASHBACK|REWARDS?|PLUS|PREFERRED) )+(?:CREDIT |DEBIT )?(?:CARD|VISA|MASTERCARD|AMEX)\b"
)
"""What cards are called after: a payment of a rewards card is not a reward."""
_SAYS_NOTHING = re.compile(r"(?:(?:DEPOSIT|WITHDRAWAL|CREDIT|DEBIT|ELECTRONIC|INTERNET|ONLINE|ACH|[\W\d]))*")
"""Texts without a name, of which the model can only guess."""
_GIVES_BACK = re.compile(r"\b(?:REFUND(?:ED)?|RETURN(?:ED)?|REVERSAL|CHARGEBACK|REIMBURSE\w*)\b")
_DIGITS = re.compile(r"\d{3,}")

_MOVING = frozenset({"TRANSFER_IN", "TRANSFER_OUT", "LOAN_PAYMENTS", "LOAN_DISBURSEMENTS"})
_VAGUE = frozenset(
    {
        "TRANSFER_IN_DEPOSIT",
        "TRANSFER_IN_WIRE",
        "TRANSFER_IN_OTHER_TRANSFER_IN",
        "TRANSFER_OUT_WITHDRAWAL",
        "TRANSFER_OUT_WIRE",
        "TRANSFER_OUT_OTHER_TRANSFER_OUT",
    }
)
"""Codes of cash, checks, wires and the rest: they may go to anybody, and say nothing about an own account."""


@dataclass(frozen=True, slots=True)
class Side:
    """What a transaction says: `speech` is -1 against a transfer, 0 nothing, 1 for one."""

    entry: Entry
    label: Label | None
    speech: int
    is_to_others: bool
    """The text names a way by which money goes to other people."""
    digits: frozenset[str]
    """Numbers in the text, of which one may end as an own account does."""


def folded(entry: Entry) -> str:
    """Return the text of a transaction and its counterparty in capitals."""
    return f"{entry.description} {entry.counterparty or ''}".upper()


def gives_back(entry: Entry) -> bool:
    """Return whether the text speaks of a refund."""
    return _GIVES_BACK.search(folded(entry)) is not None


def goes_to_others(entry: Entry) -> bool:
    """Return whether the text names a way by which people pay each other."""
    return _OTHERS.search(folded(entry)) is not None


def trusted(label: Label | None) -> bool:
    """Return whether somebody other than the model made the label."""
    return label is not None and label.judge not in (Judge.MODEL, Judge.NOBODY)


def side_of(entry: Entry, label: Label | None, *, owed: bool) -> Side:
    """Return what a transaction says by itself.

    Args:
        owed: its account is a card or a loan, where money in is a payment if the text says so.
    """
    text = folded(entry)
    others = _OTHERS.search(text) is not None
    speech = _by_person(label)
    if speech is None:
        speech = 0 if others else _by_text(text, owed and entry.amount.amount > 0)
        unnamed = _SAYS_NOTHING.fullmatch(text) is not None
        by_label = 0 if unnamed and not trusted(label) else _by_label(label, others)
        not_moved = by_label < 1 and _NOT_MOVED.search(_NAME_OF_CARD.sub(" CARD", text))
        speech = -1 if not_moved else _with_label(speech, by_label)
    return Side(entry, label, speech, others, frozenset(_DIGITS.findall(text)))


def names(side: Side, ending: str | None) -> bool:
    """Return whether the text has a number that ends as an account does."""
    return bool(ending) and any(number.endswith(ending) for number in side.digits if ending)


def says_transfer(text: str) -> bool:
    """Return whether capitals speak of a transfer or a payment of a card or loan, beyond `payment`."""
    return _TRANSFER.search(text) is not None or _PAYS.search(text) is not None


def _by_person(label: Label | None) -> int | None:
    if label is None or label.judge not in (Judge.PERSON, Judge.RULE) or label.category in _VAGUE:
        return None
    return 1 if primary(label.category) in _MOVING else -1


def _by_text(text: str, paid: bool) -> int:
    """Return 2 for words of transfers, 1 for words that payments of cards share with those of bills."""
    if says_transfer(text):
        return 2
    return (2 if paid else 1) if _MAY_PAY.search(text) else 0


def _by_label(label: Label | None, others: bool) -> int:
    if label is None or label.category == UNCATEGORIZED or label.category in _VAGUE:
        return 0
    if primary(label.category) in _MOVING:
        return 1 if trusted(label) and not others else 0
    return -1 if trusted(label) or label.confidence >= SURE_LETTERS else 0


def _with_label(by_text: int, by_label: int) -> int:
    """Weigh the text against the label: words of transfers outweigh a label, and words of payments do not."""
    if by_label < 0:
        return 0 if by_text == 2 else -1
    return 1 if by_label or by_text else 0
