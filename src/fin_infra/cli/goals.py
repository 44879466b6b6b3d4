"""The commands `goals` and `alerts` with their options.
Floor 8: `reaching.py` carries them out, and is imported then."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from fin_infra.cli.books import JsonOption, TenantOption, UserOption
from fin_infra.cli.insights import CsvOption, Form, day
from fin_infra.cli.output import reported

goals_app = typer.Typer(invoke_without_command=True, help="Your goals and how far each is; alone it lists them.")
alerts_app = typer.Typer(invoke_without_command=True, help="What you would want to hear of; alone it lists it.")

CurrencyOption = Annotated[str, typer.Option(help="Currency of all amounts, such as EUR.")]


def add_goals(app: typer.Typer) -> None:
    """Add the commands of goals and alerts."""
    app.add_typer(goals_app, name="goals")
    app.add_typer(alerts_app, name="alerts")


@goals_app.callback()
def goals(
    context: typer.Context,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List your goals with how far each is. `add` sets one; `payoff` plans debts from figures alone."""
    if context.invoked_subcommand is not None:
        return
    from fin_infra.cli.reaching import list_goals

    with reported(as_json):
        list_goals(Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv))


@goals_app.command("add")
def goals_add(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    target: Annotated[str | None, typer.Option(help="How much it takes; of a debt what is owed, by default.")] = None,
    kind: Annotated[str, typer.Option(help="savings, emergency or payoff.")] = "savings",
    account: Annotated[int | None, typer.Option(help="Id of the account whose balance counts.")] = None,
    monthly: Annotated[str | None, typer.Option(help="What you put aside or pay each month.")] = None,
    by: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day by which it is to be reached.")] = None,
    rate: Annotated[str, typer.Option(help="Yield or interest, in percent a year.")] = "0",
    currency: Annotated[str | None, typer.Option(help="Currency; that of the account, or USD, by default.")] = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Set a goal: savings, an emergency fund or a debt to pay off."""
    from fin_infra.cli.reaching import Typed, add_goal

    with reported(as_json):
        typed = Typed(
            name=name,
            kind=kind,
            target=target,
            account=account,
            monthly=monthly,
            by=day(by),
            rate=rate,
            currency=currency,
        )
        add_goal(typed, Form(user=user, tenant=tenant, as_json=as_json))


@goals_app.command("remove")
def goals_remove(
    id: Annotated[str, typer.Argument(help="Id of a goal, as `fin-infra goals` lists it.")],
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Remove a goal."""
    from fin_infra.cli.reaching import remove_goal

    with reported(as_json):
        remove_goal(id, Form(user=user, tenant=tenant, as_json=as_json))


@goals_app.command("payoff")
def goals_payoff(
    debts: Annotated[list[str], typer.Argument(help="NAME:BALANCE:RATE:MINIMUM, such as visa:10000:18:500.")],
    extra: Annotated[str | None, typer.Option(help="What you pay each month beyond all minimums.")] = None,
    strategy: Annotated[str | None, typer.Option(help="avalanche or snowball; both, compared, by default.")] = None,
    currency: CurrencyOption = "USD",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Plan how debts are paid off, from figures alone: the first payment is a month from today."""
    from fin_infra.cli.reaching import plan_debts

    with reported(as_json):
        form = Form(user="", tenant="default", as_json=as_json, as_csv=as_csv)
        plan_debts(debts, extra, currency, strategy, form)


@alerts_app.callback()
def alerts(
    context: typer.Context,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List low balances ahead, unusual and doubled charges, fees, price rises, bills due and stale connections."""
    if context.invoked_subcommand is not None:
        return
    from fin_infra.cli.reaching import list_alerts

    with reported(as_json):
        list_alerts(Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv))


@alerts_app.command("dismiss")
def alerts_dismiss(
    id: Annotated[str, typer.Argument(help="Id of an alert, as `fin-infra alerts` lists it.")],
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Do not show an alert again."""
    from fin_infra.cli.reaching import dismiss_alert

    with reported(as_json):
        dismiss_alert(id, Form(user=user, tenant=tenant, as_json=as_json))
