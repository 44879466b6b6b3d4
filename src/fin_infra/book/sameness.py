"""Which account another source has told of before: proved by the transactions or the number, or asked about.
Floor 6: an equal ending alone proves nothing, and makes a question; a person's word settles it for good.

Two records of one account agree day by day. So two accounts of different sources are one where, over the days that both
cover, the same amounts stand on the same days and nothing else does, often enough and long enough that it cannot be
chance; or where both banks give the same full number under the same routing number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import REMOVED, Accounts, Kept
from fin_infra.book.engine import ensure, writing
from fin_infra.book.file_accounts import FILE, FileAccounts, ends_alike
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.join import joined
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.merge import POSTED
from fin_infra.book.read import ABOUT_ACCOUNTS
from fin_infra.book.tables import doubts, transactions
from fin_infra.errors import InvalidInput
from fin_infra.model import AccountDetails, AccountType
from fin_infra.security.envelope import Sealed
from fin_infra.security.vault import Vault

LEAST_DAYS = timedelta(days=30)
"""How long the days that both cover must be to prove anything: a month has its fixed payments."""
LEAST_ROWS = 20
LEAST_AMOUNTS = 12
"""Different amounts among them: two savings plans of the same sum have many equal transactions and one amount."""
EDGE = timedelta(days=5)
"""The last days that both cover, in which one source may be behind: left out."""
DayAmounts = Mapping[tuple[date, Decimal], int]


class Number(msgspec.Struct):
    """What a bank says of an account's number, as it is sealed."""

    number: str
    routing: str


def overlap_proves(one: DayAmounts, other: DayAmounts) -> bool:
    """Tell whether the transactions of two accounts prove that they are one.

    Args:
        one: how often each amount stands on each day, of what has posted.
        other: the same, by another source.
    """
    if not one or not other:
        return False
    first = max(min(day for day, _ in one), min(day for day, _ in other))
    last = min(max(day for day, _ in one), max(day for day, _ in other)) - EDGE
    first += timedelta(days=1)  # the first day of a window may be cut by the hour
    if last - first < LEAST_DAYS:
        return False
    mine, theirs = ({row: n for row, n in book.items() if first <= row[0] <= last} for book in (one, other))
    return mine == theirs and sum(mine.values()) >= LEAST_ROWS and len({amount for _, amount in mine}) >= LEAST_AMOUNTS


class Recognized(NamedTuple):
    joined: int = 0
    asked: int = 0


def recognize(
    engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], connection: str, now: datetime
) -> Recognized:
    """Look for the accounts of a connection among those of other sources: join what is proved, ask what may be.

    Nothing is asked a second time, and what a person has said stays said.

    Raises:
        BookUnavailable: the database cannot be used now; nothing was written.
    """
    with writing(engine) as db:
        return _Search(db, owner, vault, connection, now).run()


Answers = Mapping[frozenset[int], int | None]
"""What a person said of pairs of accounts; None where they were asked and have not answered."""


def answers(db: sa.Connection, owner: Owner) -> Answers:
    asked = sa.select(doubts.c.row, doubts.c.other, doubts.c.same).where(owner.of(doubts, kind=ABOUT_ACCOUNTS))
    return {frozenset((row.row, row.other)): row.same for row in db.execute(asked)}


def two_by_word(accounts: Accounts, said: Answers, one: int, other: int) -> bool:
    """Tell whether a person said that two accounts, or two of those that were joined to them, are two."""
    pairs = product(accounts.all_of(accounts.target(one)), accounts.all_of(accounts.target(other)))
    return any(said.get(frozenset(pair)) == 0 for pair in pairs)


class _Search:
    """One look, in one transaction."""

    def __init__(
        self, db: sa.Connection, owner: Owner, vault: Callable[[], Vault], connection: str, now: datetime
    ) -> None:
        self._db, self._owner, self._vault, self._connection = db, owner, vault, connection
        self._accounts = Accounts(db, owner)
        self._log = Log(db, owner, connection, now)
        self._said = answers(db, owner)
        self._books: dict[int, DayAmounts] = {}

    def run(self) -> Recognized:
        mine = [
            row
            for row, kept in sorted(self._accounts.kept.items())
            if kept.source == self._connection and kept.joined is None and kept.status != REMOVED
        ]
        found = Recognized()
        for row in mine:
            may_be = self._candidates(row)
            proved = [other for other in may_be if self._is_proved(row, other)] if may_be else []
            if len(proved) == 1:
                joined(self._db, self._owner, self._vault, self._log, proved[0], row)
                self._accounts = Accounts(self._db, self._owner)
                found = found._replace(joined=found.joined + 1)
            else:
                found = found._replace(asked=found.asked + sum(self._ask(row, other) for other in proved or may_be))
        self._log.close()
        return found

    def _candidates(self, row: int) -> list[int]:
        """Return accounts of other sources that may be this one, older ones and what people see of them."""
        kept, found = self._accounts.kept[row], set[int]()
        here = {self._accounts.kept[each].source for each in self._accounts.all_of(row)}
        for other, its in self._accounts.kept.items():
            target = self._accounts.target(other)
            sources = {self._accounts.kept[each].source for each in self._accounts.all_of(target)}
            if target == row or sources & here or its.source == PERSON or not _may_be(kept, its):
                continue
            if not two_by_word(self._accounts, self._said, row, target):
                found.add(target)
        return sorted(found)

    def _is_proved(self, row: int, other: int) -> bool:
        return overlap_proves(self._book(row), self._book(other))

    def _book(self, account: int) -> DayAmounts:
        if account not in self._books:
            t = transactions
            every = sorted(self._accounts.all_of(account))
            ask = sa.select(t.c.day, t.c.amount).where(self._owner.of(t), t.c.account.in_(every), t.c.state == POSTED)
            self._books[account] = Counter((row.day, row.amount) for row in self._db.execute(ask))
        return self._books[account]

    def _ask(self, row: int, other: int) -> int:
        """Ask whether two accounts are one, where both show the same ending and nobody has been asked."""
        one, its = (self._accounts.kept[each] for each in (row, other))
        if frozenset((row, other)) in self._said or not ends_alike(one.ending, its.ending):
            return 0
        asked = {"row": row, "other": other, "kind": ABOUT_ACCOUNTS, "institution": its.institution, "same": None}
        ensure(self._db, doubts, **self._owner.scope, **asked, pattern=ABOUT_ACCOUNTS, at=self._log.at)
        self._log.add("doubt", "asked", row, msgspec.json.encode({"other": other}).decode())
        return 1


