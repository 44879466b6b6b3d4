"""Read what a household's net worth is drawn from, for a span of days, in one transaction.
Floor 6: few questions whatever the number of days; a table's rows of one thing come as one text, see `packed`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any, NamedTuple

import sqlalchemy as sa

from fin_infra.book import history
from fin_infra.book.accounts import REMOVED, Accounts, Kept
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON
from fin_infra.book.packs import packed, stored, unpacked
from fin_infra.book.pages import CASH, IN_CASH, SET
from fin_infra.book.prices import UNPRICED
from fin_infra.book.read import connection_rows
from fin_infra.book.readings import Balances, Market
from fin_infra.book.records import Connection, ConnectionState
from fin_infra.book.tables import accounts, asset_values, assets, balances, holdings, prices, snapshots, splits
from fin_infra.book.timeline import GONE, Line, Picture, Place, Reading, lines_of
from fin_infra.errors import InvalidInstrument
from fin_infra.model import AccountStatus, AccountType, InstrumentKey, LeftOut, WorthItem, WorthKind

FILE = "file"
_PRICES = timedelta(days=21)
"""How far before the span closes are read: older ones are too old to count."""
_UNTOLD = "the book knows no price of it by that day; `fill_history` asks for prices"


def picture(db: sa.Connection, owner: Owner, start: date, end: date, currency: str, today: date) -> Picture:
    """Return what there is for the days from `start` to `end`, both included."""
    rows = connection_rows(db, owner)
    reader = _Reader(db, owner, start, end, {row.id: row for row in rows})
    lines = [*reader.lines(), *_asset_lines(db, owner, end)]
    currencies = {line.currency for line in lines} | {currency}
    rates = history.rates_of(db, start, end, currencies) if len(currencies) > 1 else history.Rates({})
    return Picture(
        lines=lines,
        places=reader.places,
        connections=rows,
        rates=rates,
        today=today,
    )


class _Pack(NamedTuple):
    """The rows of one position that have all of this in common."""

    account: int
    vendor_id: str
    name: str
    instrument: str | None
    currency: str
    kind: str | None
    text: str


@dataclass(slots=True)
class _Account:
    """An account at work: its readings so far."""

    place: WorthItem
    kept: Kept
    end: str | None = None
    left_out: LeftOut | None = None


class _Reader:
    """Makes lines of the accounts of a household."""

    def __init__(
        self, db: sa.Connection, owner: Owner, start: date, end: date, connections: Mapping[str, Connection]
    ) -> None:
        self.db, self.owner, self.start, self.end = db, owner, start, end
        self.connections = connections
        self.accounts = Accounts(db, owner)
        self.places: list[Place] = []
        self._tellers: dict[int, set[str]] = {}

    def lines(self) -> list[Line]:
        known = self.accounts
        wanted = [row for row in known.kept if known.target(row) == row and known.kept[row].status != REMOVED]
        found = {row: self._account(row) for row in sorted(wanted)}
        told = self._snapshots()
        lines: list[Line] = []
        firsts: dict[int, str] = {}
        for row, readings in self._balances(told).items():
            if row in found:
                firsts[row] = readings.days[0]
                lines += self._cash(found[row], readings)
        for row, days in told.items():
            if row in found:
                firsts[row] = min(firsts.get(row, days[0]), days[0])
        self._end(found)
        lines += self._held({row: each for row, each in found.items() if row in told}, told)
        for row, account in found.items():
            if account.kept.source != PERSON:
                self.places.append(Place(account.place, firsts.get(row), account.end, account.left_out))
        ends = {each.place.account: each.end for each in found.values()}
        for line in lines:
            line.end = ends.get(line.what.account)
        return lines

    # Accounts.

    def _account(self, row: int) -> _Account:
        kept = self.accounts.kept[row]
        name = f"{kept.institution} {kept.ending or row}".strip()
        connection = self.connections.get(kept.source)
        kind = WorthKind.ACCOUNT if connection is not None else WorthKind.STATEMENT
        if kept.type == AccountType.INVESTMENT or kept.source == PERSON:
            kind = WorthKind.HOLDING if connection is not None or kept.source == PERSON else WorthKind.STATEMENT
        place = WorthItem(
            kind=kind,
            id=name,
            source=connection.provider if connection is not None else PERSON if kept.source == PERSON else FILE,
            amount=None,
            reading_of=f"account {row}",
            institution=kept.institution,
            ending=kept.ending,
            account=f"account {row}",
            connection=kept.source if connection is not None else None,
        )
        return _Account(place, kept)

    def _end(self, found: Mapping[int, _Account]) -> None:
        """Find out which accounts stopped counting: closed ones, and those of which every connection was ended."""
        for row, account in found.items():
            sources = {self.accounts.kept[each].source for each in self.accounts.all_of(row)}
            ended = [self.connections[each] for each in sources if each in self.connections]
            if account.kept.status == AccountStatus.CLOSED:
                account.end = self._last_day(row)
            elif len(ended) == len(sources) and all(each.state is ConnectionState.REVOKED for each in ended):
                account.end = max(each.since for each in ended).date().isoformat()
                reason = f"{account.place.id}: its connection was ended on {account.end}"
                account.left_out = LeftOut(source=account.place.source, reason=reason)

    def _last_day(self, row: int) -> str:
        """Return the last day that is known of an account."""
        ids = sorted(self.accounts.all_of(row))
        days = [
            self.db.scalar(
                sa.select(sa.func.max(sa.type_coerce(table.c.day, sa.Text()))).where(
                    self.owner.of(table), table.c.account.in_(ids)
                )
            )
            for table in (balances, snapshots)
        ]
        return max((day for day in days if day), default="")

    # Balances.

    def _before(self, table: sa.Table) -> dict[int, str]:
        """Return, for each account, the last day before the span that a table has."""
        day = sa.type_coerce(table.c.day, sa.Text())
        last = (
            sa.select(sa.func.max(day))
            .where(self.owner.of(table), table.c.account == accounts.c.id, table.c.day < self.start)
            .scalar_subquery()
        )
        ask = sa.select(accounts.c.id, last.label("day")).where(self.owner.of(accounts))
        return {row.id: row.day for row in self.db.execute(ask) if row.day is not None}

    def _within(self, table: sa.Table) -> list[Any]:
        """Return the conditions of rows in the span, and of the last day of each account before it.

        Apart from each other, because only so does a database use its index for either.
        """
        mine, c = self.owner.of(table), table.c
        inside = sa.and_(mine, c.account.in_(sorted(self.accounts.kept)), c.day >= self.start, c.day <= self.end)
        before = self._before(snapshots if table is holdings else table)
        if not before:
            return [inside]
        edge = [sa.and_(mine, c.account == each, c.day == date.fromisoformat(day)) for each, day in before.items()]
        return [inside, sa.or_(*edge)]

    def _packs(self, columns: Sequence[Any], pack: Any, conditions: Sequence[Any]) -> dict[tuple[Any, ...], str]:
        """Return packs of rows by their other columns."""
        found: dict[tuple[Any, ...], str] = {}
        for condition in conditions:
            for *group, text in self.db.execute(sa.select(*columns, pack).where(condition).group_by(*columns)):
                known = found.get(tuple(group))
                found[tuple(group)] = text if known is None else f"{known},{text}"
        return found

    def _balances(self, told: Mapping[int, Sequence[str]]) -> dict[int, Balances]:
        """Return the balances of each account; of one whose holdings are told, only those of who tells these."""
        joined = [row for row in self.accounts.kept if len(self.accounts.all_of(self.accounts.target(row))) > 1]
        found, mixed = self._usual_balances(set(joined))
        b = balances.c
        amount = sa.func.coalesce(sa.cast(b.e4, sa.Text()), "=" + sa.type_coerce(b.current, sa.Text()), "?")
        conditions = [sa.and_(each, b.account.in_(sorted(mixed))) for each in self._within(balances)] if mixed else []
        packs = self._packs((b.account, b.source, b.currency), packed(stored(b.day), amount), conditions)
        for (row, source, currency), text in sorted(packs.items()):
            account = self.accounts.target(row)
            if account not in told or self._tells(account, source):
                each = Balances.of(text, currency)
                found[account] = found[account].joined(each) if account in found else each
        return found

    def _usual_balances(self, joined: set[int]) -> tuple[dict[int, Balances], set[int]]:
        """Return the balances of accounts with whole amounts in one currency, and which accounts are others."""
        b = balances.c
        amounts = sa.func.aggregate_strings(sa.cast(b.e4, sa.Text()), ",")
        lacks = sa.func.count() - sa.func.count(b.e4)
        columns = (b.account, sa.func.min(b.currency), sa.func.max(b.currency), lacks)
        found: dict[int, list[Balances]] = {}
        others = set(joined)
        for condition in self._within(balances):
            ask = sa.select(*columns, sa.func.aggregate_strings(stored(b.day), ","), amounts).where(condition)
            for account, currency, other, unknown, days, wholes in self.db.execute(ask.group_by(b.account)):
                if account in joined or unknown or currency != other:
                    others.add(account)
                else:
                    found.setdefault(account, []).append(Balances.of_columns(days, wholes, currency))
        others |= {account for account, parts in found.items() if len({each.currency for each in parts}) > 1}
        usual = {account: parts for account, parts in found.items() if account not in others}
        return {account: reduce(Balances.joined, parts[::-1]) for account, parts in usual.items()}, others

    def _cash(self, account: _Account, told: Balances) -> list[Line]:
        what, kept = account.place, account.kept
        if kept.type == AccountType.INVESTMENT:
            what = replace(what, id=f"cash at {what.id}", reading_of=f"{what.reading_of} cash")
        missing = "the source gives no balance"
        if told.whole is not None:
            return [Line(what, told.currency, told.days, told.days, whole=told.whole, missing=missing)]
        return lines_of(what, told.readings(), missing, None)

    def _tells(self, account: int, source: str) -> bool:
        """Tell whether a balance is the cash beside holdings: a bank that shows a broker's account gives its total."""
        ids = self.accounts.all_of(account)
        if len(ids) == 1:
            return True
        if account not in self._tellers:
            ask = sa.select(snapshots.c.source).distinct()
            ask = ask.where(self.owner.of(snapshots), snapshots.c.account.in_(sorted(ids)))
            self._tellers[account] = set(self.db.scalars(ask))
        return source in self._tellers[account]

    # Holdings.

    def _snapshots(self) -> dict[int, list[str]]:
        """Return the days on which the holdings of each account were told."""
        s = snapshots.c
        found: dict[int, set[str]] = {}
        for (row,), text in self._packs([s.account], packed(stored(s.day)), self._within(snapshots)).items():
            found.setdefault(self.accounts.target(row), set()).update(text.split(","))
        return {account: sorted(days) for account, days in found.items()}

    def _held(self, found: Mapping[int, _Account], told: Mapping[int, list[str]]) -> list[Line]:
        by_hand = {row for row, each in found.items() if each.kept.source == PERSON}
        things: dict[tuple[int, str], list[_Pack]] = {}
        for each in self._held_packs(by_hand):
            account = self.accounts.target(each.account)
            if each.kind != IN_CASH and account in found and (each.kind == SET or account not in by_hand):
                things.setdefault((account, each.vendor_id), []).append(each)
        names = {each.instrument for group in things.values() for each in group}
        keys = {name: key for name in names if (key := key_of(name)) is not None}
        closes = self._closes({history.subject_of(key) for key in keys.values() if key.namespace not in UNPRICED})
        lines: list[Line] = []
        for (account, _), group in sorted(things.items()):
            key = keys.get(group[0].instrument)
            market = closes.get(history.subject_of(key)) if key is not None and group[0].kind != CASH else None
            days = None if account in by_hand else told[account]
            lines += self._position(found[account], group, key, days, market)
        return lines

    def _held_packs(self, by_hand: set[int]) -> list[_Pack]:
        h = holdings.c
        columns = (h.account, h.vendor_id, h.name, h.instrument, h.currency, h.kind)
        pack = packed(stored(h.day), stored(h.quantity), stored(h.value))
        conditions = self._within(holdings)
        if by_hand:  # a word of long ago holds, and may be in no list of the span
            said = sa.and_(self.owner.of(holdings), h.account.in_(sorted(by_hand)), h.kind == SET)
            conditions = [*(sa.and_(each, h.account.not_in(sorted(by_hand))) for each in conditions), said]
        return [_Pack._make((*group, text)) for group, text in self._packs(columns, pack, conditions).items()]

    def _position(
        self,
        account: _Account,
        group: Sequence[_Pack],
        key: InstrumentKey | None,
        days: Sequence[str] | None,
        market: Market | None,
    ) -> list[Line]:
        """Return one position over time: the broker's own value on the days it tells it, the market's after them."""
        what = replace(
            account.place,
            kind=WorthKind.STATEMENT if account.place.kind is WorthKind.STATEMENT else WorthKind.HOLDING,
            id=f"{group[0].name} at {account.place.id}",
            instrument=key,
            priced=group[0].kind != CASH,
            reading_of=f"{account.place.reading_of} position {group[0].vendor_id}",
        )
        by_day = {
            day: (Decimal(quantity), Decimal(value) if value else None, row.currency)
            for row in group
            for day, quantity, value in unpacked(row.text)
        }
        told = sorted(by_day) if days is None else days
        readings: list[Reading] = []
        for place, day in enumerate(told):
            until = told[place + 1] if place + 1 < len(told) else None
            if day not in by_day:
                readings.append(Reading(day, day, GONE, group[0].currency))
                continue
            quantity, value, currency = by_day[day]
            if days is None and not quantity:
                readings.append(Reading(day, day, GONE, currency))
            elif market is None:
                readings.append(Reading(day, day, value, currency))
            else:
                readings += market.readings(day, until, quantity, value, currency)
        return lines_of(what, readings, _UNTOLD if days is None else "the broker gives no market value", None)

    def _closes(self, subjects: set[str]) -> dict[str, Market]:
        if not subjects:
            return {}
        p, s = prices.c, splits.c
        first = self.start - _PRICES if self.start > date.min + _PRICES else date.min
        ask = sa.select(
            p.instrument,
            packed(stored(p.day), sa.cast(p.recorded_at, sa.Text()), sa.type_coerce(p.close, sa.Text()), p.currency),
        ).where(p.instrument.in_(sorted(subjects)), p.day >= first, p.day <= self.end)
        found: dict[str, Market] = {}
        for row in self.db.execute(ask.group_by(p.instrument)):
            newest: dict[str, tuple[int, str, str]] = {}
            for day, at, close, currency in unpacked(row.packed):
                if day not in newest or newest[day][0] < int(at):
                    newest[day] = (int(at), close, currency)
            found[row.instrument] = Market(
                [(day, Decimal(close), currency) for day, (_, close, currency) in sorted(newest.items())], []
            )
        split = sa.select(s.instrument, s.day, s.ratio).where(s.instrument.in_(sorted(subjects))).order_by(s.day)
        for row in self.db.execute(split):
            if row.instrument in found:
                found[row.instrument].splits.append((row.day, row.ratio))
        return found


