"""Questions about market data: prices, rates, symbols, sessions.
Floor 6: each reads its parameters as people write them, and returns what the provider's operation returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from fin_infra.calendars import Session, calendar
from fin_infra.errors import FinInfraError
from fin_infra.fanout import source_error
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    Conversion,
    CryptoAsset,
    CryptoPrice,
    FxRate,
    Interval,
    Listing,
    Money,
    Quote,
    SymbolHit,
    SymbolHits,
    SymbolMatch,
)
from fin_infra.model.currency import minor_units
from fin_infra.normalize import crypto_id, instrument
from fin_infra.questions.asked import Asked, Source, invoke
from fin_infra.transport import Flow

_WEEK = timedelta(days=7)


def quote(asked: Asked, *, symbol: str) -> Flow[Quote]:
    key, market = instrument(symbol), asked.market()
    return invoke(lambda: market.quote(key))


def candles(
    asked: Asked,
    *,
    symbol: str,
    interval: Interval,
    adjustment: Adjustment,
    start: date | datetime | None,
    end: date | datetime | None,
    extended_hours: bool,
) -> Flow[CandleSeries]:
    key, market = instrument(symbol), asked.market()
    extra = {"extended_hours": True} if extended_hours else {}  # said only then: older adapters do not know it
    return invoke(lambda: market.candles(key, interval=interval, adjustment=adjustment, start=start, end=end, **extra))


def price(asked: Asked, *, asset: str, currency: str) -> Flow[CryptoPrice]:
    key, crypto = crypto_id(asset), asked.crypto()
    return invoke(lambda: crypto.price(key, currency.upper()))


def rate(asked: Asked, *, base: str, quote: str, on: date | None) -> Flow[FxRate]:
    fx = asked.fx()
    return invoke(lambda: fx.rate(base.upper(), quote.upper(), on=on))


def convert(asked: Asked, *, amount: Decimal, base: str, quote: str, on: date | None) -> Flow[Conversion]:
    money = Money(amount, base.upper())
    minor_units(quote.upper())  # what has none cannot be rounded: better said before a rate is asked for
    found: FxRate = yield from rate(asked, base=base, quote=quote, on=on)
    return Conversion(
        source=found.source,
        as_of=found.as_of,
        meta=found.meta,
        amount=money,
        converted=Money((money * found.rate).amount, found.quote).quantize(),
        rate=found.rate,
        date=found.date,
        via=found.via,
    )


def search(asked: Asked, *, text: str) -> Flow[SymbolHits]:
    asks: list[Any] = asked.open(("market", "crypto"))
    sources = [Source(provider=one.source, operation="search", call=partial(one.search, text)) for one in asks]
    answers = yield from asked.each(sources)
    hits: list[SymbolHit] = []
    for source, answer in zip(sources, answers, strict=True):
        if not isinstance(answer, FinInfraError):
            hits += coins_found(answer) if source.provider.startswith("crypto") else symbols_found(answer)
    return SymbolHits(
        hits=tuple(hits),
        errors=tuple(
            source_error(answer, source.provider, source.operation)
            for source, answer in zip(sources, answers, strict=True)
            if isinstance(answer, FinInfraError)
        ),
    )


def symbols_found(matches: Sequence[SymbolMatch]) -> list[SymbolHit]:
    """Return listed instruments as hits."""
    return [
        SymbolHit(
            key=match.key,
            symbol=match.symbol,
            name=match.name,
            source=match.source,
            currency=match.currency,
            region=match.region,
            type=match.type_text,
        )
        for match in matches
    ]


def coins_found(assets: Sequence[CryptoAsset]) -> list[SymbolHit]:
    """Return coins as hits."""
    return [
        SymbolHit(key=asset.key, symbol=asset.ticker, name=asset.name, source=asset.source, type="crypto")
        for asset in assets
    ]


def sessions(asked: Asked, *, venue: str, start: date | None, end: date | None) -> Flow[Listing[Session]]:
    yield from ()  # answered from tables that come with the package
    found = calendar(venue.upper())
    first = start or datetime.now(UTC).astimezone(found.zone).date()
    return Listing(found.sessions(first, end or first + _WEEK))
