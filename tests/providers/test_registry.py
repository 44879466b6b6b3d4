"""The registry: keys, entry points, YAML map, and errors that name the next step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.errors import (
    ConfigurationError,
    FeatureDisabled,
    InvalidInput,
    MissingExtra,
    ProviderNotFound,
)
from fin_infra.flow import operation
from fin_infra.markets import easy_market
from fin_infra.providers import installed, registry
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.provider import Provider, endpoint
from fin_infra.providers.registry import provider_class, providers, resolve
from fin_infra.settings import ProviderSettings
from fin_infra.transport import AsyncTransport, Flow, M, SyncTransport
from tests.providers.support import write


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Each test has an empty environment, an empty working directory and an empty registry."""
    for name in ("FIN_INFRA_MODE", "FIN_INFRA_CONFIG", "FIN_INFRA_SANDBOX_URL", "ALPHA_VANTAGE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    registry.reset()


def test_resolve_when_key_is_known_then_built_in_adapter_comes_through_its_entry_point() -> None:
    assert type(resolve("market:alpha_vantage")).__name__ == "AlphaVantage"
    assert {cls.info.provider_key for cls in providers()} >= {
        "banking:teller",
        "banking:finastra",
        "market:alpha_vantage",
        "crypto:coingecko",
        "fx:ecb",
        "brokerage:alpaca",
        "brokerage:snaptrade",
    }


def test_resolve_when_settings_are_equal_then_instance_is_shared_and_else_not() -> None:
    one = resolve("banking:teller", access_token="test_token_a")
    assert resolve("banking:teller", access_token="test_token_a") is one
    assert resolve("banking:teller", access_token="test_token_b") is not one
    assert resolve("banking:teller", access_token="test_token_a", tenant="other") is not one
    assert resolve("banking:teller", mode="async", access_token="test_token_a") is not one


def test_resolve_when_mode_is_given_then_transport_fits() -> None:
    assert isinstance(easy_market().transport, SyncTransport)
    assert isinstance(easy_market(mode="async").transport, AsyncTransport)


def test_resolve_when_mode_is_mistyped_then_it_is_refused() -> None:
    mode: Any = "asnyc"
    with pytest.raises(InvalidInput, match="`mode` must be one of 'sync', 'async', not 'asnyc'"):
        easy_market(mode=mode)
    with pytest.raises(InvalidInput, match="`mode` must be one of"):
        registry.resolve("market", mode=mode)


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [("market:alpha_vantge", "market:alpha_vantage"), ("banking:telller", "banking:teller"), ("markt", "market")],
)
def test_resolve_when_key_is_mistyped_then_error_names_the_nearest(key: str, suggestion: str) -> None:
    with pytest.raises(ProviderNotFound, match=suggestion):
        resolve(key)


def test_resolve_when_feature_flag_is_off_then_error_says_how_to_switch_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_MARKET_ALPHA_VANTAGE", "0")
    with pytest.raises(FeatureDisabled, match="FEATURE_MARKET_ALPHA_VANTAGE=1 switches it on"):
        resolve("market:alpha_vantage")
    assert "market:alpha_vantage" not in {cls.info.provider_key for cls in providers()}
    monkeypatch.setenv("FEATURE_MARKET_ALPHA_VANTAGE", "perhaps")
    with pytest.raises(ConfigurationError, match="FEATURE_MARKET_ALPHA_VANTAGE"):
        resolve("market:alpha_vantage")


