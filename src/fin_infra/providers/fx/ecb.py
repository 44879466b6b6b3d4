"""European Central Bank: euro reference rates, the last ones and every day's since 1999.
Floor 3: a rate is units of a currency for 1 EUR; the files are XML, read by a parser that refuses document types."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

# Document types are refused below, so there are no entities to expand or fetch.
from xml.parsers import expat  # nosec B407
from zoneinfo import ZoneInfo

from pydantic_settings import SettingsConfigDict

from fin_infra.errors import InvalidInput, RateUnavailable, StaleRate, UnexpectedPayload
from fin_infra.flow import operation
from fin_infra.model import FxRate, Listing, RateTable
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
"""How long a file is good for: the bank publishes once on a working day, and within the hour we see it."""
MAX_BYTES = 32 * 1024 * 1024
"""Four times the whole history as it is."""
PUBLISHED = time(16, 0, tzinfo=ZoneInfo("Europe/Berlin"))
"""When a day's rates become known, in Frankfurt; they are fixed at 14:10 there, but nobody could use them then.

The page that `docs` of `Ecb.info` names."""
ENDED = {
    "RUB": "the ECB has given no rouble rate since 2022-03-01",
    "HRK": "Croatia pays in euro since 2023-01-01",
    "BGN": "Bulgaria pays in euro since 2026-01-01",
}
"""Why a currency that people still ask for is missing."""

_ENVELOPE = "http://www.gesmes.org/xml/2002-08-01 Envelope"
_CUBE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"
_RATE = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_CODE = re.compile("[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Settings(ProviderSettings):
    """The ECB asks for no key. It is asked itself where FIN_INFRA_MODE is `live`, else the sandbox answers."""

    model_config = SettingsConfigDict(env_prefix="ECB_")


class Ecb(FxProvider[M]):
    """The ECB's euro reference rates; files are kept for an hour."""

    info = ProviderInfo(
        key=KEY,
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
        self._kept: dict[File, tuple[float, list[RateTable]]] = {}

    @operation
    def latest(self) -> Flow[RateTable]:
        return _own((yield from self._tables("daily"))[-1])

    @operation
    def history(self, *, start: date, end: date) -> Flow[Listing[RateTable]]:
        if calendar_day(start) > calendar_day(end):
            raise InvalidInput(f"A history needs a start before its end, not {start} to {end}.")
        tables = yield from self._since(start)
        first, last = (bisect_left(tables, day, key=_date_of) for day in (start, end))
        return Listing(_own(table) for table in tables[first:last])

    @operation
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        """Return units of `quote` for one `base`, worked out through EUR where neither is EUR.

        `on` takes the table of that day or the last one before it; None takes the newest, however old: see its `date`.

        Raises:
            UnknownCurrency: a code is not in ISO 4217.
            RateUnavailable: the bank does not publish one of the two currencies on that day.
            StaleRate: the last table before `on` is older than a week.
        """
        for code in (base, quote):
            currency_name(code)
        if on is None:
            table = (yield from self._tables("daily"))[-1]
        else:
            table = _table_on((yield from self._since(calendar_day(on))), on, base, quote)
        _require(table, base, quote)
        return cross_rate(base, quote, table)

    def _since(self, day: date) -> Flow[list[RateTable]]:
        """Return the tables of the last 90 days where these go back to `day`, else all; oldest first."""
        recent = yield from self._tables("hist-90d")
        return recent if recent[0].date <= day else (yield from self._tables("hist"))

    def _tables(self, file: File) -> Flow[list[RateTable]]:
        now = self.transport.monotonic()
        kept = self._kept.get(file)
        if kept is None or now - kept[0] > KEPT_S:
            reply = yield from self.get(f"/stats/eurofxref/eurofxref-{file}.xml")
            tables = yield from blocking(read_tables, reply.content)
            kept = self._kept[file] = now, tables
        return kept[1]


def read_tables(content: bytes) -> list[RateTable]:
    """Read one of the ECB's XML files; the tables come oldest first.

    Raises:
        UnexpectedPayload: no XML in UTF-8, a document type, another document, no rates in it, a rate that is not a
            positive number, a day or currency that comes twice.
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
    if not days.rates:
        raise UnexpectedPayload("the ECB's file has no rates in it; ask again later", retryable=True)
    if not all(days.rates.values()):
        raise UnexpectedPayload("the ECB's file has a day without rates")
    return [
        RateTable(
            source=KEY,
            as_of=datetime.combine(day, PUBLISHED).astimezone(UTC),
            base=BASE,
            date=day,
            rates=days.rates[day],
        )
        for day in sorted(days.rates)
    ]


class _Days:
    """Collects rates by day from the elements Envelope > Cube > Cube time > Cube currency rate.

    The parser is expat's with namespaces. It reads UTF-8 whatever the file claims (UTF-16, which it would detect by
    itself, is full of NUL bytes and refused before), and a document type ends it before any entity is declared.
    """

    def __init__(self) -> None:
        self.rates: dict[date, dict[str, Decimal]] = {}
        self._day: dict[str, Decimal] = {}
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
        day = _iso_day(text)
        if day is None:
            raise UnexpectedPayload("the ECB's file has a day that is not a date")
        if day in self.rates:
            raise UnexpectedPayload(f"the ECB's file has {day} twice")
        self._day = self.rates[day] = {}

    def _rate(self, code: str, text: str) -> None:
        rate = Decimal(text) if _RATE.fullmatch(text) else None
        if not rate or not _CODE.fullmatch(code) or code == BASE or code in self._day:
            raise UnexpectedPayload("the ECB's file has a rate that is not a positive number, or a currency twice")
        self._day[code] = rate


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


def _require(table: RateTable, base: str, quote: str) -> None:
    for code in (base, quote):
        if base != quote and code in ENDED and code not in table.rates:
            raise RateUnavailable(f"No {base}/{quote} rate for {table.date}: {ENDED[code]}; take an earlier date.")
