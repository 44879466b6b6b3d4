"""List who holds what at which broker: instruments, connections, accounts, and the days on which something changes.
Floor 8: units and costs are fixed and the same under every seed; prices and ids come from the seed (see holdings.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

OPENS_AT = time(14, 30, tzinfo=UTC)  # trades and changes of a day are there from this time on
USER, USER_SECRET = "sandbox-user", "sandbox-user-secret"  # nosec B105: the published sandbox user, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What is held; priced by a listing, a coin, another instrument, its own walk, or by none of these: not at all."""

    key: str
    kind: str
    name: str
    currency: str = "USD"
    mic: str | None = None
    listing: str | None = None
    coin: str | None = None
    follows: str | None = None
    price: Decimal | None = None
    step_bp: int = 0
    split: tuple[date, int] | None = None
    share_class: str | None = None
    underlying: str | None = None
    right: str = ""
    strike: Decimal = Decimal(0)
    expires: date = date.max

    @property
    def multiplier(self) -> int:
        """Return how many units of the price one unit stands for."""
        return 100 if self.kind == "option" else 1


def _listed(key: str, kind: str, name: str, mic: str, listing: str | None = None) -> Instrument:
    return Instrument(key=key, kind=kind, name=name, mic=mic, listing=listing or key, share_class=key)


def _option(key: str, underlying: str, right: str, strike: str, expires: date) -> Instrument:
    name = f"{underlying} {expires:%d %b %y} {strike} {right.title()}"
    return Instrument(
        key=key, kind="option", name=name, underlying=underlying, right=right, strike=Decimal(strike), expires=expires
    )


INSTRUMENTS: dict[str, Instrument] = {
    row.key: row
    for row in (
        _listed("AAPL", "stock", "Apple Inc", "XNAS"),
        _listed("NVDA", "stock", "NVIDIA Corporation", "XNAS"),
        _listed("KO", "stock", "The Coca-Cola Company", "XNYS"),
        _listed("TSLA", "stock", "Tesla Inc", "XNAS"),
        _listed("BRK.B", "stock", "Berkshire Hathaway Inc Class B", "XNYS", "BRK-B"),
        _listed("VTI", "etf", "Vanguard Total Stock Market ETF", "ARCX"),
        _listed("BND", "etf", "Vanguard Total Bond Market ETF", "XNAS"),
        _listed("SPY", "etf", "SPDR S&P 500 ETF Trust", "ARCX"),
        Instrument(key="COST", kind="stock", name="Costco Wholesale Corporation", mic="XNAS", share_class="COST",
                   price=Decimal("231.40"), step_bp=160, split=(date(2026, 11, 24), 4)),
        Instrument(key="SHOP", kind="stock", name="Shopify Inc Class A", mic="XNAS", share_class="SHOP",
                   price=Decimal("148.60"), step_bp=380),
        Instrument(key="SHOP.TO", kind="stock", name="Shopify Inc Class A", mic="XTSE", share_class="SHOP",
                   currency="CAD", follows="SHOP"),
        Instrument(key="XEQT.TO", kind="etf", name="iShares Core Equity ETF Portfolio", mic="XTSE", currency="CAD",
                   share_class="XEQT.TO", price=Decimal("39.85"), step_bp=110),
        Instrument(key="VFV.TO", kind="etf", name="Vanguard S&P 500 Index ETF", mic="XTSE", currency="CAD",
                   share_class="VFV.TO", price=Decimal("168.20"), step_bp=130),
        Instrument(key="SWVXX", kind="mutualfund", name="Schwab Value Advantage Money Fund", price=Decimal(1)),
        Instrument(key="SIVBQ", kind="stock", name="SVB Financial Group", mic="OOTC"),
        Instrument(key="BTC", kind="crypto", name="Bitcoin", coin="bitcoin"),
        Instrument(key="ETH", kind="crypto", name="Ethereum", coin="ethereum"),
        Instrument(key="SOL", kind="crypto", name="Solana", coin="solana"),
        Instrument(key="DOGE", kind="crypto", name="Dogecoin", coin="dogecoin"),
        Instrument(key="USDC", kind="crypto", name="USD Coin", coin="usd-coin"),
        _option("AAPL  270115C00300000", "AAPL", "CALL", "300", date(2027, 1, 15)),
        _option("SPY   261218P00550000", "SPY", "PUT", "550", date(2026, 12, 18)),
    )
}  # fmt: skip
CASH_EQUIVALENT = frozenset({"SWVXX"})  # such a position is counted in the cash balance as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One planned movement; a trade without a price takes the market's, a transfer without one has no known cost."""

    day: date
    type: str
    key: str | None = None
    units: Decimal = Decimal(0)
    price: Decimal | None = None
    cash: Decimal = Decimal(0)
    currency: str = "USD"
    fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One brokerage account; `spelling` says how this broker writes an instrument when it differs from the key."""

    slug: str
    name: str
    number: str
    raw_type: str
    steps: tuple[Step, ...]
    currency: str = "USD"
    status: str = "open"
    spelling: dict[str, str] = field(default_factory=dict[str, str])
    monthly: Decimal = Decimal(0)
    reinvests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A login at one broker; `disabled` is when it broke, None while it works."""

    slug: str
    broker: str
    type: str
    created: datetime
    holders: tuple[Holder, ...]
    disabled: datetime | None = None
    lists_orders: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to a position on a day after the sandbox's first: the truth that a diff of two syncs must find."""

    day: date
    kind: str
    key: str
    account: str
    type: str
    units: Decimal
    to_account: str | None = None
    price: Decimal | None = None


