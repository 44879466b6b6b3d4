"""What several formats need of a statement besides its values: warnings that count, rows set aside, and gaps.
Floor 4: a row that cannot be read ends the import, or is set aside and named where the caller asked for that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.proof import CLOSING, difference_of, opening_balance
from fin_infra.model.statement import Statement

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def plain(text: str) -> str:
    """Return what the file says as one line: no control characters, no change of direction, single spaces."""
    if not text.isprintable():
        text = _UNPRINTABLE.sub(" ", text)
    elif "  " not in text and text[:1] != " " and text[-1:] != " ":
        return text
    return " ".join(text.split())


def joined(parts: Iterable[str | None]) -> str | None:
    """Put the texts one behind the other, each only once; None where there are none."""
    return " ".join(dict.fromkeys([part for part in parts if part])) or None


@dataclass(slots=True)
class Notes:
    """What has to be said about one statement; `counted` becomes sentences with a number."""

    options: ReadOptions
    said: dict[str, None] = field(default_factory=dict[str, None])
    counted: Counter[str] = field(default_factory=Counter[str])
    aside: int = 0

    def say(self, text: str) -> None:
        self.said[text] = None

    def count(self, sentence: str) -> None:
        """Say the sentence once in the end, with how often it was met in the place of `{}`."""
        self.counted[sentence] += 1

    def set_aside(self, what: str, error: StatementUnreadable) -> None:
        """Name what is left out for this error, where the caller asked for that; else raise it with the way past it."""
        if not self.options.skip_unreadable:
            known = "decimal_mark" in error.reason or "skip_unreadable" in error.reason
            hint = "" if known else f"; skip_unreadable=True sets that {what} aside"
            raise StatementUnreadable(f"{error.reason[:-1]}{hint}.", error.offset, error.line)
        self.aside += 1
        self.say(f"{'an' if what[0] in 'aeiou' else 'a'} {what} is set aside: {error}")

    def disagree(self, sentence: str, offset: int, line: int) -> None:
        """Refuse what the file says about itself and is not so, or say it where the caller accepts a difference."""
        if not self.options.accept_difference:
            raise StatementUnreadable(
                f"{sentence}; export it again, or accept the difference (accept_difference=True, --accept-difference).",
                offset,
                line,
            )
        self.say(sentence)

    def warnings(self) -> tuple[str, ...]:
        return (*self.said, *(sentence.format(number) for sentence, number in self.counted.items()))


def account_sentence(what: str) -> str:
    """Return what to answer where neither the file nor the caller says whose statement it is."""
    return f"A statement has no account number ({what} is missing); say it, as in account='12345678'"


def currency_sentence(what: str) -> str:
    return f"The statement does not name its currency ({what}); give it, as in currency='EUR' (--currency EUR)"


def can_prove(statement: Statement) -> bool:
    """Tell whether the balances can say anything about the lines; see `proof.difference_of`."""
    opening, closing, currency = opening_balance(statement), statement.balance(CLOSING), statement.account.currency
    return (
        opening is not None
        and closing is not None
        and opening.amount.currency == closing.amount.currency == currency
        and all(line.amount.currency == currency for line in statement.lines)
    )


def turned_where_proven(statement: Statement, places: Iterable[int]) -> Statement:
    """Return the statement with the lines at these places the other way round, if only so it adds up; else itself."""
    turned = set(places)
    if not turned or difference_of(statement) is None:
        return statement
    other = replace(
        statement,
        lines=tuple(
            replace(line, amount=-line.amount) if place in turned else line
            for place, line in enumerate(statement.lines)
        ),
    )
    return statement if difference_of(other) is not None else other


def with_gaps_named(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Say where a statement does not open with the balance that the one before it of that account closed with."""
    warned: dict[int, str] = {}
    last: dict[tuple[str, ...], Statement] = {}
    for place in sorted(range(len(statements)), key=lambda place: _closed(statements[place])):
        statement = statements[place]
        opening, before = opening_balance(statement), last.get(statement.account.identity)
        closing = before.balance(CLOSING) if before else None
        if opening and closing and opening.amount != closing.amount:
            warned[place] = (
                f"the statement of the {statement.account.label} opens with {opening.amount} and the one before it "
                f"closed with {closing.amount}: a statement between them is missing"
            )
        if statement.balance(CLOSING):
            last[statement.account.identity] = statement
    return tuple(
        replace(statement, warnings=(*statement.warnings, warned[place]))
        if place in warned and warned[place] not in statement.warnings
        else statement
        for place, statement in enumerate(statements)
    )


def _closed(statement: Statement) -> date:
    closing = statement.balance(CLOSING)
    return (closing.at if closing else None) or date.min
