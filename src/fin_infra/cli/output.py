"""How commands speak: lines for people, JSON for machines, one sentence for what went wrong.
Floor 8: nothing here knows what the commands do."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from io import StringIO
from typing import Any, ClassVar, TextIO

import typer
from typer.core import TyperGroup

from fin_infra.errors import (
    ConfigurationError,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    OrderStateUnknown,
    ProviderError,
    ProviderNotFound,
    StatementUnreadable,
)
from fin_infra.features import in_environment
from fin_infra.model.plain import plain


class Exit(IntEnum):
    """Exit codes of every command; 2 is a wrong command line."""

    OK = 0
    FAILED = 1
    """Something else that we can name: a rate is missing, a key was refused."""
    USAGE = 2
    CONFIGURATION = 3
    """A setting is missing or wrong, there is no such provider, a port is taken, a package is not installed."""
    PROVIDER = 4
    """A vendor, or the sandbox in its place, refused or did not answer."""
    INPUT = 5
    """A file or a value you gave cannot be read."""
    OUTPUT = 6
    """The output cannot be written; nothing was sent."""
    UNKNOWN = 7
    """What was sent may or may not have had its effect: look before you repeat it."""


class Unwritable(FinInfraError):
    """The reader of the output has gone, or the disk is full."""

    code = "fin.unwritable"
    title = "Output cannot be written"


class OutcomeUnknown(FinInfraError):
    """Something was sent, and nobody can say here what became of it."""

    code = "fin.outcome_unknown"
    title = "May or may not have been done"


_EXITS: tuple[tuple[type[FinInfraError], Exit], ...] = (
    (Unwritable, Exit.OUTPUT),
    (OutcomeUnknown, Exit.UNKNOWN),
    (OrderStateUnknown, Exit.UNKNOWN),
    (StatementUnreadable, Exit.INPUT),
    (InvalidInput, Exit.INPUT),
    (ConfigurationError, Exit.CONFIGURATION),
    (ProviderNotFound, Exit.CONFIGURATION),
    (ProviderError, Exit.PROVIDER),
)
"""The first that fits decides."""


@contextmanager
def reported(as_json: bool = False) -> Generator[None]:
    """Turn our errors into one line on stderr and an exit code; a fault of ours keeps its traceback."""
    from fin_infra.sandbox import SandboxError

    try:
        yield
    except (FinInfraError, SandboxError) as exc:
        fail(str(exc), exc, as_json=as_json)
        raise typer.Exit(_code(exc)) from None


def _code(exc: Exception) -> Exit:
    if not isinstance(exc, FinInfraError):  # the sandbox's: a port is taken, an address is not ours
        return Exit.CONFIGURATION
    if isinstance(exc, FeatureDisabled) and exc.switch is not None:
        return Exit.CONFIGURATION
    return next((code for kind, code in _EXITS if isinstance(exc, kind)), Exit.FAILED)


def fail(text: str, exc: Exception | None = None, *, as_json: bool = False) -> None:
    """Say what went wrong, on stderr; where nobody reads that, the exit code still tells."""
    from fin_infra.security import mask, mask_value

    text = mask(text)
    if as_json:
        code = exc.code if isinstance(exc, FinInfraError) else "fin.error"
        facts = exc.extra() if isinstance(exc, FinInfraError) else {}
        extra = {name: mask_value(name, plain(value)) for name, value in facts.items()}
        text = json.dumps(plain({"error": {**extra, "code": code, "message": text}}))
    else:
        text = f"error: {text}"
    with suppress(Unwritable):
        tell(text)


HELP_WIDTH = 52
"""Help is never narrower than that unless it is told so."""


def _is_on(domains: Sequence[str]) -> bool:
    try:
        return not domains or any(map(in_environment, domains))
    except ConfigurationError:  # a switch says neither yes nor no; the command tells which
        return True


class Commands(TyperGroup):
    """The commands; a wrong command line is told in the words of every other error: `error:`."""

    goes_to: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Domains by command: it is listed while one of them is on, and says what is off when it is run all the same."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in super().list_commands(ctx) if _is_on(self.goes_to.get(name, ()))]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        columns = shutil.get_terminal_size().columns
        if columns < HELP_WIDTH:
            extra.setdefault("terminal_width", columns)
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            if not standalone_mode:
                raise
            code = Exit.FAILED
        except Exception as exc:
            show: Callable[..., None] | None = getattr(exc, "show", None)
            if show is None or not standalone_mode:
                raise
            shown = StringIO()
            show(shown)
            with suppress(Unwritable):
                tell(shown.getvalue().rstrip("\n").replace("Error: ", "error: "))
            code = getattr(exc, "exit_code", Exit.USAGE)
        if not standalone_mode:
            return code
        sys.exit(code)


def tell(text: str) -> None:
    """Print to stderr now: stdout is for the result alone.

    Raises:
        Unwritable: it did not get out.
    """
    _write(sys.stderr, f"{text}\n")


def ask(question: str) -> bool:
    """Ask on stderr for a yes; nobody there to answer means no."""
    _write(sys.stderr, f"{question} [y/N]: ")
    answer = sys.stdin.readline() if sys.stdin else ""
    if not answer.endswith("\n"):
        tell("")
    return answer.strip().lower() in ("y", "yes")


def say(text: str) -> None:
    """Print a line now, also into a pipe: what follows may be a server that runs for hours.

    Raises:
        Unwritable: it did not get out.
    """
    _write(sys.stdout, f"{text}\n")


def print_json(value: Any) -> None:
    """Print models and plain values as `to_json` writes them."""
    as_ascii = "utf" not in (getattr(sys.stdout, "encoding", None) or "").lower()
    say(json.dumps(plain(value, pii=True), indent=2, ensure_ascii=as_ascii, allow_nan=False))


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed before we started; print() would take stdout in its place
        raise Unwritable("The output cannot be written: it is closed.")
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError) as exc:  # ValueError: the file is closed
        _give_up(stream)
        raise Unwritable(f"The output cannot be written: {getattr(exc, 'strerror', None) or exc}.") from None


def _give_up(stream: TextIO) -> None:
    """Lead a stream nowhere: at the end Python writes what is left in it, and a failure of that is an exit code too."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
