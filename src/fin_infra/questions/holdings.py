"""What is held at all brokers, merged by instrument.
Floor 6: read by `fin_infra.holdings`, merged by `fin_infra.analytics`, with an optional total in one currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fin_infra.analytics import merge_holdings
from fin_infra.fanout import DEADLINE_S, attempt
from fin_infra.flow import deadline
from fin_infra.holdings import read_holdings
from fin_infra.model import Portfolio, RateTable
from fin_infra.model.currency import minor_units
from fin_infra.model.networth import SourceError
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.provider import Provider
from fin_infra.transport import Async


@dataclass(frozen=True, slots=True)
class HoldingSources:
    """The providers that holdings are read from, and the one that gives rates for a total."""

    brokers: tuple[BrokerageProvider[Async], ...]
    aggregators: tuple[BrokerageAggregatorProvider[Async], ...] = ()
    fx: FxProvider[Async] | None = None

    @classmethod
    def counted(
        cls,
        brokers: Sequence[BrokerageProvider[Async]],
        aggregators: Sequence[BrokerageAggregatorProvider[Async]],
        fx: FxProvider[Async] | None,
    ) -> HoldingSources:
        """Take the real ones; made-up holdings of the sandbox count only where there is nothing else."""
        real = any(source.environment != "sandbox" for source in (*brokers, *aggregators))
        return cls(
            tuple(broker for broker in brokers if not real or broker.environment != "sandbox"),
            tuple(each for each in aggregators if not real or each.environment != "sandbox"),
            fx,
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
