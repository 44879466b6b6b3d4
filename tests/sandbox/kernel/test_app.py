"""The same seed and clock give the same bytes; nothing outside the sandbox is imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fin_infra.sandbox
from fin_infra.sandbox import create_app

SOURCE = Path(fin_infra.sandbox.__file__).parent
AV = "/alpha-vantage/query?apikey=SANDBOXDEMOKEY000&function="
CG = "/coingecko/api/v3"
PUBLIC_PATHS = [
    "/teller/institutions",
    *(AV + query for query in (
        "GLOBAL_QUOTE&symbol=IBM",
        "TIME_SERIES_DAILY&symbol=TSCO.LON",
        "TIME_SERIES_DAILY_ADJUSTED&symbol=AAPL&outputsize=full&datatype=csv",
        "TIME_SERIES_INTRADAY&symbol=IBM&interval=15min",
        "TIME_SERIES_WEEKLY&symbol=MSFT",
        "TIME_SERIES_MONTHLY_ADJUSTED&symbol=MSFT",
        "SYMBOL_SEARCH&keywords=tesco",
        "OVERVIEW&symbol=KO",
        "CURRENCY_EXCHANGE_RATE&from_currency=BTC&to_currency=EUR",
        "FX_DAILY&from_symbol=EUR&to_symbol=USD",
        "FX_INTRADAY&from_symbol=GBP&to_symbol=USD&interval=5min",
        "MARKET_STATUS",
    )),
    *(CG + path for path in (
        "/ping",
        "/simple/price?ids=bitcoin,ethereum,bonded-finance&vs_currencies=usd,eur,btc&include_24hr_change=true",
        "/coins/list?include_platform=true",
        "/coins/markets?vs_currency=usd&per_page=40",
        "/coins/wrapped-bitcoin",
        "/coins/bitcoin/market_chart?vs_currency=usd&days=30",
        "/coins/ethereum/ohlc?vs_currency=eur&days=7",
        "/coins/bitcoin/history?date=01-09-2026",
        "/search?query=bond",
        "/search/trending",
        "/global",
    )),
    "/ecb/stats/eurofxref/eurofxref-daily.xml",
    "/ecb/stats/eurofxref/eurofxref-hist-90d.xml",
    "/_sandbox/world",
]  # fmt: skip

FINASTRA_PATHS = [
    ("b2b", "/total-lending/collaterals/b2b/v2/collaterals"),
    ("b2c", "/corporate/channels/accounts/me/v1/accounts?accountContext=ViewAccount"),
    ("b2c", "/corporate/channels/accounts/me/v1/accounts/balances-by-account-type?accountTypeForBalance=CURRENT"),
]


def _everything(ask: Any) -> dict[str, bytes]:
    found = {path: ask(path) for path in PUBLIC_PATHS}
    for token in ("test_token_sandbox", "test_token_sandbox_partner", "test_token_sandbox_business"):
        found[f"accounts {token}"] = ask.teller("/accounts", token)
        found[f"identity {token}"] = ask.teller("/identity", token)
        for account in found[f"accounts {token}"].json():
            if account["status"] == "open":
                for part in ("balances", "transactions"):
                    found[f"{token} {account['name']} {part}"] = ask.teller(f"/accounts/{account['id']}/{part}", token)
    for side, path in FINASTRA_PATHS:
        for tenant in ("sandbox", "finastra-dev", "bank-north"):
            bearer = ask.finastra_bearer(tenant, side)
            found[f"finastra {tenant} {path}"] = ask(f"/finastra{path}", headers=bearer)
    assert all(reply.status_code == 200 for reply in found.values()), {k: r.status_code for k, r in found.items()}
    return {path: reply.content for path, reply in found.items()}


@pytest.mark.matrix
def test_every_endpoint_when_two_sandboxes_share_a_seed_then_same_bytes(ask: Any) -> None:
    assert _everything(ask) == _everything(type(ask)(create_app(seed=7)))


@pytest.mark.matrix
def test_every_priced_endpoint_when_the_seed_differs_then_other_bytes(ask: Any) -> None:
    fixed = {"/teller/institutions", f"{AV}SYMBOL_SEARCH&keywords=tesco", f"{AV}MARKET_STATUS"}
    fixed |= {f"{CG}/ping", f"{CG}/coins/list?include_platform=true", f"{CG}/search?query=bond"}
    # on the anchor day itself the reference rates are the tradable_assets's
    fixed |= {"/ecb/stats/eurofxref/eurofxref-daily.xml"}
    ours, theirs = _everything(ask), _everything(type(ask)(create_app(seed=8)))
    same = {path for path in ours if ours[path] == theirs.get(path)}
    assert same == fixed


@pytest.mark.matrix
def test_prices_when_the_clock_went_forward_and_back_then_same_bytes(ask: Any) -> None:
    before = _everything(ask)
    ask.advance(days=40)
    moved = _everything(ask)
    assert moved["/_sandbox/world"] != before["/_sandbox/world"]
    ask("/_sandbox/clock", "POST", json={"set": "2026-11-20T15:00:00Z"})
    assert _everything(ask) == before


def test_create_app_when_given_a_start_then_the_clock_stands_there(ask: Any) -> None:
    app = create_app(start=datetime(2025, 3, 3, 9, 30, tzinfo=UTC))
    assert type(ask)(app)("/_sandbox/clock").json() == {"now": "2025-03-03T09:30:00Z"}


def test_sandbox_sources_when_read_then_they_import_fin_infra_only_from_the_sandbox() -> None:
    allowed = ("fin_infra.sandbox", "fin_infra._distribution")
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert not name.startswith("fin_infra") or name.startswith(allowed), f"{file.name}: {name}"


def test_import_when_only_fin_infra_or_the_environment_is_wanted_then_no_server_is_loaded() -> None:
    code = (
        "import sys, fin_infra; assert 'fin_infra.sandbox' not in sys.modules;"
        "import fin_infra.sandbox as s; s.environment();"
        "assert not {'starlette', 'uvicorn', 'fin_infra.sandbox.kernel.app'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
