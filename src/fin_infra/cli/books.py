"""The commands of the book and its connections: their options, and where each is carried out.
Floor 8: `keeping.py` and `connecting.py` do it, and are imported then."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from fin_infra.cli.output import Exit, reported

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
UserOption = Annotated[str, typer.Option("--user", help="Whose book, in an app with several users.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose user, in an app with several tenants.")]
WaitOption = Annotated[int, typer.Option("--wait", min=0, help="Seconds to wait for the person; 0 only prints.")]
IdArgument = Annotated[str, typer.Argument(help="Id of a connection, as `fin-infra connections` lists it.")]

book_app = typer.Typer(
    help="The book: where money is remembered. SQL_URL says where it is; without it, a file in your data folder.",
    no_args_is_help=True,
)

connections_app = typer.Typer(invoke_without_command=True)
doubts_app = typer.Typer(invoke_without_command=True)


def add_books(app: typer.Typer) -> None:
    """Add the group `book` and the commands of connections."""
    app.add_typer(book_app, name="book")
    app.add_typer(connections_app, name="connections")
    app.add_typer(doubts_app, name="doubts")
    for name, command in (
        ("connect", connect),
        ("link", link),
        ("repair", repair),
        ("disconnect", disconnect),
        ("sync", sync),
        ("export", export),
    ):
        app.command(name)(command)


@book_app.command("where")
def book_where(user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False) -> None:
    """Print where the book is, its revision, its last position and its size."""
    from fin_infra.cli.keeping import where

    with reported(as_json):
        where(user, tenant, as_json=as_json)


@book_app.command("check")
def book_check(as_json: JsonOption = False) -> None:
    """Look whether the book is whole and its balances add up; exit 1 where something is wrong."""
    from fin_infra.cli.keeping import check

    with reported(as_json):
        good = check(as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)


@book_app.command("upgrade")
def book_upgrade(as_json: JsonOption = False) -> None:
    """Bring the tables of the book to the revision of this program; back it up before."""
    from fin_infra.cli.keeping import upgrade

    with reported(as_json):
        upgrade(as_json=as_json)


@book_app.command("backup")
def book_backup(
    file: Annotated[Path, typer.Argument(help="A new file; one that is there is not overwritten.")],
    as_json: JsonOption = False,
) -> None:
    """Write all books of the database to one file, of one moment; tokens stay sealed in it."""
    from fin_infra.cli.keeping import backup

    with reported(as_json):
        backup(file, as_json=as_json)


@book_app.command("restore")
def book_restore(
    file: Annotated[Path, typer.Argument(help="A file that `book backup` has written.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of what is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Replace without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into an empty database, without the households that were erased since."""
    from fin_infra.cli.keeping import restore

    with reported(as_json):
        restore(file, replace=replace, yes=yes, as_json=as_json)


