"""European Central Bank: euro reference rates, the last ones and every day's since 1999.
Floor 3: a rate is units of a currency for 1 EUR; the files are XML, read by a parser that refuses document types."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal

# Document types are refused below, so there are no entities to expand or fetch.
from xml.parsers import expat  # nosec B407
from zoneinfo import ZoneInfo

from pydantic_settings import SettingsConfigDict

from fin_infra.errors import InvalidInput, RateUnavailable, StaleRate, UnexpectedPayload
from fin_infra.flow import operation
from fin_infra.model import FxRate, Listing, RateTable, RowError
from fin_infra.model.currency import currency_name
from fin_infra.normalize import calendar_day, cross_rate
from fin_infra.normalize.fx import MAX_AGE_DAYS
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, blocking

KEY = "fx:ecb"
BASE = "EUR"
File = Literal["daily", "hist-90d", "hist"]
KEPT_S = 3600.0
"""How long a file is good for while the bank has published what it has to."""
DUE_S = 300.0
"""How long it is good for while today's rates are due and not in it."""
MAX_BYTES = 32 * 1024 * 1024
"""Four times the whole history as it is."""
PUBLISHED = time(16, 0, tzinfo=ZoneInfo("Europe/Berlin"))
"""When a day's rates become known, in Frankfurt; they are fixed at 14:10 there, but nobody could use them then.

https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html"""
ENDED = {
    "RUB": "the ECB has given no rouble rate since 2022-03-01",
    "CYP": "Cyprus pays in euro since 2008-01-01",
    "EEK": "Estonia pays in euro since 2011-01-01",
    "HRK": "Croatia pays in euro since 2023-01-01",
    "LTL": "Lithuania pays in euro since 2015-01-01",
    "LVL": "Latvia pays in euro since 2014-01-01",
    "MTL": "Malta pays in euro since 2008-01-01",
    "ROL": "Romania has RON, 10,000 old lei each, since 2005-07-01",
    "SIT": "Slovenia pays in euro since 2007-01-01",
    "SKK": "Slovakia pays in euro since 2009-01-01",
    "TRL": "Turkey has TRY, 1,000,000 old lira each, since 2005-01-01",
    "BGN": "Bulgaria pays in euro since 2026-01-01",
}
"""Why a currency that the bank's history has is missing from later days; the months are those of
`fin_infra.model`'s withdrawn codes, the days of ROL and TRL those of the JDK's `currency.properties`."""

