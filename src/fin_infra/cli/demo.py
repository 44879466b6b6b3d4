"""`fin-infra demo run`: sandbox, adapters and service on this machine, and the picture they give.
Floor 8: everything printed was fetched from the service over HTTP, like any client would."""

from __future__ import annotations

import importlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from fin_infra.cli.demo_household import HOLDINGS, USER, household, months, running_clock
from fin_infra.cli.output import print_json, say
from fin_infra.cli.serving import reserve, serving
from fin_infra.cli.tables import print_table
from fin_infra.errors import FinInfraError, MissingExtra
from fin_infra.features import require
from fin_infra.imports.statements import read_entry
from fin_infra.providers.config import DOMAINS
from fin_infra.providers.registry import built_in_default, reset
from fin_infra.sandbox import running
from fin_infra.testing import point_at

SHOWN = ("banking", "market", "crypto", "fx")
SCREEN = ("US:AAPL", "US:BRK.B", "XLON:TSCO")
COINS = ("bitcoin", "ethereum")
PAIRS = ("EUR/USD", "GBP/JPY")
LINES, GAPS = 14, 4
"""Lines of the net worth, and gaps in it, that a picture has room for."""


def run(*, once: bool, statements: Sequence[Path], port: int, sandbox_port: int, as_json: bool) -> None:
    """Show the picture; unless `once`, serve until interrupted.

    Raises:
        FeatureDisabled: a domain that the picture shows is switched off.
        ConfigurationError: a port is taken, or a setting cannot be used.
        StatementUnreadable: a statement file cannot be read.
    """
    for domain in SHOWN:
        require(domain)
    doubts = [doubt for file in statements for doubt in _doubts(str(file))]
    with ExitStack() as stack:
        listener = stack.enter_context(reserve(port))
        sandbox = stack.enter_context(running(sandbox_port))
        token = _configure(sandbox, statements)
        stack.enter_context(_own_providers())
        clock = running_clock()
        stack.enter_context(household(statements, clock))
        url = stack.enter_context(serving(_service(clock), listener))
        picture = _fetch(url, token)
        if as_json:
            print_json({**picture, "notes": doubts})
        else:
            _print(picture)
            for doubt in doubts:
                say(f"note: {doubt}")
        if once:
            return
        _serve(url, sandbox, token)


def _doubts(entry: str) -> Iterator[str]:
    """Yield what a statement file leaves doubtful, as `fin-infra import` shows it."""
    file = read_entry(entry)
    for warning in (*file.warnings, *(text for statement in file.statements for text in statement.warnings)):
        yield f"{Path(entry.partition('?')[0]).name}: {warning}"


def token_file(url: str) -> Path:
    """Return where a demo at `url` keeps its token while it runs, for scripts of the same user."""
    state = os.environ.get("XDG_STATE_HOME", "").strip()
    folder = Path(state) if state else Path.home() / ".local" / "state"
    return folder / "fin-infra" / f"demo-{url.rpartition(':')[2]}.token"


@contextmanager
def _kept(token: str, file: Path) -> Generator[None]:
    """Keep the token in a file of this user's own while the block runs; where none can be written, go without."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(f"{token}\n", "ascii")
    except OSError:
        yield
        return
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _serve(url: str, sandbox: str, token: str) -> None:
    """Say where things are and wait; Ctrl-C is the way to end it, from the moment it is offered."""
    with _kept(token, token_file(url)):
        _announce_and_wait(url, sandbox, token)


def _announce_and_wait(url: str, sandbox: str, token: str) -> None:
    try:
        say(f"\nService   {url}/docs\nSandbox   {sandbox}/_sandbox\nToken     {token}")
        say(f"Try       curl -H 'Authorization: Bearer {token}' {url}/net-worth\nCtrl-C stops it.")
        threading.Event().wait()
    except KeyboardInterrupt:
        say("")


def _configure(sandbox: str, statements: Sequence[Path]) -> str:
    """Point this process at the sandbox, whatever the vendors' variables say; return the API token."""
    import secrets

    token = secrets.token_urlsafe(24)
    point_at(sandbox)
    os.environ |= {
        "FIN_INFRA_API_TOKENS": f"{USER}={token}",
        "FIN_INFRA_HOLDINGS": HOLDINGS,
        "FIN_INFRA_STATEMENTS": os.pathsep.join(str(file.resolve()) for file in statements),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }
    return token


@contextmanager
def _own_providers() -> Generator[None]:
    """Name the providers of the picture, whatever a fin-infra.yaml or another package would choose."""
    named = {domain: vendors for domain in DOMAINS if (vendors := built_in_default(domain))}
    with TemporaryDirectory(prefix="fin-infra-") as folder:
        config = Path(folder) / "fin-infra.yaml"
        config.write_text(json.dumps({domain: vendors[0] for domain, vendors in named.items()}), "ascii")
        before = os.environ.get("FIN_INFRA_CONFIG")
        os.environ["FIN_INFRA_CONFIG"] = str(config)
        reset()
        try:
            yield
        finally:
            del os.environ["FIN_INFRA_CONFIG"]
            if before is not None:
                os.environ["FIN_INFRA_CONFIG"] = before
            reset()


