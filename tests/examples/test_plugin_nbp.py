"""The plug-in distribution of the examples: its rates, both modes, and what it leaves alone."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fin_infra.errors import FeatureDisabled, StaleRate
from fin_infra.fx import easy_fx
from fin_infra.model import Money
from fin_infra.normalize import convert
from fin_infra.providers import installed, registry
from fin_infra.providers.base import Endpoint, endpoint
from fin_infra.providers.config import DOMAINS
from fin_infra.settings import load
from fin_infra.transport import Reply
from fin_infra.transport.replay import Replay

SOURCE = Path(__file__).resolve().parents[2] / "examples" / "plugin_nbp" / "src" / "fin_infra_nbp" / "__init__.py"


@pytest.fixture(scope="module")
def nbp() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("fin_infra_nbp", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fin_infra_nbp"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["fin_infra_nbp"]


@pytest.fixture
def beside(nbp: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The plug-in is installed beside everything that is here."""

    class Dist:
        name = "fin-infra-nbp"

    point = EntryPoint("nbp", "fin_infra_nbp:Nbp", "fin_infra.fx")
    vars(point)["dist"] = Dist
    everything = [each for domain in DOMAINS for each in entry_points(group=f"fin_infra.{domain}")]
    monkeypatch.setattr(installed, "entry_points", lambda: EntryPoints([*everything, point]))
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    registry.reset()


def _day(day: str, **rates: str) -> str:
    """Return a table as the bank prints it: https://api.nbp.pl/en.html; numbers stay numbers with all their digits."""
    cells = ", ".join(f'{{"currency": "x", "code": "{code}", "mid": {rate}}}' for code, rate in rates.items())
    return f'{{"table": "A", "no": "{day}/A", "effectiveDate": "{day}", "rates": [{cells}]}}'


def _bank(nbp: Any, *answers: Reply) -> Any:
    return nbp.Nbp(Replay(list(answers)), Endpoint("https://bank.example", "custom", load(nbp.Settings, {})))


def _page(*days: str) -> Reply:
    return Reply(200, f"[{', '.join(days)}]".encode())


def test_rate_when_the_bank_prints_it_then_exactly_that_and_no_inverse_of_an_inverse(nbp: Any) -> None:
    bank = _bank(nbp, *[_page(_day("2026-11-20", USD="3.6412", EUR="4.2307"))] * 4)
    assert str(bank.rate("USD", "PLN").rate) == "3.6412"
    table = bank.latest()
    assert convert(Money.of("100", "USD"), "PLN", table) == Money.of("364.12", "PLN")
    assert convert(Money.of("364.12", "PLN"), "USD", table) == Money.of("100", "USD")
    eurusd = bank.rate("EUR", "USD")
    assert str(eurusd.rate)[:16] == "1.16189717675491"  # 42307 / 36412 by long division
    assert eurusd.via == "PLN"


def test_history_when_longer_than_the_bank_allows_then_in_pieces_without_gap_or_overlap(nbp: Any) -> None:
    pages = [_page(_day("2026-01-02", USD="3.6")), Reply(404, b""), _page(_day("2026-07-20", USD="3.7"))]
    transport = Replay(pages)
    bank = nbp.Nbp(transport, Endpoint("https://bank.example", "custom", load(nbp.Settings, {})))
    tables = bank.history(start=date(2026, 1, 1), end=date(2026, 7, 21))
    asked = [request.path for request in transport.requests]
    root = "/api/exchangerates/tables/A"
    assert asked == [
        f"{root}/2026-01-01/2026-04-03/",  # 93 days each
        f"{root}/2026-04-04/2026-07-05/",
        f"{root}/2026-07-06/2026-07-20/",
    ]
    assert [(str(table.date), table.rates["USD"]) for table in tables] == [
        ("2026-01-02", Decimal("3.6")),
        ("2026-07-20", Decimal("3.7")),
    ]


def test_rate_when_no_table_in_the_week_then_stale(nbp: Any) -> None:
    with pytest.raises(StaleRate, match="the week before 2026-01-01"):
        _bank(nbp, Reply(404, b"")).rate("USD", "PLN", on=date(2026, 1, 1))


@pytest.mark.usefixtures("beside")
def test_defaults_when_the_plug_in_is_installed_then_none_of_them_changes() -> None:
    before = ("banking:teller", "market:alpha_vantage", "crypto:coingecko", "fx:ecb", "brokerage:alpaca")
    assert tuple(registry.resolve(key.partition(":")[0]).source for key in before) == before
    assert easy_fx("nbp").source == "fx:nbp"
    assert json.dumps([cls.info.provider_key for cls in registry.providers("fx")]) == '["fx:ecb", "fx:nbp"]'


@pytest.mark.usefixtures("beside")
def test_endpoint_when_the_sandbox_does_not_speak_it_then_live_or_refused(
    nbp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIN_INFRA_MODE", raising=False)
    assert endpoint(nbp.Nbp.info).environment == "live"
    assert endpoint(nbp.Nbp.info).base_url == "https://api.nbp.pl"
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    with pytest.raises(FeatureDisabled, match=r"FIN_INFRA_MODE=auto.*NBP_BASE_URL"):
        endpoint(nbp.Nbp.info)
