"""Order safety: what stands between a caller and a broker, so that no order is ever placed twice.
Floor 2: `place` sends and asks; `submit`, `change` and `close` are the use cases; `checks` has the rules."""

from fin_infra.trading.change import Replacement
from fin_infra.trading.checks import check
from fin_infra.trading.close import Closing
from fin_infra.trading.context import Context
from fin_infra.trading.desk import Venue
from fin_infra.trading.gather import gather
from fin_infra.trading.ids import client_order_id, fingerprint, same_order
from fin_infra.trading.journal import Journal, JournalEntry, SqliteJournal, State
from fin_infra.trading.limits import TradingLimits
from fin_infra.trading.place import Time, place
from fin_infra.trading.reconcile import reconcile
from fin_infra.trading.submit import Submission

__all__ = [
    "Closing",
    "Context",
    "Journal",
    "JournalEntry",
    "Replacement",
    "SqliteJournal",
    "State",
    "Submission",
    "Time",
    "TradingLimits",
    "Venue",
    "check",
    "client_order_id",
    "fingerprint",
    "gather",
    "place",
    "reconcile",
    "same_order",
]