_ENVELOPE = "http://www.gesmes.org/xml/2002-08-01 Envelope"
_CUBE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"
_RATE = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_CODE = re.compile("[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Settings(ProviderSettings):
    """The ECB asks for no key. It is asked itself where FIN_INFRA_MODE is `live`, else the sandbox answers."""

    model_config = SettingsConfigDict(env_prefix="ECB_")


class Ecb(FxProvider[M]):
    """The ECB's euro reference rates; files are kept for an hour at most, and not beyond the next publication."""

    info = ProviderInfo(
        provider_key=KEY,
        title="European Central Bank",
        settings=Settings,
        live_url="https://www.ecb.europa.eu",
        sandbox_path="/ecb",
        ping="latest",
        docs="https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html",
        notes="No key. About 30 currencies, once each TARGET working day about 16:00 in Frankfurt; for information.",
    )
    settings: Settings

    def configure(self) -> None:
        self._kept: dict[File, tuple[float, datetime, Listing[RateTable]]] = {}

    @operation
    def latest(self) -> Flow[RateTable]:
        return _own((yield from self._newest()))

    @operation
    def history(self, *, start: date, end: date) -> Flow[Listing[RateTable]]:
        """Return the tables dated from `start` to before `end`, oldest first.

        `errors` names days of the bank's file that cannot be read: with their date as `id` where they have one.

        Raises:
            InvalidInput: `end` is before `start`. Equal days give an empty list.
        """
        if calendar_day(start) > calendar_day(end):
            raise InvalidInput(f"A history cannot end before it starts: {start} to {end}.")
        tables = yield from self._since(start)
        first, last = (bisect_left(tables, day, key=_date_of) for day in (start, end))
        errors = [error for error in tables.errors if error.id is None or str(start) <= error.id < str(end)]
        return Listing((_own(table) for table in tables[first:last]), errors=errors)

    @operation
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        """Return units of `quote` for one `base`, worked out through EUR where neither is EUR.

        `on` takes the table of that day or the last one before it; None takes the newest, however old: see its `date`.

        Raises:
            InvalidInput: the day `on` has not come yet anywhere.
            UnknownCurrency: a code is not in ISO 4217.
            RateUnavailable: the bank does not publish one of the two currencies on that day, or its file has something
                else there than rates.
            StaleRate: the last table before `on` is older than a week.
        """
        for code in (base, quote):
            currency_name(code)
        if on is None:
            table = yield from self._newest()
        else:
            tables = yield from self._since(calendar_day(on))
            if on > max(datetime.now(_FIRST_ZONE).date(), tables[-1].date):
                raise InvalidInput(f"{on} has not come yet, so it has no {base}/{quote} rate; leave `on` out.")
            table = _table_on(tables, on, base, quote)
            _refuse_unread(tables, table.date, on, base, quote)
        _require(table, base, quote)
        return cross_rate(base, quote, table)

    def _since(self, day: date) -> Flow[Listing[RateTable]]:
        """Return the tables of the last 90 days where these go back to `day`, else all; oldest first."""
        recent = yield from self._tables("hist-90d")
        return recent if recent[0].date <= day else (yield from self._tables("hist"))

    def _newest(self) -> Flow[RateTable]:
        """Return the newest table of any file that is kept, so that two questions have one answer."""
        daily = yield from self._tables("daily")
        kept = [tables[-1] for _, _, tables in self._kept.values()]
        return max((daily[-1], *kept), key=_date_of)

    def _tables(self, file: File) -> Flow[Listing[RateTable]]:
        kept = self._kept.get(file)
        if kept is None or not self._is_good(*kept):
            asked_at, at = self.transport.monotonic(), datetime.now(UTC)
            reply = yield from self.get(f"/stats/eurofxref/eurofxref-{file}.xml")
            tables = yield from blocking(read_tables, reply.content)
            kept = self._kept[file] = asked_at, at, tables
        return kept[2]

    def _is_good(self, asked_at: float, at: datetime, tables: list[RateTable]) -> bool:
        """Say whether a file asked for then still has what the bank has published; the sandbox's clock may jump."""
        if self.environment == "sandbox":
            return False
        now, newest = datetime.now(UTC), tables[-1].date
        due = _last_due(now)
        if newest >= due or _last_due(at) < due:
            return newest >= due and self.transport.monotonic() - asked_at <= KEPT_S
        return self.transport.monotonic() - asked_at <= DUE_S


_FIRST_ZONE = timezone(timedelta(hours=14))
"""Where a day begins first."""


def _last_due(now: datetime) -> date:
    """Return the last weekday whose rates should be there by `now`; on a holiday of the bank they are not."""
    local = now.astimezone(PUBLISHED.tzinfo)
    day = local.date() if local.time() >= PUBLISHED.replace(tzinfo=None) else local.date() - timedelta(days=1)
    return day - timedelta(days=max(0, day.weekday() - 4))


def read_tables(content: bytes) -> Listing[RateTable]:
    """Read one of the ECB's XML files; the tables come oldest first.

    A day that has no date, comes twice or has no rate is named in `errors` and hides no other.

    Raises:
        UnexpectedPayload: no XML in UTF-8, a document type, another document, no day with rates in it.
    """
    if len(content) > MAX_BYTES:
        raise UnexpectedPayload(f"the ECB's file is larger than {MAX_BYTES // 2**20} MiB")
    if b"\0" in content:
        raise UnexpectedPayload("the ECB's file is not XML in UTF-8")
    days = _Days()
    try:
        days.parser.Parse(content, True)
    except expat.ExpatError as exc:
        raise UnexpectedPayload(f"the ECB's file is not XML in UTF-8 (line {exc.lineno})") from None
    tables, errors = _tables_of(days)
    if not tables:
        if errors:
            raise UnexpectedPayload(f"the ECB's file has {errors[0].reason}")
        raise UnexpectedPayload("the ECB's file has no rates in it; ask again later", retryable=True)
    return Listing(tables, errors=errors)


def _tables_of(days: _Days) -> tuple[list[RateTable], list[RowError]]:
    empty = {day: "a day without rates" for day, rates in days.rates.items() if not rates}
    reasons = {**empty, **dict.fromkeys(days.twice, "a day that comes twice")}
    errors = [RowError(place=f"days[{at}]", reason="a day that is not a date") for at in days.undated]
    errors += [RowError(place=f"days[{days.places[day]}]", reason=why, id=str(day)) for day, why in reasons.items()]
    tables = [
        RateTable(
            source=KEY,
            as_of=datetime.combine(day, PUBLISHED).astimezone(UTC),
            base=BASE,
            date=day,
            rates=days.rates[day],
            unread=tuple(sorted(days.unread.get(day, ()))),
        )
        for day in sorted(days.rates)
        if day not in reasons
    ]
    return tables, errors


class _Days:
    """Collects rates by day from the elements Envelope > Cube > Cube time > Cube currency rate.

    The parser is expat's with namespaces. It reads UTF-8 whatever the file claims (UTF-16, which it would detect by
    itself, is full of NUL bytes and refused before), and a document type ends it before any entity is declared.
    """

    def __init__(self) -> None:
        self.rates: dict[date, dict[str, Decimal]] = {}
        self.unread: dict[date, set[str]] = {}
        self.places: dict[date, int] = {}
        self.undated: list[int] = []
        """Places of the days that have no date, as the bank's file lists them."""
        self.twice: set[date] = set()
        self._count = 0
        self._at: date | None = None
        self._depth = 0
        self._cube = 0
        """Depth down to which all elements are Envelope and Cubes."""
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._open
        self.parser.EndElementHandler = self._close

    def _doctype(self, *declared: Any) -> None:
        raise UnexpectedPayload("the ECB's file declares a document type, which its files never do; it is not read")

    def _open(self, name: str, attributes: Mapping[str, str]) -> None:
        depth = self._depth
        self._depth += 1
        if depth == 0 and name != _ENVELOPE:
            raise UnexpectedPayload("the answer is not the ECB's rate file but another document, such as a web page")
        if depth != self._cube or name != (_CUBE if depth else _ENVELOPE):
            return
        self._cube += 1
        if depth == 2:
            self._begin(attributes.get("time", ""))
        elif depth == 3:
            self._rate(attributes.get("currency", ""), attributes.get("rate", ""))

    def _close(self, name: str) -> None:
        self._depth -= 1
        self._cube = min(self._cube, self._depth)

    def _begin(self, text: str) -> None:
        self._at = day = _iso_day(text)
        place, self._count = self._count, self._count + 1
        if day is None:
            self.undated.append(place)
            return
        if day in self.rates:
            self.twice.add(day)
        self.rates.setdefault(day, {})
        self.places.setdefault(day, place)

    def _rate(self, code: str, text: str) -> None:
        """Keep a rate; one that is not a positive number, or comes twice, is named and hides no other.

        What is not the code of a currency is named as a question mark.
        """
        if self._at is None:
            return
        rates, unread = self.rates[self._at], self.unread.setdefault(self._at, set())
        rate = Decimal(text) if _RATE.fullmatch(text) else None
        if not _CODE.fullmatch(code) or code == BASE:
            unread.add("?")
        elif not rate or code in rates or code in unread:
            rates.pop(code, None)
            unread.add(code)
        else:
            rates[code] = rate


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _own(table: RateTable) -> RateTable:
    """Return a copy, so that nobody can change what is kept."""
    return replace(table, rates=dict(table.rates))


def _date_of(table: RateTable) -> date:
    return table.date


def _table_on(tables: list[RateTable], on: date, base: str, quote: str) -> RateTable:
    """Return the table of a day or the last one before it."""
    at = bisect_right(tables, on, key=_date_of)
    if at == 0:
        raise RateUnavailable(
            f"The ECB's rates begin on {tables[0].date}, so {base}/{quote} on {on} is unknown; take a later date."
        )
    table = tables[at - 1]
    age = (on - table.date).days
    if age > MAX_AGE_DAYS:
        raise StaleRate(
            f"The ECB's last {base}/{quote} rate before {on} is of {table.date}, {age} days older; take a date with "
            "rates."
        )
    return table


def _refuse_unread(tables: Listing[RateTable], table: date, on: date, base: str, quote: str) -> None:
    """Refuse an older table where the file has a newer day, up to `on`, that cannot be read."""
    unread = max((error.id for error in tables.errors if error.id and str(table) < error.id <= str(on)), default=None)
    if unread is not None:
        raise RateUnavailable(
            f"No {base}/{quote} rate for {on}: what the ECB's file has for {unread} cannot be read; take another date."
        )


def _require(table: RateTable, base: str, quote: str) -> None:
    for code in (base, quote):
        if base != quote and code in table.unread:
            raise RateUnavailable(
                f"No {base}/{quote} rate for {table.date}: what the ECB's file has for {code} on that day is not "
                "a single positive number; take another date."
            )
        if base != quote and code in ENDED and code not in table.rates:
            raise RateUnavailable(f"No {base}/{quote} rate for {table.date}: {ENDED[code]}; take an earlier date.")
