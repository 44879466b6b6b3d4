"""The pages for people who come from another library name calls that exist, theirs and ours."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from alpaca.trading.stream import TradingStream

from fin_infra import errors
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("plaid", "yfinance", "alpaca")
OURS: dict[str, type] = {
    "bank": BankingProvider,
    "market": MarketDataProvider,
    "broker": BrokerageProvider,
    "live": BrokerageProvider,
    "easy_crypto()": CryptoDataProvider,
    "easy_fx()": FxProvider,
    "easy_brokerage_aggregator()": BrokerageAggregatorProvider,
}
THEIRS = (TradingClient, StockHistoricalDataClient, TradingStream)


def rows(name: str) -> Iterator[tuple[str, str]]:
    """Yield the cells of the table: their call, and ours."""
    for line in (DOCS / f"coming-from-{name}.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            theirs, ours = line.strip("| ").split(" | ")
            yield theirs, ours


@pytest.mark.parametrize("name", PAGES)
def test_our_calls_when_named_then_the_interface_has_them_with_those_parameters(name: str) -> None:
    seen = 0
    for _, ours in rows(name):
        for who, call, given in re.findall(r"(\w+(?:\(\))?)\.(\w+)\(([^`]*)\)", ours):
            if who not in OURS:
                continue
            found: Any = getattr(OURS[who], call)
            names = set(inspect.signature(found).parameters)
            inside = re.sub(r"\w+\(.*?\)", "", given)  # what is given to a model is not the call's
            assert set(re.findall(r"(\w+)=", inside)) <= names, ours
            seen += 1
    assert seen > 5


def test_errors_when_named_then_they_are_ours() -> None:
    for name in PAGES:
        text = (DOCS / f"coming-from-{name}.md").read_text("utf-8")
        for word in re.findall(r"`(ReauthRequired|OrderRejected|UnknownSymbol)`", text):
            assert issubclass(getattr(errors, word), errors.FinInfraError)


def test_their_calls_when_alpacas_then_its_package_has_them() -> None:
    seen = 0
    for theirs, _ in rows("alpaca"):
        for call in re.findall(
            r"(?:client\.|stream\.|`)((?:get|submit|replace|cancel|close|create|subscribe)_\w+)", theirs
        ):
            assert any(hasattr(cls, call) for cls in THEIRS), call
            seen += 1
    assert seen > 20
    assert issubclass(APIError, Exception)
    assert hasattr(TradingClient, "exercise_options_position")


def test_version_when_named_then_it_is_the_one_that_was_tried() -> None:
    from importlib.metadata import version

    assert f"alpaca-py {version('alpaca-py')}" in (DOCS / "coming-from-alpaca.md").read_text("utf-8")
