"""Switches of an app: routes that are absent, callers who are refused, and vendors that nobody asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from fin_infra import api, features
from fin_infra.api import PUBLIC, User
from fin_infra.providers import registry
from fin_infra.questions import CATALOG
from fin_infra.questions.net_worth import Sources, net_worth_of
from tests.support.sandbox_control import Control

PREFIXES = {
    "banking": "/banking/",
    "market": "/market/",
    "crypto": "/crypto/",
    "fx": "/fx/",
    "brokerage": "/brokerage/",
}
VENDORS = {"banking": ["teller"], "market": ["alpha_vantage"], "crypto": ["coingecko"], "fx": ["ecb"]}
VENDORS["brokerage"] = ["alpaca", "snaptrade"]
PATHS = {
    "banking": "/banking/accounts",
    "market": "/market/quote/IBM",
    "crypto": "/crypto/ticker/bitcoin",
    "fx": "/fx/EUR/USD",
    "brokerage": "/brokerage/account",
}


@pytest.fixture(autouse=True)
def _no_hook() -> Iterator[None]:
    yield
    features.install(None)


def caller(request: Request) -> User:
    return User(request.headers.get("x-user", ""), request.headers.get("x-tenant", "default"))


def app_of_all() -> FastAPI:
    app = FastAPI()
    for add in (api.add_banking, api.add_market_data, api.add_crypto, api.add_fx, api.add_symbols):
        add(app, auth=PUBLIC, caller=caller)
    api.add_net_worth(app, auth=PUBLIC, caller=caller)
    api.add_providers(app, auth=PUBLIC, caller=caller)
    api.add_questions(app, auth=PUBLIC, caller=caller)
    api.add_brokerage(app, auth=PUBLIC, trade=PUBLIC, caller=caller)
    api.add_finastra(app, auth=PUBLIC, caller=caller)
    return app


def paths(app: FastAPI) -> set[str]:
    return set(app.openapi()["paths"])


def routes(app: FastAPI, domain: str) -> list[str]:
    return [path for path in paths(app) if path.startswith(PREFIXES[domain])]


def asked_of(sandbox: Control, domain: str) -> list[Any]:
    mounts = {"alpha_vantage": "alpha-vantage"}
    return [row for vendor in VENDORS[domain] for row in sandbox.requests(mounts.get(vendor, vendor))]


ASKED = {
    "banking": {"accounts", "balances", "transactions"},
    "market": {"quote", "candles"},
    "crypto": {"price"},
    "fx": {"rate", "convert"},
    "brokerage": {"orders"},
}
"""The questions that one domain alone can answer."""


def questions(app: FastAPI) -> set[str]:
    return {path.removeprefix("/ask/") for path in paths(app) if path.startswith("/ask/")}


EACH = [*((domain, "domain") for domain in PREFIXES), ("banking", "vendor"), ("crypto", "vendor")]


@pytest.mark.parametrize(("domain", "by"), [*EACH, ("brokerage", "vendor"), ("market", "provider")])
def test_domain_when_switched_off_then_routes_openapi_and_its_vendors_are_left_alone(
    sandbox: Control, monkeypatch: pytest.MonkeyPatch, domain: str, by: str
) -> None:
    if domain == "banking" and by != "domain":
        for other in ("FINASTRA", "MX", "PLAID"):  # else one of them takes over
            monkeypatch.setenv(f"FEATURE_{other}", "0")
    for vendor in VENDORS[domain]:
        name = {"domain": domain, "vendor": vendor, "provider": f"{domain}_{vendor}"}[by]
        monkeypatch.setenv(f"FEATURE_{name.upper()}", "0")
    registry.reset()
    app = app_of_all()
    with TestClient(app) as client:
        for other, path in PATHS.items():
            reply = client.get(path)
            assert (reply.status_code == 404) is (other == domain), (path, reply.text)
        assert {other for other in PREFIXES if routes(app, other)} == PREFIXES.keys() - {domain}
        assert questions(app) == set(CATALOG) - ASKED[domain]
        hits = client.get("/ask/search", params={"text": "ibm"})
        assert hits.status_code == 200
        assert client.get("/ask/net-worth").status_code == 200
        worth = client.get("/net-worth", params={"holding": ["CRYPTO:bitcoin=1", "US:IBM=1"]}).json()["data"]
        client.get("/symbols/search", params={"q": "ibm"})
        rows = {row["provider"]: row["health"] for row in client.get("/providers").json()["data"]}
    assert asked_of(sandbox, domain) == []
    assert all(asked_of(sandbox, other) for other in PREFIXES if other != domain)
    left_out = {row["source"]: row["reason"] for row in worth["left_out"]}
    expected = [f"brokerage:{vendor}" for vendor in VENDORS[domain]] if domain == "brokerage" else [domain]
    assert {name: left_out.get(name) for name in expected} == dict.fromkeys(expected, "it is switched off")
    assert {rows[f"{domain}:{vendor}"] for vendor in VENDORS[domain]} == {"switched off"}
    unpriced = {row["provider"] for row in worth["errors"] if row["message"] == "it is switched off"}
    assert unpriced == ({domain} if domain in ("crypto", "market") else set())


def test_finastra_when_the_vendor_is_off_then_its_routes_are_absent(
    sandbox: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any(path.startswith("/finastra") for path in paths(app_of_all()))
    monkeypatch.setenv("FEATURE_FINASTRA", "0")
    registry.reset()
    app = app_of_all()
    assert not any(path.startswith("/finastra") for path in paths(app))
    assert TestClient(app).get("/finastra/b2b/collaterals").status_code == 404


@pytest.mark.parametrize(("domain", "by"), EACH)
def test_hook_when_it_refuses_one_tenant_then_that_one_alone_gets_404_and_nothing_is_asked_for_it(
    sandbox: Control, domain: str, by: str
) -> None:
    names = {domain} if by == "domain" else set(VENDORS[domain])
    features.install(lambda name, tenant, user: not (tenant == "acme" and name in names))
    app = app_of_all()
    assert routes(app, domain)
    with TestClient(app) as client:
        acme = {"x-tenant": "acme", "x-user": "ada"}
        for other, path in PATHS.items():
            reply = client.get(path, headers=acme)
            assert (reply.status_code == 404) is (other == domain), (path, reply.text)
            if other == domain:
                assert (reply.json()["code"], "FEATURE_" in reply.text) == ("fin.feature_disabled", False)
        worth = client.get("/net-worth?holding=CRYPTO:bitcoin=1&holding=US:IBM=1", headers=acme).json()["data"]
        client.get("/symbols/search", params={"q": "ibm"}, headers=acme)
        assert asked_of(sandbox, domain) == []
        expected = {f"{domain}:{vendor}" for vendor in VENDORS[domain]}
        off = {row["source"] for row in worth["left_out"] if row["reason"] == "it is switched off"}
        assert expected <= off
        assert not [row for row in worth["errors"] if row["provider"] in expected]
        others = client.get("/net-worth?holding=CRYPTO:bitcoin=1&holding=US:IBM=1", headers={"x-tenant": "other"})
        assert not [row for row in others.json()["data"]["left_out"] if row["reason"] == "it is switched off"]
        assert client.get(PATHS[domain], headers={"x-tenant": "other"}).status_code == 200
        assert client.get(PATHS[domain]).status_code == 200
        health = {row["provider"]: row["health"] for row in client.get("/providers", headers=acme).json()["data"]}
        assert {health[each] for each in expected} == {"switched off"}
    assert asked_of(sandbox, domain)


class Kept:
    """A cache that keeps everything."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, ...], bytes] = {}

    async def get_or_set(self, cache_key: tuple[str, ...], ttl_s: float, make: Any, *, keep: Any = None) -> bytes:
        if cache_key not in self.answers:
            self.answers[cache_key] = await make()
        return self.answers[cache_key]


