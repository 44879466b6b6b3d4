"""The command line: its commands and options, and where each is carried out.
Floor 8: run `fin-infra --help`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from fin_infra import __version__
from fin_infra.cli.books import add_books
from fin_infra.cli.budgets import budget_app
from fin_infra.cli.goals import add_goals
from fin_infra.cli.identity import identity_app
from fin_infra.cli.insights import add_insights
from fin_infra.cli.output import Commands, Exit, reported, say
from fin_infra.cli.questions import add_questions
from fin_infra.cli.recurring import add_recurring
from fin_infra.cli.spending import add_spending
from fin_infra.questions.catalog import QUESTIONS

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

app = typer.Typer(
    cls=Commands,
    help="Banks, brokers, markets, crypto and exchange rates behind one interface; without keys everything runs "
    "against the local sandbox. Exit codes: 0 done, 1 failed, 2 wrong command line, 3 configuration, 4 provider, "
    "5 input, 6 output cannot be written and nothing was sent, 7 sent and it is not known what became of it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},  # commands and groups take them over
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing what it needs takes longer than the rest of the help together
)
demo_app = typer.Typer(help="See the whole picture on this machine.", no_args_is_help=True)
sandbox_app = typer.Typer(help="The local sandbox that speaks every vendor's wire format.", no_args_is_help=True)
providers_app = typer.Typer(help="Who can be asked; alone it asks the question.")
keys_app = typer.Typer(help="Your keys at the vendors.", no_args_is_help=True)
order_app = typer.Typer(help="Orders at your broker: checked, and placed once.", no_args_is_help=True)
app.add_typer(demo_app, name="demo")
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(providers_app, name="providers")
app.add_typer(keys_app, name="keys")
app.add_typer(order_app, name="order")
app.add_typer(identity_app, name="identity")
add_books(app)
app.add_typer(budget_app, name="budget")
add_insights(app)
add_spending(app)
add_recurring(app)
add_goals(app)
add_questions(app, {"providers": providers_app})
Commands.goes_to = {"order": ("brokerage",), "identity": ("identity",)} | {
    question.name: question.domains for question in QUESTIONS
}


def _version(asked: bool) -> None:
    if asked:
        with reported():
            say(f"fin-infra {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@demo_app.command("run")
def demo_run(
    once: Annotated[bool, typer.Option("--once", help="Print the picture and stop.")] = False,
    statement: Annotated[
        list[Path] | None,
        typer.Option("--statement", help="An OFX or QFX file to count in; may be repeated."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the service on 127.0.0.1; 0 takes a free one.")
    ] = 8050,
    sandbox_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the sandbox; 0 takes a free one.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Start sandbox and service, and print accounts, prices and net worth."""
    from fin_infra.cli.demo import run

    with reported(as_json):
        run(once=once, statements=statement or [], port=port, sandbox_port=sandbox_port, as_json=as_json)


@sandbox_app.command("serve")
def sandbox_serve(
    host: Annotated[str, typer.Option(help="Loopback address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to bind to; 0 takes a free one.")] = 8060,
    seed: Annotated[int, typer.Option(help="Same seed, same world.")] = 7,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Bind to an address others can reach.")] = False,
) -> None:
    """Serve the sandbox until interrupted."""
    from fin_infra.sandbox import serve

    with reported():
        serve(host, port, seed, allow_remote=allow_remote, announce=_announce_sandbox)


def _announce_sandbox(url: str) -> None:
    say(f"Sandbox on {url}, control plane at {url}/_sandbox. Ctrl-C stops it.")


