"""What people pass as rates, flows and dates, made floats and days or refused with one sentence.
Floor 1: imports errors only; every function here returns what it was given, in the type that formulas want."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false, reportUnnecessaryComparison=false
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Real
from typing import Literal, TypeAlias, TypeGuard

from fin_infra.arguments import shown
from fin_infra.errors import InvalidInput, SeveralRates

Number: TypeAlias = float | Decimal
"""An int, a float or a Decimal. Rates and present values are mathematics, and come out as floats."""
When: TypeAlias = Literal["end", "begin"]
"""Whether payments are made at the end or at the beginning of each period."""


def number(name: str, value: Number) -> float:
    """Return the value as a finite float.

    Raises:
        InvalidInput: it is not a number, NaN, infinite, or beyond what a float can hold.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Real)):
        hint = "; pass its `amount`" if hasattr(value, "currency") else ""
        raise InvalidInput(f"`{name}` must be a number, not {shown(value)}{hint}.")
    try:
        made = float(value)
    except (OverflowError, ValueError):
        made = math.inf
    if not math.isfinite(made):
        what = shown(value).strip()
        raise InvalidInput(
            f"`{name}` must be a finite number, not {what if ' ' in what else f'an {what} of that size'}."
        )
    return made


def rate_above(name: str, value: Number) -> float:
    """Return a rate as a float above -1, where money would have lost all of its value."""
    made = number(name, value)
    if made <= -1:
        raise InvalidInput(f"`{name}` must be above -1, which is -100 %, not {shown(value)}.")
    return made


def count(name: str, value: int, *, least: int = 1) -> int:
    """Return a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInput(f"`{name}` must be a whole number of at least {least}, not {shown(value)}.")
    return value


def flows_of(flows: Iterable[Number], *, least: int = 1) -> list[float]:
    """Return flows as floats, and refuse the first that is not a finite number by its place."""
    if isinstance(flows, (str, bytes)) or not isinstance(flows, Iterable):
        raise InvalidInput(f"`flows` must be a list of numbers, not {shown(flows)}.")
    made = [number(f"flows[{place}]", flow) for place, flow in enumerate(flows)]
    if not made:
        raise InvalidInput("`flows` is empty; give each flow, money in positive and money out negative.")
    if len(made) < least:
        raise InvalidInput(f"A rate of return needs at least {least} flows, and there is only {len(made)}.")
    return made


def day(name: str, value: date) -> date:
    """Return a calendar day, which a datetime is not."""
    if not isinstance(value, date) or isinstance(value, datetime):
        hint = " Use its day, `.date()`." if isinstance(value, datetime) else ""
        raise InvalidInput(f"`{name}` must be a datetime.date, not {shown(value)}.{hint}")
    return value


def dated(dates: Iterable[date], flows: Iterable[Number], *, least: int = 1) -> list[tuple[date, float]]:
    """Return flows with their dates, oldest first; the first date given has to be the earliest, as in a spreadsheet."""
    if not isinstance(dates, Iterable):
        raise InvalidInput(f"`dates` must be a list of dates, not {shown(dates)}.")
    days = [day(f"dates[{place}]", value) for place, value in enumerate(dates)]
    made = flows_of(flows, least=least)
    if len(days) != len(made):
        raise InvalidInput(f"There are {len(days)} dates and {len(made)} flows; each flow needs its date.")
    for place, value in enumerate(days):
        if value < days[0]:
            raise InvalidInput(
                f"`dates[{place}]`, {value}, is before the first date, {days[0]}, to which flows are discounted; "
                "sort flows by date."
            )
    return sorted(zip(days, made, strict=True), key=lambda flow: flow[0])


def at_begin(when: When) -> bool:
    """Say whether payments are made at the beginning of each period."""
    if when not in ("end", "begin"):
        raise InvalidInput(f'`when` must be "end" or "begin", not {shown(when)}.')
    return when == "begin"


def finite(value: float, what: str) -> float:
    """Return a result, or refuse one that has left the range of floats."""
    if not math.isfinite(value):
        raise InvalidInput(f"The {what} is beyond the range of floats; check the rate and the number of periods.")
    return value


def well_behaved(rate: float | None, span: float) -> TypeGuard[float]:
    """Say whether pyxirr's steps end near the root, over so many periods; where they end too early, `roots` is asked.

    They end where the value is below 1e-9: early for rates close to -1 or far up, and where discounting leaves little.
    """
    return rate is not None and -0.9 < rate < 10 and (1 + rate) ** -span > 1e-4


def only(rates: Sequence[float]) -> float | None:
    """Return the one rate, or None where there is none.

    Raises:
        SeveralRates: there are several; the text names them.
    """
    if len(rates) > 1:
        named = ", ".join(f"{rate:.10g}" for rate in rates)
        raise SeveralRates(
            f"These flows have {len(rates)} internal rates of return: {named}; choose one, or use a present value.",
            rates,
        )
    return rates[0] if rates else None
