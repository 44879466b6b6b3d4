"""A whole adapter to copy: exchange rates from a made-up bank that answers in JSON.
Floor 3: the page "Adding a provider" walks through it, and the tests run it; no entry point names it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidInput,
    ProviderError,
    RateUnavailable,
    StaleRate,
    UnexpectedPayload,
)
from fin_infra.flow import Quota, by_status, json_of, operation
from fin_infra.model import FxRate, Listing, RateTable
from fin_infra.normalize import cross_rate
from fin_infra.normalize.fx import MAX_AGE_DAYS
from fin_infra.providers import fields
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Reply, Request, header_key

_FIRST_ZONE = timezone(timedelta(hours=14))
"""Where a day begins first."""
KEY = "fx:template"


# 1. Settings: what a user can set; the environment names follow from the prefix (TEMPLATE_API_KEY ...).
class Settings(ProviderSettings):
    """Settings of the template bank."""

    model_config = SettingsConfigDict(env_prefix="TEMPLATE_")
    credentials: ClassVar[tuple[str, ...]] = ("api_key",)

    api_key: SecretStr | None = None


class Template(FxProvider[M]):
    """Rates of the template bank, one table a day."""

    # 2. Info: facts as data, for the command line, the docs and the registry.
    info = ProviderInfo(
        provider_key=KEY,
        title="Template Bank",
        settings=Settings,
        live_url="https://rates.template.example",
        sandbox_path="/template",
        sandbox={"api_key": "sandbox"},
        ping="latest",
        quotas=(Quota(60, 60.0),),
        docs="https://rates.template.example/docs",
    )
    settings: Settings

    def configure(self) -> None:
        api_key = self.settings.api_key
        self._sign = header_key("X-Api-Key", api_key.get_secret_value() if api_key else "")

    def authorize(self, request: Request) -> Request:
        return self._sign(request)

    def refusal(self, reply: Reply) -> ProviderError | None:
        if reply.status == 401:
            return AuthenticationFailed("the key is not accepted; check TEMPLATE_API_KEY", http_status=401)
        return by_status(reply)

    # 3. Operations: build, yield, parse.
    @operation
    def latest(self) -> Flow[RateTable]:
        reply = yield from self.get("/latest")
        return _table(json_of(reply, dict), reply)

    @operation
    def history(self, *, start: date, end: date) -> Flow[Listing[RateTable]]:
        reply = yield from self.get("/history", since=start.isoformat(), until=(end - timedelta(days=1)).isoformat())
        return fields.rows(json_of(reply, list), "tables", partial(_table, reply=reply), id_field="date")

    @operation
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        reply = yield from self.get("/latest" if on is None else f"/day/{on.isoformat()}")
        table = _table(json_of(reply, dict), reply)
        if on is not None and on > max(reply.received_at.astimezone(_FIRST_ZONE).date(), table.date):
            raise InvalidInput(f"{on} has not come yet, so it has no {base}/{quote} rate; leave `on` out.")
        if on is not None and table.date > on:
            raise RateUnavailable(f"{KEY} has no {base}/{quote} rate for {on}; take a later date.")
        if on is not None and (on - table.date).days > MAX_AGE_DAYS:
            raise StaleRate(f"{KEY}'s last {base}/{quote} rate before {on} is of {table.date}; take a date with rates.")
        return cross_rate(base, quote, table)


# 4. Parsing: pure functions from the wire to the model; `fields` raises UnexpectedPayload and names the field.
def _table(row: Mapping[str, Any], reply: Reply) -> RateTable:
    cells, rates, unread = fields.child(row, "rates"), dict[str, Decimal](), list[str]()
    for currency in cells:
        try:
            rates[currency] = fields.amount(cells, currency)
        except UnexpectedPayload:  # named, and hides no other
            unread.append(currency)
    return RateTable(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        base=fields.text(row, "base"),
        date=fields.day(row, "date"),
        rates=rates,
        unread=tuple(sorted(unread)),
    )