@sandbox_app.command("env")
def sandbox_env(
    url: Annotated[str, typer.Option(help="Where the sandbox is.")] = "http://127.0.0.1:8060",
    as_json: JsonOption = False,
) -> None:
    """Print the exports that point fin-infra at the sandbox: eval "$(fin-infra sandbox env)"."""
    from fin_infra.cli.output import print_json
    from fin_infra.sandbox import environment

    if as_json:
        with reported(as_json):
            print_json(environment(url))
        return
    with reported():
        say("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment(url).items()))


@providers_app.command("ls")
def providers_ls(as_json: JsonOption = False) -> None:
    """List every installed provider and where its calls go now."""
    from fin_infra.cli.providers import ls

    with reported(as_json):
        ls(as_json=as_json)


@app.command("features")
def features(as_json: JsonOption = False) -> None:
    """List every switch `FEATURE_...`, whether it is on, and variables that switch nothing."""
    from fin_infra.cli.features import show

    with reported(as_json):
        show(as_json=as_json)


@keys_app.command("verify")
def keys_verify(
    provider: Annotated[list[str] | None, typer.Argument(help="Provider keys; all configured ones by default.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Try each configured key with the vendor's cheapest call; exit 1 when one does not work."""
    from fin_infra.cli.keys import verify

    with reported(as_json):
        good = verify(provider or [], as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)


BrokerOption = Annotated[str, typer.Option("--provider", help="A broker other than the configured one.")]
LiveOption = Annotated[bool, typer.Option("--live", help="Allow what concerns real money.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Send without asking.")]
QueueOption = Annotated[bool, typer.Option("--queue", help="Let it wait where the market is closed.")]
KeyOption = Annotated[str | None, typer.Option("--key", help="Idempotency key; the same key is the same order.")]
OrderArgument = Annotated[str, typer.Argument(help="Id of an order, or its client order id `fin-...`.")]


@order_app.command("submit")
def order_submit(
    side: Annotated[str, typer.Argument(help="buy or sell")],
    symbol: Annotated[str, typer.Argument(help="What to trade: AAPL, US:BRK.B, BTC/USD.")],
    quantity: Annotated[str | None, typer.Option(help="How many; or --notional.")] = None,
    notional: Annotated[str | None, typer.Option(help="For how much money; or --quantity.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="market, limit, stop, stop_limit or trailing_stop; else by the prices.")
    ] = None,
    limit: Annotated[str | None, typer.Option(help="Limit price.")] = None,
    stop: Annotated[str | None, typer.Option(help="Stop price.")] = None,
    trail: Annotated[str | None, typer.Option(help="How far a trailing stop trails, in money.")] = None,
    trail_percent: Annotated[str | None, typer.Option(help="The same in percent.")] = None,
    time_in_force: Annotated[str, typer.Option(help="day, gtc, opg, cls, ioc or fok.")] = "day",
    extended_hours: Annotated[bool, typer.Option("--extended-hours", help="Also outside regular hours.")] = False,
    order_class: Annotated[str, typer.Option(help="simple, bracket, oco or oto.")] = "simple",
    take_profit: Annotated[str | None, typer.Option(help="Limit price of the take-profit.")] = None,
    stop_loss: Annotated[str | None, typer.Option(help="Stop price of the stop-loss.")] = None,
    stop_loss_limit: Annotated[str | None, typer.Option(help="Limit price of the stop-loss.")] = None,
    queue: QueueOption = False,
    idempotency_key: KeyOption = None,
    live: LiveOption = False,
    yes: YesOption = False,
    provider: BrokerOption = "brokerage",
    as_json: JsonOption = False,
) -> None:
    """Show what will be sent and where, ask, and place the order once for its key."""
    from fin_infra.cli.order import Options, submit

    terms = {
        "quantity": quantity,
        "notional": notional,
        "type": type_ or _kind(limit, stop, trail or trail_percent),
        "limit_price": limit,
        "stop_price": stop,
        "trail_price": trail,
        "trail_percent": trail_percent,
        "time_in_force": time_in_force,
        "extended_hours": extended_hours,
        "order_class": order_class,
        "take_profit": take_profit,
        "stop_loss": stop_loss,
        "stop_loss_limit": stop_loss_limit,
    }
    with reported(as_json):
        options = Options(
            provider=provider, live=live, as_json=as_json, yes=yes, queue=queue, idempotency_key=idempotency_key
        )
        submit(side, symbol, terms, options)


def _kind(limit: str | None, stop: str | None, trail: str | None) -> str:
    """Return the type that the given prices mean."""
    if trail is not None:
        return "trailing_stop"
    if stop is not None:
        return "stop" if limit is None else "stop_limit"
    return "market" if limit is None else "limit"


@order_app.command("status")
def order_status(
    order_id: Annotated[str | None, typer.Argument(help="Id of an order, or its client order id `fin-...`.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option("--key", help="The idempotency key that `order submit` printed.")
    ] = None,
    provider: BrokerOption = "brokerage",
    as_json: JsonOption = False,
) -> None:
    """Show an order as the broker has it now."""
    from fin_infra.cli.order import status

    with reported(as_json):
        status(order_id, idempotency_key=idempotency_key, provider=provider, as_json=as_json)


@order_app.command("replace")
def order_replace(
    order_id: OrderArgument,
    quantity: Annotated[str | None, typer.Option(help="How many.")] = None,
    limit: Annotated[str | None, typer.Option(help="Limit price.")] = None,
    stop: Annotated[str | None, typer.Option(help="Stop price.")] = None,
    trail: Annotated[str | None, typer.Option(help="How far a trailing stop trails, in money or percent.")] = None,
    time_in_force: Annotated[str | None, typer.Option(help="day, gtc, opg, cls, ioc or fok.")] = None,
    queue: QueueOption = False,
    idempotency_key: KeyOption = None,
    live: LiveOption = False,
    yes: YesOption = False,
    provider: BrokerOption = "brokerage",
    as_json: JsonOption = False,
) -> None:
    """Show new terms for an open order, ask, and change it once for the key; the changed order has a new id."""
    from fin_infra.cli.order import Options, replace

    terms = {
        "quantity": quantity,
        "limit_price": limit,
        "stop_price": stop,
        "trail": trail,
        "time_in_force": time_in_force,
    }
    with reported(as_json):
        options = Options(
            provider=provider, live=live, as_json=as_json, yes=yes, queue=queue, idempotency_key=idempotency_key
        )
        replace(order_id, terms, options)


@order_app.command("close")
def order_close(
    symbol: Annotated[str, typer.Argument(help="The position to close: AAPL, US:BRK.B, BTC/USD.")],
    quantity: Annotated[str | None, typer.Option(help="How much of it; all by default.")] = None,
    percent: Annotated[str | None, typer.Option(help="How many percent of it; all by default.")] = None,
    queue: QueueOption = False,
    idempotency_key: KeyOption = None,
    live: LiveOption = False,
    yes: YesOption = False,
    provider: BrokerOption = "brokerage",
    as_json: JsonOption = False,
) -> None:
    """Show what is closed, ask, and place a market order for it once for the key."""
    from fin_infra.cli.order import Options, close

    with reported(as_json):
        options = Options(
            provider=provider, live=live, as_json=as_json, yes=yes, queue=queue, idempotency_key=idempotency_key
        )
        close(symbol, {"quantity": quantity, "percent": percent}, options)


@order_app.command("cancel")
def order_cancel(
    order_id: OrderArgument,
    live: LiveOption = False,
    provider: BrokerOption = "brokerage",
    as_json: JsonOption = False,
) -> None:
    """Ask to cancel an order; it may be filled until its status is canceled."""
    from fin_infra.cli.order import Options, cancel

    with reported(as_json):
        cancel(order_id, Options(provider=provider, live=live, as_json=as_json))


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Statement files, whatever their format.")],
    account: Annotated[str | None, typer.Option(help="Account number, for files that name none.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code, for files that name none.")] = None,
    decimal_mark: Annotated[
        str | None, typer.Option("--decimal-mark", help="'.' or ',': what 1,234 means, where the file does not tell.")
    ] = None,
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help="What 01/02 means, where the file does not tell."),
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for the password of a protected file, or read it from a pipe.")
    ] = False,
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Set aside what cannot be read, and name it.")
    ] = False,
    accept_difference: Annotated[
        bool, typer.Option("--accept-difference", help="Read a file that does not add up, and keep the difference.")
    ] = False,
    learn: Annotated[
        str | None, typer.Option("--learn", help="Keep how a CSV file's columns were read under this name.")
    ] = None,
    into: Annotated[int | None, typer.Option("--into", help="Id of the book's account that the file is of.")] = None,
    new_account: Annotated[
        bool, typer.Option("--new-account", help="The file is of an account that the book does not have.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Store without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show bank statements and what the book would make of them; ask, and store them there."""
    from fin_infra.cli.importing import Options, asked_password, run

    with reported(as_json):
        options = Options(
            account=account,
            currency=currency,
            decimal_mark=decimal_mark,
            day_first=day_first,
            password=asked_password() if password else None,
            skip_unreadable=skip_unreadable,
            accept_difference=accept_difference,
            learn=learn,
            into=into,
            new_account=new_account,
            yes=yes,
            as_json=as_json,
        )
        run(files, options)


imports_app = typer.Typer(invoke_without_command=True)
app.add_typer(imports_app, name="imports")


@imports_app.callback()
def imports(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the statement files that the book knows, or give one of them back."""
    from fin_infra.cli.importing import listed

    if context.invoked_subcommand is not None:
        return
    with reported(as_json):
        listed(as_json=as_json)


@imports_app.command("file")
def imports_file(
    id: Annotated[int, typer.Argument(help="Id of an import, as `fin-infra imports` lists it.")],
    file: Annotated[Path, typer.Argument(metavar="OUT", help="New file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write the file of an import as it was."""
    from fin_infra.cli.importing import save

    with reported(as_json):
        save(id, file, as_json=as_json)


@app.command("undo-import")
def undo_import(
    id: Annotated[int, typer.Argument(help="Id of an import, as `fin-infra imports` lists it.")],
    as_json: JsonOption = False,
) -> None:
    """Take an import back; what a connection or another file tells too stays."""
    from fin_infra.cli.importing import undo

    with reported(as_json):
        undo(id, as_json=as_json)


@app.command("join-accounts")
def join_accounts(
    account: Annotated[int, typer.Argument(help="Id of an account in the book.")],
    other: Annotated[int, typer.Argument(help="Id of the account that it is, too.")],
    as_json: JsonOption = False,
) -> None:
    """Say that two accounts of the book are one."""
    from fin_infra.cli.importing import join

    with reported(as_json):
        join(account, other, as_json=as_json)


@app.command("separate-account")
def separate_account(
    account: Annotated[int, typer.Argument(help="Id of an account that was joined with another one.")],
    as_json: JsonOption = False,
) -> None:
    """Say that a joined account is one of its own; each has again what its own sources told."""
    from fin_infra.cli.importing import separate

    with reported(as_json):
        separate(account, as_json=as_json)
