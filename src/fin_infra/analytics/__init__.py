"""Calculations on top of the data.
Floor 5: pure functions of models; nothing here makes a call."""

from typing import TYPE_CHECKING

from fin_infra._moved import renamed
from fin_infra.analytics.holding_changes import diff_holdings
from fin_infra.analytics.holding_sync import accounts_to_sync, carry_forward
from fin_infra.analytics.holdings import merge_holdings
from fin_infra.analytics.networth import WorthRecord, net_worth
from fin_infra.analytics.worth_holdings import Priced

__all__ = [
    "Priced",
    "WorthRecord",
    "accounts_to_sync",
    "carry_forward",
    "diff_holdings",
    "merge_holdings",
    "net_worth",
]
if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"carried": f"{__name__}.carry_forward", "due": f"{__name__}.accounts_to_sync"})
