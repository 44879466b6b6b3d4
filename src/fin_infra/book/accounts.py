"""Which account of the book a vendor's account is.
Floor 6: a connection's is known by the vendor's id; two are joined by proof or a person's word, never by a suffix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from fin_infra.book.engine import put
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log, differing
from fin_infra.book.pages import NO_CURRENCY, Holder
from fin_infra.book.tables import accounts
from fin_infra.errors import UnexpectedPayload

REMOVED = "removed"


class Kept(NamedTuple):
    """An account as it is stored, in the order of the columns after its id."""

    source: str
    vendor_id: str
    name: str
    type: str
    subtype: str
    currency: str
    institution: str
    ending: str | None
    status: str
    joined: int | None
    sealed: str | None


class Accounts:
    """The accounts of a household inside one transaction."""

    def __init__(self, db: sa.Connection, owner: Owner) -> None:
        self._db = db
        self._owner = owner
        rows = db.execute(
            sa.select(accounts.c.id, *(accounts.c[name] for name in Kept._fields)).where(owner.of(accounts))
        )
        self.kept: dict[int, Kept] = {row[0]: Kept(*row[1:]) for row in rows}

    def target(self, account: int) -> int:
        """Return the account that one is joined to, at the end of the chain; itself where it is joined to none."""
        seen: set[int] = set()
        while (joined := self.kept[account].joined) is not None and account not in seen:
            seen.add(account)
            account = joined
        return account

    def of(self, source: str) -> dict[str, int]:
        """Return the account of each vendor id of a source, joined ones as what they are joined to."""
        return {kept.vendor_id: self.target(row) for row, kept in self.kept.items() if kept.source == source}

    def all_of(self, account: int) -> set[int]:
        """Return an account with those that are joined to it."""
        return {row for row in self.kept if self.target(row) == account}

    def write(self, log: Log, source: str, holders: Iterable[Holder]) -> None:
        """Write what a source says of its accounts; a name or state that changed is a change."""
        known = {kept.vendor_id: row for row, kept in self.kept.items() if kept.source == source}
        for holder in holders:
            row = known.get(holder.vendor_id)
            old = self.kept[row] if row is not None else None
            self.put(log, row, _kept(source, holder, old))

    def put(self, log: Log, row: int | None, new: Kept) -> int:
        """Write one account, unless it is that already; return its id."""
        old = self.kept.get(row) if row is not None else None
        if old == new and row is not None:
            return row
        changed = None if old is None else differing(_shown(old), _shown(new))
        kind = "added" if old is None else "removed" if new.status == REMOVED else "modified"
        row = log.add("account", kind, row, changed)
        self.kept[row] = new
        put(self._db, accounts, [(self._owner.tenant, self._owner.user_id, row, *new)])
        return row


def account_ids(found: dict[str, int], vendor_ids: Iterable[str]) -> None:
    """Raise UnexpectedPayload where a source speaks of an account that it has not named."""
    unknown = sorted(set(vendor_ids) - found.keys())
    if unknown:
        raise UnexpectedPayload(f"the answer speaks of {len(unknown)} accounts that its list of accounts lacks")


def _kept(source: str, holder: Holder, old: Kept | None) -> Kept:
    return Kept(
        source=source,
        vendor_id=holder.vendor_id,
        name=holder.name,
        type=holder.type,
        subtype=holder.subtype,
        currency=old.currency if old and holder.currency == NO_CURRENCY else holder.currency,
        institution=holder.institution,
        ending=holder.ending,
        status=holder.status,
        joined=old.joined if old else None,
        sealed=old.sealed if old else None,
    )


def _shown(kept: Kept) -> dict[str, Any]:
    """Return what the log may have: all but the sealed part."""
    return {name: value for name, value in kept._asdict().items() if name != "sealed"}


def sources(kept: Iterable[Kept]) -> Sequence[str]:
    """Return who tells about these accounts, each once."""
    return list(dict.fromkeys(each.source for each in kept))
