"""Modules that have another path now: the old one works for one release, and warns.
Floor 0: asked only when no other finder knows a module. Delete the rows of a release when the next one is out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

MOVED: dict[str, str] = {
    "bankersbank.wire": "bankersbank.payloads",
    "fin_infra.api.fanout": "fin_infra.fanout",
    "fin_infra.flow.caller": "fin_infra.flow.client",
    "fin_infra.imports.statements.ofx.text": "fin_infra.imports.statements.text",
    "fin_infra.imports.statements.ofx.values": "fin_infra.imports.statements.values",
    "fin_infra.imports.statements.ofx_text": "fin_infra.imports.statements.text",
    "fin_infra.imports.statements.ofx_tree": "fin_infra.imports.statements.ofx.tree",
    "fin_infra.imports.statements.ofx_values": "fin_infra.imports.statements.values",
    "fin_infra.providers.aggregators": "fin_infra.providers.interfaces.aggregator",
    "fin_infra.providers.banking.teller_webhook": "fin_infra.providers.banking.teller.webhook",
    "fin_infra.providers.banking.teller_wire": "fin_infra.providers.banking.teller.payloads",
    "fin_infra.providers.brokerage.alpaca_data": "fin_infra.providers.brokerage.alpaca.market_data",
    "fin_infra.providers.brokerage.alpaca_refusals": "fin_infra.providers.brokerage.alpaca.refusals",
    "fin_infra.providers.brokerage.alpaca_stream": "fin_infra.providers.brokerage.alpaca.stream",
    "fin_infra.providers.brokerage.alpaca_symbols": "fin_infra.providers.brokerage.alpaca.symbols",
    "fin_infra.providers.brokerage.alpaca_wire": "fin_infra.providers.brokerage.alpaca.payloads",
    "fin_infra.providers.brokerage.snaptrade_instruments": "fin_infra.providers.brokerage.snaptrade.symbols",
    "fin_infra.providers.brokerage.snaptrade_refusals": "fin_infra.providers.brokerage.snaptrade.refusals",
    "fin_infra.providers.brokerage.snaptrade_signature": "fin_infra.providers.brokerage.snaptrade.signature",
    "fin_infra.providers.brokerage.snaptrade_wire": "fin_infra.providers.brokerage.snaptrade.payloads",
    "fin_infra.providers.brokers": "fin_infra.providers.interfaces.brokerage",
    "fin_infra.providers.crypto.coingecko_wire": "fin_infra.providers.crypto.coingecko.payloads",
    "fin_infra.providers.market.alpha_vantage_refusals": "fin_infra.providers.market.alpha_vantage.refusals",
    "fin_infra.providers.market.alpha_vantage_series": "fin_infra.providers.market.alpha_vantage.market_data",
    "fin_infra.providers.market.alpha_vantage_wire": "fin_infra.providers.market.alpha_vantage.payloads",
    "fin_infra.providers.wire": "fin_infra.providers.fields",
    "fin_infra.sandbox.app": "fin_infra.sandbox.kernel.app",
    "fin_infra.sandbox.broker.desk": "fin_infra.sandbox.broker.broker",
    "fin_infra.sandbox.catalog": "fin_infra.sandbox.world.catalog",
    "fin_infra.sandbox.clock": "fin_infra.sandbox.kernel.clock",
    "fin_infra.sandbox.control": "fin_infra.sandbox.kernel.control",
    "fin_infra.sandbox.days": "fin_infra.sandbox.world.days",
    "fin_infra.sandbox.faults": "fin_infra.sandbox.kernel.faults",
    "fin_infra.sandbox.gate": "fin_infra.sandbox.kernel.gate",
    "fin_infra.sandbox.holdings": "fin_infra.sandbox.world.holdings",
    "fin_infra.sandbox.household": "fin_infra.sandbox.world.household",
    "fin_infra.sandbox.ledger": "fin_infra.sandbox.world.ledger",
    "fin_infra.sandbox.portfolio": "fin_infra.sandbox.world.portfolio",
    "fin_infra.sandbox.prices": "fin_infra.sandbox.world.prices",
    "fin_infra.sandbox.protocol": "fin_infra.sandbox.kernel.protocol",
    "fin_infra.sandbox.requestlog": "fin_infra.sandbox.kernel.requestlog",
    "fin_infra.sandbox.serve": "fin_infra.sandbox.kernel.serve",
    "fin_infra.sandbox.state": "fin_infra.sandbox.kernel.state",
    "fin_infra.sandbox.vendors.alpaca_account": "fin_infra.sandbox.vendors.alpaca.account",
    "fin_infra.sandbox.vendors.alpaca_bars": "fin_infra.sandbox.vendors.alpaca.bars",
    "fin_infra.sandbox.vendors.alpaca_call": "fin_infra.sandbox.vendors.alpaca.call",
    "fin_infra.sandbox.vendors.alpaca_control": "fin_infra.sandbox.vendors.alpaca.control",
    "fin_infra.sandbox.vendors.alpaca_data": "fin_infra.sandbox.vendors.alpaca.market_data",
    "fin_infra.sandbox.vendors.alpaca_orders": "fin_infra.sandbox.vendors.alpaca.orders",
    "fin_infra.sandbox.vendors.alpaca_positions": "fin_infra.sandbox.vendors.alpaca.positions",
    "fin_infra.sandbox.vendors.alpaca_reference": "fin_infra.sandbox.vendors.alpaca.reference",
    "fin_infra.sandbox.vendors.alpaca_shapes": "fin_infra.sandbox.vendors.alpaca.replies",
    "fin_infra.sandbox.vendors.alpaca_stream": "fin_infra.sandbox.vendors.alpaca.stream",
    "fin_infra.sandbox.vendors.alpaca_watchlists": "fin_infra.sandbox.vendors.alpaca.watchlists",
    "fin_infra.sandbox.vendors.alpha_vantage_series": "fin_infra.sandbox.vendors.alpha_vantage.market_data",
    "fin_infra.sandbox.vendors.coingecko_charts": "fin_infra.sandbox.vendors.coingecko.charts",
    "fin_infra.sandbox.vendors.coingecko_market": "fin_infra.sandbox.vendors.coingecko.market_data",
    "fin_infra.sandbox.vendors.finastra_accounts": "fin_infra.sandbox.vendors.finastra.accounts",
    "fin_infra.sandbox.vendors.finastra_channels": "fin_infra.sandbox.vendors.finastra.channels",
    "fin_infra.sandbox.vendors.finastra_collaterals": "fin_infra.sandbox.vendors.finastra.collaterals",
    "fin_infra.sandbox.vendors.finastra_login": "fin_infra.sandbox.vendors.finastra.login",
    "fin_infra.sandbox.vendors.finastra_replies": "fin_infra.sandbox.vendors.finastra.replies",
    "fin_infra.sandbox.vendors.reply": "fin_infra.sandbox.kernel.reply",
    "fin_infra.sandbox.vendors.snaptrade_access": "fin_infra.sandbox.vendors.snaptrade.access",
    "fin_infra.sandbox.vendors.snaptrade_accounts": "fin_infra.sandbox.vendors.snaptrade.accounts",
    "fin_infra.sandbox.vendors.snaptrade_control": "fin_infra.sandbox.vendors.snaptrade.control",
    "fin_infra.sandbox.vendors.snaptrade_data": "fin_infra.sandbox.vendors.snaptrade.holdings",
    "fin_infra.sandbox.vendors.snaptrade_orders": "fin_infra.sandbox.vendors.snaptrade.orders",
    "fin_infra.sandbox.vendors.snaptrade_reference": "fin_infra.sandbox.vendors.snaptrade.reference",
    "fin_infra.sandbox.vendors.snaptrade_shapes": "fin_infra.sandbox.vendors.snaptrade.replies",
    "fin_infra.sandbox.vendors.snaptrade_users": "fin_infra.sandbox.vendors.snaptrade.users",
    "fin_infra.transport.wire": "fin_infra.transport.engine",
}


class MovedFinder:
    """Finds a module under its old path; what is imported is the module of the new path itself."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if fullname not in MOVED:
            return None
        from importlib.machinery import ModuleSpec

        loader: Any = _MovedLoader()  # not a Loader by name: importlib.abc would cost every user an import
        return ModuleSpec(fullname, loader, origin=MOVED[fullname])


class _MovedLoader:
    def create_module(self, spec: ModuleSpec) -> None:
        """Let an empty module stand in until `exec_module` replaces it."""

    def exec_module(self, module: ModuleType) -> None:
        import warnings
        from importlib import import_module

        old, new = module.__name__, MOVED[module.__name__]
        warnings.warn(f"{old} is now {new}; the old path ends with the next release", DeprecationWarning, stacklevel=2)
        sys.modules[old] = import_module(new)


def install() -> None:
    """Ask `MovedFinder` after all other finders."""
    if MovedFinder not in sys.meta_path:
        sys.meta_path.append(MovedFinder)


def renamed(module: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """Return a module's `__getattr__` that gives objects by their old names, and warns; `names` maps to full paths."""

    def get(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        import warnings
        from importlib import import_module

        home, _, new = names[name].rpartition(".")
        warnings.warn(
            f"{module}.{name} is now {names[name]}; the old name ends with the next release",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(import_module(home), new)

    return get