def _cash(day: str, amount: str, currency: str = "USD", kind: str = "CONTRIBUTION") -> Step:
    return Step(day=date.fromisoformat(day), type=kind, cash=Decimal(amount), currency=currency)


def _trade(day: str, key: str, units: str, price: str, fee: str = "0") -> Step:
    count = Decimal(units)
    kind = "BUY" if count > 0 else "SELL"
    return Step(day=date.fromisoformat(day), type=kind, key=key, units=count, price=Decimal(price),
                currency=INSTRUMENTS[key].currency, fee=Decimal(fee))  # fmt: skip


def _in_kind(day: str, key: str, units: str) -> Step:
    return Step(day=date.fromisoformat(day), type="EXTERNAL_ASSET_TRANSFER_IN", key=key, units=Decimal(units))


_SCHWAB = Holder(
    slug="schwab-individual", name="Schwab Individual", number="****4417", raw_type="Margin", monthly=Decimal(500),
    spelling={"BRK.B": "BRK/B"},
    steps=(
        _cash("2024-03-11", "90000"), _trade("2024-03-12", "AAPL", "60", "171.30"),
        _trade("2024-03-12", "BRK.B", "25", "403.15"), _trade("2024-03-13", "VTI", "120", "254.20"),
        _trade("2024-03-14", "KO", "150", "59.80"), _trade("2024-10-01", "TSLA", "-15", "245.10"),
        _trade("2026-09-15", "AAPL  270115C00300000", "2", "6.35", "1.30"),
        _trade("2026-10-05", "SPY   261218P00550000", "-1", "4.10", "0.65"),
    ),
)  # fmt: skip
_ROTH = Holder(
    slug="schwab-roth", name="Schwab Roth Contributory IRA", number="****9038", raw_type="Roth IRA",
    steps=(
        _cash("2024-03-11", "28000"), _trade("2024-03-12", "COST", "12", "732.60"),
        _trade("2024-03-12", "BND", "200", "72.10"), _trade("2025-01-06", "SWVXX", "1500", "1"),
    ),
)  # fmt: skip
_ROBINHOOD = Holder(
    slug="robinhood-individual", name="Robinhood Individual", number="Q6542138443", raw_type="Margin", reinvests=True,
    monthly=Decimal(100),
    steps=(
        _cash("2024-07-25", "14000"), _trade("2024-07-25", "AAPL", "3.14159", "219.86"),
        _trade("2024-07-26", "BRK.B", "0.5", "432.11"), _trade("2024-08-01", "SHOP", "10", "61.05"),
        _trade("2024-08-05", "SIVBQ", "40", "0.85"), _in_kind("2024-09-02", "DOGE", "1250.5"),
    ),
)  # fmt: skip
_CLOSED = Holder(
    slug="robinhood-closed", name="Robinhood Retirement", number="Q1180024519", raw_type="Traditional IRA",
    status="closed",
    steps=(
        _cash("2024-07-29", "2500"), _trade("2024-07-30", "SPY", "4", "543.20"),
        _trade("2025-06-10", "SPY", "-4", "601.75"), _cash("2025-06-12", "-2763.48", kind="WITHDRAWAL"),
    ),
)  # fmt: skip
_QUESTRADE = Holder(
    slug="questrade-margin", name="Questrade Margin", number="27518840", raw_type="Margin", currency="CAD",
    steps=(
        _cash("2024-09-18", "24000", "CAD"), _cash("2024-09-18", "6000", "USD"),
        _trade("2024-09-19", "SHOP.TO", "40", "101.25"), _trade("2024-09-20", "XEQT.TO", "300", "31.42", "4.95"),
        _trade("2024-09-20", "AAPL", "20", "228.20", "4.95"),
    ),
)  # fmt: skip
_TFSA = Holder(
    slug="questrade-tfsa", name="Questrade TFSA", number="27518857", raw_type="TFSA", currency="CAD",
    status="unavailable",
    steps=(_cash("2024-09-18", "14000", "CAD"), _trade("2024-09-19", "VFV.TO", "100", "136.90")),
)  # fmt: skip
_COINBASE = Holder(
    slug="coinbase-wallet", name="Coinbase", number="cb-7c1e", raw_type="Crypto",
    steps=(
        _cash("2025-02-03", "80000"), _trade("2025-02-03", "BTC", "0.73150204", "97402.50"),
        _trade("2025-02-04", "ETH", "1.2", "2731.88"), _trade("2025-02-04", "SOL", "6.75", "203.11"),
        _trade("2025-02-05", "USDC", "812.4461", "1"),
    ),
)  # fmt: skip
_KRAKEN = Holder(
    slug="kraken-spot", name="Kraken", number="AA72N84G", raw_type="Crypto", currency="EUR", spelling={"BTC": "XXBT"},
    steps=(
        _cash("2025-03-10", "320.55", "EUR"), _cash("2025-03-10", "24000", "USD"),
        _trade("2025-03-11", "BTC", "0.25", "82011.40"), _trade("2025-03-11", "ETH", "1.5", "1892.06"),
    ),
)  # fmt: skip
_FIDELITY = Holder(
    slug="fidelity-ira", name="Fidelity Rollover IRA", number="****6602", raw_type="Rollover IRA",
    spelling={"BRK.B": "BRK-B"},
    steps=(
        _cash("2024-01-10", "20000"), _trade("2024-01-11", "BRK.B", "10", "364.90"),
        _trade("2024-01-11", "VTI", "40", "235.75"), _trade("2024-01-12", "AAPL", "15", "185.92"),
    ),
)  # fmt: skip


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