def test_cache_when_it_has_the_answer_of_others_then_a_refused_tenant_gets_none_of_it(sandbox: Control) -> None:
    features.install(lambda name, tenant, user: not (tenant == "acme" and name == "crypto"))
    app, cache = FastAPI(), Kept()
    api.add_crypto(app, auth=PUBLIC, cache=cache, caller=caller)
    api.add_symbols(app, auth=PUBLIC, cache=cache, caller=caller)
    acme = {"x-tenant": "acme"}
    with TestClient(app) as client:
        assert client.get("/crypto/ticker/bitcoin").status_code == 200
        assert client.get("/crypto/ticker/bitcoin", headers=acme).status_code == 404
        found = client.get("/symbols/search?q=bit").json()["data"]
        assert "crypto" in {row["type"] for row in found}
        theirs = client.get("/symbols/search?q=bit", headers=acme).json()
    assert "crypto" not in {row["type"] for row in theirs["data"]}
    assert theirs["errors"] == []
    assert len(cache.answers) == 3


async def test_net_worth_when_asked_in_python_then_leaves_out_what_is_off_for_whoever_acts(sandbox: Control) -> None:
    sources = Sources.default()
    features.install(lambda name, tenant, user: not (tenant == "acme" and name in ("teller", "alpaca")))
    with features.acting("acme"):
        worth = await net_worth_of(sources, "USD", ())
    assert {row.source for row in worth.left_out} == {"banking:teller", "brokerage:alpaca"}
    assert not [error for error in worth.errors if error.provider in ("banking:teller", "brokerage:alpaca")]
    assert (sandbox.requests("teller"), sandbox.requests("alpaca")) == ([], [])
    assert (await net_worth_of(sources, "USD", ())).left_out == ()


