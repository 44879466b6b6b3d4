"""`fin-infra connect`, `connections`, `connections unknown`, `disconnect` and `sync`.
Floor 8: a token is taken from a prompt, a pipe or the environment, and shown nowhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from getpass import getpass
from typing import Any

from fin_infra.book import Book, Connection, ConnectionState, SyncResult, open_book, webhooks
from fin_infra.book.backup import require
from fin_infra.book.engine import Database, default_url
from fin_infra.book.sync import Progress
from fin_infra.book.webhooks import TakenEvent
from fin_infra.cli.keeping import Declined
from fin_infra.cli.output import ask, print_json, say, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInput
from fin_infra.security import mask
from fin_infra.transport import Sync

MOST_UNKNOWN = 100_000
"""Events that are looked at, the oldest first; they are kept for 30 days."""
ASKED = "-"
"""What `--token` says where the token is to be asked for."""


def connect(provider: str, token: str | None, user: str, tenant: str, *, as_json: bool) -> bool:
    """Connect a login; return whether its first sync was whole."""
    token = _asked() if token == ASKED else token
    made = open_book(user=user, tenant=tenant).connect(provider, token)
    if as_json:
        print_json(made)
    else:
        show_connections("Connected", [made])
    return made.state is ConnectionState.HEALTHY


def _asked() -> str:
    """Return a token that nobody sees: typed at a terminal, or a line of a pipe."""
    if sys.stdin is not None and sys.stdin.isatty():
        token = getpass("Token: ")
    else:
        token = sys.stdin.readline() if sys.stdin is not None else ""
    if not token.strip():
        raise InvalidInput("No token was given; type it, or give it in a pipe: fin-infra connect ... --token - < FILE.")
    return token.strip()


def connections(user: str, tenant: str, *, as_json: bool) -> None:
    found = _book(user, tenant).connections()
    if as_json:
        print_json(found)
    elif found:
        show_connections("Connections", found)
    else:
        tell("No connections yet; add one with `fin-infra connect PROVIDER`.")


def disconnect(connection: str, user: str, tenant: str, *, yes: bool, as_json: bool) -> None:
    """End a connection.

    Raises:
        Declined: the person said no; nothing was changed.
    """
    book = _book(user, tenant)
    row = next((each for each in book.connections() if each.id == connection), None)
    if row is None:
        raise InvalidInput("The book has no connection of that id; list them with: fin-infra connections")
    ends_too = f" With it ends how {', '.join(row.funds)} moves money of its accounts." if row.funds else ""
    if not yes and not ask(f"End the connection {connection}? Its token is destroyed; its history stays.{ends_too}"):
        raise Declined("Nothing was changed; --yes ends it without asking.")
    ended = book.disconnect(connection)
    if as_json:
        print_json(ended)
    else:
        show_connections("Ended", [ended])


def sync(connection: str | None, user: str, tenant: str, *, as_json: bool) -> bool:
    """Sync, with a line of progress on a terminal; return whether no connection failed."""
    line, book = _Line(), _book(user, tenant)
    try:
        results = book.sync(connection, told=line.told)
    finally:
        line.clear()
    gaps = book.fill_history().errors if results else ()  # net worth of past days needs their prices and rates
    if as_json:
        print_json(results)
    elif not results:
        tell("There is nothing to sync; `fin-infra connect PROVIDER` makes a connection.")
    else:
        _show_results(results)
        for gap in gaps:
            say(f"note: {gap.provider} gave no {gap.operation} for some days: {mask(gap.message)}")
    return not any(result.error for result in results)


class _Line:
    """The line of progress on stderr, where somebody sees it."""

    def __init__(self) -> None:
        self._seen = sys.stderr is not None and sys.stderr.isatty()
        self._pages = self._changes = 0
        self._last: Progress | None = None

    def told(self, progress: Progress) -> None:
        if self._last is not None and progress is not self._last:
            self._pages += self._last.pages
            self._changes += self._last.changes
        self._last = progress
        if self._seen:
            pages, changes = self._pages + progress.pages, self._changes + progress.changes
            sys.stderr.write(f"\r\x1b[K{pages:,} pages, {changes:,} changes")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._seen and self._last is not None:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def doctor(connection: str, user: str, tenant: str, *, as_json: bool) -> None:
    """Print what is the matter with a connection."""
    found = _book(user, tenant).doctor(connection)
    if as_json:
        print_json(found)
        return
    vendor = found.vendor
    says = found.vendor_error or ("it answers" if vendor is None else vendor.status.value.replace("_", " "))
    if vendor is not None and vendor.reason:
        says = f"{says}: {vendor.reason}"
    last = found.connection
    rows = [
        ("the vendor says", says),
        ("since", _time(last.since)),
        ("we tried last", _time(last.tried_at)),
        ("read whole", _time(last.synced_at)),
        ("how it stands", last.state.value if not last.reason else f"{last.state.value}: {last.reason}"),
        ("what to do", found.next_step),
    ]
    for name, text in rows:
        say_wrapped(f"{name:<16} {text}")


def unknown(*, as_json: bool) -> None:
    """Print the logins of which vendors tell and no household has any; not of one household, since it is nobody's."""
    database = Database(default_url())
    require(database)
    found = [_unknown(events) for events in _by_login(webhooks.unknown(database.engine, limit=MOST_UNKNOWN))]
    if as_json:
        print_json(found)
    elif found:
        rows = [
            (each["provider"], each["login"] or f"account {each['account']}", f"{each['events']:,}", each["last_type"],
             _time(each["first_at"]), _time(each["last_at"]))
            for each in found
        ]  # fmt: skip
        columns = ("provider", "login", "events", "last event", "first taken", "last taken")
        print_table("Logins that no household has", columns, rows, right=("events",), minor=("first taken",))
        say_wrapped("End them at the vendor where nobody needs them, since it may charge for each.")
    else:
        tell("No vendor tells of a login that no household has.")


