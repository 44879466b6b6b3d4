"""The commands for what was spent, earned and moved: their options, and where each is carried out.
Floor 8: `spent.py` carries them out, and is imported then."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from fin_infra.cli.books import JsonOption, TenantOption, UserOption
from fin_infra.cli.insights import AccountOption, CsvOption, EndOption, Form, StartOption, day
from fin_infra.cli.output import reported

PostedOption = Annotated[bool, typer.Option("--posted", help="Without transactions that are not posted yet.")]
LinkOption = Annotated[
    tuple[int, int] | None, typer.Option("--link", help="Ids of two transactions that are one transfer.")
]
ApartOption = Annotated[int | None, typer.Option("--apart", help="Id of a transaction that is not a transfer.")]
ByWord = Literal["category", "primary", "merchant", "account", "all"]
PeriodWord = Literal["all", "month", "quarter", "year"]
FigureWord = Literal["income", "spending", "net", "transfers", "savings_rate"]


def add_spending(app: typer.Typer) -> None:
    """Add the commands of spending, cash flow and transfers."""
    app.command("spending")(spending)
    app.command("cashflow")(cashflow)
    app.command("transfers")(transfers)


def spending(
    by: Annotated[ByWord, typer.Option(help="What it is added up by.")] = "category",
    period: Annotated[PeriodWord, typer.Option(help="A row for each of these.")] = "all",
    explain: Annotated[str | None, typer.Option(help="A name of the table: list what it is made of.")] = None,
    account: AccountOption = None,
    start: StartOption = None,
    end: EndOption = None,
    posted: PostedOption = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what you spent, without transfers between own accounts and less what was refunded."""
    from fin_infra.cli.spent import Rows, explain_spent, show_spending

    form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
    with reported(as_json):
        rows = Rows(account=account, start=day(start), end=day(end), pending=not posted)
        if explain is None:
            show_spending(rows, by, period, form)
        else:
            explain_spent(rows, (by, period, explain), form)


def cashflow(
    explain: Annotated[FigureWord | None, typer.Option(help="A column: list what its total is made of.")] = None,
    account: AccountOption = None,
    start: StartOption = None,
    end: EndOption = None,
    posted: PostedOption = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show what came in, what you spent, what was left and your savings rate, month by month."""
    from fin_infra.cli.spent import Rows, explain_flow, show_flow

    form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
    with reported(as_json):
        rows = Rows(account=account, start=day(start), end=day(end), pending=not posted)
        if explain is None:
            show_flow(rows, form)
        else:
            explain_flow(rows, explain, form)


def transfers(
    link: LinkOption = None,
    apart: ApartOption = None,
    start: StartOption = None,
    end: EndOption = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Show money that only moved between own accounts, refunds, and what is unclear until you say it."""
    from fin_infra.cli.spent import say_transfer, show_transfers

    form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
    with reported(as_json):
        if link is not None or apart is not None:
            say_transfer(link, apart, form)
        else:
            show_transfers(day(start), day(end), form)
