"""Rates of Narodowy Bank Polski, table A: PLN for one unit of each currency, on working days, without a key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from pydantic_settings import SettingsConfigDict

from fin_infra.errors import NotFound, ProviderError, RateUnavailable, StaleRate
from fin_infra.flow import Quota, by_status, json_of, operation
from fin_infra.model import FxRate, Listing, RateTable, RowError
from fin_infra.normalize import cross_rate
from fin_infra.normalize.fx import MAX_AGE_DAYS
from fin_infra.providers import fields
from fin_infra.providers.base import FxProvider
from fin_infra.providers.info import ProviderInfo
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Reply

KEY = "fx:nbp"
TABLES = "/api/exchangerates/tables/A"
MOST_DAYS = 93
"""More in one request are refused; https://api.nbp.pl/en.html."""


class Settings(ProviderSettings):
    """Settings of the bank: NBP_BASE_URL, NBP_TIMEOUT_S and their siblings; there is no key."""

    model_config = SettingsConfigDict(env_prefix="NBP_")


class Nbp(FxProvider[M]):
    """Rates of the Polish central bank. The sandbox does not speak its wire, so calls go to the bank itself."""

    info = ProviderInfo(
        provider_key=KEY,
        title="Narodowy Bank Polski",
        settings=Settings,
        live_url="https://api.nbp.pl",
        ping="latest",
        quotas=(Quota(60, 60.0),),  # ours: the bank publishes none
        docs="https://api.nbp.pl/en.html",
    )

    def refusal(self, reply: Reply) -> ProviderError | None:
        return by_status(reply)

    @operation
    def latest(self) -> Flow[RateTable]:
        reply = yield from self.get(f"{TABLES}/", format="json")
        return _tables(reply)[-1]

    @operation
    def history(self, *, start: date, end: date) -> Flow[Listing[RateTable]]:
        tables: list[RateTable] = []
        errors: list[RowError] = []
        while start < end:
            last = min(end, start + timedelta(days=MOST_DAYS)) - timedelta(days=1)
            page = yield from self._between(start, last)
            tables += page
            errors += page.errors
            start = last + timedelta(days=1)
        return Listing(tables, errors=errors)

    @operation
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        if on is None:
            return cross_rate(base, quote, (yield from self.latest.flow()))
        tables = yield from self._between(on - timedelta(days=MAX_AGE_DAYS), on)
        if not tables:
            raise StaleRate(f"{KEY} has no table in the week before {on}; take a date with rates.")
        return cross_rate(base, quote, tables[-1])

    def _between(self, first: date, last: date) -> Flow[Listing[RateTable]]:
        """Return the tables of these days, both included; the bank answers 404 where there is none."""
        try:
            reply = yield from self.get(f"{TABLES}/{first}/{last}/", format="json")
        except NotFound:
            return Listing(())
        return _tables(reply)


def _tables(reply: Reply) -> Listing[RateTable]:
    tables = fields.rows(json_of(reply, list), "tables", partial(_table, reply=reply), id_field="no")
    if not tables and not tables.errors:
        raise RateUnavailable(f"{KEY} answered without a table; ask again later.")
    return tables


def _table(row: Mapping[str, Any], reply: Reply) -> RateTable:
    cells = fields.children(row, "rates")
    return RateTable(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        base="PLN",
        date=fields.day(row, "effectiveDate"),
        rates={fields.text(cell, "code"): fields.amount(cell, "mid") for cell in cells},
        base_per_unit=True,
    )
