"""Alpaca: orders, positions and market data in the United States; paper money unless you say otherwise.
Floor 3: `adapter` asks, `payloads`, `orders`, `reference` and `market_data` read, `refusals` has its errors."""

from fin_infra.providers.brokerage.alpaca.adapter import (
    DATA_URL,
    LIVE_URL,
    PAPER_URL,
    Alpaca,
    Settings,
)

__all__ = ["DATA_URL", "LIVE_URL", "PAPER_URL", "Alpaca", "Settings"]
