"""SnapTrade: accounts at many brokers, seen through one API; read-only.
Floor 3: `adapter` asks, `payloads` reads what comes back, `signature` signs."""

from fin_infra.providers.brokerage.snaptrade.adapter import (
    LEGACY,
    OF_CLIENT,
    ORDER_DAYS,
    STATES,
    Settings,
    SnapTrade,
)

__all__ = ["LEGACY", "OF_CLIENT", "ORDER_DAYS", "STATES", "Settings", "SnapTrade"]
