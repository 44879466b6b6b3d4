"""Find what a person would want to hear of, as of a day.
Floor 5: equal facts give equal alerts, in whatever order they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.alerts.charges import Charges, duplicate_charges, fees, unusual_amounts
from fin_infra.insights.alerts.coming import bills_due, low_balances, price_rises
from fin_infra.insights.alerts.records import (
    Alert,
    AlertKind,
    AlertSettings,
    ConnectionHealth,
    Facts,
    Severity,
    alert_id,
)

_ORDER = tuple(Severity)
_FAILED = {"stale": "its last sync failed", "person_must_act": "it needs you to sign in or agree again"}


@checked
def find_alerts(
    facts: Facts, *, today: dt.date, settings: AlertSettings | None = None, dismissed: Collection[str] = ()
) -> list[Alert]:
    """Return alerts, the most urgent first, then by date.

    Args:
        dismissed: ids of alerts that a person does not want to see again.

    Raises:
        InvalidInput: two transactions have the same id, or a threshold is negative.
    """
    chosen = _sound(settings or AlertSettings())
    if len({entry.id for entry in facts.entries}) != len(facts.entries):
        raise InvalidInput("Two transactions have the same id; give each one once.")
    charges = Charges(facts, chosen, today)
    found = [
        *low_balances(facts, chosen, today),
        *bills_due(facts, chosen, today),
        *price_rises(facts, chosen, today),
        *fees(charges),
        *unusual_amounts(charges),
        *duplicate_charges(charges),
        *stale_connections(facts, chosen, today),
    ]
    left_out = frozenset(dismissed)
    shown = [each for each in found if each.id not in left_out]
    return sorted(shown, key=lambda each: (_ORDER.index(each.severity), each.date, each.kind, each.id))


def stale_connections(facts: Facts, settings: AlertSettings, today: dt.date) -> Iterator[Alert]:
    """Yield an alert for each connection that has not been synced for days, or waits for the person."""
    if settings.stale_days is None:
        return
    for each in facts.connections:
        last = each.synced_on or each.since
        old = (today - last).days > settings.stale_days
        if each.state == "person_must_act" or (each.state in ("healthy", "stale") and old):
            yield _stale(each, last)


def _stale(each: ConnectionHealth, last: dt.date) -> Alert:
    why = _FAILED.get(each.state, "it has not been synced")
    when = f"the last whole sync was on {each.synced_on}" if each.synced_on else "it was never synced to its end"
    return Alert(
        id=alert_id(AlertKind.STALE_CONNECTION, each.id, each.state, last.isoformat()),
        kind=AlertKind.STALE_CONNECTION,
        severity=Severity.WARNING,
        date=last,
        text=f"What {each.provider} tells is old: {why}, and {when}.",
        connection_id=each.id,
    )


def _sound(settings: AlertSettings) -> AlertSettings:
    for name in ("recent_days", "ahead_days", "unusual_least", "unusual_spread", "duplicate_days", "rise_share",
                 "bill_days", "stale_days"):  # fmt: skip
        value = getattr(settings, name)
        if value is not None and value < 0:
            raise InvalidInput(f"`{name}` is {value}; a threshold must not be negative.")
    return settings
