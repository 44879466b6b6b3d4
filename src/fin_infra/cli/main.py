"""The command line: what can be said, and where it is done.
Floor 7: run `fin-infra --help`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from fin_infra import __version__
from fin_infra.cli.output import Exit, say, spoken

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

app = typer.Typer(
    help="Banks, markets, crypto and exchange rates behind one interface; without keys everything runs against the "
    "local sandbox. Exit codes: 0 done, 1 failed, 2 wrong command line, 3 configuration, 4 provider, 5 input.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing what it needs takes longer than the rest of the help together
)
demo_app = typer.Typer(help="See the whole picture on this machine.", no_args_is_help=True)
sandbox_app = typer.Typer(help="The local sandbox that speaks every vendor's wire format.", no_args_is_help=True)
providers_app = typer.Typer(help="What fin-infra can talk to.", no_args_is_help=True)
keys_app = typer.Typer(help="Your keys at the vendors.", no_args_is_help=True)
app.add_typer(demo_app, name="demo")
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(providers_app, name="providers")
app.add_typer(keys_app, name="keys")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"fin-infra {__version__}")
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
        list[Path] | None, typer.Option("--statement", help="An OFX or QFX file to count in; may be repeated.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the service on 127.0.0.1; 0 takes a free one.")
    ] = 8050,
    sandbox_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the sandbox; 0 takes a free one.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Start sandbox and service, and print accounts, prices and net worth."""
    from fin_infra.cli.demo import run

    with spoken(as_json):
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

    with spoken():
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
        print_json(environment(url))
        return
    for name, value in environment(url).items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@providers_app.command("ls")
def providers_ls(as_json: JsonOption = False) -> None:
    """List every installed provider and where its calls go now."""
    from fin_infra.cli.providers import ls

    with spoken(as_json):
        ls(as_json=as_json)


@keys_app.command("verify")
def keys_verify(
    provider: Annotated[list[str] | None, typer.Argument(help="Provider keys; all configured ones by default.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Try each configured key with the vendor's cheapest call; exit 1 when one does not work."""
    from fin_infra.cli.keys import verify

    with spoken(as_json):
        good = verify(provider or [], as_json=as_json)
    if not good:
        raise typer.Exit(Exit.FAILED)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A statement file: OFX or QFX.")],
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code, for files that name none.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a bank statement and show what is in it; nothing is stored."""
    from fin_infra.cli.statements import show

    with spoken(as_json):
        show(file, currency=currency, as_json=as_json)
