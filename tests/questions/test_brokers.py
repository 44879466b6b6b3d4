"""Which brokers are asked, and which are named as left out, by flags, keys and the YAML map."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError, MissingExtra
from fin_infra.fx import easy_fx
from fin_infra.model import LeftOut
from fin_infra.providers import installed, registry
from fin_infra.providers.brokerage.snaptrade import SnapTrade
from fin_infra.providers.config import DOMAINS
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.provider import Provider
from fin_infra.questions.brokers import Brokers
from fin_infra.transport import M

ALPACA, SNAPTRADE = "brokerage:alpaca", "brokerage:snaptrade"
KEYS = {
    "ALPACA": ("ALPACA_API_KEY_ID", "ALPACA_API_SECRET_KEY"),
    "SNAPTRADE": (
        "SNAPTRADE_CLIENT_ID",
        "SNAPTRADE_CONSUMER_KEY",
        "SNAPTRADE_USER_ID",
        "SNAPTRADE_USER_SECRET",
    ),
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for names in KEYS.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    for name in ("FIN_INFRA_CONFIG", "FIN_INFRA_MODE", "ALPACA_BASE_URL", "SNAPTRADE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    registry.reset()


def asked(brokers: Brokers) -> list[str]:
    return [each.source for each in brokers.all()]


def test_brokers_when_nothing_is_set_then_all_are_asked() -> None:
    brokers = Brokers.default()
    assert (asked(brokers), brokers.left_out, brokers.failed) == ([ALPACA, SNAPTRADE], (), ())


@pytest.mark.parametrize(
    ("hidden", "left"), [("ALPACA", [SNAPTRADE]), ("SNAPTRADE", [ALPACA]), ("ALPACA SNAPTRADE", [])]
)
def test_brokers_when_switched_off_then_they_are_named(
    monkeypatch: pytest.MonkeyPatch, hidden: str, left: list[str]
) -> None:
    for vendor in hidden.split():
        monkeypatch.setenv(f"FEATURE_BROKERAGE_{vendor}", "0")
    brokers = Brokers.default()
    assert asked(brokers) == left
    assert brokers.left_out == tuple(
        LeftOut(source=f"brokerage:{vendor.lower()}", reason="it is switched off") for vendor in hidden.split()
    )


def test_brokers_when_live_without_keys_then_they_are_named_and_the_rest_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "live")
    for name in KEYS["SNAPTRADE"]:
        monkeypatch.setenv(name, "k" * 20)
    brokers = Brokers.default()
    assert asked(brokers) == [SNAPTRADE]
    assert brokers.left_out == (LeftOut(source=ALPACA, reason="no keys are set for it"),)


@pytest.mark.parametrize("vendor", KEYS)
def test_brokers_when_some_keys_are_set_and_others_missing_then_it_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    monkeypatch.setenv(KEYS[vendor][0], "k" * 20)
    with pytest.raises(ConfigurationError, match=f"{vendor}_"):
        Brokers.default()


def test_brokers_when_a_setting_cannot_be_used_then_it_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "live")
    monkeypatch.setenv("ALPACA_TIMEOUT_S", "soon")
    with pytest.raises(ConfigurationError, match="ALPACA_TIMEOUT_S"):
        Brokers.default()


@pytest.mark.parametrize(
    ("named", "hidden", "reason"),
    [
        ("acme", None, "it is configured, and it is not installed"),
        ("alpaca", "ALPACA", "it is configured, and it is switched off"),
    ],
)
def test_brokers_when_the_configured_one_cannot_be_opened_then_it_has_failed_and_no_other_takes_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str, hidden: str | None, reason: str
) -> None:
    (tmp_path / "fin-infra.yaml").write_text(f"brokerage: {named}\n")
    if hidden:
        monkeypatch.setenv(f"FEATURE_BROKERAGE_{hidden}", "0")
    brokers = Brokers.default()
    assert asked(brokers) == [SNAPTRADE]
    (error,) = brokers.failed
    assert (error.provider, error.operation, error.message) == (f"brokerage:{named}", "open", reason)
    assert (ALPACA in [each.source for each in brokers.left_out]) is False


def test_brokers_when_a_package_is_missing_then_its_broker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def provider_class(provider_key: str) -> type[Provider[Any]]:
        if provider_key == ALPACA:
            raise MissingExtra("brokerage:alpaca needs the package x; run: pip install 'fin-infra[brokerage]'")
        return registry.provider_class(provider_key)

    monkeypatch.setattr("fin_infra.questions.brokers.provider_class", provider_class)
    brokers = Brokers.default()
    assert asked(brokers) == [SNAPTRADE]
    assert brokers.left_out == (LeftOut(source=ALPACA, reason="a package that it needs is not installed"),)


class Twin(SnapTrade[M]):
    """An aggregator of another package."""

    info = ProviderInfo(
        provider_key="brokerage:a_twin",  # by name before the built-in one
        title="Twin",
        settings=SnapTrade.info.settings,
        live_url=SnapTrade.info.live_url,
        sandbox_path=SnapTrade.info.sandbox_path,
        sandbox=SnapTrade.info.sandbox,
        ping=SnapTrade.info.ping,
        docs=SnapTrade.info.docs,
    )


def test_brokers_when_other_packages_add_an_aggregator_and_something_broken_then_both_are_named_and_none_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = [each for domain in DOMAINS for each in entry_points(group=f"fin_infra.{domain}")]
    points += [
        EntryPoint("a_twin", f"{__name__}:Twin", "fin_infra.brokerage"),
        EntryPoint("broken", "decimal:Decimal", "fin_infra.brokerage"),
    ]
    monkeypatch.setattr(installed, "entry_points", lambda: EntryPoints(points))
    registry.reset()
    brokers = Brokers.default()
    assert asked(brokers) == [ALPACA, SNAPTRADE]
    assert {each.source: each.reason for each in brokers.left_out} == {
        "brokerage:a_twin": "another aggregator is the configured one",
        "brokerage:broken": "it cannot be loaded",
    }


@pytest.mark.parametrize(("real_bank", "left"), [(False, [ALPACA, SNAPTRADE]), (True, [])])
def test_counted_when_the_bank_is_real_then_what_the_sandbox_makes_up_is_named_and_not_counted(
    real_bank: bool, left: list[str]
) -> None:
    sources = Brokers.default().counted(easy_fx(mode="async"), real_bank=real_bank)
    assert [each.source for each in sources.all()] == left
    named = [each.source for each in sources.left_out]
    assert named == [each for each in (ALPACA, SNAPTRADE) if each not in left]
    assert all("the sandbox makes its holdings up" in each.reason for each in sources.left_out)
