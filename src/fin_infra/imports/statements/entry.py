"""One entry of a list of statement files, where settings and command lines name them: a path, and what it leaves open.
Floor 4: only `read_statement` with its options behind a question mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.base import read_statement
from fin_infra.model.statement import StatementFile

OPTIONS = ("account", "currency", "decimal_mark", "day_first", "skip_unreadable", "accept_difference")
SWITCHES = frozenset({"day_first", "skip_unreadable", "accept_difference"})
_YES = ("", "1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")


@checked
def read_entry(entry: str) -> StatementFile:
    """Read a path, or a path with options of `read_statement`: `cash.ofx?currency=MXN&account=7&skip_unreadable=1`.

    Raises:
        StatementUnreadable: the file cannot be read as a statement.
        InvalidInput: an option does not exist, or its value is not what it should be.
    """
    path, mark, query = entry.rpartition("?")
    if not mark or Path(entry).is_file():
        return read_statement(entry)
    options: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in options if name not in OPTIONS]
    if unknown or not options:
        raise InvalidInput(
            f"The statement {Path(path).name!r} has the option {(unknown or [query])[0]!r}, which does not exist; "
            f"the options are {', '.join(OPTIONS)}."
        )
    for switch in SWITCHES & options.keys():
        said = options[switch].lower()
        if said not in _YES and said not in _NO:
            raise InvalidInput(f"{switch} of the statement {Path(path).name!r} is 1 or 0.")
        options[switch] = said in _YES
    return read_statement(path, **options)