def test_switch_when_turned_off_while_the_app_runs_then_the_next_request_is_refused(
    sandbox: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TestClient(app_of_all()) as client:
        assert client.get("/banking/accounts").status_code == 200
        monkeypatch.setenv("FEATURE_TELLER", "0")
        before = len(sandbox.requests("teller"))
        reply = client.get("/banking/accounts")
        assert (reply.status_code, reply.json()["detail"]) == (404, "banking:teller is switched off.")
        assert len(sandbox.requests("teller")) == before
        monkeypatch.setenv("FEATURE_TELLER", "1")
        assert client.get("/banking/accounts").status_code == 200


def test_guard_when_auth_refuses_then_that_comes_first(sandbox: Control) -> None:
    from fastapi import Depends, HTTPException

    def nobody_may() -> None:
        raise HTTPException(401)

    features.install(lambda *_: False)
    app = FastAPI()
    api.add_banking(app, auth=[Depends(nobody_may)], caller=caller)
    assert TestClient(app).get("/banking/accounts").status_code == 401


def test_request_when_it_has_ended_then_the_next_acts_for_itself(sandbox: Control) -> None:
    seen: list[str] = []
    features.install(lambda name, tenant, user: bool(seen.append(f"{tenant}/{user}")) or True)
    with TestClient(app_of_all()) as client:
        client.get("/fx/EUR/USD", headers={"x-tenant": "acme", "x-user": "ada"})
        assert set(seen) == {"acme/ada"}
        seen.clear()
        client.get("/fx/EUR/USD")
        assert set(seen) == {"default/"}
    assert features.enabled("banking")
    assert seen[-1] == "default/"


def test_provider_when_given_and_its_vendor_is_off_then_its_routes_are_absent(
    sandbox: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fin_infra.fx import easy_fx

    rates = easy_fx(mode="async")
    monkeypatch.setenv("FEATURE_ECB", "0")
    app = FastAPI()
    api.add_fx(app, auth=PUBLIC, provider=rates)
    assert paths(app) == set()
