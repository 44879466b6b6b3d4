"""The book in the service: one database for the app, and a light book for each request and each sync.
Floor 8: a database that is down at the start is asked again; a book of another revision ends the start."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from hashlib import sha256
from threading import Lock

from fastapi import FastAPI
from fastapi.params import Depends as Dependency

from fin_infra.api import User, add_book, add_identity
from fin_infra.api.connect_page import add_connect_page
from fin_infra.api.connect_page.sessions import Sessions
from fin_infra.api.users import Who
from fin_infra.book import Book, open_book, schema
from fin_infra.book.engine import default_url
from fin_infra.book.methods import utc_now
from fin_infra.book.sync import Clock
from fin_infra.errors import BookUnavailable
from fin_infra.features import acting_user
from fin_infra.security.keyring import FILE, KEYS
from fin_infra.transport import Async

logger = logging.getLogger(__name__)


class Books:
    """The books of all users, in one database: `SQL_URL`, or a file in the data folder of this user.

    Raises:
        ConfigurationError: the URL cannot be used.
        BookOutdated: the book has another revision of its tables; the text names the command.
    """

    def __init__(self, url: str | None = None, environ: Mapping[str, str] = os.environ, clock: Clock = utc_now) -> None:
        self._url = url or default_url()
        self._clock = clock
        self._lock = Lock()
        self._first: Book[Async] | None = None
        if not self._url.startswith("sqlite") and not any(environ.get(name, "").strip() for name in (KEYS, FILE)):
            logger.warning("%s is not set: nobody can connect a login before the service has a key to seal with", KEYS)
        try:
            self.open()
        except BookUnavailable as exc:
            logger.warning("the service starts without its book: %s", exc)

    def open(self) -> Book[Async]:
        """Return the book, opened and made at the first time that its database answers.

        Raises:
            BookUnavailable: the database does not answer now.
        """
        with self._lock:
            if self._first is None:
                self._first = open_book(self._url, mode="async", clock=self._clock)
            return self._first

    def of(self, user: User) -> Book[Async]:
        """Return the book of a user, without asking the database.

        Raises:
            BookUnavailable: the database has not answered since the start.
        """
        if self._first is None:
            raise BookUnavailable("The database of the book has not answered since the service was started.")
        return self._first.of(user.name, user.tenant)

    def mine(self) -> Book[Async] | None:
        """Return the book of whoever acts; None where nobody does, or the database has not answered."""
        who = acting_user()
        if who is None or self._first is None:
            return None
        tenant, user = who
        return self._first.of(user, tenant)

    async def works(self) -> bool:
        """Ask the database, for the readiness of the service."""
        book = await asyncio.to_thread(self.open)
        return await asyncio.to_thread(schema.revision, book.database) == schema.REVISIONS[-1]

    def close(self) -> None:
        if self._first is not None:
            self._first.engine.dispose()


def add_routes(
    app: FastAPI, books: Books, *, read: list[Dependency], write: list[Dependency], caller: Who, wait_s: float
) -> None:
    """Put the routes of the book on the app, and the page on which a person links a bank.

    Machines that have `SESSION_SECRET` in common let a visit go on from one to the other.
    """
    add_book(app, auth=read, change=write, book_of=books.of, caller=caller, wait_s=wait_s)
    shared = os.environ.get("SESSION_SECRET", "")
    sessions = Sessions(sha256(f"connect page {shared}".encode()).digest()) if shared else Sessions()
    add_connect_page(app, auth=write, caller=caller, book_of=books.of, sessions=sessions, wait_s=wait_s)


def add_identity_routes(
    app: FastAPI, books: Books, *, read: list[Dependency], write: list[Dependency], caller: Who
) -> None:
    """Put the routes of identity checks on the app, where they are switched on."""
    add_identity(app, auth=read, change=write, book_of=books.of, caller=caller)
