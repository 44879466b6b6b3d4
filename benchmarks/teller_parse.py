"""Time 100,000 Teller transactions from JSON bytes to typed records with money in as positive, beside pydantic.

Run `python benchmarks/teller_parse.py`. Both sides read the same bytes of a credit card, negate every amount, attach
the currency, let unknown words degrade; ours also keeps the record as it came and refuses numbers like `1_0`. Seconds
of processor time, the best of some rounds. The garbage collector follows every record that is kept, on either side, and
the more of them there are the longer: hence once as Python starts it, and once off. Ours pauses it while it reads.

Measured November 2026: 0.45 s against 2.16 s as Python starts it (4.8 times; 3.4 times without the pause), 0.42 s
against 0.81 s with the collector off. A pydantic model that is flat, by AliasPath into `details`, keeps fewer objects:
1.30 s and 0.78 s, so that ours is 2.9 and 1.9 times as fast as that.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import pstats
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationInfo, field_validator

from fin_infra.model import Category, Money, PartyType, TransactionStatus
from fin_infra.providers.banking.teller.payloads import Polarity, parse_transactions

T = TypeVar("T")
TARGET_S, TARGET_RATIO = 0.40, 4.0
CATEGORIES = {category.value: category for category in Category}
PARTIES = {party.value: party for party in PartyType} | {"organisation": PartyType.ORGANIZATION}


def card(count: int) -> bytes:
    """Return the wire form of a card's transactions, newest first, with Teller's real field set."""
    rng, owed, rows = Random(7), 0, []
    categories = [category.value for category in Category if category is not Category.UNKNOWN]
    account = "https://api.teller.io/accounts/acc_oiin624kqjrg2mp2ea000"
    for n in range(count):
        cents = rng.randint(-2_000, 20_000)
        owed += cents
        rows.append(
            {
                "account_id": "acc_oiin624kqjrg2mp2ea000",
                "amount": f"{Decimal(cents) / 100:.2f}",
                "date": (date(2020, 1, 1) + timedelta(days=n // 40)).isoformat(),
                "description": f"{rng.choice(('COFFEE', 'MARKET', 'FUEL'))} STORE #{n % 997}",
                "details": {
                    "category": rng.choice(categories),
                    "counterparty": {"name": f"MERCHANT {n % 500}", "type": "organization"},
                    "processing_status": "complete",
                },
                "id": f"txn_{n:020x}",
                "links": {"account": account, "self": f"{account}/transactions/txn_{n:020x}"},
                "running_balance": f"{Decimal(owed) / 100:.2f}",
                "status": "posted",
                "type": "card_payment",
            }
        )
    return json.dumps(rows[::-1]).encode()


class Party(BaseModel):
    name: str | None = None
    type: PartyType = PartyType.UNKNOWN

    @field_validator("type", mode="before")
    @classmethod
    def known(cls, value: str | None) -> PartyType:
        return PARTIES.get(value or "", PartyType.UNKNOWN)


class Details(BaseModel):
    category: Category = Category.UNKNOWN
    counterparty: Party

    @field_validator("category", mode="before")
    @classmethod
    def known(cls, value: str | None) -> Category:
        return CATEGORIES.get(value or "", Category.UNKNOWN)


class PydanticTransaction(BaseModel):
    """The same record as a pydantic model: currency and sign come in as validation context, unknown words degrade."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    account_id: str
    date: date
    amount: Money
    description: str
    status: TransactionStatus
    type: str | None = None
    running_balance: Money | None = None
    details: Details

    @field_validator("amount", "running_balance", mode="plain")
    @classmethod
    def money_in(cls, value: str | None, info: ValidationInfo) -> Money | None:
        if value is None:
            return None
        amount = Decimal(value)
        return Money(-amount if info.context["sign"] < 0 else amount, info.context["currency"])


def measure(parse: Callable[[T], list[Any]], body: T, rounds: int, collector: bool) -> float:
    """Return the least processor time of some rounds, with the garbage collector as Python starts it or off."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        (gc.enable if collector else gc.disable)()
        start = time.process_time()
        kept = parse(body)
        best = min(best, time.process_time() - start)
        gc.enable()
        del kept
    return best


def check(ours: list[Any], theirs: list[Any]) -> None:
    """Both sides must have read the same."""
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine.id, mine.date, mine.status, mine.amount) == (other.id, other.date, other.status, other.amount)
        assert (mine.running_balance, mine.category) == (other.running_balance, other.details.category)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--profile", action="store_true", help="show where the time of one parse goes")
    given = options.parse_args()
    body = card(given.count)
    adapter, polarity, now = TypeAdapter(list[PydanticTransaction]), Polarity(-1, "USD"), datetime.now(UTC)

    def ours(body: bytes) -> list[Any]:
        return parse_transactions(body, polarity, now)

    def pydantic(body: bytes) -> list[Any]:
        return adapter.validate_json(body, context={"sign": -1, "currency": "USD"})

    check(ours(body), pydantic(body))
    print(f"{given.count:,} transactions, {len(body) / 1e6:.0f} MB of JSON, seconds of CPU, best of {given.rounds}")
    print(f"{'garbage collector':<20}{'fin-infra':>10}{'pydantic':>10}{'ratio':>8}")
    for name, collector in (("as Python starts it", True), ("off", False)):
        mine, theirs = (measure(parse, body, given.rounds, collector) for parse in (ours, pydantic))
        print(f"{name:<20}{mine:>10.2f}{theirs:>10.2f}{theirs / mine:>7.1f}x")
    print(f"target: at most {TARGET_S:.2f} s, or at least {TARGET_RATIO:.0f}x")
    if given.profile:
        profile = cProfile.Profile()
        profile.runcall(ours, body)
        pstats.Stats(profile).sort_stats("tottime").print_stats(14)


if __name__ == "__main__":
    main()
