"""Which lines of a statement the book has: decided by the merge of exports, over rows of files and connections alike.
Floor 6: a row that a file named is known by that file's own words; a line's `offset` is its number, a row's its id.

One row may have been worded differently by each file that named it. The wording that the new file repeats is the one
that it is known by, so that what a person has answered once is not asked again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import EXACT
from fin_infra.book.documents import SOURCE, lines_of, parts_in, rows_named
from fin_infra.book.exports.marks import NO_MARKS, Marks
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.lease import Owner
from fin_infra.book.merge import AMOUNT, POSTED, REMOVED, WORDING, Facts
from fin_infra.book.tables import transactions
from fin_infra.book.write import STORED
from fin_infra.imports.statements import Answer, Conflict, MergeResult, Question, merge
from fin_infra.imports.statements.answers import line_key
from fin_infra.imports.statements.likeness import fold
from fin_infra.model import Money, StatementLine

KINDS: Mapping[Question, str] = {
    Question.TEXT_CHANGED: WORDING,
    Question.DATE_CHANGED: "date",
    Question.AMOUNT_CHANGED: AMOUNT,
    Question.ID_CHANGED: "id",
    Question.REPEATED: "repeated",
    Question.CORRECTS: "correction",
}
"""What differs, in the words of the book's questions."""
_REMEMBERED = (Question.TEXT_CHANGED, Question.DATE_CHANGED, Question.AMOUNT_CHANGED)
"""Questions whose answers count for the next one like it; the rest is about ids, and each a case of its own."""
_ROUNDS = 5
"""Answers that settle a question may open another one; after so many a person is asked."""


@dataclass(slots=True)
class Stored:
    """The rows of one account, each with the lines by which files named it, the newest file's first."""

    rows: dict[int, Facts]
    worded: Mapping[int, Sequence[StatementLine]]
    marks: Marks = NO_MARKS

    def known(self, incoming: Iterable[StatementLine]) -> list[StatementLine]:
        """Return the rows as lines, for the merge with these.

        A row that its bank has taken back is known only by a line that a file had of it: it does not come again.
        """
        chosen = self._exported(incoming)
        named = {line.id for line in chosen.values()}
        repeated = Counter(line_key(line).text for line in incoming if line.id is None or line.id not in named)
        for wording in (self._own, self._still_true, self._worded):
            for row in self.rows:
                line = None if row in chosen else _taken(repeated, wording(row))
                if line is not None:
                    chosen[row] = line
        for row, facts in self.rows.items():
            if facts.state == POSTED and row not in chosen:
                chosen[row] = [*self._still_true(row), line_of(row, facts)][0]
        return [chosen[row] for row in self.rows if row in chosen]

    def _exported(self, incoming: Iterable[StatementLine]) -> dict[int, StatementLine]:
        """Return the rows that an export of this book names by their ids, under those ids; undone ones come back."""
        named = {row: line.id for line in incoming if (row := self.marks.id_in(line.id)) is not None}
        return {
            row: replace(line_of(row, self.rows[row]), id=id)
            for row, id in named.items()
            if row in self.rows and not is_undone(self.rows[row])
        }

    def _own(self, row: int) -> list[StatementLine]:
        """Return the row in its own words, with a file's id where a file has the same."""
        facts = self.rows[row]
        if facts.state != POSTED:
            return []
        own = line_of(row, facts)
        return [*(line for line in self._worded(row) if line_key(line).text == line_key(own).text), own][:1]

    def _still_true(self, row: int) -> list[StatementLine]:
        """Return the lines of files that the bank has not corrected since."""
        own = line_of(row, self.rows[row])
        return [line for line in self._worded(row) if (line.posted, line.amount) == (own.posted, own.amount)]

    def _worded(self, row: int) -> list[StatementLine]:
        return [replace(line, offset=-row) for line in self.worded.get(row, ())]


def _taken(repeated: Counter[Hashable], worded: Iterable[StatementLine]) -> StatementLine | None:
    for line in worded:
        text = line_key(line).text
        if repeated[text]:
            repeated[text] -= 1
            return line
    return None


def line_of(row: int, facts: Facts) -> StatementLine:
    """Return a row that no file named as a line without an id."""
    amount = Money(Decimal(facts.amount), facts.currency)
    return StatementLine(
        id=None, posted=date.fromisoformat(facts.day), amount=amount, description=facts.text, offset=-row
    )


def stored_in(db: sa.Connection, owner: Owner, sealer: FileSealer, accounts: Accounts, target: int) -> Stored:
    """Return what the book has of an account: what is posted, and what was removed."""
    every = sorted(accounts.all_of(target))
    t = transactions
    ask = sa.select(t.c.id, *STORED).where(owner.of(t), t.c.account.in_(every), t.c.state != "pending")
    rows = {row[0]: Facts(*row[1:]) for row in db.execute(ask.order_by(t.c.id))}
    parts = parts_in(db, owner, every)
    lines = lines_of(db, owner, sealer, parts)
    named = {document: rows_named(db, owner, document) for document in dict.fromkeys(each for each, _ in parts)}
    marks = Marks.of(db, owner)
    worded: defaultdict[int, list[StatementLine]] = defaultdict(list)
    for (document, number), line in lines.items():
        row = named[document].get(number)
        if row is not None and marks.id_in(line.id) != row:  # an export repeats the row's own words
            worded[row].append(line)
    return Stored(rows, worded, marks)


def is_undone(facts: Facts) -> bool:
    """Tell whether a row went with the import that brought it; it comes back with the file, and its words do."""
    return facts.state == REMOVED and facts.source.startswith(SOURCE) and facts.vendor_id.isdigit()


def decided(
    stored: Stored,
    incoming: Sequence[StatementLine],
    answers: Iterable[Answer],
    settled: Callable[[str], bool | None],
) -> MergeResult:
    """Sort the lines of a file into new, matched and asked; what a person said of such wordings before counts."""
    known, said = stored.known(incoming), list(answers)
    result = merge(known, incoming, answers=said)
    for _ in range(_ROUNDS):
        further = [
            Answer(conflict=each, same=same)
            for each in result.conflicts
            if each.question in _REMEMBERED and (same := settled(pattern_of(each))) is not None
        ]
        if not further:
            break
        said += further
        result = merge(known, incoming, answers=said)
    return result


def pattern_of(conflict: Conflict) -> str:
    """Return by what an earlier answer to such a question is found, in the form of the sync engine's questions.

    A like question has the same words and the same difference: one day later, or 0.35 more.
    """
    other, incoming = conflict.other, conflict.incoming
    texts = "|".join(fold(line.description or line.memo or "") for line in (other, incoming) if line is not None)
    kind = KINDS[conflict.question]
    if other is not None and conflict.question is Question.DATE_CHANGED:
        kind = f"{kind} {(incoming.posted - other.posted).days:+}"
    elif other is not None and conflict.question is Question.AMOUNT_CHANGED:
        money = (line.amount.amount for line in (incoming, other))
        kind = f"{kind} {EXACT.subtract(*money):+f} {incoming.amount.currency}"
    return f"{kind}:{texts}"
