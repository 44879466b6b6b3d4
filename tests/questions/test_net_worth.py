"""The question of a net worth: asked on the clock of its rates, of sources that may not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest

from fin_infra.analytics import WorthRecord
from fin_infra.errors import FinInfraError, InvalidInput
from fin_infra.model import Holding, Money, NetWorth, SourceError, StatementFile
from fin_infra.providers import registry
from fin_infra.questions.brokers import Brokers
from fin_infra.questions.net_worth import Sources, net_worth_of, parse_holding, parse_holdings
from fin_infra.sandbox import running
from fin_infra.transport import AsyncTransport
from tests.analytics.test_worth_statements import bank, ledger, read
from tests.support.sandbox_control import Control

SANDBOX_DAY = date(2026, 11, 20)
"""Of the sandbox's clock after a reset; see `gaps.py` of SnapTrade's tests."""


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    for name in ("FIN_INFRA_CONFIG", "TELLER_BASE_URL", "ECB_BASE_URL", "ALPACA_BASE_URL", "SNAPTRADE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with running() as url:
        monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
        monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", url)
        for name in ("TELLER", "ALPHA_VANTAGE", "COINGECKO", "ECB"):
            monkeypatch.setenv(f"{name}_MAX_ATTEMPTS", "1")
        registry.reset()
        control = Control(url)
        yield control
        control.close()
        registry.reset()


async def ask(
    holdings: Sequence[Holding] = (), records: Sequence[WorthRecord] = (), brokers: Brokers | None = None
) -> NetWorth:
    sources = Sources.default(brokers)
    try:
        return await net_worth_of(sources, "USD", holdings, records)
    finally:
        for each in sources.all():
            await cast("AsyncTransport", each.transport).aclose()
        registry.reset()


NOBODY = Brokers(None, ())


async def test_net_worth_when_asked_in_the_sandbox_then_every_line_is_of_its_clock_and_not_of_ours(
    sandbox: Control,
) -> None:
    holdings = parse_holdings(["US:IBM=2", "CRYPTO:bitcoin=0.5"])
    worth = await ask(holdings)
    assert worth.as_of.date() == SANDBOX_DAY
    assert {line.at for line in worth.lines if line.value} <= {SANDBOX_DAY - timedelta(days=ago) for ago in range(9)}
    bought = {line.id: line.amount for line in worth.lines if line.id in ("US:IBM", "CRYPTO:bitcoin")}
    coin = Decimal(sandbox.world()["crypto_usd"]["bitcoin"])
    assert bought["CRYPTO:bitcoin"] == Money(coin * Decimal("0.5"), "USD").quantize()
    assert bought["US:IBM"] is not None


async def test_net_worth_when_a_price_does_not_answer_then_its_line_says_so_and_the_error_stands_once(
    sandbox: Control,
) -> None:
    sandbox.fault("coingecko", "status_500")
    sandbox.fault("teller", "status_500", path="/accounts/*/balances")
    worth = await ask([Holding(key="CRYPTO:bitcoin", quantity=Decimal(1))])
    (line,) = [line for line in worth.lines if line.id == "CRYPTO:bitcoin"]
    assert (line.value, line.source) == (None, "crypto:coingecko")
    assert line.missing
    assert len([error for error in worth.errors if error.provider == "crypto:coingecko"]) == 1
    assert len([text for text in worth.missing if text.startswith("crypto:coingecko")]) == 1


async def test_net_worth_when_a_configured_broker_cannot_be_opened_then_it_is_incomplete(sandbox: Control) -> None:
    down = SourceError(provider="brokerage:acme", operation="open", code="fin.provider_not_found", message="absent")
    worth = await ask(brokers=Brokers(None, (), failed=(down,)))
    assert (worth.missing, worth.errors, worth.complete) == (("brokerage:acme open: absent",), (down,), False)


async def test_net_worth_when_records_are_given_then_they_count_beside_the_sources(sandbox: Control) -> None:
    file: StatementFile = read(bank(ledger("1000.00", "20261119")))
    before, after = await ask(brokers=NOBODY), await ask(records=[file], brokers=NOBODY)
    assert before.total is not None
    assert after.total == before.total + Money.of("1000.00", "USD")


async def test_net_worth_when_no_source_has_a_clock_then_it_is_of_now(
    sandbox: Control,
) -> None:
    sandbox.fault("ecb", "status_500")
    before = datetime.now(UTC)
    worth = await ask(brokers=NOBODY)
    assert before <= worth.as_of <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["bitcoin", "=1", "CRYPTO:bitcoin=", "CRYPTO:bitcoin=much", "BTC=1"])
def test_parse_holding_when_it_cannot_be_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(FinInfraError):
        parse_holding(text)


def test_parse_holdings_when_texts_are_blank_or_repeat_then_none_is_added_up() -> None:
    found = parse_holdings([" ", "IBM=1", "", " US:BRK.B=-2.5 "])
    assert [(each.key, each.quantity) for each in found] == [("US:IBM", 1), ("US:BRK.B", Decimal("-2.5"))]
    with pytest.raises(InvalidInput, match="US:IBM stands twice among the holdings; write it once, with the sum"):
        parse_holdings(["US:IBM=1", "IBM=1"])