CONNECTIONS: tuple[Connection, ...] = (
    Connection(slug="SCHWAB", broker="Charles Schwab", type="trade", created=_at("2024-03-04T17:20:09.418203+00:00"),
               holders=(_SCHWAB, _ROTH)),
    Connection(slug="ROBINHOOD", broker="Robinhood", type="trade", created=_at("2024-07-23T22:50:22.761390+00:00"),
               holders=(_ROBINHOOD, _CLOSED)),
    Connection(slug="QUESTRADE", broker="Questrade", type="read", created=_at("2024-09-16T13:02:41.007715+00:00"),
               holders=(_QUESTRADE, _TFSA)),
    Connection(slug="COINBASE", broker="Coinbase", type="read", created=_at("2025-02-02T09:45:00.550120+00:00"),
               holders=(_COINBASE,)),
    Connection(slug="KRAKEN", broker="Kraken", type="read", created=_at("2025-03-09T20:11:37.902244+00:00"),
               holders=(_KRAKEN,), lists_orders=False),
    Connection(slug="FIDELITY", broker="Fidelity", type="read", created=_at("2024-01-08T16:33:52.120087+00:00"),
               holders=(_FIDELITY,), disabled=_at("2026-11-12T18:22:10.345612+00:00")),
)  # fmt: skip
CHANGES: tuple[Change, ...] = (
    Change(day=date(2026, 11, 23), kind="opened", key="NVDA", account="robinhood-individual", type="BUY",
           units=Decimal(40)),
    Change(day=date(2026, 11, 24), kind="split", key="COST", account="schwab-roth", type="SPLIT", units=Decimal(36)),
    Change(day=date(2026, 11, 25), kind="closed", key="KO", account="schwab-individual", type="SELL",
           units=Decimal(-150)),
    Change(day=date(2026, 11, 27), kind="transferred", key="VTI", account="schwab-individual",
           to_account="robinhood-individual", type="EXTERNAL_ASSET_TRANSFER_OUT", units=Decimal(-120),
           price=Decimal("254.20")),
    Change(day=date(2026, 11, 30), kind="transferred", key="BRK.B", account="schwab-individual",
           to_account="robinhood-individual", type="EXTERNAL_ASSET_TRANSFER_OUT", units=Decimal(-5),
           price=Decimal("403.15")),
    Change(day=date(2026, 12, 1), kind="changed", key="BTC", account="coinbase-wallet", type="BUY",
           units=Decimal("0.01")),
    Change(day=date(2026, 12, 1), kind="changed", key="XEQT.TO", account="questrade-margin", type="SELL",
           units=Decimal(-100)),
    Change(day=date(2026, 12, 2), kind="changed", key="TSLA", account="schwab-individual", type="BUY",
           units=Decimal(5)),
    Change(day=date(2026, 12, 21), kind="closed", key="SPY   261218P00550000", account="schwab-individual",
           type="OPTIONEXPIRATION", units=Decimal(1), price=Decimal(0)),
)  # fmt: skip


def changes_of(account: str) -> list[Step]:
    """Return the later movements of one account, both halves of a transfer, but no splits: the instrument has those."""
    steps: list[Step] = []
    for change in CHANGES:
        if account in (change.account, change.to_account) and change.type != "SPLIT":
            out = change.account == account
            steps.append(
                Step(
                    day=change.day,
                    type=change.type if out else "EXTERNAL_ASSET_TRANSFER_IN",
                    key=change.key,
                    units=change.units if out else -change.units,
                    price=change.price,
                    currency=INSTRUMENTS[change.key].currency,
                )
            )
    return steps