def key_of(text: str | None) -> InstrumentKey | None:
    """Return the key of a stored name, None where it cannot be read."""
    try:
        return InstrumentKey.parse(text) if text else None
    except InvalidInstrument:
        return None


def _asset_lines(db: sa.Connection, owner: Owner, end: date) -> list[Line]:
    """Return what a person owns and owes by their word, which holds until the next one."""
    v = asset_values.c
    ask = sa.select(v.asset, packed(stored(v.day), sa.type_coerce(v.amount, sa.Text())))
    told = db.execute(ask.where(owner.of(asset_values), v.day <= end).group_by(v.asset)).all()
    values = {row.asset: unpacked(row.packed) for row in told}
    lines: list[Line] = []
    for row in db.execute(sa.select(assets).where(owner.of(assets)).order_by(assets.c.id)):
        if row.id in values:
            name = f"asset {row.id}"
            what = WorthItem(
                kind=WorthKind.HOLDING, id=name, source=PERSON, amount=None, reading_of=name, name=row.name
            )
            days = [day for day, _ in values[row.id]]
            line = Line(what, row.currency, days, days, [Decimal(each) for _, each in values[row.id]], ageless=True)
            line.end = (row.removed_on - timedelta(days=1)).isoformat() if row.removed_on else None
            lines.append(line)
    return lines