def test_resolve_when_yaml_has_alias_and_settings_then_both_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    write('aliases: {prices: "market:alpha_vantage"}\nsettings:\n  "market:alpha_vantage": {timeout_s: 3}\n')
    assert resolve("prices").timeout_s == 3
    assert resolve("prices", timeout_s=4).timeout_s == 4
    monkeypatch.setenv("ALPHA_VANTAGE_TIMEOUT_S", "5")
    assert resolve("prices").timeout_s == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("market: [alpha_vantage", "not valid YAML near line"),
        ("- market", "fin-infra.yaml"),
        ("market: " + "[" * 2000 + "]" * 2000, "nested more than 50 levels"),
        ("\n".join(" " * n + "a:" for n in range(2000)), "nested more than 50 levels"),
        ("- " * 2000 + "a", "nested more than 50 levels"),
        ("markets: yahoo", "markets"),
        ("market: 3", "market"),
        ('settings: {"market:alpha_vantage": {api_key: ABCDEFGH}}', "ALPHA_VANTAGE_API_KEY"),
        ('settings: {"market:alpha_vantage": {timeout_s: soon}}', "timeout_s"),
        ('settings: {"market:alpha_vantage": {colour: red}}', "colour"),
    ],
)
def test_resolve_when_yaml_is_wrong_then_one_sentence_says_where(text: str, words: str) -> None:
    write(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        resolve("market:alpha_vantage")
    assert "ABCDEFGH" not in str(caught.value)


def test_resolve_when_named_config_is_absent_then_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_CONFIG", "nowhere.yaml")
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml cannot be read"):
        resolve("market:alpha_vantage")


def pretend(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str, str], domain: str = "market") -> None:
    """Install entry points as (vendor, value, distribution) in the domain's group."""

    class Dist:
        def __init__(self, name: str) -> None:
            self.name = name

    made = []
    for vendor, value, dist in points:
        point = EntryPoint(vendor, value, f"fin_infra.{domain}")
        vars(point)["dist"] = Dist(dist)
        made.append(point)

    monkeypatch.setattr(installed, "entry_points", lambda: EntryPoints(made))
    registry.reset()


AV = "fin_infra.providers.market.alpha_vantage.adapter:AlphaVantage"
TOY, SHY = f"{__name__}:_Toy", f"{__name__}:_Shy"


def test_provider_class_when_two_distributions_claim_a_key_then_both_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, ("twice", AV, "one-dist"), ("twice", AV, "other-dist"), ("toy", TOY, "toy-dist"))
    with pytest.raises(ConfigurationError, match="one-dist and other-dist"):
        provider_class("market:twice")
    assert [cls.info.provider_key for cls in providers("market")] == ["market:toy"]


def test_provider_class_when_another_distribution_takes_a_built_in_name_then_ours_stays_and_theirs_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, ("alpha_vantage", TOY, "other-dist"), ("alpha_vantage", AV, "fin-infra-kit"))
    assert resolve("market").source == "market:alpha_vantage"
    [(key, reason)] = registry.unavailable("market")
    assert key == "market:alpha_vantage"
    assert "other-dist" in str(reason)


def test_provider_class_when_package_is_missing_then_pip_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, ("gone", "no_such_package_anywhere:Thing [scale]", "fin-infra-kit"))
    with pytest.raises(MissingExtra, match=r"pip install 'fin-infra-kit\[scale\]'"):
        provider_class("market:gone")


def test_provider_class_when_a_plug_in_lacks_a_package_then_its_own_command_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = ("gone", "no_such_package_anywhere:Thing", "gone-dist")
    more = ("more", "no_such_package_anywhere:Thing [fast]", "more-dist")
    pretend(monkeypatch, gone, more, ("alpha_vantage", AV, "fin-infra-kit"))
    assert resolve("market").source == "market:alpha_vantage"
    reasons = {key: str(reason) for key, reason in registry.unavailable("market")}
    assert reasons.keys() == {"market:gone", "market:more"}
    assert "pip install --force-reinstall gone-dist" in reasons["market:gone"]
    assert "pip install 'more-dist[fast]'" in reasons["market:more"]


def test_provider_class_when_value_is_no_provider_then_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, ("odd", "decimal:Decimal", "odd-dist"))
    with pytest.raises(ConfigurationError, match="not a provider class"):
        provider_class("market:odd")
    assert list(providers("market")) == []
    with pytest.raises(ConfigurationError, match=r"not a provider class.*odd-dist"):
        resolve("market")


def test_resolve_when_domain_has_several_providers_and_no_map_then_they_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, ("alpha_vantage", AV, "first-dist"), ("second", AV, "second-dist"))
    with pytest.raises(ConfigurationError, match="market:alpha_vantage, market:second"):
        resolve("market")
    write("market: second")
    assert resolve("market").source == "market:alpha_vantage"


def test_resolve_when_another_package_adds_a_provider_then_the_built_in_default_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, ("aaa", TOY, "aaa-dist"), ("alpha_vantage", AV, "fin-infra-kit"))
    assert resolve("market").source == "market:alpha_vantage"
    assert resolve("market:aaa").source == "market:toy"
    monkeypatch.setenv("FEATURE_MARKET_ALPHA_VANTAGE", "0")
    assert resolve("market").source == "market:toy"


