"""`fin-infra book` and `export`: where it is, whether it is in order, upgrade, backup, restore, export, erase.
Floor 8: what cannot be taken back is asked first; nobody there to answer means no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fin_infra.book import open_book, restore_backup, schema, write_backup
from fin_infra.book.backup import require
from fin_infra.book.checks import check as wrong_with
from fin_infra.book.checks import facts
from fin_infra.book.engine import Database, default_url
from fin_infra.book.exports.writing import format_of
from fin_infra.book.lease import Owner
from fin_infra.cli.output import ask, print_json, say, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import FinInfraError


class Declined(FinInfraError):
    code = "fin.declined"
    title = "Not done"


def _database(*, there: bool = True) -> Database:
    database = Database(default_url())
    if there:
        require(database)
    return database


def where(user: str, tenant: str, *, as_json: bool) -> None:
    found = facts(_database(), Owner(tenant, user))
    if as_json:
        print_json(found)
        return
    rows = [(name.replace("_", " "), _cell(name, value)) for name, value in found.items() if value is not None]
    print_table("Book", ("what", "value"), rows)
    if found["revision"] is None:
        say_wrapped("There is no book in this database yet; `fin-infra connect` makes one.")
    elif found["revision"] != found["program"]:
        say_wrapped(_revision_note(found["revision"]))


def _cell(name: str, value: Any) -> str:
    return f"{value:,} bytes" if name.endswith("size") else f"{value:,}" if isinstance(value, int) else str(value)


def _revision_note(revision: str) -> str:
    if revision in schema.REVISIONS:
        return "It is older than this program; run `fin-infra book upgrade`."
    return "It is newer than this program; install a newer fin-infra."


def check(*, as_json: bool) -> bool:
    """Print what is wrong; return whether nothing is."""
    sentences = wrong_with(_database())
    if as_json:
        print_json({"ok": not sentences, "wrong": sentences})
    elif sentences:
        for sentence in sentences:
            say_wrapped(sentence)
    else:
        say("The book is in order.")
    return not sentences


def upgrade(*, as_json: bool) -> None:
    database = _database()
    before, now = schema.upgrade(database)
    if as_json:
        print_json({"before": before, "now": now})
    elif before == now:
        say(f"The book {database.shown} has revision {now} already.")
    else:
        say(f"The book {database.shown} went from revision {before or 'none'} to {now}.")


def backup(file: Path, *, as_json: bool) -> None:
    done = write_backup(file)
    if as_json:
        print_json(done)
        return
    say(f"Wrote {done.file}: {done.rows:,} rows, {done.size:,} bytes.")
    say_wrapped("Whoever has it can read everything but the tokens; the vault's keys are not in it.")


def restore(file: Path, *, replace: bool, yes: bool, as_json: bool) -> None:
    """Restore a backup.

    Raises:
        Declined: the person said no; nothing was changed.
    """
    place = _database(there=False).shown
    if replace and not yes and not ask(f"Replace everything in {place} by {file}?"):
        raise Declined("Nothing was changed; --yes replaces without asking.")
    done = restore_backup(file, replace=replace)
    if as_json:
        print_json(done)
        return
    say(f"Restored {done.rows:,} rows of {done.households:,} households into {place}.")
    if done.erased:
        say_wrapped(f"{done.erased:,} households were erased since this backup and are left out.")
    if done.set_aside:
        say_wrapped(f"The damaged file is {done.set_aside} now; delete it when you do not need it any more.")


def export(folder: Path, user: str, tenant: str, *, as_json: bool) -> None:
    require(_database())
    done = open_book(user=user, tenant=tenant).export(folder)
    if as_json:
        print_json(done)
        return
    rows = [(name, f"{count:,}") for name, count in done.rows.items()]
    print_table(f"Files in {done.folder}", ("file", "records"), rows, right=("records",))
    say_wrapped("They are not encrypted; keep them safe.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which transactions a file has, and how it is written."""

    form: str | None
    account: int | None
    days: tuple[date | None, date | None]
    hidden: bool


def export_transactions(file: Path, chosen: Chosen, user: str, tenant: str, *, as_json: bool) -> None:
    """Write transactions to a new file.

    Raises:
        InvalidInput: there is no book, the file is there already, or there is no such format.
    """
    require(_database())
    start, end = chosen.days
    done = open_book(user=user, tenant=tenant).export_transactions(
        file,
        format=format_of(file, chosen.form),
        account_id=chosen.account,
        start=start,
        end=end,
        hidden=chosen.hidden,
    )
    if as_json:
        print_json(done)
        return
    say(f"Wrote {done.file}: {done.rows:,} transactions of {done.accounts:,} accounts, {done.size:,} bytes.")
    say_wrapped("It is not encrypted; keep it safe.")


def erase(user: str, tenant: str, *, yes: bool, as_json: bool) -> bool:
    """Erase a household; return whether nothing is left.

    Raises:
        Declined: the person said no; nothing was erased.
    """
    database = _database()
    whose = "your household" if (user, tenant) == ("", "default") else f"{user!r} of tenant {tenant!r}"
    question = f"Destroy everything of {whose} in {database.shown}? This cannot be taken back."
    if not yes and not ask(question):
        raise Declined("Nothing was erased; --yes erases without asking.")
    done = open_book(user=user, tenant=tenant).erase()
    if as_json:
        print_json(done)
    else:
        say(f"Erased {sum(done.rows.values()):,} rows; {sum(done.left.values()):,} are left.")
        say_wrapped("Your vendors keep the access that you gave until you end it there. Delete exports and backups.")
    if done.left:
        tell("note: something wrote meanwhile; run the same again.")
    if done.scrubbed is False:
        tell("note: the files still hold what was deleted, as another program has the book open or the disk is full; "
             "close it, then run the same again.")  # fmt: skip
    return not done.left and done.scrubbed is not False
