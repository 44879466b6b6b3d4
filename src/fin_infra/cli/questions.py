"""The commands that ask: one for each question of the catalog.
Floor 8: arguments and options come from its parameters; nothing is imported before a command runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter as Argument
from inspect import Signature
from typing import Annotated, Any

import typer

from fin_infra.cli.output import reported
from fin_infra.questions.catalog import QUESTIONS
from fin_infra.questions.question import Parameter, Question, Takes


def add_questions(app: typer.Typer, groups: dict[str, typer.Typer]) -> None:
    """Add a command for each question; one that is a group too is asked by the group's name alone."""
    for question in QUESTIONS:
        if question.name in groups:
            groups[question.name].callback(invoke_without_command=True)(_command(question, in_group=True))
        else:
            app.command(question.name, help=question.help)(_command(question))


def _command(question: Question, *, in_group: bool = False) -> Callable[..., None]:
    def command(**given: Any) -> None:
        context: typer.Context | None = given.pop("context", None)
        if context is not None and context.invoked_subcommand is not None:
            return
        as_json, as_csv, provider = given.pop("as_json"), given.pop("as_csv"), given.pop("provider", None)
        if as_json and as_csv:
            raise typer.BadParameter("take one of --json and --csv.")
        from fin_infra.cli.asking import run

        with reported(as_json):
            run(question, given, provider=provider, as_json=as_json, as_csv=as_csv)

    arguments = [*_context(in_group), *map(_argument, question.parameters), *_common(question)]
    command.__signature__ = Signature(arguments)  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]  # what typer reads
    command.__annotations__ = {each.name: each.annotation for each in arguments}
    command.__doc__ = question.help
    return command


def _context(in_group: bool) -> Iterator[Argument]:
    if in_group:
        yield Argument("context", Argument.KEYWORD_ONLY, annotation=typer.Context)


def _argument(parameter: Parameter) -> Argument:
    info: Any = {"help": f"{parameter.help}.", "show_default": parameter.default not in (None, ())}
    complete = _completion(parameter)
    if complete is not None:
        info["autocompletion"] = complete
    default: Any = Argument.empty if parameter.required else parameter.default
    if parameter.takes is Takes.COUNT:
        info |= {"min": parameter.minimum, "max": parameter.maximum}
    if parameter.required or parameter.inline:
        kind = typer.Argument(**info)
    else:
        kind = typer.Option(f"--{parameter.name.replace('_', '-')}", **info)
    if parameter.takes is Takes.TEXTS:
        default = None
    hint = _HINTS.get(parameter.takes, str if parameter.required else str | None)
    return Argument(parameter.name, Argument.KEYWORD_ONLY, default=default, annotation=Annotated[hint, kind])


_HINTS: dict[Takes, Any] = {Takes.COUNT: int, Takes.YES: bool, Takes.TEXTS: list[str] | None}


def _common(question: Question) -> Iterator[Argument]:
    if question.one_provider:
        who = typer.Option(
            "--provider", help="Who is asked; the configured one by default.", autocompletion=_vendors(question.domain)
        )
        yield Argument("provider", Argument.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, who])
    json = typer.Option("--json", help="Print JSON for machines.")
    csv = typer.Option("--csv", help="Print CSV for spreadsheets.")
    for name, kind in (("as_json", json), ("as_csv", csv)):
        yield Argument(name, Argument.KEYWORD_ONLY, default=False, annotation=Annotated[bool, kind])


def _completion(parameter: Parameter) -> Callable[[str], list[str]] | None:
    """Return what a shell completes a value with, where that costs nothing."""
    if parameter.takes is Takes.WORD:
        return lambda incomplete: _beginning(parameter.choices(), incomplete)
    if parameter.values == "currencies":
        return _currencies
    return _calendars if parameter.values == "calendars" else None


def _currencies(incomplete: str) -> list[str]:
    from fin_infra.model.currency import CURRENCIES

    return _beginning(CURRENCIES, incomplete.upper())


def _calendars(incomplete: str) -> list[str]:
    from fin_infra.calendars import CALENDARS

    return _beginning(CALENDARS, incomplete.upper())


def _vendors(domain: str) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        from fin_infra.providers.registry import installed_keys

        return _beginning((key.partition(":")[2] for key in installed_keys(domain)), incomplete)

    return complete


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
