"""Calculations on top of the data.
Floor 5: pure functions of models; nothing here makes a call."""

from fin_infra.analytics.networth import net_worth

__all__ = ["net_worth"]
