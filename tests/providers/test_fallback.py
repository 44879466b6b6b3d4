"""Fallback chains: who answers when one is down, and which domains may have one at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.brokerage import easy_brokerage, easy_brokerage_aggregator
from fin_infra.errors import (
    ConfigurationError,
    FeatureDisabled,
    InvalidInstrument,
    InvalidRequest,
    NotCovered,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import deadline, observe_calls, operation, paged
from fin_infra.markets import easy_market
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    InstrumentKey,
    Interval,
    Listing,
    Quote,
    SymbolMatch,
)
from fin_infra.providers import registry
from fin_infra.providers.brokerage.alpaca import Alpaca
from fin_infra.providers.config import DOMAINS, SUBSTITUTABLE
from fin_infra.providers.crypto.coingecko import CoinGecko
from fin_infra.providers.fallback import Chain, CryptoDataChain, FxChain, MarketDataChain, chain
from fin_infra.providers.fx.ecb import Ecb
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Endpoint, Provider, endpoint
from fin_infra.providers.registry import resolve
from fin_infra.settings import ProviderSettings, load
from fin_infra.transport import Async, Flow, M, Page, Pages, Reply, Request, Sync
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.providers.support import two_of_each, write

__all__ = ["two_of_each"]  # a fixture

AAPL = InstrumentKey("XNAS", "AAPL")
DOWN = Reply(503, b"")
PRICE = Reply(200, b'"101.50"')


class _Settings(ProviderSettings):
    pass


class _Toy(MarketDataProvider[M]):
    """A source of prices whose answers a test scripts; it has no `search`, no `quotes` and no `overview`."""

    info = ProviderInfo(
        provider_key="market:toy",
        title="Toy",
        settings=_Settings,
        live_url="https://toy.example",
        sandbox_path="/toy",
        ping="quote",
        ping_args=(AAPL,),
        docs="https://toy.example/docs",
    )

    @operation
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        reply = yield from self.get("/quote", symbol=key.symbol)
        price = Decimal(reply.json())
        return Quote(
            source=self.source, as_of=reply.received_at, raw={}, key=key, price=price, currency="USD", unit="USD"
        )

    @operation
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: date | datetime | None = None,
        end: date | datetime | None = None,
        extended_hours: bool = False,
    ) -> Flow[CandleSeries]:
        raise NotImplementedError

    @paged
    def words(self) -> Pages[str]:
        for _ in range(2):
            reply = yield from self.get("/words")
            yield Page(reply.json())

    @operation
    def remove(self) -> Flow[None]:
        yield from self.request("DELETE", "/word")


class _Searching(_Toy[M]):
    @operation
    def search(self, text: str) -> Flow[Listing[SymbolMatch]]:
        yield from self.get("/search", text=text)
        return Listing([])


class _ToyChain(MarketDataChain[M], _Toy[M]):
    """With the operations that no interface of a substitutable domain has yet: one in pages, one that changes."""

    @paged
    def words(self) -> Pages[str]:
        return self.first_up_pages(_Toy.words)

    @operation
    def remove(self) -> Flow[None]:
        return self.first_up(_Toy.remove)


ENDPOINT = Endpoint("https://toy.example", "custom", load(_Settings, {"max_attempts": 1}))


def toys(*scripts: list[Reply]) -> list[Provider[Sync]]:
    return [_Toy(Replay(script), ENDPOINT) for script in scripts]


def market(members: Sequence[Provider[Sync]]) -> MarketDataProvider[Sync]:
    made = chain("market", members)
    assert isinstance(made, MarketDataProvider)
    return made


def test_chain_when_first_is_down_then_second_answers() -> None:
    assert market(toys([DOWN], [PRICE])).quote(AAPL).price == Decimal("101.50")


def test_chain_when_first_answers_then_second_is_never_asked() -> None:
    members = toys([PRICE], [])
    assert market(members).quote(AAPL).price == Decimal("101.50")
    assert members[1].transport.seen == []  # type: ignore[attr-defined]  # a Replay


@pytest.mark.parametrize(("reply", "error"), [(Reply(404, b""), NotFound), (Reply(200, b"<html>"), UnexpectedPayload)])
def test_chain_when_first_gives_an_answer_that_is_an_error_then_it_stands(reply: Reply, error: type[Exception]) -> None:
    with pytest.raises(error):
        market(toys([reply], [PRICE])).quote(AAPL)


class _Narrow(_Toy[M]):
    """A source that covers nothing of what is asked, and knows so before it asks."""

    @operation
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        raise NotCovered(f"no {key} here")


def test_chain_when_first_does_not_cover_it_or_the_plan_forbids_it_then_second_answers() -> None:
    narrow = _Narrow(Replay([]), ENDPOINT)
    assert market([narrow, *toys([PRICE])]).quote(AAPL).price == Decimal("101.50")
    assert market(toys([Reply(403, b"")], [PRICE])).quote(AAPL).price == Decimal("101.50")


def test_chain_when_the_rest_does_not_cover_it_then_the_outage_is_raised() -> None:
    with pytest.raises(ProviderUnavailable):
        market([*toys([DOWN]), _Narrow(Replay([]), ENDPOINT)]).quote(AAPL)


@pytest.mark.parametrize("error", [UnknownSymbol("no"), InvalidInstrument("no"), InvalidRequest("no")])
def test_chain_when_the_question_is_wrong_then_nobody_else_is_asked(error: Exception) -> None:
    class Strict(_Toy[M]):
        @operation
        def quote(self, key: InstrumentKey) -> Flow[Quote]:
            raise error

    with pytest.raises(type(error)):
        market([Strict(Replay([]), ENDPOINT), *toys([PRICE])]).quote(AAPL)


def test_chain_when_all_are_down_then_last_error_is_raised() -> None:
    with pytest.raises(ProviderUnavailable):
        market(toys([DOWN], [DOWN])).quote(AAPL)


def test_chain_when_paged_then_moves_on_only_before_the_first_page() -> None:
    page = Reply(200, b'["a", "b"]')
    assert list(_ToyChain("market", toys([DOWN], [page, page])).words()) == ["a", "b", "a", "b"]
    rows = _ToyChain("market", toys([page, DOWN], [page, page])).words()
    assert [next(rows), next(rows)] == ["a", "b"]
    with pytest.raises(ProviderUnavailable):
        next(rows)


def test_chain_when_a_request_may_have_changed_something_then_second_is_never_asked() -> None:
    members = toys([DOWN], [Reply(204, b"")])
    with pytest.raises(ProviderUnavailable):
        _ToyChain("market", members).remove()
    assert members[1].transport.seen == []  # type: ignore[attr-defined]  # a Replay


def test_chain_when_caller_has_a_deadline_then_it_holds_for_all_members_together() -> None:
    patient = Endpoint("https://toy.example", "custom", load(_Settings, {"max_attempts": 9}))

    class Slow(Replay):
        """Each refusal takes two seconds of the time that the members share."""

        def monotonic(self) -> float:
            return clock[0]

        def step(self, effect: Any) -> Any:
            if isinstance(effect, Request):
                started.append(clock[0])
                clock[0] += 2.0
            return super().step(effect)

    clock, started = [0.0], list[float]()
    members: list[Provider[Sync]] = [_Toy(Slow([DOWN]), ENDPOINT), _Toy(Slow([DOWN] * 9), patient)]
    with deadline(5), pytest.raises(ProviderError):
        market(members).quote(AAPL)
    assert max(started) < 5


async def test_chain_when_async_then_results_are_the_same() -> None:
    page = Reply(200, b'["a", "b"]')
    members: list[Provider[Async]] = [
        _Toy(AsyncReplay([DOWN]), ENDPOINT),
        _Toy(AsyncReplay([page, page]), ENDPOINT),
    ]
    rows: AsyncIterator[str] = _ToyChain("market", members).words()
    assert [row async for row in rows] == ["a", "b", "a", "b"]
    answering: list[Provider[Async]] = [_Toy(AsyncReplay([DOWN]), ENDPOINT), _Toy(AsyncReplay([PRICE]), ENDPOINT)]
    single = chain("market", answering)
    assert isinstance(single, MarketDataChain)
    assert (await single.quote(AAPL)).price == Decimal("101.50")


def test_chain_when_it_answers_then_meta_and_records_name_the_member_and_not_the_chain() -> None:
    records: list[tuple[str, str, str]] = []
    stop = observe_calls(lambda call: records.append((call.provider, call.operation, call.status)))
    try:
        found = market(toys([DOWN], [PRICE])).quote(AAPL)
    finally:
        stop()
    assert found.meta is not None
    assert (found.meta.provider, found.source) == ("market:toy", "market:toy")
    assert records == [("market:toy", "quote", "provider_unavailable"), ("market:toy", "quote", "ok")]


def test_chain_when_pinged_then_first_up_answers() -> None:
    assert market(toys([DOWN], [PRICE])).ping() is None


def test_chain_when_a_member_lacks_an_operation_then_it_is_not_offered() -> None:
    replies = [Replay([PRICE]), Replay([PRICE])]
    mixed = market([_Searching(replies[0], ENDPOINT), _Toy(replies[1], ENDPOINT)])
    assert mixed.can == {"quote", "candles"}
    with pytest.raises(FeatureDisabled, match=r"market does not offer search; it offers candles, quote\."):
        mixed.search("apple")
    assert [replay.seen for replay in replies] == [[], []]
    both = market([_Searching(Replay([Reply(200, b"")]), ENDPOINT) for _ in range(2)])
    assert "search" in both.can
    assert list(both.search("apple")) == []


@pytest.mark.parametrize(
    ("domain", "adapter", "cls", "interface"),
    [
        ("market", _Toy, MarketDataChain, MarketDataProvider),
        ("crypto", CoinGecko, CryptoDataChain, CryptoDataProvider),
        ("fx", Ecb, FxChain, FxProvider),
    ],
)
def test_chain_when_made_then_is_of_its_interface_and_has_each_of_its_operations(
    domain: str, adapter: type[Provider[Sync]], cls: type[Chain[Any]], interface: type[Provider[Any]]
) -> None:
    member = adapter(Replay([]), endpoint(adapter.info))
    made = chain(domain, [member, member])
    assert isinstance(made, cls)
    assert isinstance(made, interface)
    assert made.source == domain
    assert made.can == member.can & cls.can
    operations = {name for name in dir(interface) if isinstance(getattr(interface, name, None), (operation, paged))}
    assert cls.can == operations - {"ping"}


# Who may have a chain.


def test_substitutable_when_read_then_only_domains_of_public_facts() -> None:
    assert {"market", "crypto", "fx"} == SUBSTITUTABLE


@pytest.mark.parametrize("domain", sorted({*DOMAINS, "loans"} - SUBSTITUTABLE))
def test_chain_when_domain_belongs_to_a_person_then_refuses(domain: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{domain} lists several providers"):
        chain(domain, toys([], []))


def test_chain_when_a_member_is_of_another_domain_then_refuses() -> None:
    broker = Alpaca(Replay([]), endpoint(Alpaca.info))
    with pytest.raises(ConfigurationError, match="brokerage:alpaca is not a MarketDataProvider"):
        chain("market", [*toys([]), broker])


@pytest.mark.usefixtures("two_of_each")
@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("brokerage: [alpaca, other]", lambda: easy_brokerage()),
        ("brokerage: [alpaca, other]", lambda: easy_brokerage("alpaca")),
        ("brokerage: [alpaca, other]", lambda: easy_brokerage_aggregator()),
        ("brokerage: [alpaca, alpaca]", lambda: easy_brokerage()),
        ("brokerage: [brokerage:alpaca, snaptrade]", lambda: resolve("brokerage")),
        ("banking: [teller, other]", lambda: easy_banking()),
        ("banking: [teller, finastra]", lambda: easy_banking(mode="async")),
        ("banking: [teller, finastra]\naliases: {mine: banking}", lambda: resolve("mine")),
        ("banking: [teller, finastra]", lambda: easy_market()),
        ("identity: [one, two]", lambda: resolve("identity")),
        ("credit: [one, two]", lambda: resolve("credit")),
        ("tax: [one, two]", lambda: resolve("tax")),
    ],
)
def test_resolve_when_map_lists_two_of_a_domain_of_persons_then_one_sentence_says_what_to_do(
    text: str, ask: Any
) -> None:
    write(text)
    domain = text.partition(":")[0]
    with pytest.raises(ConfigurationError) as caught:
        ask()
    assert str(caught.value).startswith(f"fin-infra.yaml: {domain} lists several providers (")
    assert "only crypto, fx and market can fall back" in str(caught.value)
    assert f"such as {domain}:" in str(caught.value)


@pytest.mark.usefixtures("two_of_each")
def test_resolve_when_a_config_was_made_by_hand_then_refuses_before_any_member_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fin_infra.providers.config import Config

    with monkeypatch.context() as patch:
        patch.setattr(registry, "load_config", lambda: Config({"banking": ["teller", "nobody"]}))
        with pytest.raises(ConfigurationError, match="banking lists several providers"):
            resolve("banking")


@pytest.mark.usefixtures("two_of_each")
def test_resolve_when_a_domain_of_persons_names_one_in_a_list_then_it_is_taken() -> None:
    write("banking: [teller]\nmarket: [alpha_vantage, alpha_vantage]")
    assert resolve("banking").source == "banking:teller"
    chained = easy_market()
    assert isinstance(chained, MarketDataChain)
    assert chained.source == "market"
