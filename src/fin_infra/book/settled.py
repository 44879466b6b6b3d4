"""What a person said of such a question before, at the same institution: it is not asked a second time.
Floor 6: inside a transaction; an institution without a name is the account alone, so that no bank decides for another.
"""

from __future__ import annotations

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.lease import Owner
from fin_infra.book.merge import WORDING, Settled
from fin_infra.book.tables import doubts


def institution_of(accounts: Accounts, account: int) -> str:
    """Return where answers about an account are remembered."""
    row = accounts.target(account)
    return accounts.kept[row].institution or f"account {row}"


def settled_by(db: sa.Connection, owner: Owner, accounts: Accounts) -> Settled:
    """Return how to look up what a person said of a pattern at the institution of an account.

    Answers that contradict each other decide nothing: it is asked.
    """

    def settled(account: int, pattern: str) -> bool | None:
        mine = owner.of(doubts, institution=institution_of(accounts, account))
        ask = sa.select(doubts.c.same).where(mine, doubts.c.pattern.in_(_either_way(pattern)))
        said = set(db.scalars(ask.where(doubts.c.same.is_not(None)).distinct()))
        return bool(said.pop()) if len(said) == 1 else None

    return settled


def _either_way(pattern: str) -> list[str]:
    """Return a pattern, and where it is of two wordings the one of the same two in the other order."""
    kind, _, texts = pattern.partition(":")
    one, _, other = texts.partition("|")
    return [pattern, f"{kind}:{other}|{one}"] if kind == WORDING else [pattern]