def _service(clock: Callable[[], datetime]) -> Any:
    """Load the service by name: this package never imports it, and it may not be installed."""
    try:
        return importlib.import_module("asset_aggregator.api").create_app(clock=clock)
    except ModuleNotFoundError as exc:
        raise MissingExtra.of("The demo needs", exc.name, "service") from None


class DemoFailed(FinInfraError):
    code = "fin.demo_failed"
    title = "The demo could not get its picture"


def _fetch(url: str, token: str) -> dict[str, Any]:
    """Ask the running service for everything the picture shows."""
    import httpx2

    with httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
    ) as client:

        def get(path: str, **params: str | int) -> dict[str, Any]:
            reply = client.get(path, params=params)
            if reply.status_code != 200:
                raise DemoFailed(f"{path}: {reply.json().get('detail', reply.status_code)}")
            return cast("dict[str, Any]", reply.json())

        recent: list[dict[str, Any]] = get("/transactions", limit=1000)["data"]["items"]
        return {
            "accounts": get("/accounts")["data"],
            "names": {row["id"]: row["name"] for row in get("/banking/accounts")["data"]},
            "balances": get("/balances")["data"],
            "transactions": recent[:5],
            "months": _months(recent),
            "quotes": [get(f"/market/quote/{key}")["data"] for key in SCREEN],
            "crypto": [get(f"/crypto/ticker/{coin}")["data"] for coin in COINS],
            "fx": [get(f"/fx/{pair}")["data"] for pair in PAIRS],
            "net_worth": get("/net-worth")["data"],
        }


def _months(recent: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return this month, and the one before beside it."""
    return [
        {"month": month, "currency": currency, "in": str(received), "out": str(spent)}
        for month, currency, received, spent in months(recent)[:2]
    ]


def _print(picture: Mapping[str, Any]) -> None:
    worth = picture["net_worth"]
    balances = {row["account_id"]: row["current"] or row["available"] for row in picture["balances"]}
    names = picture["names"] | {str(account["id"]): account["name"] for account in picture["accounts"]}
    accounts = [
        (
            a["institution"],
            a["name"],
            a["subtype"],
            _money(balances.get(a["id"])) if a["status"] == "open" else "closed",
        )
        for a in picture["accounts"]
    ]
    print_table("Accounts", ("bank", "account", "kind", "balance"), accounts, right=("balance",))
    transactions = [(t["date"], t["status"], t["description"], _money(t["amount"])) for t in picture["transactions"]]
    print_table("Newest transactions", ("date", "status", "description", "amount"), transactions, right=("amount",))
    columns = ("month", "in", "out", "currency")
    beside = [tuple(row[name] for name in ("month", "in", "out", "currency")) for row in picture["months"]]
    print_table("This month and the last", columns, beside, right=("in", "out"))
    prices = [(q["key"], f"{q['price']} {q['currency']}", q["source"]) for q in picture["quotes"] + picture["crypto"]]
    rates = [(f"FX:{r['base']}{r['quote']}", f"{Decimal(r['rate']):.6g}", r["source"]) for r in picture["fx"]]
    print_table("Prices", ("instrument", "price", "source"), prices + rates, right=("price",))
    largest = sorted(worth["lines"], key=_size, reverse=True)
    lines = [
        (
            line["kind"],
            line["name"] or names.get(line["id"], line["id"]),
            line["at"] or "",
            _money(line["amount"]),
            _money(line["value"]),
        )
        for line in largest[:LINES]
    ]
    print_table("Net worth", ("kind", "what", "as of", "amount", "value"), lines, right=("amount", "value"))
    if len(largest) > LINES:
        say(f"  ... and {len(largest) - LINES} smaller ones: /net-worth has them all")
    say(
        f"Net worth {_money(worth['total']) or 'unknown'}   (assets {_money(worth['assets'])}, debts "
        f"{_money(worth['liabilities'])}). All of it is the local sandbox's, seed 7."
    )
    for gap in worth["missing"][:GAPS]:
        say(f"  missing: {gap}")
    if len(worth["missing"]) > GAPS:
        say(f"  missing: ... and {len(worth['missing']) - GAPS} more")


def _size(line: Mapping[str, Any]) -> Decimal:
    return abs(Decimal(line["value"]["amount"])) if line["value"] else Decimal(-1)


def _money(amount: Mapping[str, str] | None) -> str:
    return f"{amount['amount']} {amount['currency']}" if amount else ""
