"""Which errors let a chain ask its next member: a table of the whole tree, written by hand, and answers in part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra import errors
from fin_infra.errors import FinInfraError, NotCovered, PermissionDenied, ProviderUnavailable, UnknownSymbol
from fin_infra.flow import operation, row_errors
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    CryptoPrice,
    FxRate,
    InstrumentKey,
    Interval,
    Listing,
    Quote,
    QuoteError,
    Quotes,
    RateTable,
)
from fin_infra.providers.fallback import chain
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import ProviderSettings, load
from fin_infra.transport import Flow, M
from fin_infra.transport.replay import Replay

AAPL, NOPE, TOYOTA = InstrumentKey("XNAS", "AAPL"), InstrumentKey("US", "NOPE"), InstrumentKey("XTKS", "7203")
BITCOIN = InstrumentKey("CRYPTO", "bitcoin")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

ASK_THE_NEXT, STOP = True, False
TABLE: dict[str, bool] = {
    "FinInfraError": STOP,
    # ours: what the caller or the operator has to change
    "ConfigurationError": STOP,
    "MissingExtra": STOP,
    "FeatureDisabled": STOP,
    "ProviderNotFound": STOP,
    # the question: wrong for everybody, but for what only this member lacks
    "InvalidInput": STOP,
    "CurrencyMismatch": STOP,
    "UnknownCurrency": STOP,
    "InvalidInstrument": STOP,
    "NotCovered": ASK_THE_NEXT,
    "AmbiguousSymbol": STOP,
    "NaiveTime": STOP,
    "SeveralRates": STOP,
    "UnknownCalendar": STOP,
    "BeyondCalendar": STOP,
    # rates that nobody has, or that are too old
    "RateUnavailable": STOP,
    "StaleRate": STOP,
    # orders and files: no chain has them
    "OrderChecksFailed": STOP,
    "IdempotencyConflict": STOP,
    "OrderInFlight": STOP,
    "JournalUnavailable": STOP,
    "StatementUnreadable": STOP,
    # the book and tokens at rest: no chain has them
    "BookUnavailable": STOP,
    "BookOutdated": STOP,
    "LeaseLost": STOP,
    "NotRemembered": STOP,
    "WebhookRefused": STOP,
    "SyncedJustNow": STOP,
    "VaultError": STOP,
    "SealBroken": STOP,
    "VaultKeyMissing": STOP,
    "VaultKeyExhausted": STOP,
    # the vendor: down, full or not in the plan, against an answer
    "ProviderError": STOP,
    "AuthenticationFailed": STOP,
    "PermissionDenied": ASK_THE_NEXT,
    "NotFound": STOP,
    "UnknownSymbol": STOP,
    "RateLimited": ASK_THE_NEXT,
    "ReauthRequired": STOP,
    "AccountClosed": STOP,
    "ClientClosed": STOP,
    "InvalidRequest": STOP,
    "CursorRefused": STOP,
    "OrderRejected": STOP,
    "OrderStateUnknown": STOP,
    "ProviderUnavailable": ASK_THE_NEXT,
    "CircuitOpen": ASK_THE_NEXT,
    "DeadlineExceeded": ASK_THE_NEXT,
    "UnexpectedPayload": STOP,
}


class _Settings(ProviderSettings):
    pass


def _info(domain: str) -> ProviderInfo:
    return ProviderInfo(
        provider_key=f"{domain}:scripted",
        title="Scripted",
        settings=_Settings,
        live_url="https://scripted.example",
        sandbox_path="/scripted",
        ping="ping",
        docs="https://scripted.example/docs",
    )


class _Scripted:
    """What the three sources below share: an answer or an error, and how often they were asked."""

    def __init__(self, outcome: Any) -> None:
        self.outcome, self.asked = outcome, 0
        self.keys: list[InstrumentKey] = []
        super().__init__(Replay([]), Endpoint("https://scripted.example", "custom", load(_Settings, {})))  # type: ignore[call-arg]  # of the provider beside it

    def told(self, keys: Sequence[InstrumentKey] = ()) -> Any:
        self.asked += 1
        self.keys += keys
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class _Market(_Scripted, MarketDataProvider[M]):
    info = _info("market")

    @operation
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        yield from ()
        return self.told()

    @operation
    def quotes(self, keys: Sequence[InstrumentKey]) -> Flow[Quotes]:
        yield from ()
        return self.told(keys)

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
        yield from ()
        return self.told()


class _Crypto(_Scripted, CryptoDataProvider[M]):
    info = _info("crypto")

    @operation
    def price(self, key: InstrumentKey, currency: str = "USD") -> Flow[CryptoPrice]:
        yield from ()
        return self.told()

    @operation
    def prices(self, keys: Sequence[InstrumentKey], currency: str = "USD") -> Flow[Listing[CryptoPrice]]:
        yield from ()
        return self.told(keys)

    @operation
    def candles(self, key: InstrumentKey, *, currency: str = "USD", days: int = 30) -> Flow[CandleSeries]:
        yield from ()
        return self.told()


class _Fx(_Scripted, FxProvider[M]):
    info = _info("fx")

    @operation
    def latest(self) -> Flow[RateTable]:
        yield from ()
        return self.told()

    @operation
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        yield from ()
        return self.told()


def quote(key: InstrumentKey, source: str = "market:scripted") -> Quote:
    return Quote(source=source, as_of=NOON, raw={}, key=key, price=Decimal(7), currency="USD", unit="USD")


def coin(key: InstrumentKey, source: str = "crypto:scripted") -> CryptoPrice:
    return CryptoPrice(source=source, as_of=NOON, raw={}, key=key, price=Decimal(7), currency="USD")


RATE = FxRate(source="fx:scripted", as_of=NOON, raw={}, base="EUR", quote="USD", rate=Decimal(7), date=NOON.date())
QUESTIONS: dict[str, tuple[str, Any, Any, Any]] = {
    "quote": ("market", _Market, quote(AAPL), lambda made: made.quote(AAPL)),
    "candles": ("market", _Market, quote(AAPL), lambda made: made.candles(AAPL)),
    "quotes": ("market", _Market, Quotes([quote(AAPL)]), lambda made: made.quotes([AAPL])),
    "price": ("crypto", _Crypto, coin(BITCOIN), lambda made: made.price(BITCOIN)),
    "prices": ("crypto", _Crypto, Listing([coin(BITCOIN)]), lambda made: made.prices([BITCOIN])),
    "rate": ("fx", _Fx, RATE, lambda made: made.rate("EUR", "USD")),
}


def made(name: str) -> FinInfraError:
    """Make an error of that name, whatever its class wants to know."""
    cls: type[FinInfraError] = getattr(errors, name)
    error = cls.__new__(cls, "no")
    Exception.__init__(error, "no")
    if isinstance(error, errors.ProviderError):
        errors.ProviderError.__init__(error, "no")
    return error


def test_table_when_compared_with_the_tree_then_has_each_error_once() -> None:
    tree = [cls for cls in errors.error_classes() if cls.__module__ == errors.__name__]  # readers of files add theirs
    assert sorted(TABLE) == sorted(cls.__name__ for cls in tree)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", TABLE)
def test_chain_when_the_first_member_fails_then_the_next_is_asked_or_the_error_stands(name: str, question: str) -> None:
    domain, cls, answer, ask = QUESTIONS[question]
    members = [cls(made(name)), cls(answer)]
    together: Any = chain(domain, members)
    if TABLE[name] is ASK_THE_NEXT:
        assert ask(together) == answer
        assert [member.asked for member in members] == [1, 1]
    else:
        with pytest.raises(FinInfraError) as caught:
            ask(together)
        assert type(caught.value).__name__ == name
        assert [member.asked for member in members] == [1, 0]


def lacking(key: InstrumentKey, error: type[FinInfraError], place: int = 0) -> QuoteError:
    return QuoteError(place=f"keys[{place}]", id=str(key), key=key, code=error.code, reason="no")


BATCHES: dict[str, tuple[Any, Any, Any, Any]] = {
    "quotes": ("market", _Market, quote, lambda made, keys: made.quotes(keys)),
    "prices": ("crypto", _Crypto, coin, lambda made, keys: made.prices(keys)),
}


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", [name for name in TABLE if name != "FinInfraError"])
def test_chain_when_an_answer_lacks_one_then_the_next_is_asked_for_that_one_alone(name: str, batch: str) -> None:
    domain, cls, price, ask = BATCHES[batch]
    error = getattr(errors, name)
    first = cls(Quotes([price(AAPL)], errors=[lacking(TOYOTA, error, 1)]))
    second = cls(Quotes([price(TOYOTA)]))
    with row_errors() as unread:
        answer = ask(chain(domain, [first, second]), [AAPL, TOYOTA, AAPL])
    if TABLE[name] is ASK_THE_NEXT:
        assert [one.key for one in answer] == [AAPL, TOYOTA, AAPL]
        assert (answer.errors, second.keys) == ((), [TOYOTA])
    else:
        assert [one.key for one in answer] == [AAPL, AAPL]
        assert [(one.key, one.code, one.place) for one in answer.errors] == [(TOYOTA, error.code, "keys[1]")]
        assert second.asked == 0
    assert unread == list(answer.errors)
    assert answer.meta.provider == f"{domain}:scripted"


@pytest.mark.parametrize("batch", BATCHES)
def test_chain_when_nobody_has_one_then_the_last_word_on_it_stands(batch: str) -> None:
    domain, cls, price, ask = BATCHES[batch]
    first = cls(Quotes([price(AAPL)], errors=[lacking(NOPE, UnknownSymbol), lacking(TOYOTA, NotCovered)]))
    second = cls(UnknownSymbol("no"))
    third = cls(Quotes([price(TOYOTA)]))
    down, forbidden = cls(ProviderUnavailable("down")), cls(PermissionDenied("no"))
    answer = ask(chain(domain, [first, down, forbidden]), [NOPE, AAPL, TOYOTA])
    assert down.keys == forbidden.keys == [TOYOTA]
    assert [one.key for one in answer] == [AAPL]
    assert [(one.key, one.code, one.place) for one in answer.errors] == [
        (NOPE, UnknownSymbol.code, "keys[0]"),
        (TOYOTA, NotCovered.code, "keys[2]"),
    ]
    with pytest.raises(UnknownSymbol):
        ask(chain(domain, [cls(NotCovered("no")), second, third]), [NOPE])
    answer = ask(chain(domain, [first, second, third]), [AAPL, TOYOTA])
    assert [one.key for one in answer] == [AAPL]
    assert [(one.key, one.code) for one in answer.errors] == [(TOYOTA, UnknownSymbol.code)]
    assert third.asked == 0


@pytest.mark.parametrize("batch", BATCHES)
def test_chain_when_no_member_answers_then_the_outage_is_raised_and_else_the_first_refusal(batch: str) -> None:
    domain, cls, _, ask = BATCHES[batch]
    with pytest.raises(ProviderUnavailable):
        ask(chain(domain, [cls(ProviderUnavailable("down")), cls(NotCovered("no"))]), [AAPL])
    with pytest.raises(NotCovered):
        ask(chain(domain, [cls(NotCovered("no")), cls(PermissionDenied("no"))]), [AAPL])
