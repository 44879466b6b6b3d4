"""How commands speak: tables for people, JSON for machines, one sentence for what went wrong.
Floor 8: nothing here knows what the commands do."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from fin_infra.errors import ConfigurationError, FinInfraError, InvalidInput, ProviderError, StatementUnreadable
from fin_infra.model.plain import plain


class Exit(IntEnum):
    """Exit codes of every command; 2 is a wrong command line."""

    OK = 0
    FAILED = 1
    """Something else that we can name: a rate is missing, a key was refused."""
    USAGE = 2
    CONFIGURATION = 3
    """A setting is missing or wrong, a port is taken, a package is not installed."""
    PROVIDER = 4
    """A vendor, or the sandbox in its place, refused or did not answer."""
    INPUT = 5
    """A file or a value you gave cannot be read."""


_EXITS = ((ConfigurationError, Exit.CONFIGURATION), (ProviderError, Exit.PROVIDER))
_INPUT = (StatementUnreadable, InvalidInput)


@contextmanager
def reported(as_json: bool = False) -> Generator[None]:
    """Turn our errors into one line on stderr and an exit code; a fault of ours keeps its traceback."""
    import typer

    from fin_infra.sandbox import SandboxError

    try:
        yield
    except (FinInfraError, SandboxError) as exc:
        fail(str(exc), exc, as_json=as_json)
        raise typer.Exit(_code(exc)) from None


def _code(exc: Exception) -> Exit:
    if isinstance(exc, _INPUT):
        return Exit.INPUT
    if not isinstance(exc, FinInfraError):  # the sandbox's: a port is taken, an address is not ours
        return Exit.CONFIGURATION
    return next((code for kind, code in _EXITS if isinstance(exc, kind)), Exit.FAILED)


def fail(text: str, exc: Exception | None = None, *, as_json: bool = False) -> None:
    """Say what went wrong, on stderr."""
    if as_json:
        code = exc.code if isinstance(exc, FinInfraError) else "fin.error"
        extra = exc.extra() if isinstance(exc, FinInfraError) else {}
        print(json.dumps({"error": {**extra, "code": code, "message": text}}, default=str), file=sys.stderr)
    else:
        print(f"error: {text}", file=sys.stderr)


def say(text: str) -> None:
    """Print a line now, also into a pipe: what follows may be a server that runs for hours."""
    print(text, flush=True)


def print_json(value: Any) -> None:
    """Print models and plain values as `to_json` writes them."""
    print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Print rows under a title; columns named in `right` are aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
