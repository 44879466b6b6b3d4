"""`fin-infra goals` and `alerts`: what a person wants to reach, how far it is, and what they would want to hear of.
Floor 8: the book decides; the planner of debts needs no book."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from fin_infra.book import Book
from fin_infra.cli.categorizing import book_for
from fin_infra.cli.insights import Form
from fin_infra.cli.output import print_json, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInput, UnknownCurrency
from fin_infra.insights.alerts import Alert
from fin_infra.insights.goals import Debt, DebtPayment, Goal, GoalKind, GoalProgress, PayoffPlan, Strategy
from fin_infra.insights.goals import compare as compare_plans
from fin_infra.insights.goals import payoff as plan_payoff
from fin_infra.insights.goals.checks import after
from fin_infra.model import Money
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import decimal_from_text
from fin_infra.model.record import Model
from fin_infra.transport import Sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A goal as it was typed."""

    name: str
    kind: str
    target: str | None
    account: int | None
    monthly: str | None
    by: date | None
    rate: str
    currency: str | None


def list_goals(form: Form) -> None:
    """Print goals with how far each is, and what they come to by currency."""
    found = book_for(form).goals()

    def draw() -> None:
        if not found:
            tell("There are no goals; add one with: fin-infra goals add NAME --target 5000 --monthly 200")
            return
        _draw_goals(found)
        _draw_goal_totals(found)
        for each in found:
            if each.note:
                say_wrapped(f"Goal {each.goal.id}: {each.note}")

    form.show(found, GoalProgress, draw)


def _draw_goals(found: Sequence[GoalProgress]) -> None:
    rows = [
        (
            each.goal.id,
            each.goal.name,
            each.goal.kind.value,
            str(each.goal.target),
            "unknown" if each.reached is None else str(each.reached),
            "" if each.percent is None else f"{each.percent}%",
            _or_blank(each.goal.monthly),
            _or_blank(each.reached_on),
            _or_blank(each.goal.by),
            _or_blank(each.needed),
            {True: "yes", False: "no", None: ""}[each.on_track],
        )
        for each in found
    ]
    columns = ("id", "goal", "kind", "target", "reached", "done", "a month", "reached on", "by", "needed", "on track")
    right = ("target", "reached", "done", "a month", "needed")
    print_table("Goals", columns, rows, right=right, minor=("needed", "kind", "by", "a month"))


def _draw_goal_totals(found: Sequence[GoalProgress]) -> None:
    rows: list[tuple[str, ...]] = []
    for currency in sorted({each.goal.target.currency for each in found}):
        mine = [each for each in found if each.goal.target.currency == currency]
        reached = Money.total([each.reached for each in mine if each.reached is not None], currency)
        target = Money.total([each.goal.target for each in mine], currency)
        monthly = Money.total([each.goal.monthly for each in mine if each.goal.monthly is not None], currency)
        rows.append((str(len(mine)), str(target), str(reached), str(monthly)))
    columns = ("goals", "target", "reached", "a month")
    print_table("Totals", columns, rows, right=columns)


def _or_blank(value: object) -> str:
    return "" if value is None else str(value)


def add_goal(typed: Typed, form: Form) -> None:
    """Set a goal; of a debt the target is what is owed, where none is typed.

    Raises:
        InvalidInput: a figure cannot be read or meant, or the goal cannot be reached.
    """
    book = book_for(form)
    made = book.add_goal(_goal(typed, book))
    if form.as_json:
        print_json(made)
    else:
        say_wrapped(f"Goal {made.id}, {made.name}: {made.target}.")


def _goal(typed: Typed, book: Book[Sync]) -> Goal:
    if typed.kind not in set(GoalKind):
        raise InvalidInput(f"`--kind` must be savings, emergency or payoff, not {typed.kind!r}.")
    currency = typed.currency or _currency(book, typed.account)
    return Goal(
        id="new",
        kind=GoalKind(typed.kind),
        name=typed.name,
        target=_owed(book, typed) if typed.target is None else money("--target", typed.target, currency),
        account_id=None if typed.account is None else str(typed.account),
        monthly=None if typed.monthly is None else money("--monthly", typed.monthly, currency),
        by=typed.by,
        annual_rate=percent("--rate", typed.rate),
    )


def _currency(book: Book[Sync], account: int | None) -> str:
    found = [each.currency for each in book.accounts() if each.id == account]
    return found[0] if found else "USD"


def _owed(book: Book[Sync], typed: Typed) -> Money:
    balances = [each.current for each in book.balances() if each.account_id == typed.account]
    owed = balances[0] if balances and typed.kind == GoalKind.PAYOFF else None
    if owed is None or owed >= 0:
        raise InvalidInput("A goal needs `--target`, unless it is to pay off an account that owes something.")
    return -owed


def remove_goal(id: str, form: Form) -> None:
    """Remove a goal.

    Raises:
        NotRemembered: the book has no such goal.
    """
    changes = book_for(form).remove_goal(id)
    print_json({"changes": changes}) if form.as_json else say_wrapped(f"Goal {id} is removed.")


