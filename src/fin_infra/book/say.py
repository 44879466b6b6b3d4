"""What a person says about a transaction, beside what the bank says: it survives every sync and every import.
Floor 6: each function is one transaction; a word that is there already changes nothing, and an answer is given once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
import sqlalchemy as sa

from fin_infra.book.columns import decimal_text, exact_sum
from fin_infra.book.deal_doubts import answer_deals, is_about_trades
from fin_infra.book.deal_orders import PARTS, answer_order
from fin_infra.book.documents import is_connection
from fin_infra.book.engine import writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.merge import REMOVED, Facts, Known, Merge, united
from fin_infra.book.rivals import ask_twins, close_rivals
from fin_infra.book.tables import doubts, said
from fin_infra.book.words import hand_over, say_word
from fin_infra.book.write import rows_of, store
from fin_infra.errors import InvalidInput, NotRemembered

FLAG = "1"
LONGEST = 4_000
"""Characters of a note."""


def say(engine: sa.Engine, owner: Owner, ids: Sequence[int], words: Mapping[str, str | None], now: datetime) -> int:
    """Write what a person says of transactions; None takes a word back. Return the number of changes.

    Raises:
        NotRemembered: one of the transactions is not in the book.
        InvalidInput: a word is too long.
    """
    for word in words.values():
        if word is not None and len(word) > LONGEST:
            raise InvalidInput(f"A note has at most {LONGEST:,} characters.")
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        _require(db, owner, ids)
        for row in dict.fromkeys(ids):
            for kind, word in words.items():
                say_word(db, owner, log, row, kind, word)
        log.close()
        return log.count


def _require(db: sa.Connection, owner: Owner, ids: Sequence[int]) -> dict[int, Facts]:
    found = rows_of(db, owner, set(ids))
    missing = sorted(set(ids) - found.keys())
    if missing:
        raise NotRemembered(f"The book has no transaction {missing[0]}.")
    return found


def split_text(amount: Decimal, parts: Sequence[tuple[str, Decimal, str | None]]) -> str:
    """Return a division of an amount as it is stored.

    Raises:
        InvalidInput: the parts do not add up to the amount.
    """
    total = exact_sum(part for _, part, _ in parts)
    if total != amount:
        raise InvalidInput(f"The parts add up to {total}, and the transaction is {amount}; correct one of them.")
    rows = [{"category": word, "amount": decimal_text(part), "note": note} for word, part, note in parts]
    return msgspec.json.encode(rows).decode()


def split(
    engine: sa.Engine, owner: Owner, row: int, parts: Sequence[tuple[str, Decimal, str | None]], now: datetime
) -> int:
    """Write how a person divides a transaction; no part takes it back."""
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        facts = _require(db, owner, [row])[row]
        say_word(db, owner, log, row, "split", split_text(Decimal(facts.amount), parts) if parts else None)
        log.close()
        return log.count


def link(engine: sa.Engine, owner: Owner, one: int, other: int | None, now: datetime) -> int:
    """Write that two transactions are the two sides of a transfer; None takes a link of `one` back, on both sides."""
    if one == other:
        raise InvalidInput("A transaction cannot be linked with itself.")
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        _require(db, owner, [one, *([other] if other is not None else [])])
        for row in filter(None, (one, other)):
            old = db.scalar(sa.select(said.c.value).where(owner.of(said, id=row, kind="link")))
            if old is not None and old != str(other if row == one else one):
                say_word(db, owner, log, int(old), "link", None)
        say_word(db, owner, log, one, "link", None if other is None else str(other))
        if other is not None:
            say_word(db, owner, log, other, "link", str(one))
        log.close()
        return log.count


def answer(engine: sa.Engine, owner: Owner, row: int, other: int, same: bool, now: datetime) -> int:
    """Write whether two transactions, or two trades, are one. Said again, it changes nothing.

    The same: the older one stays, with what its bank says of it now and what a person said of either; the newer one is
    removed, and its ids name the older one from then on.

    Raises:
        NotRemembered: the book does not ask that.
        InvalidInput: it has another answer.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        mine = owner.of(doubts, row=row, other=other)
        doubt = db.execute(sa.select(doubts).where(mine)).first()
        if doubt is None:
            raise NotRemembered("The book does not ask about these two; list what it asks.")
        if doubt.same is not None:
            if bool(doubt.same) == same:
                return 0
            raise InvalidInput("This question has been answered before, the other way.")
        if doubt.kind == PARTS:
            answer_order(db, owner, log, doubt.pattern, same)
        elif is_about_trades(doubt.kind):
            answer_deals(db, owner, log, doubt, same)
        else:
            _answer(db, owner, log, (row, other), same)
        log.close()
        return log.count


def _answer(db: sa.Connection, owner: Owner, log: Log, pair: tuple[int, int], same: bool) -> None:
    row, other = pair
    db.execute(sa.update(doubts).where(owner.of(doubts, row=row, other=other)).values(same=int(same)))
    log.add("doubt", "same" if same else "different", row, msgspec.json.encode({"other": other}).decode())
    if same:
        freed = close_rivals(db, owner, row, other)
        unite(db, owner, log, row, other)
        ask_twins(db, owner, log, freed)


def unite(db: sa.Connection, owner: Owner, log: Log, newer: int, older: int) -> None:
    """Let two rows be one: the older stays, with what its bank says of it now, and the newer is removed.

    What a bank has taken back is not brought again by a file that had it.
    """
    rows = rows_of(db, owner, {newer, older})
    new, old = rows[newer], rows[older]
    merge = Merge(Known(rows=dict(rows)), log.head)
    if is_connection(new.source) or (old.state == REMOVED and not is_connection(old.source)):
        merge.settle(older, new._replace(account=old.account))
    merge.settle(newer, united(new, older))
    store(db, owner, log, merge.out)
    hand_over(db, owner, log, newer, older)
