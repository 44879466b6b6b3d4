"""A household's net worth on a day by the pure function of `analytics`, and on many days by a fold that agrees with it.
Floor 6: pure; the fold adds whole minor units, each thing's value rounded by itself as the function rounds it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from fin_infra.analytics import net_worth
from fin_infra.analytics.worth_accounts import asked, may_be_same
from fin_infra.analytics.worth_ages import MAX_DAYS, MAX_SESSIONS, aged, moment
from fin_infra.book.history import MAX_RATE_DAYS
from fin_infra.book.records import NetWorthPoint
from fin_infra.book.timeline import GONE, Amount, Gone, Line, Picture
from fin_infra.errors import FinInfraError, InvalidInput, RateUnavailable
from fin_infra.model import Money, NetWorth, WorthItem
from fin_infra.model.currency import minor_units
from fin_infra.model.money import EXACT_DIGITS
from fin_infra.normalize.fx import by_legs, legs

_E4 = 4
_FRESH = min(MAX_SESSIONS, MAX_DAYS)
"""Days that no reading is too old after, whatever it is of."""
_ROUNDED = Context(prec=EXACT_DIGITS, traps=[InvalidOperation])
_PLAIN = 100
"""An amount of no more digits is rounded without a thought of its digits."""
Pair = tuple[Decimal, Decimal]
_SAME: Pair = (Decimal(1), Decimal(1))
"""In place of a rate, for what is in the currency of the total."""


def worth_on(picture: Picture, day: date, currency: str) -> NetWorth:
    """Return the net worth at the end of a day."""
    iso = day.isoformat()
    items = picture.items(iso)
    errors = picture.errors(day)
    found = net_worth(items, {}, picture.table(iso), on=day, currency=currency, errors=errors)
    said = {line.what.id: line.ats[line.place(iso)] for line in picture.lines if line.ageless and line.place(iso) >= 0}
    lines = tuple(
        replace(line, at=(at := date.fromisoformat(said[line.id])), age_days=(day - at).days)
        if line.id in said and line.at is None
        else line
        for line in found.lines
    )
    return replace(found, lines=lines, left_out=tuple(picture.left_out(iso)))


def worth_series(picture: Picture, days: Sequence[date], currency: str) -> list[NetWorthPoint]:
    """Return the net worth at the end of each of the days, oldest first; each is what `worth_on` says."""
    return _Fold(picture, days, currency).points() if days else []


@dataclass(slots=True)
class _Column:
    """One thing by day, in minor units: 0 where it has no value, which `known` and `gaps` tell from a value of 0."""

    values: list[int]
    known: list[bool] | None = None
    """None where it has a value on every day."""
    gaps: list[bool] | None = None


class _Fold:
    def __init__(self, picture: Picture, days: Sequence[date], currency: str) -> None:
        self.picture = picture
        self.days = days
        self.currency = currency
        self.iso = [day.isoformat() for day in days]
        self.places = minor_units(currency)
        self._step = Decimal((0, (1,), -self.places))
        self._pairs: dict[str, list[Pair | None]] = {}

    def points(self) -> list[NetWorthPoint]:
        doubtful = _doubtful(self.picture)
        columns = [self._column(line) for line in self.picture.lines if line.what.account not in doubtful]
        columns += [
            self._gap(place.gap)
            for place in self.picture.places
            if place.what.account not in doubtful and not (place.first is not None and place.first <= self.iso[0])
        ]
        if doubtful:
            columns += self._judged(doubtful)
        failing = [bool(self.picture.errors(day)) for day in self.days]
        return self._added_up(columns, failing)

    def _added_up(self, columns: Sequence[_Column], failing: Sequence[bool]) -> list[NetWorthPoint]:
        count = len(self.days)
        up, down = _signed(columns)
        assets = [*map(sum, zip(*up, strict=True))] if up else [0] * count
        owed = [*map(sum, zip(*down, strict=True))] if down else [0] * count
        sparse = [column.known for column in columns if column.known is not None]
        whole = len(sparse) < len(columns)
        known = [True] * count if whole else [*map(any, zip(*sparse, strict=True))] if sparse else [False] * count
        holes = [column.gaps for column in columns if column.gaps is not None]
        missing = [*map(any, zip(failing, *holes, strict=True))]
        currency, money = self.currency, self._money
        return [
            NetWorthPoint(
                day=day,
                total=money(assets[at] + owed[at], currency) if known[at] or not missing[at] else None,
                assets=money(assets[at], currency) if known[at] or not missing[at] else None,
                liabilities=money(owed[at], currency) if known[at] or not missing[at] else None,
                complete=not missing[at],
            )
            for at, day in enumerate(self.days)
        ]

    def _money(self, units: int, currency: str) -> Money:
        return Money(Decimal(units).scaleb(-self.places), currency)

    # One thing.

    def _column(self, line: Line) -> _Column:
        count, first = len(self.iso), bisect_left(line.days, self.iso[0])
        told_daily = line.end is None and line.days[first : first + count] == self.iso
        if told_daily and line.whole is not None and line.currency == self.currency:
            values = self._whole(line.whole[first : first + count])
            if values is not None:
                return _Column(values)
        places = range(first, first + count) if told_daily else self._places(line)
        return self._valued(line, places)

    def _whole(self, amounts: list[int]) -> list[int] | None:
        """Return ten-thousandths as minor units, None where one has to be rounded."""
        if self.places >= _E4:
            return [each * 10 ** (self.places - _E4) for each in amounts]
        step = 10 ** (_E4 - self.places)
        return None if any(each % step for each in amounts) else [each // step for each in amounts]

    def _places(self, line: Line) -> list[int]:
        """Return, for each day, the reading that holds on it; -1 where none does."""
        found: list[int] = []
        place, last = bisect_right(line.days, self.iso[0]) - 1, len(line.days) - 1
        days, end = line.days, line.end
        for day in self.iso:
            while place < last and days[place + 1] <= day:
                place += 1
            found.append(-1 if end is not None and day > end else place)
        return found

    def _valued(self, line: Line, places: Iterable[int]) -> _Column:
        """Value the reading that holds on each day; what is the same as the day before is not worked out again."""
        count = len(self.iso)
        values, known, gaps = [0] * count, [False] * count, [False] * count
        pairs: Sequence[Pair | None] = [_SAME] * count
        if line.currency != self.currency:
            pairs = self._rates(line.currency)
        place_before, fresh = -1, -1
        pair_before: Pair | None = _SAME
        worth: int | Gone | None = GONE
        for at, place in enumerate(places):
            pair = pairs[at]
            if place != place_before or pair is not pair_before:
                worth = GONE if place < 0 else self._reading(line.amount(place), pair)
                fresh = fresh if place == place_before else -1
                place_before, pair_before = place, pair
            if worth is GONE:
                continue
            if worth is None or (fresh < at and not line.ageless and _is_old(line, place, self.days[at])):
                gaps[at] = True
            else:
                fresh = at
                values[at] = worth
                known[at] = True
        return _Column(values, known, gaps)

    def _reading(self, amount: Amount, pair: Pair | None) -> int | Gone | None:
        """Return a reading in minor units; None where it has no amount or no rate."""
        if amount is None or isinstance(amount, Gone):
            return amount
        return None if pair is None else self._units(amount, pair)

    def _units(self, amount: Decimal, pair: Pair) -> int | None:
        """Return an amount in minor units of the currency of the total; None where it has too many digits."""
        worth = amount if pair is _SAME else by_legs(amount, pair)
        if worth.adjusted() < _PLAIN:
            return int(worth.quantize(self._step, ROUND_HALF_EVEN, _ROUNDED).scaleb(self.places, _ROUNDED))
        try:
            return int(Money(worth, self.currency).quantize().amount.scaleb(self.places))
        except FinInfraError:
            return None

    def _rates(self, currency: str) -> list[Pair | None]:
        """Return the conversion of a currency for each day; None where no rate is known."""
        if currency not in self._pairs:
            known: dict[str | None, Pair | None] = {None: None}
            self._pairs[currency] = [self._rate(currency, table, known) for table in self._tables()]
        return self._pairs[currency]

    def _rate(self, currency: str, table: str | None, known: dict[str | None, Pair | None]) -> Pair | None:
        if table is not None and table not in known:
            try:
                known[table] = legs(currency, self.currency, self.picture.rates.table(table))
            except (RateUnavailable, InvalidInput):
                known[table] = None
        return known[table]

    def _tables(self) -> list[str | None]:
        """Return, for each day, the day of the table that counts on it; None where the last one is too old."""
        last = [self.picture.rates.last(day) for day in self.iso]
        return [
            table if table and (day - date.fromisoformat(table)).days <= MAX_RATE_DAYS else None
            for day, table in zip(self.days, last, strict=True)
        ]

    # What is not a thing with readings.

    def _gap(self, gap: Callable[[str], WorthItem | None]) -> _Column:
        none = [0] * len(self.iso)
        return _Column(none, [False] * len(self.iso), [gap(day) is not None for day in self.iso])

    def _judged(self, accounts: set[str | None]) -> list[_Column]:
        """Return accounts that may be one, each day judged as the function judges it, which is slower."""
        lines = [line for line in self.picture.lines if line.what.account in accounts]
        places = [place for place in self.picture.places if place.what.account in accounts]
        up, down, lacks = (
            _Column([0] * len(self.iso), [False] * len(self.iso), [False] * len(self.iso)) for _ in "abc"
        )
        for at, day in enumerate(self.iso):
            found = [*(line.item(day) for line in lines), *(place.gap(day) for place in places)]
            when = moment(self.days[at])
            for item in asked([aged(item, when) for item in found if item is not None]):
                value = self._worth(item, at)
                column = lacks if value is None else up if value >= 0 else down
                if value is None and column.gaps is not None:
                    column.gaps[at] = True
                elif value is not None and column.known is not None:
                    column.values[at] += value
                    column.known[at] = True
        return [up, down, lacks]

    def _worth(self, item: WorthItem, at: int) -> int | None:
        if item.amount is None:
            return None
        if item.amount.currency == self.currency:
            return self._units(item.amount.amount, _SAME)
        pair = self._rates(item.amount.currency)[at]
        return None if pair is None else self._units(item.amount.amount, pair)


def _is_old(line: Line, place: int, day: date) -> bool:
    at = date.fromisoformat(line.ats[place])
    if 0 <= (day - at).days <= _FRESH:
        return False
    item = replace(line.what, amount=Money(Decimal(0), line.currency), at=at)
    return aged(item, moment(day)).amount is None


def _signed(columns: Iterable[_Column]) -> tuple[list[list[int]], list[list[int]]]:
    """Return what is owned and what is owed, apart from each other."""
    up: list[list[int]] = []
    down: list[list[int]] = []
    for column in columns:
        if min(column.values) >= 0:
            up.append(column.values)
        elif max(column.values) <= 0:
            down.append(column.values)
        else:
            up.append([max(value, 0) for value in column.values])
            down.append([min(value, 0) for value in column.values])
    return up, down


def _doubtful(picture: Picture) -> set[str | None]:
    """Return the accounts that may be the same as another one."""
    wholes = [place.what for place in picture.places if place.what.ending]
    return {
        item.account
        for place, one in enumerate(wholes)
        for other in wholes[place + 1 :]
        if may_be_same(one, other)
        for item in (one, other)
    }
