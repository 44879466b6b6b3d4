"""What insights are made of: transactions as entries, accounts, a person's rules and words, all of one moment.
Floor 6: reads only; what a person hid or deleted, and what a bank took back, does not count.

A transaction `123` that a person has split is one entry for each part, `123/1`, `123/2` and so on, which have its day
and words, and the category that the person gave them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import REMOVED, Accounts
from fin_infra.book.engine import wanted
from fin_infra.book.lease import Owner
from fin_infra.book.merge import PENDING
from fin_infra.book.read import Wanted, conditions
from fin_infra.book.rule_rows import rule_rows
from fin_infra.book.say import FLAG
from fin_infra.book.tables import connections, said, transactions
from fin_infra.insights import Entry, EntryAccount, Judge, Label, LabeledEntry
from fin_infra.insights.categories import Categorizer, Correction, Rule, merchant_of
from fin_infra.insights.categories.extra import require_all
from fin_infra.insights.categories.taxonomy import in_version_2
from fin_infra.model import AccountSubtype, AccountType, Money
from fin_infra.providers.bulk import collector_paused, quick

EVERY = 2**31 - 1
"""A limit for those who want all transactions there are."""
_READ = tuple(
    transactions.c[name]
    for name in (
        "id",
        "account",
        "source",
        "day",
        "text",
        "currency",
        "amount",
        "state",
        "category_text",
        "counterparty",
    )
)
_entry = quick(Entry)
_money = quick(Money)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person said of categories."""

    corrections: tuple[Correction, ...]
    """Those that are codes, in the order in which they were said; they hold for the merchant too."""
    own: Mapping[str, str]
    """By entry, words that are not codes: each holds for that entry alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Entries with all that decides about them, read in one transaction."""

    entries: tuple[Entry, ...]
    """The oldest first."""
    accounts: tuple[EntryAccount, ...]
    links: Mapping[str, str]
    """By entry, the other side of a transfer, where a person said so."""
    rules: tuple[Rule, ...]
    said: Said

    def categorizer(self) -> Categorizer:
        """Return what labels these entries, all but those with a word of the person's own.

        Raises:
            MissingExtra: the extra `insights` is not installed.
        """
        require_all("Labeling transactions")
        return Categorizer(rules=self.rules, corrections=self.said.corrections)

    def labels(self) -> list[LabeledEntry]:
        """Return each entry with its label.

        Raises:
            MissingExtra: the extra `insights` is not installed.
        """
        judge = self.categorizer()
        return [
            LabeledEntry(entry=each, label=own_label(self.said, each) or judge.label(each)) for each in self.entries
        ]


def own_label(spoken: Said, entry: Entry) -> Label | None:
    """Return the label of a transaction that has a word of the person's own; None for any other."""
    word = spoken.own.get(entry.id)
    if word is None:
        return None
    return Label(
        category=word,
        judge=Judge.PERSON,
        reason="You said so of this transaction, in a word of your own.",
        confidence=Decimal(1),
        merchant=merchant_of(entry),
        vendor_category=entry.vendor_category,
    )


def material(db: sa.Connection, owner: Owner, wanted_: Wanted) -> Material:
    """Return the entries of the transactions that are wanted, with what decides about them."""
    accounts = Accounts(db, owner)
    entries = entry_rows(db, owner, accounts, wanted_)
    return Material(
        entries=tuple(entries),
        accounts=entry_accounts(accounts),
        links=_links(db, owner),
        rules=tuple(rule_rows(db, owner)),
        said=said_of(db, owner, accounts),
    )


def entry_rows(db: sa.Connection, owner: Owner, accounts: Accounts, wanted_: Wanted) -> list[Entry]:
    """Return transactions as entries, the oldest first."""
    t = transactions
    ask = sa.select(*_READ).where(owner.of(t), *conditions(db, owner, wanted_))
    ask = ask.order_by(sa.type_coerce(t.c.day, sa.Text()), t.c.id).limit(wanted_.limit)
    with collector_paused():
        return _entries(db, owner, accounts, db.execute(ask).all())


