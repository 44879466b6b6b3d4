"""Count how many webhooks a second are taken, beside a bare FastAPI route that reads the body and checks an HMAC.

Run: python benchmarks/webhook_rate.py [events]. Everything is called in one process without a socket, many at once, in
turns; trust the ratios. The second peer also writes each event with a bare `INSERT` before it answers, as ours must.
Then a storm over 1,000 connections: how long settling it takes, and how many syncs come of it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, HTTPException, Request

from asset_aggregator.books import Books
from asset_aggregator.webhooks import Hooks, add_routes
from fin_infra.book import logins, schema, webhooks
from fin_infra.book.due import NEWS, Cadence, due
from fin_infra.book.engine import Database, writing
from fin_infra.book.lease import Owner, begun
from fin_infra.book.records import ConnectionState
from fin_infra.book.tables import connections, households, streams
from fin_infra.providers.interfaces.webhooks import EventKind, WebhookEvent

SECRET = "benchmark-secret"
PATH = "/webhooks/banking:teller"
AT_ONCE = 50
ROUNDS = 5
CONNECTIONS = 1_000
Ask = tuple[bytes, str]


def event(name: str) -> Ask:
    rows = [{"account_id": "acc_1", "amount": "12.34", "id": f"txn_{n}"} for n in range(20)]
    payload = {"enrollment_id": "enr_1", "transactions": rows}
    body = json.dumps({"id": name, "type": "transactions.processed", "payload": payload}).encode()
    stamp = str(int(time.time()))
    mark = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
    return body, f"t={stamp},v1={mark}"


def checked(body: bytes, header: str) -> None:
    stamp, _, mark = header.partition(",v1=")
    wanted = hmac.new(SECRET.encode(), stamp[2:].encode() + b"." + body, "sha256").hexdigest()
    if not hmac.compare_digest(wanted, mark):
        raise HTTPException(400)


def bare() -> FastAPI:
    app = FastAPI()

    @app.post("/webhooks/{provider}")
    async def webhook(provider: str, request: Request) -> dict[str, bool]:
        checked(await request.body(), request.headers["teller-signature"])
        return {"received": True}

    return app


def bare_and_kept(file: Path) -> FastAPI:
    app, db = FastAPI(), sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE events (id TEXT PRIMARY KEY, type TEXT, at TEXT)")
    lock = asyncio.Lock()

    def keep(row: dict[str, Any]) -> None:
        db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", (row["id"], row["type"], f"{time.time()}"))

    @app.post("/webhooks/{provider}")
    async def webhook(provider: str, request: Request) -> dict[str, bool]:
        body = await request.body()
        checked(body, request.headers["teller-signature"])
        async with lock:
            await asyncio.to_thread(keep, json.loads(body))
        return {"received": True}

    return app


def ours(url: str) -> FastAPI:
    app = FastAPI()
    add_routes(app, Hooks(books=Books(url)))
    return app


async def post(app: FastAPI, ask: Ask) -> None:
    """Call the app as a server does, without a server."""
    body, header = ask
    headers = [(b"content-type", b"application/json"), (b"teller-signature", header.encode())]
    status: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    assert status == [200]


async def a_second(app: FastAPI, asks: list[Ask]) -> float:
    """Return how many a second are answered, with so many under way at once."""
    left = iter(asks)

    async def one_after_the_other() -> None:
        for ask in left:
            await post(app, ask)

    start = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return len(asks) / (time.perf_counter() - start)


async def rates(folder: Path, events: int) -> None:
    apps: dict[str, Callable[[], FastAPI]] = {
        "a bare route with an HMAC": bare,
        "the same, and an INSERT": lambda: bare_and_kept(folder / "bare.db"),
        "ours, a new event each": lambda: ours(f"sqlite:///{folder / 'book.db'}"),
    }
    made = {name: make() for name, make in apps.items()}
    found: dict[str, list[float]] = {name: [] for name in made}
    for turn in range(-1, ROUNDS):  # the first is to load what is loaded once
        for name, app in made.items():
            rate = await a_second(app, [event(f"wh_{turn}_{n}") for n in range(events)])
            if turn >= 0:
                found[name].append(rate)
    again = "ours, each for a second time"
    app = made["ours, a new event each"]
    found[again] = [await a_second(app, [event(f"wh_0_{n}") for n in range(events)]) for _ in range(ROUNDS)]
    first = statistics.median(found["a bare route with an HMAC"])
    for name, each in found.items():
        rate = statistics.median(each)
        print(f"{name:30} {rate:8,.0f} a second, {rate / first:5.2f} times the bare route")


def storm(folder: Path, events: int) -> None:
    """Send events of 1,000 connections that are all healthy, and settle them."""
    database, noon = Database(f"sqlite:///{folder / 'storm.db'}"), datetime(2026, 11, 2, 12, tzinfo=UTC)
    schema.check(database)
    for number in range(CONNECTIONS):
        owner = Owner("default", f"user-{number % 100}")
        made = logins.add(database.engine, owner, "banking:teller", {}, None, noon, vendor_id=f"enr_{number}")
        with writing(database.engine) as db:
            if number < 100:
                db.execute(sa.insert(households).prefix_with("OR IGNORE"), {**owner.scope, "head": 0})
            begun(db, owner, made)
            db.execute(sa.update(streams).where(owner.of(streams, connection=made)).values(tried_at=noon))
            healthy = {"state": ConnectionState.HEALTHY.value}
            db.execute(sa.update(connections).where(owner.of(connections, id=made)).values(**healthy))
    told = [
        ("banking:teller", WebhookEvent(event_id=f"wh_{n}", kind=EventKind.NEWS, type="news", login=f"enr_{n % 1000}"))
        for n in range(events)
    ]
    start = time.perf_counter()
    for at in range(0, events, 100):
        webhooks.take_all(database.engine, told[at : at + 100], noon + timedelta(seconds=1))
    took = time.perf_counter() - start
    start = time.perf_counter()
    found = webhooks.settle(database.engine, noon + timedelta(seconds=2))
    settled = time.perf_counter() - start
    start = time.perf_counter()
    planned = due(database.engine, noon + NEWS, Cadence(), limit=2 * CONNECTIONS)
    looked = time.perf_counter() - start
    print(f"a storm of {events:,} events over {CONNECTIONS:,} connections: kept in {took:.2f} s, settled in "
          f"{settled:.2f} s, planned in {looked:.3f} s; {found.done:,} done, {len(planned):,} syncs due")  # fmt: skip
    database.engine.dispose()


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"TELLER_WEBHOOK_SECRET": SECRET, "FIN_INFRA_MODE": "sandbox", "XDG_DATA_HOME": name}
        asyncio.run(rates(folder, events))
        storm(folder, 5 * events)


if __name__ == "__main__":
    main()
