"""The table of switches: made from what is installed; what stands in the environment beside it gets a sentence."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fin_infra.errors import ConfigurationError
from fin_infra.providers import registry
from fin_infra.providers.config import DOMAINS
from fin_infra.providers.switches import checked, switches, unclear, unknown

ROOT = Path(__file__).resolve().parents[2]
POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
VENDORS = {(domain, vendor) for domain in DOMAINS for vendor in POINTS.get(f"fin_infra.{domain}", {})}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("FEATURE_")]:
        monkeypatch.delenv(name)
    registry.reset()
    yield
    registry.reset()


def test_table_when_made_then_has_every_domain_vendor_and_provider_once():
    found = [switch.variable for switch in switches()]
    assert len(set(found)) == len(found)
    assert set(found) >= {f"FEATURE_{domain.upper()}" for domain in DOMAINS}
    assert set(found) >= {f"FEATURE_{vendor}".upper() for _, vendor in VENDORS}
    assert set(found) >= {f"FEATURE_{domain}_{vendor}".upper() for domain, vendor in VENDORS}
    off = {switch.variable for switch in switches() if not switch.default}
    assert off == {"FEATURE_IDENTITY", "FEATURE_CREDIT", "FEATURE_PAYMENTS", "FEATURE_FINASTRA_B2C"}


def test_table_when_compared_with_the_code_then_each_variable_read_there_is_in_it():
    known = {switch.variable for switch in switches()}
    read = set()
    for path in (ROOT / "src").rglob("*.py"):
        read |= set(re.findall(r"\bFEATURE_[A-Z0-9_]*[A-Z0-9]\b", path.read_text("utf-8")))
    assert read - known == set()
    assert "FEATURE_FINASTRA_BREAKER" in read


def test_table_when_a_vendor_is_off_then_still_lists_it(monkeypatch):
    before = {switch.variable for switch in switches()}
    monkeypatch.setenv("FEATURE_ALPACA", "0")
    assert {switch.variable for switch in switches()} == before


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("FEATURE_TELER", "did you mean FEATURE_TELLER"),
        ("FEATURE_BANKNG", "did you mean FEATURE_BANKING"),
        ("FEATURE_BANKING_TELER", "did you mean FEATURE_BANKING_TELLER"),
        ("FEATURE_TRADING_LIFE", "did you mean FEATURE_TRADING_LIVE"),
        ("FEATURE_MY_OWN_DARK_MODE", "`fin-infra features` lists all"),
    ],
)
def test_variable_when_it_switches_nothing_then_a_sentence_says_so_with_the_nearest(name, near):
    (sentence,) = unknown({name: "0", "FEATURE_TELLER": "0", "OTHER": "1"})
    assert sentence.startswith(f"{name} switches nothing of fin-infra; ")
    assert near in sentence


def test_variable_when_its_vendor_is_off_then_the_vendors_own_switches_are_not_taken_for_strange(monkeypatch):
    monkeypatch.setenv("FEATURE_FINASTRA", "0")
    assert unknown({"FEATURE_FINASTRA": "0", "FEATURE_FINASTRA_B2C": "1"}) == []


@pytest.mark.parametrize("name", ["FEATURE_BANKING", "FEATURE_ALPACA", "FEATURE_FX_ECB", "FEATURE_FINASTRA_BREAKER"])
def test_value_when_it_says_neither_then_the_look_at_the_start_refuses_it(name):
    with pytest.raises(ConfigurationError, match=f"{name} is neither 1 nor 0"):
        unclear({name: "maybe"})
    unclear({name: "off", "FEATURE_SOMETHING_ELSE": "maybe"})


def test_look_at_the_start_when_the_environment_is_unclear_then_refuses(monkeypatch):
    monkeypatch.setenv("FEATURE_TELLER", "perhaps")
    with pytest.raises(ConfigurationError, match="FEATURE_TELLER is neither"):
        checked()
    monkeypatch.setenv("FEATURE_TELLER", "0")
    monkeypatch.setenv("FEATURE_TELLERR", "0")
    (sentence,) = checked()
    assert sentence.startswith("FEATURE_TELLERR switches nothing of fin-infra; did you mean FEATURE_TELLER")