def money(label: str, text: str, currency: str) -> Money:
    """Return an amount that was typed."""
    try:
        amount = Money(decimal_from_text(text), currency)
    except UnknownCurrency:
        raise
    except InvalidInput:
        raise InvalidInput(f"`{label}` must be an amount such as 250 or 12.50, not {text!r}.") from None
    if CURRENCIES[currency] is None or amount.quantize() != amount:
        raise InvalidInput(f"`{label}` is {amount}, which is not in whole minor units of {currency}.")
    return amount.quantize()


def percent(label: str, text: str) -> Decimal:
    """Return a yearly rate that was typed in percent as a share of 1."""
    try:
        return decimal_from_text(text.removesuffix("%")) / 100
    except InvalidInput:
        raise InvalidInput(f"`{label}` must be percent a year such as 18 or 4.5, not {text!r}.") from None


def plan_debts(texts: Sequence[str], extra: str | None, currency: str, strategy: str | None, form: Form) -> None:
    """Print how debts are paid off: by the strategy chosen, or by both, compared.

    Raises:
        InvalidInput: a debt cannot be read, or is never paid off.
    """
    today = datetime.now(UTC).date()
    debts = [typed_debt(text, currency) for text in texts]
    more = None if extra is None else money("--extra", extra, currency)
    first = after(today, 1)
    if strategy is None:
        both = compare_plans(debts, extra=more, first_payment=first, today=today)
        _show_plans(both, (both.avalanche, both.snowball), form)
        if not (form.as_json or form.as_csv):
            days = (both.avalanche.paid_off_on, both.snowball.paid_off_on)
            say_wrapped(
                f"The avalanche costs {both.interest_saved} less interest, and ends on {days[0]}; "
                f"the snowball ends on {days[1]}."
            )
        return
    if strategy not in set(Strategy):
        raise InvalidInput(f"`--strategy` must be avalanche or snowball, not {strategy!r}.")
    plan = plan_payoff(debts, extra=more, first_payment=first, today=today, strategy=Strategy(strategy))
    _show_plans(plan, (plan,), form)


def _show_plans(answer: Model, plans: Sequence[PayoffPlan], form: Form) -> None:
    """Print plans as JSON, each payment as CSV, or a table of debts for each plan."""
    if form.as_json:
        print_json(answer)
    elif form.as_csv:
        from fin_infra.cli.spreadsheets import print_csv

        print_csv([row for plan in plans for row in plan.payments()], DebtPayment)
    else:
        for plan in plans:
            _draw_plan(plan)


def typed_debt(text: str, currency: str) -> Debt:
    """Return `name:balance:percent:minimum` as a debt.

    Raises:
        InvalidInput: it is not in that form.
    """
    parts = text.rsplit(":", 3)
    if len(parts) != 4 or not parts[0].strip():
        raise InvalidInput(f"Write a debt as NAME:BALANCE:RATE:MINIMUM, such as visa:10000:18:500, not {text!r}.")
    return Debt(
        id=parts[0],
        name=parts[0],
        balance=money("BALANCE", parts[1], currency),
        annual_rate=percent("RATE", parts[2]),
        minimum=money("MINIMUM", parts[3], currency),
    )


def _draw_plan(plan: PayoffPlan) -> None:
    rows = [
        (
            each.debt.name,
            str(each.debt.balance),
            str(each.months),
            str(each.paid_off_on),
            str(each.interest),
            str(each.paid),
        )
        for each in plan.debts
    ]
    owed = Money.total([each.debt.balance for each in plan.debts], plan.paid.currency)
    rows.append(("total", str(owed), str(plan.months), str(plan.paid_off_on), str(plan.interest), str(plan.paid)))
    columns = ("debt", "owed", "payments", "paid off on", "interest", "paid")
    title = f"{plan.strategy.value.capitalize()}: {plan.budget} a month"
    print_table(title, columns, rows, right=("owed", "payments", "interest", "paid"))


def list_alerts(form: Form) -> None:
    """Print alerts, the most urgent first, and how many there are of each kind."""
    found = book_for(form).alerts()

    def draw() -> None:
        if not found:
            tell("There is nothing to tell.")
            return
        rows = [(each.severity.value, str(each.date), each.text, each.id) for each in found]
        print_table("Alerts", ("severity", "date", "what", "id"), rows)
        counts = ", ".join(f"{count} {kind}" for kind, count in _counted(each.kind.value for each in found))
        say_wrapped(f"{len(found)} in all: {counts}. `fin-infra alerts dismiss ID` hides one for good.")

    form.show(found, Alert, draw)


def _counted(kinds: Iterable[str]) -> list[tuple[str, int]]:
    found = sorted(kinds)
    return [(kind.replace("_", " "), found.count(kind)) for kind in dict.fromkeys(found)]


def dismiss_alert(id: str, form: Form) -> None:
    """Do not show an alert again.

    Raises:
        NotRemembered: there is no such alert today.
    """
    changes = book_for(form).dismiss_alert(id)
    told = "It will not be shown again." if changes else "It was dismissed before; nothing was changed."
    print_json({"changes": changes}) if form.as_json else say_wrapped(told)
