"""Which source a provider is: a bank is read by changes or windows, a broker by its account, and so on.
Floor 6: the kind of provider decides; no vendor is named."""

from __future__ import annotations

from typing import Any

from fin_infra.book.banks import BankSource
from fin_infra.book.brokers import AggregatorSource, BrokerSource
from fin_infra.book.deltas import DeltaSource
from fin_infra.book.pages import Source
from fin_infra.errors import InvalidInput
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.provider import Provider


def source_of(provider: Provider[Any]) -> Source:
    """Return a provider as a source of the book.

    Raises:
        InvalidInput: it has no accounts of a person.
    """
    if isinstance(provider, BankingProvider):
        return DeltaSource(provider) if "transaction_changes" in provider.can else BankSource(provider)
    if isinstance(provider, BrokerageProvider):
        return BrokerSource(provider)
    if isinstance(provider, BrokerageAggregatorProvider):
        return AggregatorSource(provider)
    raise InvalidInput(f"{provider.info.title} has no accounts to remember; connect a bank or a broker.")
