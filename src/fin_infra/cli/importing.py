"""`fin-infra import FILE...`: show what is in statement files and what the book would make of them, ask, and store it.
Floor 8: without a terminal nothing is stored but with `--yes`; the book is the one of SQL_URL or of the data folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from fin_infra.cli.output import ask, print_json, say, tell
from fin_infra.cli.statements import plain_file, show
from fin_infra.cli.tables import print_table
from fin_infra.errors import InvalidInput, MissingExtra
from fin_infra.imports.statements import ReadOptions, read_statement
from fin_infra.imports.statements.base import content_of
from fin_infra.model import StatementFile

if TYPE_CHECKING:
    from fin_infra.book import Book, BookAccount, Document, ImportPart, ImportPlan, ImportResult, TradeCounts
    from fin_infra.imports.statements.base import DecimalMark
    from fin_infra.transport import Sync

_WHY = {
    "number": "known by its number",
    "export": "your own export",
    "word": "as you say",
    "new": "new",
    "undecided": "which one?",
}
HINT = "Nothing was stored; repeat the command with --yes to store it in the book."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says: how to read the files, and what to do with them."""

    account: str | None = None
    currency: str | None = None
    decimal_mark: str | None = None
    day_first: bool | None = None
    password: str | None = field(default=None, repr=False)
    skip_unreadable: bool = False
    accept_difference: bool = False
    learn: str | None = None
    into: int | None = None
    new_account: bool = False
    yes: bool = False
    as_json: bool = False

    def read(self, content: bytes) -> StatementFile:
        asked = self.asked()
        return read_statement(content, **{each.name: getattr(asked, each.name) for each in fields(asked)})

    def asked(self) -> ReadOptions:
        """Return what `read_statement` takes, which says in a sentence what is wrong with it."""
        return ReadOptions(
            account=self.account,
            currency=self.currency,
            decimal_mark=cast("DecimalMark | None", self.decimal_mark),
            day_first=self.day_first,
            password=self.password,
            skip_unreadable=self.skip_unreadable,
            accept_difference=self.accept_difference,
        )


def run(files: Sequence[Path], options: Options) -> None:
    """Show each file, and store it where the person agrees.

    Raises:
        StatementUnreadable: one of the files cannot be read; none was stored.
        InvalidInput: it has to be said which account a file is of.
        MissingExtra: it is to be stored, and the extra `book` is not installed.
    """
    reads = [(file, content, options.read(content)) for file in files for content in [content_of(file)]]
    if options.learn is not None:
        _learn(options.learn, files, [read for _, _, read in reads], options)
    told: list[dict[str, object]] = []
    asks = at_terminal() and not options.as_json
    for file, content, read in reads:
        if not options.as_json:
            show(read)
        book = _book(make=options.yes or asks)
        plan, result = None, None
        if book is not None:
            try:
                plan, result = _carry_out(book, _Given(file.name, content, read), options, asks=asks)
            finally:
                book.engine.dispose()
        told.append(plain_file(read) | {"plan": _plain(plan), "result": result})
    if options.as_json:
        print_json(told[0] if len(told) == 1 else told)
    elif not (options.yes or asks):
        tell(HINT)


def _learn(name: str, files: Sequence[Path], reads: Sequence[StatementFile], options: Options) -> None:
    """Keep how the columns of one CSV file were read, for its bank's next files.

    Raises:
        InvalidInput: there are several files, it is not a CSV file, or the folder cannot be written to.
    """
    from fin_infra.imports.statements.delimited import guess_delimited, learn

    if len(files) != 1 or reads[0].format != "csv":
        raise InvalidInput("--learn keeps the columns of one CSV file; give that file alone.")
    guess = guess_delimited(files[0].read_bytes(), options.asked())
    named = replace(guess.layout, name=name, fixed_currency=options.currency or guess.layout.fixed_currency)
    kept = learn(named)
    tell(f"Kept as {kept}; files with these columns are read so from now on. Delete it to forget them.")


