"""The commands for what a book's money did: their options, and where each is carried out.
Floor 8: a file beside this one carries a command out, such as `categorizing.py`, and is imported then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import typer

from fin_infra.cli.books import JsonOption, TenantOption, UserOption
from fin_infra.cli.output import print_json, reported

CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")]
AccountOption = Annotated[int | None, typer.Option("--account", help="Id of the only account; all by default.")]
StartOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day.")]
EndOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day after the last one.")]
ContainsOption = Annotated[str | None, typer.Option(help="Words in the description or the counterparty.")]
PatternOption = Annotated[str | None, typer.Option(help="A regular expression of RE2 that fits either of them.")]
LowOption = Annotated[str | None, typer.Option(help="Least size of the amount, without its sign.")]
HighOption = Annotated[str | None, typer.Option(help="Largest size of the amount, itself included.")]
SignOption = Annotated[str | None, typer.Option(help="in or out: which way the money went.")]
PlaceOption = Annotated[int | None, typer.Option(help="Where it stands, counted from 1; last by default.")]
CodeArgument = Annotated[str, typer.Argument(help="A code such as FOOD_AND_DRINK_COFFEE.")]
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


def day(at: datetime | None) -> date | None:
    """Return what was typed as a day."""
    return at and at.date()


def add_insights(app: typer.Typer) -> None:
    """Add the commands of insights."""
    app.add_typer(rules_app, name="rules")
    app.command("categorize")(categorize)


def categorize(
    id: Annotated[
        int | None, typer.Argument(help="Id of a transaction; alone it says why it has its category.")
    ] = None,
    category: Annotated[str | None, typer.Argument(help="A code such as FOOD_AND_DRINK_COFFEE.")] = None,
    past: Annotated[bool, typer.Option("--past", help="For earlier ones of the same merchant too.")] = False,
    own: Annotated[bool, typer.Option("--own", help="CATEGORY is a word of your own, for this one alone.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Take back what you said of it.")] = False,
    uncategorized: Annotated[bool, typer.Option("--uncategorized", help="Only those nobody knows.")] = False,
    account: AccountOption = None,
    start: StartOption = None,
    end: EndOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most, newest first.")] = 100,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List transactions with their categories; with an ID say why, and with a CATEGORY say what it is."""
    from fin_infra.cli import categorizing

    form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
    with reported(as_json):
        if id is None:
            span = categorizing.Span(
                account=account, start=day(start), end=day(end), uncategorized=uncategorized, limit=limit
            )
            categorizing.list_labels(span, form)
        elif category is None and not clear:
            categorizing.explain_label(id, form)
        else:
            categorizing.say_category(id, None if clear else category, form, past=past, own=own)


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
    from fin_infra.cli.ruling import list_rules

    with reported(as_json):
        list_rules(Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv))


@rules_app.command("list")
def rules_list(
    user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List your rules in their order, as `fin-infra rules` does."""
    from fin_infra.cli.ruling import list_rules

    with reported(as_json):
        list_rules(Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv))


@rules_app.command("add")
def rules_add(
    category: CodeArgument,
    contains: ContainsOption = None,
    pattern: PatternOption = None,
    low: LowOption = None,
    high: HighOption = None,
    account: AccountOption = None,
    sign: SignOption = None,
    place: PlaceOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Add it without asking.")] = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Show what a rule would change, ask, and add it: every condition that is given has to hold."""
    from fin_infra.cli.ruling import add_rule, typed_rule

    with reported(as_json):
        rule = typed_rule(category, (contains, pattern), (low, high), account, sign)
        add_rule(rule, place, Form(user=user, tenant=tenant, as_json=as_json), yes=yes)


@rules_app.command("preview")
def rules_preview(
    category: CodeArgument,
    contains: ContainsOption = None,
    pattern: PatternOption = None,
    low: LowOption = None,
    high: HighOption = None,
    account: AccountOption = None,
    sign: SignOption = None,
    place: PlaceOption = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what a rule would change, and change nothing."""
    from fin_infra.cli.ruling import preview_rule, typed_rule

    form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
    with reported(as_json):
        preview_rule(typed_rule(category, (contains, pattern), (low, high), account, sign), place, form)


@rules_app.command("remove")
def rules_remove(
    id: RuleArgument, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Remove a rule; what it decided is decided without it."""
    from fin_infra.cli.ruling import remove_rule

    with reported(as_json):
        remove_rule(id, Form(user=user, tenant=tenant, as_json=as_json))


@rules_app.command("move")
def rules_move(
    id: RuleArgument,
    place: Annotated[int, typer.Argument(help="Where it is to stand, counted from 1.")],
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Put a rule at another place: the first that fits decides."""
    from fin_infra.cli.ruling import move_rule

    with reported(as_json):
        move_rule(id, place, Form(user=user, tenant=tenant, as_json=as_json))
