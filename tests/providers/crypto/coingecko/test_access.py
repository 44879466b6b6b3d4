"""CoinGecko: keys, plans and quotas, and which of its hosts is asked."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.errors import (
    ConfigurationError,
    ProviderUnavailable,
)
from fin_infra.flow import Quota
from fin_infra.providers.crypto.coingecko.adapter import CoinGecko, Settings
from fin_infra.providers.provider import Endpoint, endpoint
from fin_infra.settings import load
from fin_infra.transport.replay import Replay
from tests.providers.crypto.coingecko.support import (
    BITCOIN,
    SECRET,
    answering,
    place,
    sent,
)


@pytest.mark.parametrize(
    ("given", "header"),
    [
        ({"api_key": SECRET}, ("x-cg-demo-api-key", SECRET)),
        ({"api_key": SECRET, "plan": "pro"}, ("x-cg-pro-api-key", SECRET)),
    ],
)
def test_authorize_when_key_is_given_then_in_the_header_of_its_plan_and_nowhere_else(
    given: dict[str, Any], header: tuple[str, str]
) -> None:
    gecko = answering({"bitcoin": {"usd": 1}}, **given)
    gecko.price(BITCOIN)
    [request] = sent(gecko)
    assert request.headers == (header,)
    assert SECRET not in f"{request.path}{request.params}{request!r}"


def test_authorize_when_keyless_then_no_header() -> None:
    gecko = answering({"bitcoin": {"usd": 1}})
    gecko.price(BITCOIN)
    assert sent(gecko)[0].headers == ()


@pytest.mark.parametrize(
    ("given", "quotas"),
    [
        ({}, (Quota(5, 60),)),
        ({"api_key": "CG-x"}, (Quota(30, 60),)),
        ({"api_key": "CG-x", "per_minute": 100}, (Quota(100, 60),)),
        ({"api_key": "CG-x", "plan": "pro"}, ()),
        ({"api_key": "CG-x", "plan": "pro", "per_minute": 500}, (Quota(500, 60),)),
        ({"per_minute": 2}, (Quota(2, 60),)),
    ],
)
def test_quotas_when_plan_and_key_then_documented_or_set(given: dict[str, Any], quotas: tuple[Quota, ...]) -> None:
    assert CoinGecko.quotas(load(Settings, given)) == quotas


@pytest.mark.parametrize(
    ("environment", "given", "url", "where"),
    [
        ({}, {}, "http://127.0.0.1:8060/coingecko", "sandbox"),
        ({"COINGECKO_API_KEY": "CG-x"}, {}, "https://api.coingecko.com", "live"),
        ({"COINGECKO_API_KEY": "CG-x", "COINGECKO_PLAN": "pro"}, {}, "https://pro-api.coingecko.com", "live"),
        ({"FIN_INFRA_MODE": "live"}, {}, "https://api.coingecko.com", "live"),
        ({"COINGECKO_API_KEY": "CG-x", "FIN_INFRA_MODE": "sandbox"}, {}, "http://127.0.0.1:8060/coingecko", "sandbox"),
        ({}, {"base_url": "https://gecko.example"}, "https://gecko.example", "custom"),
    ],
)
def test_endpoint_when_key_is_optional_then_it_chooses_live_but_is_never_required(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], given: dict[str, str], url: str, where: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = endpoint(CoinGecko.info, given)
    assert (found.base_url, found.environment) == (url, where)
    CoinGecko(Replay([]), found)


def test_endpoint_when_sandbox_then_a_real_key_stays_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINGECKO_API_KEY", SECRET)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    settings_used = endpoint(CoinGecko.info).settings
    assert isinstance(settings_used, Settings)
    assert settings_used.api_key is not None
    assert settings_used.api_key.get_secret_value() != SECRET


@pytest.mark.parametrize(
    ("given", "step"), [({"plan": "pro"}, "set it, or COINGECKO_PLAN=demo"), ({"api_key": "CG x\n"}, "copy it again")]
)
def test_settings_when_unusable_then_configuration_error_with_the_next_step(given: dict[str, str], step: str) -> None:
    with pytest.raises(ConfigurationError, match=step):
        CoinGecko(Replay([]), place(**given))


def test_settings_when_plan_is_unknown_then_configuration_error_names_it() -> None:
    with pytest.raises(ConfigurationError, match="plan"):
        load(Settings, {"plan": "gold"})


def test_sandbox_down_when_no_key_then_says_what_to_start_or_set() -> None:
    from fin_infra.providers.provider import http_transport

    found = Endpoint("http://127.0.0.1:9", "sandbox", load(Settings, {"max_attempts": 1}))
    gecko = CoinGecko(http_transport(CoinGecko, found, "sync"), found)
    with pytest.raises(ProviderUnavailable, match=r"fin-infra sandbox serve.*set COINGECKO_API_KEY"):
        gecko.price(BITCOIN)
