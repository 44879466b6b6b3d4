"""How many days, and which part of a year, lie between two dates by the six usual conventions.
Floor 1: definitions of ISDA 2006 section 4.16 and ICMA rule 251; the first date does not count, the last does."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date
from enum import StrEnum

from fin_infra.arguments import checked, shown
from fin_infra.cashflows.checks import count, day
from fin_infra.errors import InvalidInput


class DayCount(StrEnum):
    """A convention: how days are counted, over how many days a year has."""

    THIRTY_360_US = "30/360 US"
    """Months of 30 days, with the rule for the end of February (SIFMA); bonds of American companies and cities."""
    THIRTY_E_360 = "30E/360"
    """Months of 30 days: a 31st is a 30th, February as it is (ISDA 2006 4.16 (g)); Eurobonds."""
    ACT_360 = "ACT/360"
    """Money markets."""
    ACT_365F = "ACT/365F"
    """Years of 365 days, leap years too; XIRR."""
    ACT_ACT_ISDA = "ACT/ACT ISDA"
    """Days in leap years over 366, all others over 365 (ISDA 2006 4.16 (b)); swaps."""
    ACT_ACT_ICMA = "ACT/ACT ICMA"
    """Days over the days of the coupon period, times periods a year (ICMA rule 251); government bonds."""


def days_between(start: date, end: date, basis: DayCount | str) -> int:
    """Return the days from `start` to `end` as `basis` counts them; negative where `end` is before `start`.

    Raises:
        InvalidInput: something is not a date, or not a convention; the text names all of them.

    >>> days_between(date(2026, 1, 31), date(2026, 3, 1), "30/360 US")
    31
    """
    first, last, kind = day("start", start), day("end", end), day_count(basis)
    if first > last:
        return -days_between(last, first, kind)
    if kind is DayCount.THIRTY_360_US:
        return _thirty_us(first, last)
    if kind is DayCount.THIRTY_E_360:
        return _thirty(first, min(first.day, 30), last, min(last.day, 30))
    return (last - first).days


@checked
def year_fraction(
    start: date,
    end: date,
    basis: DayCount | str,
    *,
    coupon: tuple[date, date] | None = None,
    per_year: int | None = None,
) -> float:
    """Return which part of a year lies between two dates; negative where `end` is before `start`.

    Args:
        start: The first day, which does not count.
        end: The last day, which does.
        basis: The convention, as a `DayCount` or its text, such as "ACT/360".
        coupon: For ACT/ACT ICMA: start and end of the regular coupon period that holds both dates.
        per_year: For ACT/ACT ICMA: coupons in a year.

    Raises:
        InvalidInput: something is not a date or not a convention, or ACT/ACT ICMA is asked without its coupon period
            or beyond it.

    >>> year_fraction(date(2026, 1, 1), date(2026, 7, 1), "ACT/360")
    0.5027777777777778
    """
    kind = day_count(basis)
    days = days_between(start, end, kind)
    if kind is DayCount.ACT_ACT_ICMA:
        return _icma(days, (start, end), coupon, per_year)
    if kind is DayCount.ACT_ACT_ISDA:
        return _isda(start, end) if days >= 0 else -_isda(end, start)
    return days / (365 if kind is DayCount.ACT_365F else 360)


def day_count(basis: DayCount | str) -> DayCount:
    """Return a convention by its text, or refuse it with the texts there are."""
    try:
        return DayCount(basis)
    except ValueError:
        names = ", ".join(kind.value for kind in DayCount)
        raise InvalidInput(f"{shown(basis)} is not a day count; choose one of {names}.") from None


def _thirty(first: date, first_day: int, last: date, last_day: int) -> int:
    return 360 * (last.year - first.year) + 30 * (last.month - first.month) + last_day - first_day


def _thirty_us(first: date, last: date) -> int:
    """Count as SIFMA's Standard Securities Calculation Methods do: February's rule first, then that of the 31st."""
    start, end = first.day, last.day
    if _ends_february(first):
        end = 30 if _ends_february(last) else end
        start = 30
    if end == 31 and start >= 30:
        end = 30
    return _thirty(first, min(start, 30), last, end)


def _ends_february(value: date) -> bool:
    return value.month == 2 and value.day == monthrange(value.year, 2)[1]


def _isda(start: date, end: date) -> float:
    if start.year == end.year:
        return (end - start).days / _year_days(start.year)
    first = (date(start.year + 1, 1, 1) - start).days / _year_days(start.year)
    last = (end - date(end.year, 1, 1)).days / _year_days(end.year)
    return first + (end.year - start.year - 1) + last


def _year_days(year: int) -> int:
    return 366 if isleap(year) else 365


def _icma(days: int, asked: tuple[date, date], coupon: tuple[date, date] | None, per_year: int | None) -> float:
    if coupon is None or per_year is None:
        raise InvalidInput("ACT/ACT ICMA needs the coupon period: pass `coupon=(start, end)` and `per_year`.")
    first, last = day("coupon[0]", coupon[0]), day("coupon[1]", coupon[1])
    if not first <= min(asked) <= max(asked) <= last or first == last:
        raise InvalidInput(
            f"The dates are not within the coupon period {first} to {last}; split them by coupon period."
        )
    return days / ((last - first).days * count("per_year", per_year))
