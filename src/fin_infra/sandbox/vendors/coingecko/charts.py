"""Imitate CoinGecko's series: market chart, its range form, OHLC candles and one day of history.
Floor 8: stamps are milliseconds; an OHLC stamp is the candle's close; the span decides the granularity.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from starlette.requests import Request
from starlette.responses import Response

from fin_infra.sandbox.kernel.reply import json_reply, number
from fin_infra.sandbox.vendors.coingecko.market_data import EPOCH, Market, Refused, milliseconds, precision_of
from fin_infra.sandbox.world.catalog import Coin
from fin_infra.sandbox.world.days import utc_midnight
from fin_infra.sandbox.world.prices import MATH

FREE_DAYS = 365
OHLC_DAYS = ("1", "7", "14", "30", "90", "180", "365", "max")
FIVE_MINUTES, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
_TOO_OLD = (
    "Your request exceeds the allowed time range. Public API users are limited to querying historical data within the "
    "past 365 days. Upgrade to a paid plan to enjoy full historical data access: https://www.coingecko.com/en/api/pricing."
)
_PAID_INTERVAL = "The interval parameter is exclusive to paid plan subscribers."


class Charts(Market):
    """The operations that answer series."""

    def _limit(self, coin: Coin, request: Request, pro: bool) -> tuple[str, int]:
        """Return quote currency and days back; 10012 beyond a year on a free plan."""
        vs, text = self._vs(request), request.query_params.get("days", "")
        listed = max((self.now().date() - coin.listed).days, 1)
        try:
            days = listed if text == "max" else int(Decimal(text).to_integral_value(rounding="ROUND_CEILING"))
        except (InvalidOperation, ValueError, OverflowError):
            raise Refused(422, {"error": "invalid days"}) from None
        if days < 1:
            raise Refused(422, {"error": "invalid days"})
        if (text == "max" or days > FREE_DAYS) and not pro:
            raise _too_old()
        return vs, min(days, listed)

    def _vs(self, request: Request) -> str:
        vs = request.query_params.get("vs_currency", "").lower()
        if not vs:
            raise Refused(422, {"error": "Missing parameter vs_currency"})
        if vs not in self.quotes():
            raise Refused(422, {"error": "invalid vs_currency"})
        return vs

    def market_chart(self, request: Request, pro: bool) -> Response:
        """Answer prices, market values and volumes: 5-minute, hourly (to 90 days) or daily; the last is now."""
        coin = self.one(request)
        vs, days = self._limit(coin, request, pro)
        step = _granularity(timedelta(days=days))
        match request.query_params.get("interval"):
            case None:
                pass
            case "daily":
                step = DAY
            case "hourly" | "5m" as word if pro:
                step = HOUR if word == "hourly" else FIVE_MINUTES
            case "hourly" | "5m" | "1m":
                raise Refused(401, {"error": {"status": {"error_code": 10005, "error_message": _PAID_INTERVAL}}})
            case _:
                raise Refused(422, {"error": "invalid interval"})
        stamps = _grid(self.now() - timedelta(days=days), self.now(), step)
        if not stamps or stamps[-1] != self.now():
            stamps.append(self.now())
        return json_reply(self._series(coin, vs, stamps, request))

    def market_chart_range(self, request: Request, pro: bool) -> Response:
        """Answer the same between two unix seconds, both included."""
        coin, vs, query = self.one(request), self._vs(request), request.query_params
        first, last = _unix(query.get("from"), "from"), _unix(query.get("to"), "to")
        if first < self.now() - timedelta(days=FREE_DAYS) and not pro:
            raise _too_old()
        first, last = max(first, utc_midnight(coin.listed)), min(last, self.now())
        stamps = _grid(first, last, _granularity(last - first)) if last >= first else []
        return json_reply(self._series(coin, vs, stamps, request))

    def _series(self, coin: Coin, vs: str, stamps: list[datetime], request: Request) -> dict[str, object]:
        precision, world = precision_of(request.query_params.get("precision", "full")), self._vendor.world
        prices, caps, volumes = list[object](), list[object](), list[object]()
        for at in stamps:
            price, ms = self.price(coin, vs, at), milliseconds(at)
            if price is not None:
                value = MATH.multiply(price, Decimal(coin.supply))
                prices.append([ms, number(self.rounded(price, precision))])
                caps.append([ms, number(self.cap(coin, price))])
                volumes.append([ms, number(MATH.multiply(value, world.crypto.volume(coin, at.date())))])
        return {"prices": prices, "market_caps": caps, "total_volumes": volumes}

    def ohlc(self, request: Request, pro: bool) -> Response:
        """Answer finished candles stamped with their close: 30 minutes to 2 days, 4 hours to 30, 4 days beyond."""
        coin = self.one(request)
        if request.query_params.get("days") not in OHLC_DAYS:
            raise Refused(422, {"error": "invalid days"})
        if request.query_params.get("interval") and not pro:
            raise Refused(401, {"error": {"status": {"error_code": 10005, "error_message": _PAID_INTERVAL}}})
        vs, days = self._limit(coin, request, pro)
        step = _candle(days, request.query_params.get("interval"))
        point = max(step / 48, FIVE_MINUTES) if step <= DAY else timedelta(hours=4)
        precision, count, rows = precision_of(request.query_params.get("precision")), step // point, list[object]()
        for close in _grid(self.now() - timedelta(days=days) + step, self.now(), step):
            path = [self.price(coin, vs, close - step + point * n) for n in range(count + 1)]
            known = [self.rounded(price, precision) for price in path if price is not None]
            if known:
                rows.append([milliseconds(close), *(number(p) for p in (known[0], max(known), min(known), known[-1]))])
        return json_reply(rows)

    def history(self, request: Request, pro: bool) -> Response:
        """Answer one coin at 00:00 UTC of a day-first date."""
        coin, text = self.one(request), request.query_params.get("date", "")
        try:
            day = datetime.strptime(text, "%d-%m-%Y").replace(tzinfo=UTC).date()
        except ValueError:
            raise Refused(422, {"error": "invalid date"}) from None
        if day < self.now().date() - timedelta(days=FREE_DAYS) and not pro:
            raise _too_old()
        body: dict[str, object] = {"id": coin.id, "symbol": coin.symbol, "name": coin.name}
        if request.query_params.get("localization", "true") == "true":
            body["localization"] = {"en": coin.name, "de": coin.name}
        if coin.listed <= day <= self.now().date():
            body["market_data"] = self._day_data(coin, day)
        return json_reply(body)

    def _day_data(self, coin: Coin, day: date) -> dict[str, object]:
        at = utc_midnight(day)
        prices = {vs: p for vs in self.quotes() if (p := self.price(coin, vs, at)) is not None}
        share = self._vendor.world.crypto.volume(coin, day)
        return {
            "current_price": {vs: number(price) for vs, price in prices.items()},
            "market_cap": {vs: number(self.cap(coin, price)) for vs, price in prices.items()},
            "total_volume": {vs: number(MATH.multiply(price * coin.supply, share)) for vs, price in prices.items()},
        }


def _too_old() -> Refused:
    return Refused(401, {"error": {"status": {"error_code": 10012, "error_message": _TOO_OLD}}})


def _granularity(span: timedelta) -> timedelta:
    if span <= DAY:
        return FIVE_MINUTES
    return HOUR if span <= 90 * DAY else DAY


def _candle(days: int, interval: str | None) -> timedelta:
    if interval is not None:
        return HOUR if interval == "hourly" else DAY
    if days <= 2:
        return timedelta(minutes=30)
    return 4 * HOUR if days <= 30 else 4 * DAY


def _grid(first: datetime, last: datetime, step: timedelta) -> list[datetime]:
    """Return the multiples of `step` since 1970 between two instants, both included."""
    at = EPOCH - ((EPOCH - first) // step) * step
    stamps: list[datetime] = []
    while at <= last:
        stamps.append(at)
        at += step
    return stamps


def _unix(text: str | None, name: str) -> datetime:
    try:
        return EPOCH + timedelta(seconds=int(text or ""))
    except (ValueError, OverflowError):
        raise Refused(422, {"error": f"invalid {name}"}) from None