def asked_password() -> str:
    """Return the password of a file: asked without an echo on a terminal, else the first line of a pipe.

    Raises:
        InvalidInput: none was given.
    """
    given = getpass("Password of the file: ") if at_terminal() else sys.stdin.readline() if sys.stdin else ""
    if not given.strip():
        raise InvalidInput("No password was given; type it when asked, or pipe it in.")
    return given.rstrip("\r\n")


def at_terminal() -> bool:
    """Tell whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def _book(*, make: bool) -> Book[Sync] | None:
    """Return the book; None where there is none yet and none is to be made."""
    try:
        from fin_infra.book import open_book
        from fin_infra.book.engine import Database, default_url
    except MissingExtra:
        if make:
            raise
        return None
    file = Database(default_url()).file
    return open_book() if make or file is None or file.exists() else None


class _Given(NamedTuple):
    """A file of the command line, as it is and as it reads."""

    name: str
    content: bytes
    read: StatementFile


def _carry_out(
    book: Book[Sync], file: _Given, options: Options, *, asks: bool
) -> tuple[ImportPlan, ImportResult | None]:
    plan = _planned(book, file, options)
    if not options.as_json:
        _show_plan(plan)
    if asks and not plan.decided and plan.document is None:
        options = _with_account(plan, options)
        plan = _planned(book, file, options)
    if not options.yes and not (asks and plan.document is None and ask(f"Store it in {book.database.shown}?")):
        if asks and plan.document is None:
            say("Nothing was stored.")
        return plan, None
    result = book.import_statement(
        file.read,
        name=file.name,
        account_id=options.into,
        new_account=options.new_account,
        original=file.content,
    )
    if not options.as_json:
        _show_result(result)
    return plan, result


def _planned(book: Book[Sync], file: _Given, options: Options) -> ImportPlan:
    return book.plan_import(file.read, name=file.name, account_id=options.into, new_account=options.new_account)


def _with_account(plan: ImportPlan, options: Options) -> Options:
    """Ask which account a statement is of."""
    part = next(each for each in plan.parts if each.candidates)
    ids = {str(each.id): each.id for each in part.candidates}
    tell(f"Which account is the one ending {part.ending}? One of {', '.join(ids)}, or `new`: ")
    answer = sys.stdin.readline().strip().lower()
    if answer == "new":
        return replace(options, new_account=True)
    if answer not in ids:
        raise InvalidInput(f"That is not one of them; nothing was stored. Answer {', '.join(ids)} or new.")
    return replace(options, into=ids[answer])


def _show_plan(plan: ImportPlan) -> None:
    if plan.document is not None:
        say(f"This file is in the book already: import {plan.document.id}.")
        return
    columns = ("account", "in the book", "new", "known", "to ask", "balance")
    right = ("new", "known", "to ask", "balance")
    print_table("What an import does", columns, map(_cells, plan.parts), right=right, minor=("balance",))
    traded = [part for part in plan.parts if part.trades.new or part.trades.known or part.trades.asked]
    if traded:
        counted = ("new", "known", "to ask", "no known kind")
        print_table("Its trades", ("account", *counted), map(_trade_cells, traded), right=counted)
    for part in plan.parts:
        for each in part.candidates if part.reason == "undecided" else ():
            say(f"  The account ending {part.ending} may be {_named(each)}: --into {each.id}, or --new-account.")


def _cells(part: ImportPart) -> tuple[str, ...]:
    where = _WHY[part.reason] if part.account_id is None else f"{part.account_id}, {_WHY[part.reason]}"
    counts = (str(len(rows)) for rows in (part.new, part.known, part.asked))
    return (f"ending {part.ending}", where, *counts, str(part.balance or ""))


def _trade_cells(part: ImportPart) -> tuple[str, ...]:
    trades = part.trades
    return (f"ending {part.ending}", *map(str, (trades.new, trades.known, trades.asked, trades.unknown)))


def _named(account: BookAccount) -> str:
    ending = account.ending or ""
    return f"{account.name}{f' ending {ending}' if ending not in account.name else ''}, {account.institution}".rstrip(
        ", "
    )


def _show_result(result: ImportResult) -> None:
    if result.already:
        say(f"Nothing was changed: it is import {result.document.id}.")
        return
    say(
        f"Import {result.document.id}: {_counted(result.added)} new, {result.known} known before. "
        f"Take it back with `fin-infra undo-import {result.document.id}`."
    )
    if result.asked:
        say(f"{_counted(result.asked)} perhaps there already; the book keeps both until you have answered.")
    _show_trades(result.trades)


def _show_trades(trades: TradeCounts) -> None:
    if trades.new or trades.known or trades.asked:
        say(f"{_counted(trades.new + trades.asked, 'trade')} new, {trades.known} known before.")
    if trades.asked:
        say(f"{_counted(trades.asked, 'trade')} perhaps there already; the book keeps both until you have answered.")
    if trades.unknown:
        say(f"{_counted(trades.unknown, 'trade')} of no known kind; kept in the words of the file.")


def _counted(count: int, what: str = "transaction") -> str:
    return f"{count} {what}{' is' if count == 1 else 's are'}"


def _plain(plan: ImportPlan | None) -> dict[str, object] | None:
    if plan is None:
        return None
    return {
        "document": plan.document,
        "decided": plan.decided,
        "accounts": [
            {
                "ending": part.ending,
                "account_id": part.account_id,
                "reason": part.reason,
                "candidates": [each.id for each in part.candidates],
                "new": len(part.new),
                "known": len(part.known),
                "asked": len(part.asked),
                "balance": part.balance,
                "balance_day": part.balance_day,
                "holdings": part.holdings,
                "trades": part.trades,
            }
            for part in plan.parts
        ],
    }


def listed(*, as_json: bool) -> None:
    """Print the files that the book knows."""
    book = _book(make=False)
    documents: Sequence[Document] = [] if book is None else book.imports()
    if as_json:
        print_json(list(documents))
        return
    if not documents:
        say("No file has been imported.")
        return
    rows = [
        (str(each.id), each.name, each.state.value, f"{each.at:%Y-%m-%d %H:%M} UTC", str(each.transactions))
        for each in documents
    ]
    print_table("Imports", ("id", "file", "state", "imported", "transactions"), rows, right=("id", "transactions"))


def save(id: int, file: Path, *, as_json: bool) -> None:
    """Write the file of an import as it was.

    Raises:
        InvalidInput: the book does not have the import, or there is such a file already.
        NotRemembered: the book does not keep the file itself.
    """
    size = _there().save_imported_file(id, file)
    if as_json:
        print_json({"file": str(file), "size": size})
        return
    say(f"Wrote {file}, {size:,} bytes, as it was imported. It is not encrypted; only you may read it.")


def undo(id: int, *, as_json: bool) -> None:
    """Take an import back.

    Raises:
        InvalidInput: the book does not have it, or it was undone before.
    """
    document = _there().undo_import(id)
    if as_json:
        print_json(document)
        return
    say(f"Import {id} is undone; what only this file told is removed. Import the file again to have it back.")


def join(account: int, other: int, *, as_json: bool) -> None:
    """Say that two accounts are one.

    Raises:
        InvalidInput: one of them is not in the book, or their currencies differ.
    """
    changes = _there().join(account, other)
    if as_json:
        print_json({"changes": changes})
        return
    say("They are one account now." if changes else "They were one account before; nothing was changed.")


def separate(account: int, *, as_json: bool) -> None:
    """Say that a joined account is one of its own.

    Raises:
        InvalidInput: it is not in the book, or which account is to go is not clear.
    """
    changes = _there().separate(account)
    if as_json:
        print_json({"changes": changes})
        return
    say("They are two accounts now, and no sync joins them again; `fin-infra join-accounts` does.")


def _there() -> Book[Sync]:
    book = _book(make=False)
    if book is None:
        raise InvalidInput("There is no book yet; `fin-infra import FILE --yes` makes one.")
    return book
