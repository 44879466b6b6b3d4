"""Profile market=alpha_vantage: prices are those of the sandbox's world, in the major unit, and never invented."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal

import httpx2
import pytest

from . import app as stack
from .conftest import start

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("market=alpha_vantage")]

KEPT = {"US:AAPL": "AAPL", "MSFT": "MSFT", "US:BRK.B": "BRK-B", "BRK/B": "BRK-B"}
"""How people write a key, and the world's name for it."""


def _close(sandbox, symbol):
    row = sandbox.world()["equities"][symbol]
    return Decimal(row["close"]), row["day"]


@pytest.mark.parametrize("key", KEPT)
def test_quote_when_the_key_is_written_like_people_do_then_it_is_the_last_close(client, sandbox, key):
    price, day = _close(sandbox, KEPT[key])
    quote = client.data(f"/market/quote/{key}")
    assert (Decimal(quote["price"]), quote["currency"], quote["trading_day"]) == (price, "USD", day)


@pytest.mark.parametrize(("key", "symbol"), [("TSCO.L", "TSCO.LON"), ("XLON:BATS", "BATS.LON")])
def test_quote_when_it_is_in_pence_then_the_answer_is_in_pounds(client, sandbox, key, symbol):
    pence, day = _close(sandbox, symbol)
    quote = client.data(f"/market/quote/{key}")
    assert (Decimal(quote["price"]), quote["currency"], quote["unit"]) == (pence / 100, "GBP", "GBX")
    assert quote["trading_day"] == day


def test_candles_when_daily_then_the_last_one_is_the_last_close(client, sandbox):
    price, day = _close(sandbox, "IBM")
    series = client.data("/market/candles/IBM")
    assert series["candles"][-1]["start"].startswith(day)
    assert Decimal(series["candles"][-1]["close"]) == price
    starts = [candle["start"] for candle in series["candles"]]
    assert starts == sorted(starts)
    for candle in series["candles"]:
        low, high = Decimal(candle["low"]), Decimal(candle["high"])
        assert 0 < low <= min(Decimal(candle["open"]), Decimal(candle["close"]))
        assert high >= max(Decimal(candle["open"]), Decimal(candle["close"]))


def test_candles_when_a_window_is_given_then_the_end_is_outside(client):
    window = {"start": "2026-11-16T00:00:00-05:00", "end": "2026-11-19T00:00:00-05:00"}
    days = [candle["start"][:10] for candle in client.data("/market/candles/KO", **window)["candles"]]
    assert days == ["2026-11-16", "2026-11-17", "2026-11-18"]


def test_quote_when_the_symbol_is_unknown_then_it_is_said_so_with_the_next_step(client):
    assert "search" in client.problem("/market/quote/ZZZZQ", 404, "fin.unknown_symbol")["detail"]


def test_quote_when_the_key_cannot_be_read_then_it_is_refused(client, sandbox):
    assert client.reply("/market/quote/%20").status_code == 422
    assert sandbox.requests("alpha-vantage") == []


def test_search_when_one_source_is_down_then_the_other_answers_and_the_gap_is_named(client, sandbox):
    sandbox.fault("coingecko", "status_500", path="/search")
    sandbox.fault("coingecko", "status_500", path="/api/v3/search")
    reply = client.reply("/symbols/search", q="Tesla")
    assert reply.status_code == 200
    assert "US:TSLA" in [hit["key"] for hit in reply.json()["data"]]
    assert [error["provider"] for error in reply.json()["errors"]] == ["crypto:coingecko"]


def test_quote_when_the_daily_quota_is_used_up_then_it_is_429_although_the_vendor_says_200(client, sandbox):
    sandbox.fault("alpha-vantage", "quota_note")
    problem = client.problem("/market/quote/NVDA", 429, "fin.rate_limited")
    assert problem["provider"] == "market:alpha_vantage"


@pytest.mark.parametrize(("kind", "key"), [("malformed", "AMZN"), ("truncated", "GOOGL"), ("empty", "BABA")])
def test_quote_when_the_answer_is_broken_then_no_price_is_invented(client, sandbox, kind, key):
    sandbox.fault("alpha-vantage", kind)
    reply = client.reply(f"/market/quote/{key}")
    assert reply.status_code in (502, 503)
    assert "price" not in reply.text


def test_quote_when_the_vendor_fails_once_then_the_answer_is_right_after_all(client, sandbox):
    price, _ = _close(sandbox, "JNJ")
    sandbox.fault("alpha-vantage", "status_502", count=1)
    assert Decimal(client.data("/market/quote/JNJ")["price"]) == price


def test_quote_when_asked_again_at_once_then_the_vendor_is_asked_once(client, sandbox):
    first, second = client.data("/market/quote/SPY"), client.data("/market/quote/US:SPY")
    assert first == second
    assert len(sandbox.requests("alpha-vantage")) == 1


def test_burst_when_the_quota_is_one_a_second_then_all_prices_come_one_after_the_other(running, sandbox, tmp_path):
    """The sandbox is not limited; by another name of the same address it is a vendor like any other."""
    stack.call(f"{sandbox.url}/_sandbox/quotas", "POST", {"enforce": True})
    token, symbols = "token-of-the-service-with-a-limited-key", ("IBM", "AAPL", "MSFT", "KO")
    settings = stack.service_environment(running.sandbox.url, token) | {
        "ALPHA_VANTAGE_BASE_URL": f"{running.sandbox.url}/alpha-vantage".replace("127.0.0.1", "localhost"),
        "ALPHA_VANTAGE_API_KEY": "SANDBOXDEMOKEY000",
    }
    with ExitStack() as down:
        url = start(down, stack.service_command, settings, tmp_path / "service.log", "/healthz")
        headers = {"Authorization": f"Bearer {token}"}
        http = down.enter_context(httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False))
        with ThreadPoolExecutor(len(symbols)) as pool:
            replies = list(pool.map(lambda symbol: http.get(f"/market/quote/{symbol}"), symbols))
    assert [reply.status_code for reply in replies] == [200] * len(symbols), [reply.text for reply in replies]
    prices = [Decimal(reply.json()["data"]["price"]) for reply in replies]
    assert prices == [_close(sandbox, symbol)[0] for symbol in symbols]
    # At once, all but the first would be refused and asked again; on a busy machine one may still arrive too early.
    assert len(sandbox.requests("alpha-vantage")) <= len(symbols) + 1


def test_fx_when_asked_then_it_is_the_published_rate_of_the_day(client, sandbox):
    table = sandbox.world()["fx"]
    rate = client.data("/fx/EUR/USD")
    assert (Decimal(rate["rate"]), rate["date"]) == (Decimal(table["rates"]["USD"]), table["date"])


def test_fx_when_neither_is_the_base_then_it_goes_through_the_euro(client, sandbox):
    rates = sandbox.world()["fx"]["rates"]
    rate = client.data("/fx/GBP/JPY")
    assert rate["via"] == "EUR"
    assert abs(Decimal(rate["rate"]) - Decimal(rates["JPY"]) / Decimal(rates["GBP"])) < Decimal("1e-20")


def test_fx_when_the_bank_publishes_no_rate_then_none_is_invented(client):
    client.problem("/fx/USD/KWD", 404, "fin.rate_unavailable")
