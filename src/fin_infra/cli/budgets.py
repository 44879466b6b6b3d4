"""The commands of a budget: their options; `budgeting.py` carries them out, and is imported then.
Floor 8: alone, `budget` shows a month; an amount is a number, and `--currency` says of what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fin_infra.cli.books import JsonOption, TenantOption, UserOption
from fin_infra.cli.insights import CsvOption, Form
from fin_infra.cli.output import Commands, reported

MonthOption = Annotated[str | None, typer.Option("--month", help="Such as 2026-11; the present one by default.")]
EnvelopeArgument = Annotated[str, typer.Argument(help="A category, such as groceries or FOOD_AND_DRINK.")]
AmountArgument = Annotated[str, typer.Argument(help="Such as 150 or 12.50.")]
CurrencyOption = Annotated[str, typer.Option("--currency", help="Of the amount.")]
MonthArgument = Annotated[str, typer.Argument(help="Such as 2026-11.")]
STEPS = ("assign", "move", "limit", "target", "overspending", "close", "reopen", "undo")


class _Months(Commands):
    """`budget 2026-11` is `budget show 2026-11`: what is not a step is a month."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        at = next((at for at, word in enumerate(args) if not word.startswith("-")), None)
        words = [] if at is None else args[at : at + 1]
        asks_help = not words and {"--help", "-h"} & {*args}
        if not asks_help and (not words or words[0] not in (*STEPS, "show")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


budget_app = typer.Typer(
    cls=_Months, help="Your budget: a month of it, and the steps you take. `budget` or `budget 2026-11` shows a month."
)


@budget_app.command("show")
def budget_show(
    month: Annotated[str | None, typer.Argument(help="Such as 2026-11; the present one by default.")] = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show a month: each envelope, what is ready to assign, targets and limits."""
    from fin_infra.cli.budgeting import show

    with reported(as_json):
        show(month, Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv))


@budget_app.command("assign")
def budget_assign(
    category: EnvelopeArgument,
    amount: AmountArgument,
    currency: CurrencyOption = "USD",
    month: MonthOption = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Give an envelope just so much in a month, whatever it was before."""
    from fin_infra.cli.budgeting import assign

    with reported(as_json):
        assign(category, (amount, currency), month, Form(user=user, tenant=tenant, as_json=as_json))


@budget_app.command("move")
def budget_move(
    category: EnvelopeArgument,
    to: EnvelopeArgument,
    amount: AmountArgument,
    currency: CurrencyOption = "USD",
    month: MonthOption = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Move money from one envelope to another."""
    from fin_infra.cli.budgeting import move

    with reported(as_json):
        move((category, to), (amount, currency), month, Form(user=user, tenant=tenant, as_json=as_json))


@budget_app.command("limit")
def budget_limit(
    category: EnvelopeArgument,
    amount: AmountArgument,
    currency: CurrencyOption = "USD",
    month: MonthOption = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Say what may be spent each month, without holding money for it; 0 takes it back."""
    from fin_infra.cli.budgeting import limit

    with reported(as_json):
        limit(category, (amount, currency), month, Form(user=user, tenant=tenant, as_json=as_json))


@budget_app.command("target")
def budget_target(
    category: EnvelopeArgument,
    amount: AmountArgument,
    by: Annotated[str, typer.Option("--by", help="The last month, such as 2027-06.")],
    currency: CurrencyOption = "USD",
    month: MonthOption = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Say how much an envelope must have by the end of a month; 0 takes it back."""
    from fin_infra.cli.budgeting import target

    with reported(as_json):
        target(category, (amount, currency), (month, by), Form(user=user, tenant=tenant, as_json=as_json))


@budget_app.command("overspending")
def budget_overspending(
    choice: Annotated[str, typer.Argument(help="`carry` it in the envelope, or take it `from_ready` next month.")],
    category: Annotated[str | None, typer.Option("--category", help="Of one envelope only.")] = None,
    month: MonthOption = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Say what becomes of an envelope below zero when its month ends."""
    from fin_infra.cli.budgeting import overspending

    with reported(as_json):
        overspending(choice, category, month, Form(user=user, tenant=tenant, as_json=as_json))


@budget_app.command("close")
def budget_close(
    month: MonthArgument, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Close a month that is over, and all before it: no step changes them until it is reopened."""
    from fin_infra.cli.budgeting import close

    with reported(as_json):
        close(month, Form(user=user, tenant=tenant, as_json=as_json))


@budget_app.command("reopen")
def budget_reopen(
    month: MonthArgument, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Open a closed month again, and those after it."""
    from fin_infra.cli.budgeting import reopen

    with reported(as_json):
        reopen(month, Form(user=user, tenant=tenant, as_json=as_json))


@budget_app.command("undo")
def budget_undo(
    steps: Annotated[int, typer.Argument(min=1, help="How many of the last steps.")] = 1,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Take the last steps back, all or none."""
    from fin_infra.cli.budgeting import undo

    with reported(as_json):
        undo(steps, Form(user=user, tenant=tenant, as_json=as_json))
