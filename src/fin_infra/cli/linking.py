"""`fin-infra link` and `repair`: a page of the vendor, and the wait until the person has been there.
Floor 8: the page's address is for the person at the terminal; its token is shown nowhere.
"""

from __future__ import annotations

import time

from fin_infra.book import Book, Connection, ConnectionState, open_book
from fin_infra.book.backup import require
from fin_infra.book.engine import Database, default_url
from fin_infra.cli.connecting import show_connections
from fin_infra.cli.output import print_json, tell
from fin_infra.errors import InvalidInput
from fin_infra.model import LinkStart, LinkStatus
from fin_infra.transport import Sync

_PAUSE_S = 2.0
"""Between two questions whether the person is at the end of the page."""


def link(provider: str, wait_s: int, user: str, tenant: str, *, as_json: bool) -> bool:
    """Link a login; return whether its first sync was whole.

    Raises:
        InvalidInput: the vendor has no such page, or the person did not come to its end in time.
    """
    book = open_book(user=user, tenant=tenant)
    return _finished(book, book.start_link(provider), wait_s, "Linked", as_json=as_json)


def repair(connection: str, wait_s: int, user: str, tenant: str, *, as_json: bool) -> bool:
    """Repair a login; return whether the sync after it was whole.

    Raises:
        InvalidInput: the vendor has no such page, or the person did not come to its end in time.
    """
    require(Database(default_url()))
    book = open_book(user=user, tenant=tenant)
    return _finished(book, book.repair(connection), wait_s, "Repaired", as_json=as_json)


def _finished(book: Book[Sync], start: LinkStart, wait_s: int, title: str, *, as_json: bool) -> bool:
    if start.url is None:
        raise InvalidInput("This vendor's page can only be opened inside an app; connect with the token it gives.")
    tell(f"Sign in on this page, then come back: {start.url}")
    end = time.monotonic() + wait_s
    while (state := book.link_state(start.token)).status is LinkStatus.OPEN and time.monotonic() < end:
        time.sleep(_PAUSE_S)
    if state.status is LinkStatus.OPEN:
        raise InvalidInput(f"Nobody came to the end of that page within {wait_s} s; start again, with a longer --wait.")
    made: list[Connection] = list(book.finish_link(start.token))
    if as_json:
        print_json(made)
    else:
        show_connections(title, made)
    return all(each.state is ConnectionState.HEALTHY for each in made)
