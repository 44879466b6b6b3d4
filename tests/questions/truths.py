"""What each question should answer in the sandbox: worked out from its control plane, by hand, or from a vendor's own
wire format, never with our adapters. Used for every way of asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx2

from tests.support.sandbox_control import Control

TOKEN = "test_token_sandbox"
KEYS = {"APCA-API-KEY-ID": "PKSANDBOX0000000000", "APCA-API-SECRET-KEY": "sandbox-alpaca-secret"}
PROVIDERS = [
    "banking:finastra",
    "banking:mx",
    "banking:plaid",
    "banking:teller",
    "brokerage:alpaca",
    "brokerage:snaptrade",
    "crypto:coingecko",
    "fx:ecb",
    "identity:stripe",
    "market:alpha_vantage",
]


@dataclass(frozen=True)
class Truth:
    """`shown` picks facts out of the answer as JSON has it; `true` says what they are."""

    question: str
    shown: Callable[[Any], Any]
    true: Callable[[Control], Any]
    given: Mapping[str, str] = field(default_factory=dict)
    of_account: bool = False
    """Whether it is asked about the checking account."""

    def parameters(self, control: Control) -> dict[str, str]:
        """Return the parameters as text."""
        return {**({"account_id": checking(control)["id"]} if self.of_account else {}), **self.given}


def checking(control: Control) -> dict[str, Any]:
    return next(row for row in control.accounts() if row["subtype"] == "checking" and row["status"] == "open")


def _plane(control: Control, path: str) -> Any:
    return httpx2.get(f"{control.url}/_sandbox{path}").raise_for_status().json()


def place_order(control: Control) -> None:
    """Place an order that stays open, without our adapter."""
    terms = {
        "symbol": "AAPL",
        "qty": "3",
        "side": "buy",
        "type": "limit",
        "limit_price": "101.25",
        "time_in_force": "gtc",
    }
    httpx2.post(f"{control.url}/alpaca/v2/orders", json=terms, headers=KEYS).raise_for_status()


def _orders(control: Control) -> Any:
    rows = [row for row in _plane(control, "/alpaca")["orders"] if row["status"] in ("new", "accepted")]
    return [(row["id"], Decimal(row["qty"]), Decimal(row["limit_price"]), row["side"]) for row in rows]


def _close(control: Control, symbol: str) -> tuple[Decimal, str, str]:
    row = control.world()["equities"][symbol]
    return Decimal(row["close"]), row["currency"], row["day"]


def _transactions(control: Control) -> Any:
    url = f"{control.url}/teller/accounts/{checking(control)['id']}/transactions"
    rows = httpx2.get(url, params={"count": 7}, auth=(TOKEN, "")).raise_for_status().json()
    return [(row["id"], row["date"], Decimal(row["amount"]), "USD", row["description"]) for row in rows]


def _owed(row: Mapping[str, Any]) -> Decimal:
    return Decimal(row["ledger"]) * (-1 if row["subtype"] == "credit_card" else 1)


def _balances(control: Control) -> Any:
    return {row["id"]: _owed(row) if row["status"] == "open" else None for row in control.accounts()}


def _shown_balances(rows: Any) -> Any:
    return {row["account"]["id"]: row["balance"] and Decimal(row["balance"]["current"]["amount"]) for row in rows}


def _apple(control: Control) -> Any:
    held = [
        Decimal(position["units"])
        for account in _plane(control, "/snaptrade")["accounts"]
        for position in account["positions"]
        if position["key"] == "AAPL"
    ]
    return sorted(held), sum(held)


def _shown_apple(data: Any) -> Any:
    line = next(line for line in data["lines"] if line["key"] == "US:AAPL")
    return sorted(Decimal(part["quantity"]) for part in line["parts"]), Decimal(line["quantity"])


def _yen(control: Control) -> Any:
    """Return 250.50 pounds in yen, by the two euro rates, rounded to whole yen."""
    rates = control.world()["fx"]["rates"]
    exact = Fraction("250.50") * Fraction(rates["JPY"]) / Fraction(rates["GBP"])
    return (round(exact), "JPY", "EUR", control.world()["fx"]["date"])


def _shown_yen(data: Any) -> Any:
    converted = data["converted"]
    return int(converted["amount"]), converted["currency"], data["via"], data["date"]


TRUTHS = [
    Truth(
        "quote",
        lambda data: (Decimal(data["price"]), data["currency"], data["trading_day"]),
        lambda control: _close(control, "AAPL"),
        {"symbol": "AAPL"},
    ),
    Truth(
        "candles",
        lambda data: (Decimal(data["candles"][-1]["close"]), data["currency"], data["candles"][-1]["start"][:10]),
        lambda control: _close(control, "IBM"),
        {"symbol": "US:IBM", "start": "2026-11-16"},
    ),
    Truth(
        "price",
        lambda data: (Decimal(data["price"]), data["currency"], data["key"]),
        lambda control: (Decimal(control.world()["crypto_usd"]["solana"]), "USD", "CRYPTO:solana"),
        {"asset": "solana"},
    ),
    Truth(
        "rate",
        lambda data: (Decimal(data["rate"]), data["base"], data["quote"], data["date"]),
        lambda control: (
            Decimal(control.world()["fx"]["rates"]["USD"]),
            "EUR",
            "USD",
            control.world()["fx"]["date"],
        ),
        {"base": "eur", "quote": "USD"},
    ),
    Truth("convert", _shown_yen, _yen, {"amount": "250.50", "base": "GBP", "quote": "JPY"}),
    Truth(
        "search",
        lambda data: ("CRYPTO:bitcoin" in [hit["key"] for hit in data["hits"]], data["errors"]),
        lambda control: (True, []),
        {"text": "bitcoin"},
    ),
    Truth(
        "accounts",
        lambda rows: [(row["id"], row["name"], row["status"]) for row in rows],
        lambda control: [(row["id"], row["name"], row["status"]) for row in control.accounts()],
    ),
    Truth("balances", _shown_balances, _balances),
    Truth(
        "balances",
        _shown_balances,
        lambda control: {checking(control)["id"]: Decimal(checking(control)["ledger"])},
        of_account=True,
    ),
    Truth(
        "transactions",
        lambda rows: [
            (row["id"], row["date"], Decimal(row["amount"]["amount"]), row["amount"]["currency"], row["description"])
            for row in rows
        ],
        _transactions,
        {"limit": "7"},
        of_account=True,
    ),
    Truth("holdings", _shown_apple, _apple, {"currency": "USD"}),
    Truth(
        "net-worth",
        lambda data: (
            sum(Decimal(line["value"]["amount"]) for line in data["lines"] if line["source"] == "banking:teller"),
            [Decimal(line["amount"]["amount"]) for line in data["lines"] if line["id"] == "CRYPTO:solana"],
        ),
        lambda control: (
            sum(_owed(row) for row in control.accounts() if row["status"] == "open"),
            [round(2 * Decimal(control.world()["crypto_usd"]["solana"]), 2)],
        ),
        {"holding": "CRYPTO:solana=2"},
    ),
    Truth(
        "orders",
        lambda rows: [(row["id"], Decimal(row["quantity"]), Decimal(row["limit_price"]), row["side"]) for row in rows],
        _orders,
    ),
    # The New York Stock Exchange, https://www.nyse.com/markets/hours-calendars: Thanksgiving is Thursday 26 November
    # 2026, and the Friday after it ends at 1 pm; both days are in winter time, five hours behind UTC.
    Truth(
        "calendar",
        lambda rows: [(row["date"], row["open"], row["close"], row["early_close"]) for row in rows],
        lambda control: [
            ("2026-11-25", "2026-11-25T14:30:00+00:00", "2026-11-25T21:00:00+00:00", False),
            ("2026-11-27", "2026-11-27T14:30:00+00:00", "2026-11-27T18:00:00+00:00", True),
        ],
        {"venue": "xnys", "start": "2026-11-25", "end": "2026-11-28"},
    ),
    # Plaid's taxonomy of version 2, https://plaid.com/documents/pfc-taxonomy-all.csv
    Truth(
        "categories",
        lambda rows: [(row["code"], row["primary"]) for row in rows],
        lambda control: [("FOOD_AND_DRINK_COFFEE", "FOOD_AND_DRINK")],
        {"text": "Coffee"},
    ),
    Truth(
        "providers",
        lambda rows: (sorted(row["provider"] for row in rows), {row["environment"] for row in rows}),
        lambda control: (PROVIDERS, {"sandbox", None}),  # identity is off unless somebody switches it on
    ),
]
IDS = [f"{truth.question}{'-of-one' if truth.of_account and not truth.given else ''}" for truth in TRUTHS]
RECEIVED = ("as_of", "oldest", "holdings_synced_at")
"""Fields that are the time of receipt where the vendor gives none."""


def settled(data: Any) -> Any:
    """Return an answer without what differs from one moment to the next."""
    if isinstance(data, dict):
        return {name: settled(value) for name, value in data.items() if name not in RECEIVED}
    if isinstance(data, list):
        return [settled(item) for item in data]
    return data
