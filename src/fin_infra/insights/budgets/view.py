"""A month of a budget: each envelope, what is ready to assign, targets, and limits, by currency.
Floor 5: every figure names the transactions it is made of; what was carried is made of the months before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from fin_infra.insights.budgets.activity import Activity
from fin_infra.insights.budgets.envelopes import READY, envelope_of
from fin_infra.insights.budgets.funds import EXACT, ZERO, Course, Funds, course
from fin_infra.insights.budgets.months import months_until
from fin_infra.insights.budgets.plan import Plan
from fin_infra.insights.categories.taxonomy import primary
from fin_infra.model.money import Money
from fin_infra.model.record import Model


class TargetState(StrEnum):
    REACHED = "reached"
    """The month began with all of it."""
    ON_TRACK = "on_track"
    """What this month needs is assigned."""
    SHORT = "short"
    """This month needs more."""
    PAST = "past"
    """Its last month is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMonth(Model):
    """What a target asks of one month."""

    amount: Money
    by: str
    """The month by whose end the envelope must have it."""
    needed: Money | None
    """To assign in this month: what was missing when it began, spread evenly over the months left and rounded up to a
    cent; None where the target is past."""
    missing: Money | None
    """What of it is not assigned yet."""
    state: TargetState


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeMonth(Model):
    """One envelope in one month and one currency; `available` is `carried` + `assigned` + `activity`."""

    category: str
    carried: Money
    """From the month before; negative where overspending stays in the envelope."""
    assigned: Money
    activity: Money
    """Spending is negative; refunds come back."""
    available: Money
    overspent: Money | None
    """How far below zero it is, above zero; None where it is not."""
    target: TargetMonth | None
    entry_ids: tuple[str, ...]
    """What `activity` is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyMonth(Model):
    """All money of one currency in one month: `ready_to_assign` + `available` is `money`."""

    currency: str
    ready_to_assign: Money
    """Money without an envelope at the end of the month; negative where more was assigned than there is."""
    assigned_later: Money
    """What later months have assigned already, of this and of later income."""
    income: Money
    """What came in without an envelope in this month, with both sides of transfers between the budget's accounts."""
    taken: Money
    """What overspending of the months before took from `ready_to_assign` when this month began; zero or negative."""
    assigned: Money
    activity: Money
    available: Money
    """The sum of the envelopes."""
    money: Money
    """What the budget's accounts hold at the end of the month."""
    envelopes: tuple[EnvelopeMonth, ...]
    entry_ids: tuple[str, ...]
    """What `income` is made of, without what accounts had before their first transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMonth(Model):
    """A simple limit in one month: what was spent of it, with refunds taken off. No money is held for it."""

    category: str
    limit: Money
    spent: Money
    """Above zero for spending; negative where refunds were more."""
    left: Money
    """Negative where more was spent than the limit."""
    exceeded: bool
    entry_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetMonth(Model):
    """A budget in one month. Currencies never add up to each other."""

    month: str
    closed: bool
    currencies: tuple[CurrencyMonth, ...]
    limits: tuple[LimitMonth, ...]


def month_view(plan: Plan, activity: Activity, month: str) -> BudgetMonth:
    """Return a month; one in which nothing has happened has what was carried into it."""
    found = course(plan, activity, month)
    limits = [
        _limit(activity, month, Money(limit, currency), category)
        for (currency, category), told in sorted(plan.limits.items())
        if (limit := told.at(month))
    ]
    wanted = {currency for currency, _ in plan.targets} | {currency for _, currency in found}
    currencies = [_currency(plan, activity, found, month, each) for each in sorted(wanted)]
    return BudgetMonth(
        month=month,
        closed=plan.is_closed(month),
        currencies=tuple(each for each in currencies if each.envelopes or each.money or each.entry_ids),
        limits=tuple(limits),
    )


def _currency(plan: Plan, activity: Activity, found: Course, month: str, currency: str) -> CurrencyMonth:
    funds = found.get((month, currency), Funds())
    targets = {
        category for (each, category), told in plan.targets.items() if each == currency and (told.at(month) or (0,))[0]
    }
    ids = _ids(plan, activity, month, currency)
    given = {category for each, of, category in plan.assigned if of == currency and each <= month}
    names = sorted({*funds.categories, *targets, *given})
    envelopes = tuple(_envelope(plan, funds, month, (currency, each), ids.get(each, ())) for each in names)
    assigned, spent, available = (
        Money.total((getattr(each, part) for each in envelopes), currency)
        for part in ("assigned", "activity", "available")
    )
    later = [amount for (each, of, _), amount in plan.assigned.items() if of == currency and each > month]
    ready = Money(funds.ready, currency)
    return CurrencyMonth(
        currency=currency,
        ready_to_assign=ready,
        assigned_later=Money.total((Money(part, currency) for part in later), currency),
        income=Money(funds.income, currency),
        taken=Money(funds.taken, currency),
        assigned=assigned,
        activity=spent,
        available=available,
        money=ready + available,
        envelopes=envelopes,
        entry_ids=activity.ids((month, currency, READY)),
    )


def _ids(plan: Plan, activity: Activity, month: str, currency: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for (when, of, place), ids in activity.entry_ids.items():
        if (when, of) == (month, currency) and place != READY:
            envelope = envelope_of(place, month, plan.named)
            found[envelope] = tuple(dict.fromkeys((*found.get(envelope, ()), *ids)))
    return found


def _envelope(plan: Plan, funds: Funds, month: str, slot: tuple[str, str], ids: tuple[str, ...]) -> EnvelopeMonth:
    currency, category = slot
    carried, assigned, spent = (
        Money(part.get(category, ZERO), currency) for part in (funds.carried, funds.assigned, funds.spent)
    )
    available = carried + assigned + spent
    told = plan.targets[slot].at(month) if slot in plan.targets else None
    return EnvelopeMonth(
        category=category,
        carried=carried,
        assigned=assigned,
        activity=spent,
        available=available,
        overspent=-available if available < 0 else None,
        target=_target(told, month, carried, assigned) if told and told[0] else None,
        entry_ids=ids,
    )


def _target(told: tuple[Decimal, str], month: str, carried: Money, assigned: Money) -> TargetMonth:
    amount, by = Money(told[0], carried.currency), told[1]
    if month > by:
        return TargetMonth(amount=amount, by=by, needed=None, missing=None, state=TargetState.PAST)
    zero = Money.zero(amount.currency)
    needed = max(zero, ((amount - carried) / months_until(month, by)).quantize(ROUND_CEILING))
    missing = max(zero, needed - assigned)
    state = TargetState.REACHED if not needed else TargetState.SHORT if missing else TargetState.ON_TRACK
    return TargetMonth(amount=amount, by=by, needed=needed, missing=missing, state=state)


def _limit(activity: Activity, month: str, limit: Money, category: str) -> LimitMonth:
    cells = [
        cell
        for cell in activity.sums
        if cell[:2] == (month, limit.currency) and cell[2] != READY and category in (cell[2], primary(cell[2]))
    ]
    total = ZERO
    for cell in cells:
        total = EXACT.subtract(total, activity.sums[cell])
    spent = Money(total, limit.currency)
    ids = dict.fromkeys(each for cell in cells for each in activity.ids(cell))
    left = limit - spent
    return LimitMonth(category=category, limit=limit, spent=spent, left=left, exceeded=left < 0, entry_ids=tuple(ids))
