"""Put brokerage accounts into SnapTrade's JSON: instruments, symbols, accounts, positions, activities, orders.
Floor 8: positions/all and orders carry decimals as strings, the older shapes carry the same figures as JSON numbers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.world.catalog import CURRENCIES
from fin_infra.sandbox.world.holdings import HoldingWalk, Market, Movement, Position, uid
from fin_infra.sandbox.world.portfolio import CASH_EQUIVALENT, INSTRUMENTS, Connection, Instrument
from fin_infra.sandbox.world.prices import stream

EXCHANGES: dict[str, tuple[str, str, str]] = {
    "XNAS": ("NASDAQ", "Nasdaq Stock Market", ""),
    "XNYS": ("NYSE", "New York Stock Exchange", ""),
    "ARCX": ("ARCA", "NYSE Arca", ""),
    "XTSE": ("TSX", "Toronto Stock Exchange", ".TO"),
    "OOTC": ("OTC", "OTC Markets", ""),
}
TYPES: dict[str, tuple[str, str]] = {
    "stock": ("cs", "Common Stock"),
    "etf": ("et", "ETF"),
    "mutualfund": ("oef", "Open Ended Fund"),
    "crypto": ("crypto", "Cryptocurrency"),
    "option": ("op", "Option"),
}
_FIGI_ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
_NO_FIGI = frozenset({"BRK/B", "SWVXX", "SIVBQ"})
_CENTURY = 100


def plain(value: Decimal | None) -> str | None:
    """Return decimal text without exponent and without trailing zeros."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def figi(seed: int, word: str) -> str:
    """Return a made-up FIGI with a right check digit; its prefix XX is nobody's."""
    head = "XXG" + "".join(stream(seed, "figi", word).choices(_FIGI_ALPHABET, k=8))
    values = [int(char, 36) * (2 if at % 2 else 1) for at, char in enumerate(head)]
    total = sum(value // 10 + value % 10 for value in values)
    return f"{head}{-total % 10}"


def stamp(at: datetime) -> str:
    """Return the vendor's timestamp: a space instead of T, and an offset."""
    return str(at)


class Shapes:
    """The JSON of one world; `seed` makes the ids."""

    def __init__(self, seed: int, market: Market) -> None:
        self.seed, self._market = seed, market

    def currency(self, code: str) -> dict[str, object]:
        """Return a currency."""
        name = "US Dollar" if code == "USD" else "Euro" if code == "EUR" else CURRENCIES[code].name
        return {"id": uid(self.seed, "currency", code), "code": code, "name": name}

    def exchange(self, mic: str) -> dict[str, object]:
        """Return an exchange."""
        code, name, suffix = EXCHANGES[mic]
        zone = "America/Toronto" if mic == "XTSE" else "America/New_York"
        return {
            "id": uid(self.seed, "exchange", mic), "code": code, "mic_code": mic, "name": name, "timezone": zone,
            "start_time": "09:30:00", "close_time": "16:00:00", "suffix": suffix or None,
        }  # fmt: skip

    def symbol_id(self, symbol: str) -> str:
        """Return the id of a spelling; two spellings of one instrument have two ids."""
        return uid(self.seed, "symbol", symbol)

    def _figi(self, row: Instrument, symbol: str) -> dict[str, object] | None:
        if row.share_class is None or symbol in _NO_FIGI:
            return None
        shares = f"class {row.share_class}"
        return {"figi_code": figi(self.seed, row.key), "figi_share_class": figi(self.seed, shares)}

    def universal(self, row: Instrument, symbol: str) -> dict[str, object]:
        """Return a universal symbol, the older shape of an instrument."""
        code, description = TYPES[row.kind]
        marks = self._figi(row, symbol)
        found: dict[str, object] = {
            "id": self.symbol_id(symbol),
            "symbol": symbol,
            "raw_symbol": _raw(row, symbol),
            "description": row.name,
            "currency": self.currency(row.currency),
        }
        if row.mic is not None:
            found["exchange"] = self.exchange(row.mic)
        kind = {"id": uid(self.seed, "type", code), "code": code, "description": description, "is_supported": True}
        rest = {"figi_code": marks and marks["figi_code"], "figi_instrument": marks, "currencies": [found["currency"]]}
        return {**found, "type": kind, **rest}

    def option_symbol(self, row: Instrument) -> dict[str, object]:
        """Return an option contract in the older shape."""
        under = INSTRUMENTS[row.underlying or ""]
        return {
            "id": self.symbol_id(row.key),
            "ticker": row.key,
            "option_type": row.right,
            "strike_price": number(row.strike),
            "expiration_date": row.expires.isoformat(),
            "is_mini_option": False,
            "underlying_symbol": self.universal(under, under.key),
        }

    def instrument(self, row: Instrument, symbol: str) -> dict[str, object]:
        """Return an instrument as positions/all has it, told apart by `kind`."""
        if row.underlying is not None:
            under = INSTRUMENTS[row.underlying]
            return {
                "kind": "option", "id": self.symbol_id(row.key), "symbol": row.key, "description": row.name,
                "option_type": row.right, "strike_price": plain(row.strike),
                "expiration_date": row.expires.isoformat(), "multiplier": str(row.multiplier),
                "underlying": self.instrument(under, under.key),
            }  # fmt: skip
        found: dict[str, object] = {
            "kind": row.kind, "id": self.symbol_id(symbol), "symbol": symbol, "raw_symbol": _raw(row, symbol),
            "description": row.name, "currency": row.currency,
        }  # fmt: skip
        if row.kind != "crypto":
            found["exchange"] = row.mic
        return {**found, "figi_instrument": self._figi(row, symbol)}

    def position(self, book: HoldingWalk, held: Position, now: datetime) -> dict[str, object]:
        """Return a position of positions/all: strings, and an option's cost per share."""
        row = held.instrument
        found: dict[str, object] = {
            "instrument": self.instrument(row, spelt(book, row)),
            "units": plain(held.units),
            "price": plain(self._market.price(row, now)),
            "cost_basis": plain(held.cost),
            "currency": row.currency,
        }
        if row.kind == "mutualfund":
            found["cash_equivalent"] = row.key in CASH_EQUIVALENT
        return found

    def legacy_position(self, book: HoldingWalk, held: Position, now: datetime) -> dict[str, object]:
        """Return a position of the holdings endpoint: numbers."""
        row, price = held.instrument, self._market.price(held.instrument, now)
        symbol = self.universal(row, spelt(book, row))
        gain = None if price is None or held.cost is None else (price - held.cost) * held.units
        return {
            "symbol": {
                "symbol": symbol, "id": uid(self.seed, "local", book.holder.slug, row.key), "description": row.name,
                "local_id": None, "is_quotable": True, "is_tradable": True,
            },
            "units": number(held.units), "price": number(price), "open_pnl": number(gain),
            "average_purchase_price": number(held.cost), "fractional_units": None,
            "currency": self.currency(row.currency), "cash_equivalent": row.key in CASH_EQUIVALENT,
        }  # fmt: skip

    def legacy_option(self, book: HoldingWalk, held: Position, now: datetime) -> dict[str, object]:
        """Return an option position of the holdings endpoint: its average price is per contract."""
        row = held.instrument
        return {
            "symbol": {
                "id": uid(self.seed, "local", book.holder.slug, row.key), "description": row.name,
                "option_symbol": self.option_symbol(row),
            },
            "price": number(self._market.price(row, now)), "units": number(held.units),
            "average_purchase_price": number(None if held.cost is None else held.cost * row.multiplier),
            "currency": self.currency(row.currency),
        }  # fmt: skip

    def balances(self, book: HoldingWalk, now: datetime) -> list[dict[str, object]]:
        """Return cash per currency; the broker tells buying power of dollars only."""
        return [
            {
                "currency": self.currency(code),
                "cash": number(value),
                "buying_power": number(value) if code == "USD" else None,
            }
            for code, value in book.cash(now).items()
        ]

    def activity(self, book: HoldingWalk, row: Movement) -> dict[str, object]:
        """Return an activity: numbers, a signed amount, and a date that is midnight where the broker tells no time."""
        instrument = row.instrument
        is_option = instrument is not None and instrument.kind == "option"
        traded = instrument is not None and not is_option
        day = row.at.replace(hour=0, minute=0, second=0)
        return {
            "id": row.id,
            "symbol": self.universal(instrument, spelt(book, instrument)) if instrument and traded else None,
            "option_symbol": self.option_symbol(instrument) if instrument and is_option else None,
            "price": number(row.price or Decimal(0)),
            "units": number(row.units),
            "amount": number(row.amount),
            "currency": self.currency(row.currency),
            "type": row.type,
            "option_type": _option_type(row) if is_option else "",
            "description": f"{row.type} {instrument.name if instrument else row.currency}",
            "trade_date": stamp(row.at if row.type in ("BUY", "SELL") else day),
            "settlement_date": stamp(day + timedelta(days=1)),
            "fee": number(row.fee),
            "fx_rate": None,
            "institution": book.connection.broker,
            "external_reference_id": row.id.partition("-")[0],
        }

    def brokerage(self, connection: Connection) -> dict[str, object]:
        """Return a brokerage."""
        name, slug = connection.broker, connection.slug
        kind = "Cryptocurrency Exchange" if slug in ("COINBASE", "KRAKEN") else "Traditional Brokerage"
        return {
            "id": uid("brokerage", slug), "slug": slug, "name": name, "display_name": name,
            "description": f"{name}, as the sandbox makes it up.",
            "aws_s3_logo_url": f"https://example.com/{slug.lower()}.png", "aws_s3_square_logo_url": None,
            "url": f"https://example.com/{slug.lower()}", "enabled": True, "maintenance_mode": False,
            "is_degraded": False, "allows_trading": connection.type == "trade", "allows_fractional_units": None,
            "has_reporting": None, "is_real_time_connection": True,
            "brokerage_type": {"id": uid("brokerage type", kind), "name": kind},
            "exchanges": [uid(self.seed, "exchange", mic) for mic in EXCHANGES], "open_url": None,
        }  # fmt: skip

    def quote(self, row: Instrument, symbol: str, now: datetime) -> dict[str, object]:
        """Return a quote a hundredth of a percent around the last price."""
        last = self._market.price(row, now)
        spread = None if last is None else last / _CENTURY / _CENTURY
        step = Decimal("0.000001") if row.kind == "crypto" else Decimal("0.01")

        def side(sign: int) -> int | float | None:
            if last is None or spread is None:
                return None
            return number((last + sign * spread).quantize(step, ROUND_HALF_EVEN))

        return {
            "symbol": self.universal(row, symbol), "last_trade_price": number(last),
            "bid_price": side(-1), "bid_size": 200, "ask_price": side(1), "ask_size": 300,
        }  # fmt: skip


def spelt(book: HoldingWalk, row: Instrument) -> str:
    """Return how the account's broker writes an instrument."""
    return book.holder.spelling.get(row.key, row.key)


def _raw(row: Instrument, symbol: str) -> str:
    suffix = EXCHANGES[row.mic][2] if row.mic else ""
    return symbol.removesuffix(suffix) if suffix else symbol


def _option_type(row: Movement) -> str:
    if row.type not in ("BUY", "SELL"):
        return ""
    return f"{row.type}_TO_OPEN"  # every option of the world is held until it expires
