"""Calculations on top of the data.
Floor 5: pure functions of models; nothing here makes a call."""

from fin_infra.analytics.holding_changes import diff_holdings
from fin_infra.analytics.holding_sync import carried, due
from fin_infra.analytics.holdings import merge_holdings
from fin_infra.analytics.networth import WorthRecord, net_worth
from fin_infra.analytics.worth_holdings import Priced

__all__ = ["Priced", "WorthRecord", "carried", "diff_holdings", "due", "merge_holdings", "net_worth"]
