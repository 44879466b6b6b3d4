"""What is held at all brokers, merged by instrument.
Floor 6: read by `fin_infra.holdings`, merged by `fin_infra.analytics`, with an optional total in one currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fin_infra.analytics import merge_holdings
from fin_infra.fanout import DEADLINE_S, attempt
from fin_infra.flow import deadline
from fin_infra.holdings import read_holdings
from fin_infra.model import LeftOut, Portfolio, RateTable, SourceError
from fin_infra.model.currency import minor_units
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.provider import Provider
from fin_infra.providers.switches import is_on
from fin_infra.transport import Async

SWITCHED_OFF = "it is switched off"
_MADE_UP = "the sandbox makes its holdings up; they do not count beside a real bank or broker"


@dataclass(frozen=True, slots=True)
class HoldingSources:
    """The providers that holdings are read from, and the one that gives rates for a total."""

    brokers: tuple[BrokerageProvider[Async], ...]
    aggregators: tuple[BrokerageAggregatorProvider[Async], ...] = ()
    fx: FxProvider[Async] | None = None
    left_out: tuple[LeftOut, ...] = ()
    """Ones that are there and not asked, on purpose."""
    failed: tuple[SourceError, ...] = ()
    """Ones that should be asked and cannot be opened."""

    @classmethod
    def counted(
        cls,
        brokers: Sequence[BrokerageProvider[Async]],
        aggregators: Sequence[BrokerageAggregatorProvider[Async]],
        fx: FxProvider[Async] | None,
        *,
        real_bank: bool = False,
    ) -> HoldingSources:
        """Take the real ones; made-up holdings of the sandbox count only where there is nothing real beside them."""
        each = (*brokers, *aggregators)
        real = real_bank or any(source.environment != "sandbox" for source in each)
        made_up = [source for source in each if real and source.environment == "sandbox"]
        return cls(
            tuple(broker for broker in brokers if broker not in made_up),
            tuple(aggregator for aggregator in aggregators if aggregator not in made_up),
            fx,
            tuple(LeftOut(source=source.source, reason=_MADE_UP) for source in made_up),
        )

    def for_caller(self) -> HoldingSources:
        """Return those that are on for whoever acts, and name the others as left out."""
        off = [source.source for source in self.all() if not is_on(source)]
        rates = self.fx if self.fx is not None and is_on(self.fx) else None
        return replace(
            self,
            brokers=tuple(each for each in self.brokers if each.source not in off),
            aggregators=tuple(each for each in self.aggregators if each.source not in off),
            fx=rates,
            left_out=(*self.left_out, *(LeftOut(source=each, reason=SWITCHED_OFF) for each in off)),
        )

    def all(self) -> tuple[Provider[Any], ...]:
        """Return the providers of holdings, brokers first."""
        return (*self.brokers, *self.aggregators)


async def holdings_of(
    sources: HoldingSources, currency: str | None = None
) -> tuple[Portfolio, tuple[SourceError, ...]]:
    """Return the merged holdings, with a total in `currency`, and an error for each source that did not answer.

    Raises:
        UnknownCurrency: `currency` is not an ISO 4217 code.
    """
    if currency is not None:
        minor_units(currency)
    with deadline(DEADLINE_S):
        found = await read_holdings(sources.aggregators, sources.brokers)
    rates, errors = await _rates(sources.fx) if currency is not None else (None, ())
    return merge_holdings(found, currency=currency, rates=rates), (*found.errors, *errors)


async def _rates(fx: FxProvider[Async] | None) -> tuple[RateTable | None, tuple[SourceError, ...]]:
    if fx is None:
        return None, ()
    outcome = await attempt(fx.source, "latest", fx.latest)
    return outcome.value, (outcome.error,) if outcome.error else ()
