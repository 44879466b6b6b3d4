"""List what can be priced in the sandbox: equities, currencies and coins, with their prices at the anchor day.
Floor 8: names are real so that symbols resolve as users expect, every number is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

ANCHOR_DAY = date(2026, 11, 20)
EQUITY_FIRST_DAY = date(2006, 1, 3)
FX_FIRST_DAY = date(2020, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """Where a listing trades; `utc` is the vendor's fixed summer offset, useless for conversions."""

    calendar: str
    region: str
    zone: str
    zone_label: str
    opens: str
    closes: str
    utc: str


NEW_YORK = Venue(
    calendar="US", region="United States", zone="America/New_York", zone_label="US/Eastern",
    opens="09:30", closes="16:00", utc="UTC-04",
)  # fmt: skip
LONDON = Venue(
    calendar="UK", region="United Kingdom", zone="Europe/London", zone_label="Europe/London",
    opens="08:00", closes="16:30", utc="UTC+01",
)  # fmt: skip
XETRA = Venue(
    calendar="DE", region="XETRA", zone="Europe/Berlin", zone_label="Europe/Berlin",
    opens="09:00", closes="17:30", utc="UTC+02",
)  # fmt: skip
HONG_KONG = Venue(
    calendar="HK", region="Hong Kong", zone="Asia/Hong_Kong", zone_label="Asia/Hong_Kong",
    opens="09:30", closes="16:00", utc="UTC+08",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listed instrument; `price` is the close on the anchor day in `currency` (GBX is pence)."""

    symbol: str
    name: str
    exchange: str
    price: Decimal
    venue: Venue = NEW_YORK
    currency: str = "USD"
    kind: str = "Equity"
    step_bp: int = 220
    dividend: Decimal = Decimal(0)
    splits: tuple[tuple[date, Decimal], ...] = ()
    listed: date = EQUITY_FIRST_DAY
    shares: int = 1_000_000_000
    sector: str = "TECHNOLOGY"
    industry: str = "SERVICES"
    follows: str | None = None


def _us(symbol: str, name: str, exchange: str, price: str, **more: Any) -> Listing:
    return Listing(symbol=symbol, name=name, exchange=exchange, price=Decimal(price), **more)


_FOOD, _FINANCE, _HEALTH = "CONSUMER DEFENSIVE", "FINANCIAL SERVICES", "HEALTHCARE"
LISTINGS: dict[str, Listing] = {
    row.symbol: row
    for row in (
        _us("IBM", "International Business Machines", "NYSE", "291.40", dividend=Decimal("1.68"), shares=934_700_000),
        _us("AAPL", "Apple Inc", "NASDAQ", "268.25", dividend=Decimal("0.26"), shares=14_776_000_000,
            splits=((date(2014, 6, 9), Decimal(7)), (date(2020, 8, 31), Decimal(4)))),
        _us("MSFT", "Microsoft Corporation", "NASDAQ", "497.10", dividend=Decimal("0.91"), shares=7_432_000_000),
        _us("NVDA", "NVIDIA Corporation", "NASDAQ", "184.55", dividend=Decimal("0.01"), shares=24_300_000_000,
            step_bp=420, splits=((date(2021, 7, 20), Decimal(4)), (date(2024, 6, 10), Decimal(10)))),
        _us("AMZN", "Amazon.com Inc", "NASDAQ", "226.80", shares=10_690_000_000, sector="CONSUMER CYCLICAL",
            splits=((date(2022, 6, 6), Decimal(20)),)),
        _us("GOOGL", "Alphabet Inc Class A", "NASDAQ", "283.15", dividend=Decimal("0.21"), shares=5_817_000_000),
        _us("TSLA", "Tesla Inc", "NASDAQ", "402.60", shares=3_326_000_000, step_bp=520, listed=date(2010, 6, 29),
            splits=((date(2020, 8, 31), Decimal(5)), (date(2022, 8, 25), Decimal(3))), sector="CONSUMER CYCLICAL"),
        _us("BRK-A", "Berkshire Hathaway Inc Class A", "NYSE", "756000.00", shares=560_000, sector=_FINANCE),
        _us("BRK-B", "Berkshire Hathaway Inc Class B", "NYSE", "504.00", shares=1_376_000_000, sector=_FINANCE,
            follows="BRK-A"),
        _us("BA", "The Boeing Company", "NYSE", "187.20", shares=760_000_000, sector="INDUSTRIALS"),
        _us("BABA", "Alibaba Group Holding Ltd", "NYSE", "158.30", shares=2_384_000_000, listed=date(2014, 9, 19)),
        _us("KO", "The Coca-Cola Company", "NYSE", "71.35", dividend=Decimal("0.51"), step_bp=130, sector=_FOOD,
            shares=4_301_000_000),
        _us("JNJ", "Johnson & Johnson", "NYSE", "201.90", dividend=Decimal("1.30"), step_bp=140, sector=_HEALTH,
            shares=2_409_000_000),
        _us("BTI", "British American Tobacco p.l.c. ADR", "NYSE", "54.80", dividend=Decimal("0.75"), step_bp=170,
            sector=_FOOD, shares=2_190_000_000),
        _us("BATS.LON", "British American Tobacco p.l.c.", "LSE", "4160.00", venue=LONDON, currency="GBX",
            dividend=Decimal("60.06"), sector=_FOOD, shares=2_190_000_000, follows="BTI"),
        _us("TSCO.LON", "Tesco PLC", "LSE", "446.60", venue=LONDON, currency="GBX", step_bp=170,
            dividend=Decimal("4.80"), sector=_FOOD, shares=6_430_000_000),
        _us("VOD.LON", "Vodafone Group PLC", "LSE", "92.36", venue=LONDON, currency="GBX", shares=23_700_000_000),
        _us("TSCDY", "Tesco PLC ADR", "OTC", "17.60", step_bp=180, sector=_FOOD, shares=2_140_000_000),
        _us("SAP.DEX", "SAP SE", "XETRA", "211.35", venue=XETRA, currency="EUR", shares=1_165_000_000),
        _us("0700.HKG", "Tencent Holdings Limited", "HKEX", "618.50", venue=HONG_KONG, currency="HKD",
            shares=9_130_000_000),
        _us("SPY", "SPDR S&P 500 ETF Trust", "NYSE ARCA", "661.90", kind="ETF", step_bp=130,
            dividend=Decimal("1.83")),
        _us("VTI", "Vanguard Total Stock Market ETF", "NYSE ARCA", "325.40", kind="ETF", step_bp=130,
            dividend=Decimal("0.92")),
        _us("BND", "Vanguard Total Bond Market ETF", "NASDAQ", "74.15", kind="ETF", step_bp=40,
            dividend=Decimal("0.71"), listed=date(2007, 4, 10)),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Currency:
    """One reference currency: units per EUR at the anchor day, decimals as the central bank prints them."""

    code: str
    name: str
    rate: Decimal
    places: int
    step_bp: int = 55
    until: date | None = None


CURRENCIES: dict[str, Currency] = {
    code: Currency(code, name, Decimal(rate), places, step, until)
    for code, name, rate, places, step, until in (
        ("USD", "United States Dollar", "1.1624", 4, 50, None),
        ("JPY", "Japanese Yen", "179.35", 2, 65, None),
        ("BGN", "Bulgarian Lev", "1.9558", 4, 0, date(2025, 12, 31)),
        ("CZK", "Czech Republic Koruna", "24.187", 3, 30, None),
        ("DKK", "Danish Krone", "7.4689", 4, 1, None),
        ("GBP", "British Pound Sterling", "0.88120", 5, 45, None),
        ("HUF", "Hungarian Forint", "384.63", 2, 55, None),
        ("PLN", "Polish Zloty", "4.2435", 4, 40, None),
        ("RON", "Romanian Leu", "5.0852", 4, 10, None),
        ("SEK", "Swedish Krona", "10.9945", 4, 50, None),
        ("CHF", "Swiss Franc", "0.9284", 4, 40, None),
        ("ISK", "Icelandic Krona", "147.20", 2, 40, None),
        ("NOK", "Norwegian Krone", "11.7365", 4, 60, None),
        ("HRK", "Croatian Kuna", "7.5345", 4, 2, date(2022, 12, 30)),
        ("RUB", "Russian Ruble", "93.4500", 4, 90, date(2022, 3, 1)),
        ("TRY", "Turkish Lira", "49.2270", 4, 80, None),
        ("AUD", "Australian Dollar", "1.7835", 4, 60, None),
        ("BRL", "Brazilian Real", "6.1870", 4, 85, None),
        ("CAD", "Canadian Dollar", "1.6310", 4, 50, None),
        ("CNY", "Chinese Yuan", "8.2640", 4, 45, None),
        ("HKD", "Hong Kong Dollar", "9.0480", 4, 50, None),
        ("IDR", "Indonesian Rupiah", "19385.47", 2, 55, None),
        ("ILS", "Israeli New Sheqel", "3.8012", 4, 65, None),
        ("INR", "Indian Rupee", "103.1725", 4, 50, None),
        ("KRW", "South Korean Won", "1699.32", 2, 55, None),
        ("MXN", "Mexican Peso", "21.3544", 4, 75, None),
        ("MYR", "Malaysian Ringgit", "4.8210", 4, 45, None),
        ("NZD", "New Zealand Dollar", "2.0468", 4, 60, None),
        ("PHP", "Philippine Peso", "68.145", 3, 50, None),
        ("SGD", "Singapore Dollar", "1.5148", 4, 35, None),
        ("THB", "Thai Baht", "37.618", 3, 50, None),
        ("ZAR", "South African Rand", "20.0215", 4, 85, None),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """One crypto asset in US dollars; `peg` names the coin it follows, `price` None is a coin without a market."""

    id: str
    symbol: str
    name: str
    price: Decimal | None
    supply: int
    max_supply: int | None = None
    step_bp: int = 380
    peg: str | None = None
    listed: date = date(2018, 1, 1)
    platform: tuple[str, str] | None = None
    active: bool = True
    stale: bool = False


def _coin(ident: str, symbol: str, name: str, price: str | None, supply: int, **more: Any) -> Coin:
    value = None if price is None else Decimal(price)
    return Coin(id=ident, symbol=symbol, name=name, price=value, supply=supply, **more)


def _erc20(tail: str) -> tuple[str, str]:
    return ("ethereum", "0x" + "5a9d" * 9 + tail)


_NAMED_COINS = (
    _coin("bitcoin", "btc", "Bitcoin", "91250", 19_950_000, max_supply=21_000_000, step_bp=350,
          listed=date(2013, 4, 28)),
    _coin("ethereum", "eth", "Ethereum", "3021.40", 120_700_000, step_bp=450, listed=date(2015, 8, 8)),
    _coin("tether", "usdt", "Tether", "1.0001", 184_000_000_000, step_bp=6, listed=date(2015, 2, 25), peg="usd",
          platform=_erc20("0001")),
    _coin("usd-coin", "usdc", "USDC", "0.9999", 74_000_000_000, step_bp=3, peg="usd", platform=_erc20("0002")),
    _coin("binancecoin", "bnb", "BNB", "889.30", 137_700_000, max_supply=200_000_000),
    _coin("ripple", "xrp", "XRP", "2.1034", 60_200_000_000, max_supply=100_000_000_000),
    _coin("solana", "sol", "Solana", "137.85", 555_000_000, step_bp=560, listed=date(2020, 4, 10)),
    _coin("dogecoin", "doge", "Dogecoin", "0.158244", 152_000_000_000, step_bp=600),
    _coin("cardano", "ada", "Cardano", "0.466120", 35_900_000_000, max_supply=45_000_000_000),
    _coin("wrapped-bitcoin", "wbtc", "Wrapped Bitcoin", "91160", 125_900, step_bp=12, peg="bitcoin",
          listed=date(2019, 1, 30), platform=_erc20("0003")),
    _coin("bitcoin-avalanche-bridged-btc-b", "btc.b", "Avalanche Bridged BTC (Avalanche)", "91230", 3_900, step_bp=12,
          peg="bitcoin", listed=date(2022, 6, 22), platform=("avalanche", "0x" + "152b" * 10)),
    _coin("chainlink", "link", "Chainlink", "13.2071", 697_000_000, max_supply=1_000_000_000, platform=_erc20("0004")),
    _coin("litecoin", "ltc", "Litecoin", "92.4410", 76_600_000, max_supply=84_000_000),
    _coin("bitcoin-cash", "bch", "Bitcoin Cash", "501.73", 19_960_000, max_supply=21_000_000),
    _coin("uniswap", "uni", "Uniswap", "7.2188", 630_000_000, max_supply=1_000_000_000, platform=_erc20("0005")),
    _coin("unicorn-token", "uni", "UNICORN Token", "0.00041230", 9_000_000_000, listed=date(2023, 3, 1),
          platform=_erc20("0006")),
    _coin("barnbridge", "bond", "BarnBridge", "0.118420", 7_900_000, max_supply=10_000_000, listed=date(2020, 10, 26),
          platform=_erc20("0007")),
    _coin("bonded-finance", "bond", "Bonded Finance", "0.00038100", 398_000_000, listed=date(2020, 9, 9), stale=True,
          platform=_erc20("0008")),
    _coin("pepe", "pepe", "Pepe", "0.00000482913", 420_690_000_000_000, step_bp=800, listed=date(2023, 4, 18),
          platform=_erc20("0009")),
    _coin("unlaunched-protocol", "ulp", "Unlaunched Protocol", None, 0, listed=date(2026, 1, 5),
          platform=_erc20("000a")),
    _coin("retired-coin", "rtd", "Retired Coin", "0.01", 1_000_000, listed=date(2019, 1, 1), active=False),
)  # fmt: skip
_TAIL = tuple(
    _coin(f"sandbox-coin-{n:03d}", f"sbx{n:03d}", f"Sandbox Coin {n:03d}", str(Decimal(n * 37 % 991 + 1) / 1000),
          1_000_000 + n * 7919, step_bp=700, listed=date(2024, 1, 1))
    for n in range(1, 281)
)  # fmt: skip
COINS: dict[str, Coin] = {coin.id: coin for coin in _NAMED_COINS + _TAIL}
NAMED_COIN_IDS = tuple(coin.id for coin in _NAMED_COINS)
