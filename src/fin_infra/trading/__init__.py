"""Order safety: what stands between a caller and a broker, so that no order is ever placed twice.
Floor 2: `place` sends and asks, `submit` checks, writes down and places; `docs/brokerage.md` explains the rules."""

from fin_infra.trading.checks import Context, check
from fin_infra.trading.ids import client_order_id, fingerprint, same_order
from fin_infra.trading.journal import Journal, JournalEntry, SqliteJournal, State
from fin_infra.trading.limits import TradingLimits
from fin_infra.trading.place import Venue, place
from fin_infra.trading.submit import reconcile, submit

__all__ = [
    "Context",
    "Journal",
    "JournalEntry",
    "SqliteJournal",
    "State",
    "TradingLimits",
    "Venue",
    "check",
    "client_order_id",
    "fingerprint",
    "place",
    "reconcile",
    "same_order",
    "submit",
]
