"""Alerts: low balances ahead, unusual and doubled charges, fees, price rises, bills due, stale connections.
Floor 5: pure functions of records; today is a parameter, and thresholds are a record."""

from fin_infra.insights.alerts.find import find_alerts
from fin_infra.insights.alerts.records import Alert, AlertKind, AlertSettings, ConnectionHealth, Facts, Severity

__all__ = ["Alert", "AlertKind", "AlertSettings", "ConnectionHealth", "Facts", "Severity", "find_alerts"]