def _may_be(one: Kept, other: Kept) -> bool:
    """Tell whether two accounts of different sources may be one: nothing that both say contradicts it."""
    kinds = {one.type, other.type} - {AccountType.UNKNOWN.value}
    if one.currency != other.currency or len(kinds) > 1 or other.status == REMOVED:
        return False
    return not (one.ending and other.ending) or ends_alike(one.ending, other.ending)


def answer_account(
    engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], ids: tuple[int, int], same: bool, now: datetime
) -> int | None:
    """Take what a person says of two accounts; None where the book does not ask about these as accounts.

    Raises:
        InvalidInput: it has another answer, or the two cannot be one.
    """
    row, other = ids
    with writing(engine) as db:
        mine = owner.of(doubts, row=row, other=other, kind=ABOUT_ACCOUNTS)
        doubt = db.execute(sa.select(doubts).where(mine)).first()
        if doubt is None:
            return None
        if doubt.same is not None:
            if bool(doubt.same) == same:
                return 0
            raise InvalidInput("This question has been answered before, the other way.")
        log = Log(db, owner, PERSON, now)
        db.execute(sa.update(doubts).where(mine).values(same=int(same)))
        log.add("doubt", "same" if same else "different", row, msgspec.json.encode({"other": other}).decode())
        if same:
            joined(db, owner, vault, log, other, row)
        log.close()
        return log.count


def keep_numbers(
    engine: sa.Engine,
    owner: Owner,
    vault: Callable[[], Vault],
    connection: str,
    told: Mapping[str, AccountDetails],
    now: datetime,
) -> int:
    """Seal the numbers of a connection's accounts, and join each with the one account that has the same full number.

    Args:
        told: by the vendor's id of the account. One without a routing number proves nothing.

    Returns:
        How many accounts were joined.
    """
    with writing(engine) as db:
        accounts, sealer = Accounts(db, owner), FileSealer(db, owner, vault)
        log = Log(db, owner, connection, now)
        mine = [row for row, kept in accounts.kept.items() if kept.source == connection and kept.vendor_id in told]
        for row in mine:
            kept = accounts.kept[row]
            details = told[kept.vendor_id]
            routing = next((details.routing_numbers[name] for name in sorted(details.routing_numbers)), "")
            content = msgspec.json.encode(Number(details.account_number, routing))
            accounts.put(log, row, kept._replace(sealed=sealer.seal(content, _purpose(kept)).text))
        numbers, said = _numbers(accounts, sealer), answers(db, owner)
        count = 0
        for row in mine:
            same = {
                accounts.target(other)
                for other, number in numbers.items()
                if number == numbers.get(row) and accounts.kept[other].currency == accounts.kept[row].currency
            } - {accounts.target(row)}
            same = {other for other in same if not two_by_word(accounts, said, row, other)}
            if len(same) == 1 and accounts.kept[row].joined is None:
                joined(db, owner, vault, log, same.pop(), row)
                accounts = Accounts(db, owner)
                count += 1
        log.close()
        return count


def _numbers(accounts: Accounts, sealer: FileSealer) -> dict[int, tuple[str, str]]:
    """Return number and routing number of each account that has both, from banks and from files."""
    found = {
        row: (printed.number, printed.bank_id)
        for row, printed in FileAccounts(accounts, sealer).printed.items()
        if printed.bank_id
    }
    for row, kept in accounts.kept.items():
        if kept.source != FILE and kept.sealed and kept.status != REMOVED:
            number = msgspec.json.decode(sealer.open(Sealed.from_text(kept.sealed), _purpose(kept)), type=Number)
            if number.routing:
                found[row] = (number.number, number.routing)
    return {row: (_letters(number), _letters(routing)) for row, (number, routing) in found.items()}


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()


def _purpose(kept: Kept) -> str:
    return f"number:{kept.source}:{kept.vendor_id}"
