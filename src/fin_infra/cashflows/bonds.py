"""Bonds with level coupons: price, yield, accrued interest, duration and convexity.
Floor 1: SIFMA's Standard Securities Calculation Methods, as spreadsheets have them; floats per 100 of face."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import math
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from fin_infra.arguments import shown
from fin_infra.cashflows.checks import Number, count, day, finite, number
from fin_infra.cashflows.daycounts import DayCount, day_count, days_between
from fin_infra.cashflows.roots import rates_of
from fin_infra.errors import InvalidInput

BASES = (DayCount.THIRTY_360_US, DayCount.THIRTY_E_360, DayCount.ACT_ACT_ICMA)
"""Day counts by which a regular coupon period has one length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """A bond that pays `coupon / per_year` of 100 on regular dates counted back from `maturity`, and `redemption` then.

    Where maturity is the last day of a month, so is every coupon date. A coupon on the day of settlement belongs to the
    seller. Yields are nominal, compounded `per_year` times a year; in the last coupon period interest is simple, as the
    market has it. Prices are clean, without the interest accrued.

    >>> bond = Bond(coupon=0.0575, maturity=date(2017, 11, 15))
    >>> round(bond.price(date(2008, 2, 15), 0.065), 5)
    94.63436
    """

    coupon: Number
    maturity: date
    per_year: int = 2
    basis: DayCount | str = DayCount.THIRTY_360_US
    redemption: Number = 100.0

    def __post_init__(self) -> None:
        if number("coupon", self.coupon) < 0 or number("redemption", self.redemption) <= 0:
            raise InvalidInput("`coupon` must not be negative, and `redemption` must be above 0.")
        day("maturity", self.maturity)
        if 12 % count("per_year", self.per_year):
            raise InvalidInput(f"`per_year` must divide 12, such as 1, 2 or 4; not {self.per_year}.")
        object.__setattr__(self, "basis", day_count(self.basis))  # text is taken for the convention of that name
        if self.basis not in BASES:
            raise InvalidInput(f"`basis` must be one of {', '.join(BASES)} for a bond, not {self.basis}.")

    def coupon_dates(self, settlement: date) -> list[date]:
        """Return the coupon dates after `settlement`, the last of them the maturity."""
        dates: list[date] = []
        place = 0
        self._check(settlement)
        while (coming := self._date(place)) > settlement:
            dates.append(coming)
            place += 1
        return dates[::-1]

    def accrued(self, settlement: date) -> float:
        """Return the interest accrued from the last coupon date on, per 100.

        Raises:
            InvalidInput: settlement is not a date, or not before maturity.
        """
        return self._each * (1 - self._flows(settlement)[0][0])

    def price(self, settlement: date, rate: Number) -> float:
        """Return the clean price per 100 at a yield of `rate`; 0.065 is 6.5 %.

        Raises:
            InvalidInput: settlement is not before maturity, or the rate of one period is -1 or below.
        """
        return self._full(settlement, self._per_period(rate)) - self.accrued(settlement)

    def yield_at(self, settlement: date, price: Number) -> float:
        """Return the yield at which the bond has this clean price per 100.

        Raises:
            InvalidInput: settlement is not before maturity, or price and accrued interest are not above 0.

        >>> bond = Bond(coupon=0.0575, maturity=date(2016, 11, 15))
        >>> round(bond.yield_at(date(2008, 2, 15), 95.04287), 7)
        0.065
        """
        flows = self._flows(settlement)
        full = number("price", price) + self.accrued(settlement)
        if full <= 0:
            raise InvalidInput(f"`price` must be above 0 with the interest accrued, not {shown(price)}.")
        if len(flows) == 1:
            [(far, amount)] = flows
            return (amount / full - 1) / far * self.per_year
        found = rates_of([-full, *(amount for _, amount in flows)], [0.0, *(far for far, _ in flows)])
        return self.per_year * found[0]

    def duration(self, settlement: date, rate: Number) -> float:
        """Return Macaulay's duration: the mean time of all payments in years, weighted by present value.

        Raises:
            InvalidInput: as `price`.

        >>> bond = Bond(coupon=0.08, maturity=date(2048, 1, 1), basis=DayCount.ACT_ACT_ICMA)
        >>> round(bond.duration(date(2018, 7, 1), 0.09), 7)
        10.9191453
        """
        each = self._per_period(rate)
        return self._weighted(settlement, each, 1) / self.per_year

    def modified_duration(self, settlement: date, rate: Number) -> float:
        """Return by which part the full price falls for a rise of the yield by 1, in years: `-dP/dy / P`.

        Raises:
            InvalidInput: as `price`.
        """
        each = self._per_period(rate)
        return self._weighted(settlement, each, 1) / self.per_year / self._grown(settlement, each)

    def convexity(self, settlement: date, rate: Number) -> float:
        """Return the second derivative of the full price by the yield over the price, in years squared: `d2P/dy2 / P`.

        Raises:
            InvalidInput: as `price`.
        """
        each = self._per_period(rate)
        return self._weighted(settlement, each, 2) / self.per_year**2 / self._grown(settlement, each) ** 2

    @property
    def _each(self) -> float:
        return 100 * float(self.coupon) / self.per_year

    def _check(self, settlement: date) -> None:
        if day("settlement", settlement) >= self.maturity:
            raise InvalidInput(f"`settlement` {settlement} is not before maturity, {self.maturity}.")

    def _date(self, back: int) -> date:
        """Return the coupon date so many periods before maturity."""
        months = self.maturity.year * 12 + self.maturity.month - 1 - back * (12 // self.per_year)
        year, month = divmod(months, 12)
        if year < 1:
            return date.min
        longest, own = monthrange(year, month + 1)[1], self.maturity.day
        at_end = own == monthrange(self.maturity.year, self.maturity.month)[1]
        return date(year, month + 1, longest if at_end else min(own, longest))

    def _flows(self, settlement: date) -> list[tuple[float, float]]:
        """Return what is still paid, with its distance in coupon periods."""
        dates = self.coupon_dates(settlement)
        before = self._date(len(dates))
        elapsed = days_between(before, settlement, self.basis)
        actual = self.basis is DayCount.ACT_ACT_ICMA
        length = (dates[0] - before).days if actual else 360 / self.per_year
        first = 1 - elapsed / length
        flows = [(first + place, self._each) for place in range(len(dates))]
        flows[-1] = (flows[-1][0], self._each + float(self.redemption))
        return flows

    def _per_period(self, rate: Number) -> float:
        each = number("rate", rate) / self.per_year
        if each <= -1:
            raise InvalidInput(f"`rate` must be above -{self.per_year}, or money would be worth nothing in one period.")
        return each

    def _grown(self, settlement: date, each: float) -> float:
        """Return the growth of one period, in the last one of what is left of it."""
        flows = self._flows(settlement)
        return 1 + each * (flows[0][0] if len(flows) == 1 else 1)

    def _full(self, settlement: date, each: float) -> float:
        flows = self._flows(settlement)
        if len(flows) == 1:
            [(far, amount)] = flows
            return finite(amount / (1 + far * each) if far * each > -1 else math.inf, "price")
        try:
            return math.fsum(amount * (1 + each) ** -far for far, amount in flows)
        except OverflowError:
            return finite(math.inf, "price")

    def _weighted(self, settlement: date, each: float, order: int) -> float:
        """Return the mean of far, or of far * (far + 1), over the full price; in the last period of 2 * far squared."""
        flows = self._flows(settlement)
        full = self._full(settlement, each)
        if len(flows) == 1:
            [(far, _)] = flows
            return far if order == 1 else 2 * far * far
        weights = ((far if order == 1 else far * (far + 1)) * amount * (1 + each) ** -far for far, amount in flows)
        return math.fsum(weights) / full