@book_app.command("export")
def book_export(
    folder: Annotated[Path, typer.Argument(help="A new folder; one that is there is not overwritten.")],
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Write everything of the household as CSV and JSON files, without tokens."""
    from fin_infra.cli.keeping import export

    with reported(as_json):
        export(folder, user, tenant, as_json=as_json)


@book_app.command("erase")
def book_erase(
    user: UserOption = "",
    tenant: TenantOption = "default",
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Destroy everything of the household, keys first; it cannot be taken back."""
    from fin_infra.cli.keeping import erase

    with reported(as_json):
        good = erase(user, tenant, yes=yes, as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)


def export(
    file: Annotated[Path, typer.Argument(help="A new file, such as march.ofx; its ending says the format.")],
    form: Annotated[str | None, typer.Option("--format", help="csv, ofx, parquet or beancount.")] = None,
    account: Annotated[int | None, typer.Option("--account", help="Id of the only account; all by default.")] = None,
    start: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = None,
    end: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day after the last one.")] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="With what you hid or deleted.")] = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Write the book's transactions to a file for other programs; `book export` writes everything."""
    from fin_infra.cli.keeping import Chosen, export_transactions

    with reported(as_json):
        days = (start and start.date(), end and end.date())
        chosen = Chosen(form=form, account=account, days=days, hidden=hidden)
        export_transactions(file, chosen, user, tenant, as_json=as_json)


def connect(
    provider: Annotated[str, typer.Argument(help="Its key, such as banking:teller.")],
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            help="The login's token; `-` asks for it, or reads a line from a pipe. Written out, it stays in the "
            "history of your shell.",
            envvar="FIN_INFRA_CONNECT_TOKEN",
        ),
    ] = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Connect a login at a vendor, seal its token, and sync it for the first time; exit 1 where that failed."""
    from fin_infra.cli.connecting import connect

    with reported(as_json):
        good = connect(provider, token, user, tenant, as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)


@connections_app.callback()
def connections(
    context: typer.Context, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """List every connection: its state since when, why, and what to do. `doctor ID` looks closer at one."""
    if context.invoked_subcommand is not None:
        return
    from fin_infra.cli.connecting import connections

    with reported(as_json):
        connections(user, tenant, as_json=as_json)


@connections_app.command("doctor")
def connections_doctor(
    connection: IdArgument, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Say what the vendor says of a connection now, what was done last, and what to do."""
    from fin_infra.cli.connecting import doctor

    with reported(as_json):
        doctor(connection, user, tenant, as_json=as_json)


@connections_app.command("unknown")
def connections_unknown(as_json: JsonOption = False) -> None:
    """List logins that webhooks name and no household has: made elsewhere, or ended here and not at the vendor."""
    from fin_infra.cli.connecting import unknown

    with reported(as_json):
        unknown(as_json=as_json)


@doubts_app.callback()
def doubts(
    context: typer.Context, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """List what the book asks: accounts, transactions and trades that may be one. `answer` says it."""
    if context.invoked_subcommand is not None:
        return
    from fin_infra.cli.doubting import doubts

    with reported(as_json):
        doubts(user, tenant, as_json=as_json)


@doubts_app.command("answer")
def doubts_answer(
    id: Annotated[int, typer.Argument(help="The first id of the question, as `fin-infra doubts` lists it.")],
    other: Annotated[int, typer.Argument(help="The second id of the question.")],
    says: Annotated[Literal["same", "different"], typer.Argument(help="Whether the two are one.")],
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Answer a question of the book, which is settled for good by it."""
    from fin_infra.cli.doubting import answer

    with reported(as_json):
        answer((id, other), user, tenant, same=says == "same", as_json=as_json)


def link(
    provider: Annotated[str, typer.Argument(help="Its key, such as banking:plaid.")],
    wait: WaitOption = 600,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Print a page of the vendor to sign in on, wait until you have, and sync; exit 1 where that was not whole."""
    from fin_infra.cli.linking import link

    with reported(as_json):
        good = link(provider, wait, user, tenant, as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)


def repair(
    connection: IdArgument,
    wait: WaitOption = 600,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Sign in again at the vendor of a connection, which keeps its history; exit 1 where it does not work after it."""
    from fin_infra.cli.linking import repair

    with reported(as_json):
        good = repair(connection, wait, user, tenant, as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)


def disconnect(
    connection: IdArgument,
    user: UserOption = "",
    tenant: TenantOption = "default",
    yes: Annotated[bool, typer.Option("--yes", help="End it without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """End a connection: its token is destroyed, and its history stays."""
    from fin_infra.cli.connecting import disconnect

    with reported(as_json):
        disconnect(connection, user, tenant, yes=yes, as_json=as_json)


def sync(
    connection: Annotated[str | None, typer.Argument(help="Id of the only connection to sync.")] = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Bring every connection up to date, or one; exit 1 where one of them failed."""
    from fin_infra.cli.connecting import sync

    with reported(as_json):
        good = sync(connection, user, tenant, as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)