def _by_login(events: Sequence[TakenEvent]) -> list[list[TakenEvent]]:
    """Return events, the oldest first, by the login that they name."""
    found: dict[tuple[str, str | None, str | None], list[TakenEvent]] = {}
    for each in events:
        account = each.event.account if each.event.login is None else None
        found.setdefault((each.provider, each.event.login, account), []).append(each)
    return list(found.values())


def _unknown(events: Sequence[TakenEvent]) -> dict[str, Any]:
    last = events[-1]
    return {
        "provider": last.provider, "login": last.event.login,
        "account": last.event.account if last.event.login is None else None, "events": len(events),
        "last_type": last.event.type, "first_at": events[0].taken_at, "last_at": last.taken_at,
    }  # fmt: skip


def _book(user: str, tenant: str) -> Book[Sync]:
    require(Database(default_url()))
    return open_book(user=user, tenant=tenant)


def show_connections(title: str, found: Sequence[Connection]) -> None:
    rows = [(each.id, each.provider, each.state.value, _time(each.since), _time(each.synced_at)) for each in found]
    print_table(title, ("id", "provider", "state", "since", "last whole sync"), rows, minor=("since",))
    for each in found:
        if each.reason:
            say_wrapped(f"{each.id}: {' '.join(filter(None, (_ended(each.reason), each.next_step)))}")


def _show_results(results: Sequence[SyncResult]) -> None:
    rows = [(each.connection, each.provider, _state(each), f"{each.changes:,}") for each in results]
    print_table("Sync", ("connection", "provider", "state", "changes"), rows, right=("changes",))
    for each in results:
        if each.error:
            say_wrapped(f"{each.connection}: {_ended(each.error)}")
        for row in each.unread:
            say(f"note: {each.connection}: {row}")


def _state(result: SyncResult) -> str:
    return "another program is syncing it" if result.busy else result.state.value


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _time(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
