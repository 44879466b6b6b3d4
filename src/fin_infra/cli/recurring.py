"""The commands of what comes again and again: `recurring`, `forecast` and `bills`, with their options.
Floor 8: `foreseeing.py` carries them out, and is imported then."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fin_infra.cli.books import JsonOption, TenantOption, UserOption
from fin_infra.cli.insights import CsvOption, Form, day
from fin_infra.cli.output import reported

UntilOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, such as 2027-01-31; 90 days ahead by default.")
]


def add_recurring(app: typer.Typer) -> None:
    """Add the commands of streams, the forecast and bills."""
    app.command("recurring")(recurring)
    app.command("forecast")(forecast)
    app.command("bills")(bills)


def recurring(
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended too.")] = False,
    transfers: Annotated[bool, typer.Option("--transfers", help="Those between your accounts too.")] = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List what comes again and again: salary, rent, subscriptions, insurance, with the next date of each."""
    from fin_infra.cli.foreseeing import list_streams

    with reported(as_json):
        form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
        list_streams(form, ended=ended, transfers=transfers)


def forecast(
    until: UntilOption = None,
    days: Annotated[bool, typer.Option("--days", help="By day instead of by month.")] = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Say what recurring money leaves in your bank accounts and on cards, and the lowest point ahead."""
    from fin_infra.cli.foreseeing import show_forecast

    with reported(as_json):
        form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
        show_forecast(form, day(until), by_day=days)


def bills(
    until: UntilOption = None,
    ical: Annotated[Path | None, typer.Option(help="Write them to this new `.ics` file, for a calendar.")] = None,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the payments that are expected, by date; or write them as a calendar file."""
    from fin_infra.cli.foreseeing import list_bills, write_calendar

    with reported(as_json):
        form = Form(user=user, tenant=tenant, as_json=as_json, as_csv=as_csv)
        if ical is None:
            list_bills(form, day(until))
        else:
            write_calendar(form, day(until), ical)