def test_resolve_when_one_is_taken_by_name_only_then_the_other_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, ("alpha_vantage", AV, "fin-infra-kit"), ("toy", SHY, "toy-dist"))
    assert resolve("market").source == "market:alpha_vantage"
    assert resolve("market:toy").source == "market:toy"
    write("market: toy")
    assert resolve("market").source == "market:toy"
    Path("fin-infra.yaml").unlink()
    monkeypatch.setenv("FEATURE_MARKET_ALPHA_VANTAGE", "0")
    registry.reset()
    with pytest.raises(ProviderNotFound, match="name one of market:toy"):
        resolve("market")


class _Settings(ProviderSettings):
    pass


class _Toy(Provider[M]):
    """A provider of one operation."""

    info = ProviderInfo(
        provider_key="market:toy",
        title="Toy",
        settings=_Settings,
        live_url="https://toy.example",
        sandbox_path="/toy",
        ping="word",
        docs="https://toy.example/docs",
    )

    @operation
    def word(self) -> Flow[str]:
        reply = yield from self.get("/word")
        return str(reply.json())


class _Shy(_Toy[M]):
    """Never taken unless it is named."""

    info = replace(_Toy.info, default=False)


def test_endpoint_when_mode_is_auto_then_credentials_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    info = provider_class("market:alpha_vantage").info
    assert endpoint(info).environment == "sandbox"
    assert endpoint(info).base_url == "http://127.0.0.1:8060/alpha-vantage"
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "MYKEYMYKEY")
    assert endpoint(info).environment == "live"
    assert endpoint(info).base_url == "https://www.alphavantage.co"


def test_endpoint_when_mode_is_sandbox_then_a_real_key_never_goes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "MYKEYMYKEY")
    target = endpoint(provider_class("market:alpha_vantage").info)
    assert target.environment == "sandbox"
    assert "MYKEYMYKEY" not in str(target.settings.identity())


def test_endpoint_when_live_without_key_then_error_names_variable_and_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "live")
    with pytest.raises(ConfigurationError, match=r"ALPHA_VANTAGE_API_KEY.*https://"):
        endpoint(provider_class("market:alpha_vantage").info)


def test_endpoint_when_mode_is_mistyped_then_error_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "prod")
    with pytest.raises(ConfigurationError, match="FIN_INFRA_MODE"):
        endpoint(provider_class("market:alpha_vantage").info)


def test_easy_banking_when_vendor_name_is_bare_or_full_then_both_work() -> None:
    assert easy_banking("teller") is easy_banking("banking:teller") is easy_banking()


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("http://127.0.0.1:8060", "sandbox"),
        ("http://127.0.0.1:8060/toy/", "sandbox"),
        ("http://127.0.0.1:80601", "custom"),
        ("http://127.0.0.1:8060.example", "custom"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_endpoint_when_base_url_is_given_then_only_a_path_below_the_sandbox_is_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, url: str, environment: str, slash: str
) -> None:
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", f"http://127.0.0.1:8060{slash}")
    assert endpoint(_Toy.info, {"base_url": url}).environment == environment


@pytest.mark.parametrize("blank", ["", "  "])
def test_endpoint_when_key_is_blank_then_it_is_no_key(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    info = provider_class("market:alpha_vantage").info
    assert endpoint(info, {"api_key": blank}).environment == "sandbox"
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", blank)
    assert endpoint(info).environment == "sandbox"
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "from-environment")
    assert endpoint(info, {"api_key": blank}).environment == "live"


@pytest.mark.parametrize("text", ["market: 2026-13-45", "market: !!int abc"])
def test_resolve_when_yaml_holds_an_impossible_value_then_configuration_error(text: str) -> None:
    write(text)
    with pytest.raises(ConfigurationError, match="value that YAML cannot read"):
        resolve("market")


def test_provider_class_when_adapter_fails_to_load_then_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, ("broken", "decimal:NoSuchName", "broken-dist"))
    with pytest.raises(ConfigurationError, match="broken-dist"):
        provider_class("market:broken")
