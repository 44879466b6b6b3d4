"""Fallback chains: providers of one domain, of which the next answers while the first is down.
Floor 4: what is down, not covered or not in the plan moves on; a wrong symbol is an answer, and `source` says whose."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar, ParamSpec, TypeAlias, TypeVar

from fin_infra.errors import (
    ConfigurationError,
    DeadlineExceeded,
    FeatureDisabled,
    FinInfraError,
    NotCovered,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    error_classes,
)
from fin_infra.features import refusal
from fin_infra.flow import operation, paged
from fin_infra.flow.call import allowed, deadline, observed, observed_pages, tell_of_rows
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    CryptoAsset,
    CryptoPrice,
    FxRate,
    InstrumentKey,
    Interval,
    Listing,
    MarketChart,
    Meta,
    Overview,
    Quote,
    QuoteError,
    Quotes,
    RateTable,
    SymbolMatch,
)
from fin_infra.providers.config import SUBSTITUTABLE, not_substitutable
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Provider
from fin_infra.transport import Flow, Invoke, M, Page, Pages, Request, Transport

P = ParamSpec("P")
T = TypeVar("T")
_NOT_HERE = (NotCovered, PermissionDenied)
"""The member cannot answer this, today or later."""
_MOVE_ON = (ProviderUnavailable, RateLimited, DeadlineExceeded, *_NOT_HERE)
_MOVE_ON_CODES = frozenset(cls.code for cls in error_classes() if issubclass(cls, _MOVE_ON))
_Answered: TypeAlias = tuple[dict[InstrumentKey, Any], list[QuoteError], Meta | None]
"""Answers by key, what is said of the other keys, and the meta of the first member that answered."""


class Chain(Provider[M]):
    """Asks `members` in order. Each call runs through the member's own transport and policy, which observe it.

    Where no member answers, the last outage is raised, because that may pass; without one, the first refusal. `can`
    holds what every member offers.
    """

    relays = True
    interface: ClassVar[type[Provider[Any]]]
    """What each member has to be."""

    def __init__(self, domain: str, members: Sequence[Provider[M]]) -> None:
        first = members[0]
        super(Provider, self).__init__(  # past Provider's own: settings, quotas and breakers are the members'
            first.transport, source=domain, environment=first.environment, tenant=first.tenant
        )
        self.members = tuple(members)
        self.can = type(self).can.intersection(*(member.can for member in members))

    def transports(self) -> tuple[Transport[M], ...]:
        """Connections of all members; the members stay usable, since others may hold them, and open new ones."""
        return tuple(member.transport for member in self.members)

    @operation
    def ping(self) -> Flow[None]:
        return self.first_up(Provider.ping)

    def first_up(self, op: operation[P, T], *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        """Return the flow of `op` at the first member that is up."""
        name = op.fn.__name__
        if name not in self.can | {"ping"}:
            return self.not_offered(name)
        return _attempts(self.members, name, observed, args, kwargs)

    def first_up_pages(self, op: paged[P, T], *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        """Return the pages of `op` at the first member that is up; once there is a page, that member goes on."""
        name = op.fn.__name__
        if name not in self.can:
            return self.not_offered(name)
        return _attempts(self.members, name, observed_pages, args, kwargs)


class MarketDataChain(Chain[M], MarketDataProvider[M]):
    """Sources of market data that stand in for each other."""

    interface = MarketDataProvider

    @operation
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        return self.first_up(MarketDataProvider.quote, key)

    @operation
    def quotes(self, keys: Sequence[InstrumentKey]) -> Flow[Quotes]:
        """Return the latest prices; for those that a member could not give, here or today, the next one is asked."""
        wanted = list(keys)
        found, errors, meta = yield from _of_many(self, MarketDataProvider.quotes, wanted)
        return Quotes((found[key] for key in wanted if key in found), meta, errors)

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
        op = MarketDataProvider.candles
        if extended_hours:  # said only then, so that members written before there was a choice go on working
            return self.first_up(
                op, key, interval=interval, adjustment=adjustment, start=start, end=end, extended_hours=True
            )
        return self.first_up(op, key, interval=interval, adjustment=adjustment, start=start, end=end)

    @operation
    def search(self, text: str) -> Flow[Listing[SymbolMatch]]:
        return self.first_up(MarketDataProvider.search, text)

    @operation
    def overview(self, key: InstrumentKey) -> Flow[Overview]:
        return self.first_up(MarketDataProvider.overview, key)

    @operation
    def fx_rate(self, base: str, quote: str) -> Flow[FxRate]:
        return self.first_up(MarketDataProvider.fx_rate, base, quote)

    @operation
    def fx_candles(
        self,
        base: str,
        quote: str,
        *,
        interval: Interval = Interval.DAY_1,
        start: date | datetime | None = None,
        end: date | datetime | None = None,
    ) -> Flow[CandleSeries]:
        op = MarketDataProvider.fx_candles
        return self.first_up(op, base, quote, interval=interval, start=start, end=end)


class CryptoDataChain(Chain[M], CryptoDataProvider[M]):
    """Sources of crypto data that stand in for each other."""

    interface = CryptoDataProvider

    @operation
    def price(self, key: InstrumentKey, currency: str = "USD") -> Flow[CryptoPrice]:
        return self.first_up(CryptoDataProvider.price, key, currency)

    @operation
    def prices(self, keys: Sequence[InstrumentKey], currency: str = "USD") -> Flow[Listing[CryptoPrice]]:
        """Return spot prices; for those that a member could not give, here or today, the next one is asked."""
        wanted = list(keys)
        found, errors, meta = yield from _of_many(self, CryptoDataProvider.prices, wanted, currency)
        return Listing((found[key] for key in wanted if key in found), meta, errors)

    @operation
    def asset(self, key: InstrumentKey) -> Flow[CryptoAsset]:
        return self.first_up(CryptoDataProvider.asset, key)

    @operation
    def lookup(self, ticker: str) -> Flow[InstrumentKey]:
        return self.first_up(CryptoDataProvider.lookup, ticker)

    @operation
    def candles(self, key: InstrumentKey, *, currency: str = "USD", days: int = 30) -> Flow[CandleSeries]:
        return self.first_up(CryptoDataProvider.candles, key, currency=currency, days=days)

    @operation
    def market_chart(
        self, key: InstrumentKey, *, currency: str = "USD", start: datetime, end: datetime
    ) -> Flow[MarketChart]:
        return self.first_up(CryptoDataProvider.market_chart, key, currency=currency, start=start, end=end)

    @operation
    def search(self, text: str) -> Flow[Listing[CryptoAsset]]:
        return self.first_up(CryptoDataProvider.search, text)


class FxChain(Chain[M], FxProvider[M]):
    """Sources of exchange rates that stand in for each other."""

    interface = FxProvider

    @operation
    def latest(self) -> Flow[RateTable]:
        return self.first_up(FxProvider.latest)

    @operation
    def history(self, *, start: date, end: date) -> Flow[Listing[RateTable]]:
        return self.first_up(FxProvider.history, start=start, end=end)

    @operation
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        return self.first_up(FxProvider.rate, base, quote, on=on)


_CHAINS: dict[str, type[Chain[Any]]] = {"market": MarketDataChain, "crypto": CryptoDataChain, "fx": FxChain}


def chain(domain: str, members: Sequence[Provider[M]]) -> Chain[M]:
    """Return a provider of `domain` whose operations try `members` in order.

    Raises:
        ConfigurationError: the domain's providers are not substitutes for each other, or a member is of another domain.
    """
    if domain not in SUBSTITUTABLE:
        raise not_substitutable(domain, [member.source for member in members])
    cls = _CHAINS[domain]
    for member in members:
        if not isinstance(member, cls.interface):
            raise ConfigurationError(f"{member.source} is not a {cls.interface.__name__}; take it out of the chain.")
    return cls(domain, members)


def _of_many(chain: Chain[Any], op: operation[..., Any], wanted: list[InstrumentKey], *args: Any) -> Flow[_Answered]:
    """Ask member after member for the keys that none has answered yet, and keep what each gave.

    A key that a member knows not to exist is asked for no further, as one alone would not be.
    """
    name = op.fn.__name__
    if name not in chain.can:
        yield from chain.not_offered(name)
    watch, end = partial(observed, tell_rows=False), _end(chain.members)
    found: dict[InstrumentKey, Any] = {}
    errors: dict[InstrumentKey, QuoteError] = {}
    metas: list[Meta | None] = []
    missing: list[InstrumentKey] = wanted
    refused: list[FinInfraError] = []
    for member in chain.members:
        try:
            answer = yield from _attempts([member], name, watch, (missing, *args), {}, end)
        except _MOVE_ON as exc:
            refused.append(exc)
            continue
        except FeatureDisabled as exc:
            if exc.switch is None:
                raise
            refused.append(exc)
            continue
        except FinInfraError as exc:
            if not metas:
                raise
            errors |= {key: replace(errors[key], code=exc.code, reason=str(exc)) for key in missing}
            break
        metas.append(answer.meta)
        found |= {item.key: item for item in answer}
        errors |= {error.key: error for error in answer.errors}
        missing = [key for key in missing if key in errors and key not in found and errors[key].code in _MOVE_ON_CODES]
        if not missing:
            break
    if not metas:
        asked = [exc for exc in refused if not isinstance(exc, FeatureDisabled)] or refused
        raise next((exc for exc in reversed(asked) if not isinstance(exc, (*_NOT_HERE, FeatureDisabled))), asked[0])
    left = [
        replace(errors[key], place=f"keys[{at}]")
        for at, key in enumerate(wanted)
        if key in errors and key not in found and key not in wanted[:at]
    ]
    tell_of_rows(left)
    return found, left, metas[0]


def _end(members: Sequence[Provider[Any]]) -> float | None:
    """Return when the time that the caller allows is over, on the clock of the first member."""
    limit = allowed()
    return None if limit is None else members[0].transport.monotonic() + limit


def _attempts(
    members: Sequence[Provider[Any]],
    name: str,
    watch: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    end: float | None = None,
) -> Generator[Any, Any, Any]:
    """Drive the members' flows, each effect through the member's own transport, whoever drives the chain.

    Each member has the time of its own settings; a `deadline` of the caller holds for all of them together, up to
    `end` where it began before.
    """
    error: FinInfraError | None = None
    clock = members[0].transport.monotonic
    end = _end(members) if end is None else end
    for member in members:
        if error is not None and end is not None and clock() >= end:
            break
        off = refusal(member.source)
        if off is not None:
            error = error or off
            continue
        flow = watch(member, name, _begun(member, name, args, kwargs))
        binding = False
        try:
            with nullcontext() if end is None else deadline(end - clock()):  # for all members together
                effect = next(flow)
            while True:
                binding = binding or _binds(effect)
                try:
                    value = yield effect if isinstance(effect, Page) else Invoke(partial(member.transport.step, effect))
                except Exception as exc:
                    effect = flow.throw(exc)
                else:
                    effect = flow.send(value)
        except StopIteration as stop:
            return stop.value
        except _MOVE_ON as exc:
            if binding:
                raise
            if error is None or isinstance(error, FeatureDisabled) or not isinstance(exc, _NOT_HERE):
                error = exc
        finally:
            flow.close()
    assert error is not None, "a chain has members"
    raise error


def _begun(member: Provider[Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Generator[Any, Any, Any]:
    """Run a member's operation; one that refuses before its first effect, without being a generator, refuses here."""
    run: Callable[..., Generator[Any, Any, Any]] = getattr(type(member), name).fn
    return (yield from run(member, *args, **kwargs))


def _binds(effect: Any) -> bool:
    """Say whether nobody else may answer any more: the caller has a page, or a request may have changed something."""
    return isinstance(effect, Page) or (isinstance(effect, Request) and not effect.repeatable)
