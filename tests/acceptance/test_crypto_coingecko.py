"""Profile crypto=coingecko: prices are those of the sandbox's world, and a name of two coins is never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.providers.brokerage.snaptrade import gaps as snaptrade_gaps

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("crypto=coingecko")]

NAMED = {"bitcoin": "bitcoin", "ETH": "ethereum", "CRYPTO:wrapped-bitcoin": "wrapped-bitcoin", "pepe": "pepe"}


@pytest.mark.parametrize("asset", NAMED)
def test_ticker_when_asked_by_id_or_ticker_then_it_is_the_price_of_that_coin(client, sandbox, asset):
    price = client.data(f"/crypto/ticker/{asset}")
    assert price["key"] == f"CRYPTO:{NAMED[asset]}"
    assert Decimal(price["price"]) == Decimal(sandbox.world()["crypto_usd"][NAMED[asset]])
    assert price["currency"] == "USD"


def test_ticker_when_the_coin_has_no_price_then_it_is_an_error_and_not_zero(client, sandbox):
    assert sandbox.world()["crypto_usd"]["unlaunched-protocol"] is None
    reply = client.reply("/crypto/ticker/unlaunched-protocol")
    assert reply.status_code in (404, 502)
    assert '"price":' not in reply.text


def test_ticker_when_several_coins_have_it_then_it_is_refused_with_the_candidates(client, sandbox):
    problem = client.problem("/crypto/ticker/UNI", 409, "fin.ambiguous_symbol")
    assert problem["candidates"] == ["CRYPTO:uniswap", "CRYPTO:unicorn-token"]
    assert sandbox.requests("coingecko") == []


def test_ticker_when_the_coin_is_unknown_then_it_is_not_found(client):
    client.problem("/crypto/ticker/no-such-coin", 404, "fin.unknown_symbol")


@pytest.mark.parametrize(("kind", "coin"), [("malformed", "litecoin"), ("truncated", "chainlink"), ("html", "tether")])
def test_ticker_when_the_answer_is_broken_then_no_price_is_invented(client, sandbox, kind, coin):
    sandbox.fault("coingecko", kind)
    reply = client.reply(f"/crypto/ticker/{coin}")
    assert reply.status_code in (502, 503)
    assert '"price":' not in reply.text


def test_ticker_when_the_vendor_limits_once_then_the_service_waits_as_told(client, sandbox):
    sandbox.fault("coingecko", "rate_limit", count=1, retry_after=1)
    price = client.data("/crypto/ticker/solana")
    assert Decimal(price["price"]) == Decimal(sandbox.world()["crypto_usd"]["solana"])
    assert [row["status"] for row in sandbox.requests("coingecko")] == [429, 200]


def test_ticker_when_the_vendor_limits_for_longer_than_we_wait_then_the_caller_learns_for_how_long(client, sandbox):
    sandbox.fault("coingecko", "rate_limit", retry_after=3600)
    reply = client.reply("/crypto/ticker/dogecoin")
    assert reply.status_code == 429
    assert int(reply.headers["retry-after"]) > 3000


def test_net_worth_when_a_coin_is_held_then_it_counts_at_its_price(client, sandbox):
    price = Decimal(sandbox.world()["crypto_usd"]["cardano"])
    body = client.reply("/net-worth", holding="CRYPTO:cardano=1000").json()
    worth = body["data"]
    assert snaptrade_gaps.failed(body) == snaptrade_gaps.FAILED
    assert worth["missing"] == snaptrade_gaps.MISSING
    line = next(line for line in worth["lines"] if line["source"] == "crypto:coingecko")
    assert abs(Decimal(line["value"]["amount"]) - price * 1000) <= Decimal("0.005")


def test_net_worth_when_the_price_is_missing_then_the_holding_is_named_and_not_zero(client, sandbox):
    sandbox.fault("coingecko", "status_500")
    body = client.reply("/net-worth", holding="CRYPTO:uniswap=5").json()
    line = next(line for line in body["data"]["lines"] if line["source"] == "crypto:coingecko")
    assert line["value"] is None
    assert body["data"]["complete"] is False
    own = ("crypto:coingecko", "price", "fin.provider_unavailable")
    assert sorted(snaptrade_gaps.failed(body)) == sorted([own, *snaptrade_gaps.FAILED])
    gap = "crypto:coingecko CRYPTO:uniswap: " + line["missing"]
    assert sorted(body["data"]["missing"]) == sorted([gap, *snaptrade_gaps.MISSING])
