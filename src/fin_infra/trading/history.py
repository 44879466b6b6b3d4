"""Rules that look at earlier orders: the day's sum, and the same order just now.
Floor 2: pure; `submit` applies them in the same step that writes the order down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from fin_infra.trading import ids
from fin_infra.trading.journal import JournalEntry
from fin_infra.trading.limits import TradingLimits

MARKET_ZONE = ZoneInfo("America/New_York")
"""The zone of the US market's hours; its midnight begins the day of the daily limit."""


def history_since(at: datetime, limits: TradingLimits) -> datetime:
    """Return since when other orders matter to an order placed at `at`: its day, or the duplicate window if longer."""
    return min(_day_start(at), at - timedelta(seconds=limits.duplicate_window_s or 0.0))


def judge_history(
    fingerprint: str, estimate: Decimal, limits: TradingLimits, at: datetime, others: Sequence[JournalEntry]
) -> list[tuple[str, str]]:
    """Return what speaks against an order of `at`, given the others: the daily limit, and the same order just now.

    A day begins at midnight in New York. The same order is one whose request or whose terms are equal: a closing that
    comes to the order that was just submitted counts as that order.
    """
    failures: list[tuple[str, str]] = []
    spent = sum((entry.estimate for entry in others if entry.at >= _day_start(at)), Decimal(0))
    limit = limits.max_notional_per_day
    if limit is not None and spent + estimate > limit:
        failures.append(
            (
                "max_notional_per_day",
                f"Today's orders come to about {spent:.2f}; with this one of about {estimate:.2f} they would exceed "
                f"the daily limit of {limit} (FIN_INFRA_TRADING_MAX_NOTIONAL_PER_DAY).",
            )
        )
    window = limits.duplicate_window_s
    if window is not None:
        since = at - timedelta(seconds=window)
        if any(entry.at >= since and _alike(entry.fingerprint, fingerprint) for entry in others):
            failures.append(
                (
                    "duplicate_order",
                    f"The same order was sent less than {window:g} s ago under another key; to send it twice, wait, "
                    "or change FIN_INFRA_TRADING_DUPLICATE_WINDOW_S.",
                )
            )
    return failures


def _alike(one: str, other: str) -> bool:
    return ids.request_part(one) == ids.request_part(other) or ids.order_part(one) == ids.order_part(other)


def _day_start(at: datetime) -> datetime:
    return at.astimezone(MARKET_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
