"""Exports of brokers and crypto exchanges: purchases, sales, income and movements, each with both of its legs.
Floor 4: `layout` is the table of one broker, `tables` holds them, `broker`, `coinbase` and `kraken` read the rows."""

from fin_infra.imports.statements.delimited.trades.layout import TradeLayout
from fin_infra.imports.statements.delimited.trades.reading import trade_statements
from fin_infra.imports.statements.delimited.trades.tables import TRADES

__all__ = ["TRADES", "TradeLayout", "trade_statements"]
