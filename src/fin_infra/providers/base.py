"""Everything an adapter outside this repository imports, under one name: providers, their endpoint and interfaces.
Floor 3: re-exports only, each loaded when it is asked for; nothing in fin_infra imports it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
    from fin_infra.providers.interfaces.banking import BankingProvider
    from fin_infra.providers.interfaces.brokerage import BrokerageProvider
    from fin_infra.providers.interfaces.crypto import CryptoDataProvider
    from fin_infra.providers.interfaces.fx import FxProvider
    from fin_infra.providers.interfaces.identity import IdentityProvider
    from fin_infra.providers.interfaces.linking import LinkingProvider
    from fin_infra.providers.interfaces.market import MarketDataProvider
    from fin_infra.providers.provider import Endpoint, Provider, endpoint, http_transport

__all__ = [
    "BankingProvider",
    "BrokerageAggregatorProvider",
    "BrokerageProvider",
    "CryptoDataProvider",
    "Endpoint",
    "FxProvider",
    "IdentityProvider",
    "LinkingProvider",
    "MarketDataProvider",
    "Provider",
    "endpoint",
    "http_transport",
]

_HOMES = {
    "BankingProvider": "interfaces.banking",
    "BrokerageAggregatorProvider": "interfaces.aggregator",
    "BrokerageProvider": "interfaces.brokerage",
    "CryptoDataProvider": "interfaces.crypto",
    "FxProvider": "interfaces.fx",
    "LinkingProvider": "interfaces.linking",
    "IdentityProvider": "interfaces.identity",
    "MarketDataProvider": "interfaces.market",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"fin_infra.providers.{_HOMES.get(name, 'provider')}"), name)
