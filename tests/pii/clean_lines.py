"""Forms of log lines without anything personal: amounts, ids, hashes, times, symbols, paths, as services write them.

Ids of 16 to 19 digits, of which one in some forty looks like a card, are rare here as they are in logs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.pii.corpus import Corpus

SYMBOLS = ("AAPL", "BRK.B", "XNAS:MSFT", "CRYPTO:bitcoin", "FX:EURUSD", "0700.HK", "VOD.L", "XLON:BATS")
ISINS = ("US0378331005", "GB0002634946", "DE0007164600", "FR0000120271", "IE00B4L5Y983", "CH0012005267")


def _int(c: Corpus, least: int, most: int) -> int:
    return c.rng.randint(least, most)


def _transaction(c: Corpus) -> str:
    money = {"amount": c.amount(), "currency": "USD"}
    return json.dumps({"amount": money, "date": f"{c.at():%Y-%m-%d}", "id": f"txn_{c.ident()}"})


def _order(c: Corpus) -> str:
    return json.dumps({"order_id": int(c.digits(_int(c, 8, 18))), "price": float(c.amount()), "ok": True})


def _access(c: Corpus) -> str:
    return f'127.0.0.1:{_int(c, 1024, 65535)} - "GET /banking/accounts/acc_{c.ident()} HTTP/1.1" 200'


def _epochs(c: Corpus) -> str:
    at = c.at().timestamp()
    return f"epoch_us={int(at * 1_000_000)} epoch_ns={int(at) * 10**9 + c.rng.getrandbits(29)} seconds={at:.6f}"


def _candle(c: Corpus) -> str:
    prices = " ".join(c.amount() for _ in range(4))
    return f"OHLCV {c.rng.choice(SYMBOLS)} {prices} {c.digits(_int(c, 4, 11))}"


def _limit(c: Corpus) -> str:
    address = f"10.{_int(c, 0, 255)}.{_int(c, 0, 255)}.7"
    return f"{address} limit 500 remaining {_int(c, 0, 499)} reset {int(c.at().timestamp())}"


def _batch(c: Corpus) -> str:
    size = f"{c.digits(7)} rows, {c.digits(10)} bytes"
    return f"batch {c.at():%Y%m%d%H%M%S} wrote {size}, checksum {c.rng.getrandbits(32):08x}"


CLEAN: tuple[Callable[[Corpus], str], ...] = (
    _transaction,
    _order,
    _access,
    _epochs,
    _candle,
    _limit,
    _batch,
    lambda c: f"{c.at():%Y-%m-%d %H:%M:%S} INFO quote market:alpha_vantage ok in {c.rng.uniform(1, 900):.6f} ms",
    lambda c: f"order {c.uuid()} filled {c.digits(3)} {c.rng.choice(SYMBOLS)} at {c.amount()}",
    lambda c: f"order_id={c.digits(_int(c, 8, 19))} status=filled quantity={c.digits(_int(c, 1, 9))}",
    lambda c: f"balance {c.amount()} USD, available {c.amount()} USD, change {c.amount()}",
    lambda c: f"ts={int(c.at().timestamp())} seq={c.digits(_int(c, 5, 12))} event=bar symbol={c.rng.choice(SYMBOLS)}",
    lambda c: f"{int(c.at().timestamp() * 1000)} trade {c.digits(_int(c, 6, 12))} {c.amount()} x {c.digits(2)}",
    lambda c: f"digest {c.hash()} of {_int(c, 1, 10**7)} bytes",
    lambda c: f"image fin-infra@sha256:{c.hash()} commit {c.hash()[:12]}",
    lambda c: f"{c.rng.choice(ISINS)} {c.rng.choice(SYMBOLS)} CUSIP:{c.digits(9)} weight {c.rng.random():.12f}",
    lambda c: (
        f"synced {_int(c, 1, 10**6)} transactions of 3 accounts since {c.at():%Y-%m-%d} in {c.rng.random():.3f} s"
    ),
    lambda c: f"request_id={c.uuid().hex} provider=banking:teller operation=accounts elapsed_ms={c.rng.random():.3f}",
    lambda c: f"account acc_{c.ident()}: {_int(c, 0, 250)} transactions, balance {c.amount()}",
    lambda c: f"20 tokens left of 500; refill {_int(c, 1, 60)} s; version 1.{_int(c, 0, 99)}.{_int(c, 0, 99)}",
    lambda c: f'File "/srv/app/fin_infra/flow/client.py", line {_int(c, 1, 400)}, in call',
    lambda c: f"client_order_id=fin-{c.uuid().hex} replaced {c.uuid()} at {c.at().isoformat()}",
    lambda c: (
        f"breaker of brokerage:alpaca open for {_int(c, 1, 30)} s after 5 failures; retry in {c.rng.random():.2f} s"
    ),
    lambda c: f"trade_id: {c.digits(_int(c, 9, 15))}, quantity: 0.{c.digits(18)}, notional: {c.amount()}",
)
