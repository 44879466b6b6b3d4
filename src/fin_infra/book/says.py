"""What a person says to a book, as its methods.
Floor 6: the bank's own record stays beside it; `say.py` has the steps themselves."""

from __future__ import annotations

from collections.abc import Sequence

from fin_infra.book import sameness, say
from fin_infra.book.entries import code_of
from fin_infra.book.methods import Household, method
from fin_infra.book.records import SplitPart
from fin_infra.errors import InvalidInput
from fin_infra.transport import Flow, M, blocking


def check_past(category: str | None, *, past: bool) -> None:
    """Raise InvalidInput where a category is to hold for the past and is not a code of the taxonomy."""
    if past and (category is None or code_of(category.strip()) is None):
        raise InvalidInput("Only a code of the taxonomy holds for the past; `categories` lists them.")


class Says(Household[M]):
    @method
    def categorize(self, ids: Sequence[int], category: str | None, *, past: bool = False) -> Flow[int]:
        """Give transactions a category of the person's own; None takes it back. Return the number of changes.

        A code of the taxonomy holds for later transactions of the same merchant too; another word for these alone.

        Args:
            past: whether it holds for earlier ones of the same merchant too; `past_changes` shows them.

        Raises:
            NotRemembered: one of them is not in the book.
            InvalidInput: the category is blank, or `past` is said of one that is not a code.
        """
        if category is not None and not category.strip():
            raise InvalidInput("A category must have letters; None takes one back.")
        word = category and category.strip()
        check_past(word, past=past)
        words = {"category": word, "past": say.FLAG if past else None}
        return (yield from blocking(say.say, self.engine, self.owner, ids, words, self.clock()))

    @method
    def note(self, id: int, text: str | None) -> Flow[int]:
        """Write a note beside a transaction; None takes it away. Return the number of changes."""
        return (yield from blocking(say.say, self.engine, self.owner, [id], {"note": text or None}, self.clock()))

    @method
    def hide(self, ids: Sequence[int], *, hidden: bool = True) -> Flow[int]:
        """Leave transactions out of lists, or show them again. Return the number of changes."""
        word = say.FLAG if hidden else None
        return (yield from blocking(say.say, self.engine, self.owner, ids, {"hidden": word}, self.clock()))

    @method
    def delete(self, ids: Sequence[int], *, deleted: bool = True) -> Flow[int]:
        """Delete transactions by a person's word, which no sync undoes, or take that word back."""
        word = say.FLAG if deleted else None
        return (yield from blocking(say.say, self.engine, self.owner, ids, {"deleted": word}, self.clock()))

    @method
    def split(self, id: int, parts: Sequence[SplitPart]) -> Flow[int]:
        """Divide a transaction among categories; no part undoes it. Return the number of changes.

        Raises:
            InvalidInput: the parts do not add up to the transaction's amount.
        """
        given = [(part.category, part.amount.amount, part.note) for part in parts]
        return (yield from blocking(say.split, self.engine, self.owner, id, given, self.clock()))

    @method
    def link(self, one: int, other: int | None) -> Flow[int]:
        """Say that two transactions are the sides of one transfer; None takes it back. Return the number of changes."""
        return (yield from blocking(say.link, self.engine, self.owner, one, other, self.clock()))

    @method
    def keep_apart(self, ids: Sequence[int], *, apart: bool = True) -> Flow[int]:
        """Say that transactions are not sides of a transfer, or take that back. Return the number of changes.

        A link of a person's own is stronger.

        Raises:
            NotRemembered: one of them is not in the book.
        """
        word = say.FLAG if apart else None
        return (yield from blocking(say.say, self.engine, self.owner, ids, {"apart": word}, self.clock()))

    @method
    def answer(self, id: int, other_id: int, *, same: bool) -> Flow[int]:
        """Answer whether two transactions, trades or accounts are one. Return the number of changes.

        That two names are of one instrument is answered for all trades of which it is asked.

        Raises:
            NotRemembered: the book does not ask that.
            InvalidInput: it has the other answer already.
        """
        ids, now = (id, other_id), self.clock()
        args = (self.engine, self.owner, self.vault, ids, same, now)
        changed: int | None = yield from blocking(sameness.answer_account, *args)
        if changed is not None:
            return changed
        return (yield from blocking(say.answer, self.engine, self.owner, id, other_id, same, now))
