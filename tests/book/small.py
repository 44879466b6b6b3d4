"""A small household for tests: one login with a sealed token, whose vendor says what the test tells it to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fin_infra.book import logins
from fin_infra.book.engine import Database
from fin_infra.book.lease import LEASE, Owner
from fin_infra.book.pages import Holder, Level, Page, VendorTransaction
from fin_infra.book.read import read
from fin_infra.book.sync import Progress, sync
from fin_infra.security.keyring import Keyring, new_key_text
from fin_infra.security.vault import Vault
from fin_infra.transport.local import LocalTransport

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOKEN = "token-planted-4711"
CHECKING = Holder(
    vendor_id="a-1", name="Checking", type="depository", subtype="checking", currency="USD", institution="Model Bank"
)


def told(vendor_id: str, amount: str, day: int = 2, text: str = "Corner Grocery", **more: Any) -> VendorTransaction:
    return VendorTransaction(
        vendor_id=vendor_id,
        account="a-1",
        day=date(2026, 3, day),
        text=text,
        currency="USD",
        amount=Decimal(amount),
        **more,
    )


def told_on(text: str, amount: str, days: Sequence[date], **more: Any) -> list[VendorTransaction]:
    """Return the same transaction on several days."""
    return [
        VendorTransaction(vendor_id=f"{text} {at}", account="a-1", day=day, text=text, currency="USD",
                          amount=Decimal(amount), **more)
        for at, day in enumerate(days, 1)
    ]  # fmt: skip


def level(amount: str, day: int = 2, **more: Any) -> Level:
    at = NOON + timedelta(days=day - 2)
    return Level(account="a-1", at=at, currency="USD", current=Decimal(amount), **more)


def page(*rows: VendorTransaction, after: str = "end", complete: bool = True, **more: Any) -> Page:
    raw = [{"id": row.vendor_id, "words": f"raw words of {row.text}"} for row in rows]
    return Page(after=after, complete=complete, holders=[CHECKING], transactions=list(rows), raw=raw, **more)


class Told:
    """A vendor that answers with the next page of a list, and with nothing new after the last one."""

    resumes = True

    def __init__(self, *pages: Page) -> None:
        self.pages = list(pages)

    def changes(self, cursor: str) -> Any:
        yield from ()
        return self.pages.pop(0) if self.pages else Page(after=cursor, complete=True)


class Home:
    """One household in a database, with one login."""

    def __init__(self, database: Database, user: str = "ada", vault: Vault | None = None, token: str = TOKEN) -> None:
        self.database = database
        self.owner = Owner("default", user)
        self.vault = vault or Vault(Keyring.from_text(new_key_text("one")))
        self.now = NOON
        credentials = {"access_token": token}
        self.connection = logins.add(
            database.engine, self.owner, "banking:model", credentials, self.vault, self.clock()
        )

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def row(self) -> Any:
        return read(self.database.engine, logins.stored, self.owner, self.connection)

    def flow(self, source: Any, *, payloads: bool = True) -> Any:
        sealer = logins.sealer_of(self.row(), self.owner, self.vault, payloads=payloads)
        self.now += LEASE
        progress = Progress()
        return sync(self.database.engine, self.owner, self.connection, source, self.clock, progress, sealer)

    def sync(self, *pages: Page, payloads: bool = True) -> None:
        self.now = max([self.now, *(each.at for page in pages for each in page.levels)])
        assert LocalTransport().run(self.flow(Told(*pages), payloads=payloads)) is True


def stored_bytes(database: Database, words: Sequence[str]) -> list[str]:
    """Return which words stand in the files of a book in SQLite, also beside it."""
    file = database.file
    assert file is not None
    found = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    return [word for word in words if word.encode() in found]


def again(home: Home, database: Database) -> Home:
    """Return the household as another process has it: by its database, and with the same vault."""
    found = object.__new__(Home)
    found.__dict__ |= {**home.__dict__, "database": database}
    return found