def _entries(db: sa.Connection, owner: Owner, accounts: Accounts, rows: Sequence[Any]) -> list[Entry]:
    ask = sa.select(connections.c.id, connections.c.provider).where(owner.of(connections))
    vendors = dict(db.execute(ask).tuples().all())
    split = {row: msgspec.json.decode(value) for row, value in _words(db, owner, "split").items()}
    found: list[Entry] = []
    for id, account, source, day, text, currency, amount, state, word, counterparty in rows:
        entry = _entry(
            id=str(id),
            account_id=str(accounts.target(account)),
            date=day,
            amount=_money(amount, currency),  # checked when it was written
            description=text,
            counterparty=counterparty,
            vendor=vendors.get(source),
            vendor_category=word,
            pending=state == PENDING,
        )
        found += _parts(entry, split[id]) if id in split else [entry]
    return found


def _parts(entry: Entry, parts: Sequence[Mapping[str, Any]]) -> list[Entry]:
    currency = entry.amount.currency
    return [
        replace(entry, id=_part_id(entry.id, at), amount=Money(Decimal(each["amount"]), currency))
        for at, each in enumerate(parts, 1)
    ]


def _part_id(row: int | str, at: int) -> str:
    return f"{row}/{at}"


def _words(db: sa.Connection, owner: Owner, kind: str) -> dict[int, str]:
    ask = sa.select(said.c.id, said.c.value).where(owner.of(said, kind=kind))
    return dict(db.execute(ask).tuples().all())


def _links(db: sa.Connection, owner: Owner) -> dict[str, str]:
    return {str(row): other for row, other in _words(db, owner, "link").items()}


def apart_rows(db: sa.Connection, owner: Owner) -> frozenset[str]:
    """Return the transactions that a person said are not a side of a transfer."""
    return frozenset(str(row) for row in _words(db, owner, "apart"))


def entry_accounts(accounts: Accounts) -> tuple[EntryAccount, ...]:
    """Return the accounts that count, each as what it was joined to."""
    return tuple(
        EntryAccount(
            id=str(row),
            type=AccountType(kept.type),
            subtype=AccountSubtype(kept.subtype),
            currency=kept.currency,
            ending=kept.ending,
        )
        for row, kept in sorted(accounts.kept.items())
        if accounts.target(row) == row and kept.status != REMOVED
    )


def code_of(word: str) -> str | None:
    """Return the category that a person's word is the code of, in either case; None for a word of their own."""
    return in_version_2(word) or in_version_2(word.upper())


def said_of(db: sa.Connection, owner: Owner, accounts: Accounts) -> Said:
    """Return what a person said of categories, also of transactions that are hidden or gone: it has taught."""
    s = said.c
    ask = sa.select(s.id, s.value, s.position).where(owner.of(said, kind="category"))
    words = {row.id: row for row in db.execute(ask.order_by(s.id))}
    past = {row for row, value in _words(db, owner, "past").items() if value == FLAG}
    stored = wanted(db, sa.select(*_READ).where(owner.of(transactions)), transactions.c.id, sorted(words))
    entries = {each.id: each for each in _entries(db, owner, accounts, stored)}  # without those that are split
    corrections: list[Correction] = []
    own: dict[str, str] = {}
    for row in sorted(words.values(), key=lambda each: (each.position or 0, each.id)):
        entry, code = entries.get(str(row.id)), code_of(row.value)
        if entry is not None and code is not None:
            corrections.append(replace(Correction.of(entry, code), past=row.id in past))
        elif entry is not None:
            own[entry.id] = row.value
    _add_parts(db, owner, corrections, own)
    return Said(corrections=tuple(corrections), own=own)


def _add_parts(db: sa.Connection, owner: Owner, corrections: list[Correction], own: dict[str, str]) -> None:
    """Add the categories of the parts of split transactions, which teach nothing about the merchant."""
    split = _words(db, owner, "split")
    t = transactions.c
    days = dict(wanted(db, sa.select(t.id, t.day).where(owner.of(transactions)), t.id, sorted(split)))
    for row, text in split.items():
        for at, each in enumerate(msgspec.json.decode(text), 1):
            id, code = _part_id(row, at), code_of(each["category"])
            if code is None:
                own[id] = each["category"]
            elif row in days:
                corrections.append(
                    Correction(
                        entry_id=id,
                        category=code,
                        merchant="",
                        money_in=not each["amount"].startswith("-"),
                        since=days[row],
                    )
                )
