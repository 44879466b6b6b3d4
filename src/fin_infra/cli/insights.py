"""The commands for what a book's money did: their options, and where each is carried out.
Floor 8: a file beside this one carries a command out, such as `categorizing.py`, and is imported then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from fin_infra.cli.books import JsonOption, TenantOption, UserOption
from fin_infra.cli.output import print_json, reported

CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")]
ContainsOption = Annotated[str | None, typer.Option(help="Words in the description or the counterparty.")]
PatternOption = Annotated[str | None, typer.Option(help="A regular expression of RE2.")]
LowOption = Annotated[str | None, typer.Option(help="Least size of the amount, without its sign.")]
HighOption = Annotated[str | None, typer.Option(help="Largest size of the amount, itself included.")]
AccountOption = Annotated[int | None, typer.Option("--account", help="Id of the only account.")]
SignOption = Annotated[str | None, typer.Option(help="`in` or `out`: which way the money went.")]
PlaceOption = Annotated[int | None, typer.Option(help="Where it stands, counted from 1; last by default.")]
CategoryArgument = Annotated[str, typer.Argument(help="A code such as FOOD_AND_DRINK_COFFEE.")]
RuleArgument = Annotated[str, typer.Argument(help="Id of a rule, as `fin-infra rules` lists it.")]

rules_app = typer.Typer(invoke_without_command=True, help="Your rules for categories; alone it lists them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Whose book is asked, and how the answer is printed."""

    user: str
    tenant: str
    as_json: bool = False
    as_csv: bool = False

    def __post_init__(self) -> None:
        if self.as_json and self.as_csv:
            raise typer.BadParameter("take one of --json and --csv.")

    def show(self, answer: Sequence[Any], model: Any, draw: Callable[[], None]) -> None:
        """Print records as JSON, as CSV, or by `draw`, which prints tables for people."""
        if self.as_json:
            print_json(answer)
        elif self.as_csv:
            from fin_infra.cli.spreadsheets import print_csv

            print_csv(answer, model)
        else:
            draw()


def add_insights(app: typer.Typer) -> None:
    """Add the commands of insights."""
    app.add_typer(rules_app, name="rules")


@rules_app.callback()
def rules(
    context: typer.Context,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List your rules for categories in their order; the first that fits decides. `add` adds one."""
    if context.invoked_subcommand is not None:
        return
    from fin_infra.cli.categorizing import list_rules

    with reported(as_json):
        list_rules(Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv))
