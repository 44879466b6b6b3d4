"""Ask a question of the catalog and show the answer: a table, JSON or CSV.
Floor 8: what the answer lacks is said on stderr, beside the data of those who answered."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fin_infra.cli.layouts import LAYOUTS, Layout, cell, instant
from fin_infra.cli.output import print_json, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInstrument, UnknownSymbol
from fin_infra.fanout import unread_rows
from fin_infra.model import Listing, Record, SourceError
from fin_infra.questions import ask
from fin_infra.questions.question import Question, Takes


def run(question: Question, given: Mapping[str, Any], *, provider: str | None, as_json: bool, as_csv: bool) -> None:
    """Ask with what was typed, and print the answer.

    Raises:
        FinInfraError: what was typed cannot be read, or the answer is a refusal.
    """
    parameters = typed(question, given)
    try:
        answer = ask(question.name, provider=provider, **parameters)
    except (UnknownSymbol, InvalidInstrument) as exc:
        _point_to_search(exc, given)
        raise
    if as_json:
        print_json(answer)
    elif as_csv:
        from fin_infra.cli.spreadsheets import print_csv

        print_csv(answer, question.model())
    else:
        _print(question, answer)
    for note in _notes(question, answer, shown=not (as_json or as_csv)):
        tell(note)


def typed(question: Question, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters as values; those that nobody gave are left to the catalog."""
    found: dict[str, Any] = {}
    for parameter in question.parameters:
        value = given.get(parameter.name)
        label = parameter.name.upper() if parameter.required or parameter.inline else option(parameter.name)
        if value is None or value == ():
            continue
        found[parameter.name] = (
            parameter.read(value, label) if isinstance(value, str) and parameter.takes is not Takes.TEXT else value
        )
    return found


def option(name: str) -> str:
    """Return how an option is written."""
    return f"--{name.replace('_', '-')}"


def _point_to_search(exc: UnknownSymbol | InvalidInstrument, given: Mapping[str, Any]) -> None:
    text = given.get("symbol") or given.get("asset")
    if text:
        hint = f"find it with: fin-infra search {shlex.quote(str(text).rpartition(':')[2])}"
        if isinstance(exc, UnknownSymbol):
            exc.message = f"{exc.message.partition('; ')[0]}; {hint}"
        else:
            exc.args = (f"{exc} Or {hint}",)


def _print(question: Question, answer: Any) -> None:
    layout = LAYOUTS[question.name]
    rows = [[cell(column.get(row)) for column in layout.columns] for row in layout.rows(answer)]
    notes = list(layout.notes(answer))
    if rows:
        used = [at for at in range(len(layout.columns)) if any(row[at] for row in rows)]
        columns = [layout.columns[at] for at in used]
        print_table(
            layout.title(answer),
            [column.name for column in columns],
            [[row[at] for at in used] for row in rows],
            right=[column.name for column in columns if column.right],
            minor=[column.name for column in columns if column.minor],
        )
    origin = _origin(answer)
    for note in [*notes, *([origin] if origin and rows else [])]:
        say_wrapped(note)


def _origin(answer: Any) -> str:
    """Return who answered and as of when, with the age; the sandbox's clock stands still, so it has none there."""
    meta = getattr(answer, "meta", None)
    sandbox = meta is not None and meta.environment == "sandbox"
    if isinstance(answer, Record):
        age = "" if sandbox else f", {_age(datetime.now(UTC) - answer.as_of)} ago"
        return f"From {answer.source}{' (sandbox)' if sandbox else ''}, as of {instant(answer.as_of)}{age}."
    if meta is not None:
        return f"From {meta.provider}{' (sandbox)' if sandbox else ''}."
    as_of = getattr(answer, "as_of", None)
    return f"As of {instant(as_of)}." if isinstance(as_of, datetime) else ""


def _age(age: timedelta) -> str:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(age.total_seconds() // size)
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def _notes(question: Question, answer: Any, *, shown: bool) -> Iterator[str]:
    """Yield what is said on stderr: that there is nothing, who did not answer, which rows cannot be read.

    Of what is shown to people, some say themselves what they are missing.
    """
    if not _any(LAYOUTS[question.name], answer):
        yield LAYOUTS[question.name].nothing
    if shown and hasattr(answer, "missing"):
        return
    for error in _errors(answer):
        yield f"note: {error.provider} {error.operation}: {error.message}"


def _any(layout: Layout, answer: Any) -> bool:
    return any(True for _ in layout.rows(answer))


def _errors(answer: Any) -> Sequence[SourceError]:
    errors: Sequence[Any] = getattr(answer, "errors", ())
    if isinstance(answer, Listing) and errors and answer.meta is not None:
        return unread_rows(answer.meta.provider, answer.meta.operation, errors)
    return [error for error in errors if isinstance(error, SourceError)]
