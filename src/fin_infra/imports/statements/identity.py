"""Are two accounts of statement files the same one?
Floor 4: equal keys are, printed differences are not, and what only one of the two files prints is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from fin_infra.arguments import checked
from fin_infra.model.banking import AccountType
from fin_infra.model.statement import StatementAccount

_WHOLE_NUMBER = 12
"""A card number or IBAN tells an account without its bank; shorter numbers are given out by several banks."""
_PART_OF_NUMBER = 6
"""Files print a number with or without branch, check digits and zeros in front; shorter parts occur by chance."""


_MASK = re.compile(r"[*•#xX]{2,}")
"""Files for people print a number as `XXXX1234`; the same bank's other files print it whole."""
_SHOWN_OF_NUMBER = 3
"""Fewer last digits than these are shared by chance."""


class AccountMatch(StrEnum):
    SAME = "same"
    ASK = "ask"
    """The numbers agree and nothing contradicts, but one file names less than the other: a person decides."""
    DIFFERENT = "different"


@checked
def same_account(one: StatementAccount, other: StatementAccount) -> AccountMatch:
    """Tell whether two accounts are the same one, without a guess.

    SAME is an equal `key`: institution, bank, branch, number, kind and currency. They are DIFFERENT where both files
    print one of these and differ, so shares, branches and currencies under one number stay apart. All else with the
    same number is ASK: an OFX without institution beside a QFX with one, a number with and without its branch or
    zeros, a masked one (`XXXX1234`), a kind that only one of them names.
    """
    if one.identity == other.identity:
        return AccountMatch.SAME
    if one.currency != other.currency or _kinds_differ(one, other):
        return AccountMatch.DIFFERENT
    shorter, longer = sorted((_letters(one.number), _letters(other.number)), key=len)
    masked = _MASK.search(one.number + other.number) is not None
    part = len(shorter) >= _PART_OF_NUMBER and shorter in longer
    if not (_masks_agree(one.number, other.number) if masked else shorter == longer or part):
        return AccountMatch.DIFFERENT
    whole = masked or shorter == longer
    if whole and (_differ(one.bank_id, other.bank_id) or _differ(one.branch_id, other.branch_id)):
        return AccountMatch.DIFFERENT
    known_by_number = (not masked and len(shorter) >= _WHOLE_NUMBER) or bool(
        one.bank_id and _equal(one.bank_id, other.bank_id)
    )
    if not known_by_number and _institutions_differ(one, other):
        return AccountMatch.DIFFERENT
    return AccountMatch.ASK


@checked
def account_candidates(account: StatementAccount, known: Iterable[StatementAccount]) -> tuple[StatementAccount, ...]:
    """Return the known accounts that `account` may be, for the question to a person; none where one has its key."""
    accounts = tuple(known)
    if any(account.identity == other.identity for other in accounts):
        return ()
    return tuple(other for other in accounts if same_account(account, other) is AccountMatch.ASK)


def _masks_agree(one: str, other: str) -> bool:
    """Tell whether what is shown of two numbers, of which one at least is masked, may be the same number's."""
    (head, tail), (other_head, other_tail) = _shown(one), _shown(other)
    tails = sorted((tail, other_tail), key=len)
    heads = sorted((head, other_head), key=len)
    return len(tails[0]) >= _SHOWN_OF_NUMBER and tails[1].endswith(tails[0]) and heads[1].startswith(heads[0])


def _shown(number: str) -> tuple[str, str]:
    """Return what stands before and behind a mask; all of the number for both where there is none."""
    parts = _MASK.split(number)
    return _letters(parts[0]), _letters(parts[-1])


def _kinds_differ(one: StatementAccount, other: StatementAccount) -> bool:
    """The printed kinds decide; where one file prints none (cards have none in OFX), the types do."""
    if one.type_text and other.type_text:
        return _differ(one.type_text, other.type_text)
    return one.type is not other.type and AccountType.UNKNOWN not in (one.type, other.type)


def _institutions_differ(one: StatementAccount, other: StatementAccount) -> bool:
    """Ids decide where both have one; the same bank prints its name in several ways."""
    if one.institution_id and other.institution_id:
        return _differ(one.institution_id, other.institution_id)
    return _differ(one.institution, other.institution)


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other) and not _equal(one, other)


def _equal(one: str | None, other: str | None) -> bool:
    """Zeros in front are printed or not, as are spaces and hyphens."""
    return _letters(one or "").lstrip("0") == _letters(other or "").lstrip("0")


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
