"""Finding out what became of orders whose end nobody saw.
Floor 2: the broker is asked and the answer written down; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from fin_infra.arguments import checked
from fin_infra.errors import ProviderError
from fin_infra.model import Order
from fin_infra.trading.desk import Finder, Owner, or_none
from fin_infra.trading.journal import Journal, JournalEntry, State
from fin_infra.transport import Flow, blocking


@checked
def reconcile(desk: Owner, journal: Journal, now: Callable[[], datetime]) -> Flow[list[JournalEntry]]:
    """Find out what became of orders that nobody saw the end of; return those that stay open.

    An order that the broker does not have counts as never arrived two minutes after it could last have been sent.
    """
    account = yield from desk.account_now()
    waiting = yield from blocking(journal.unresolved, account.id)
    for entry in waiting:
        with suppress(ProviderError):
            yield from look_up(desk, entry.client_order_id, [entry], journal, now)
    return list((yield from blocking(journal.unresolved, account.id)))


def look_up(
    desk: Finder,
    client_order_id: str,
    attempts: Sequence[JournalEntry],
    journal: Journal,
    now: Callable[[], datetime],
) -> Flow[Order | None]:
    """Ask the broker for an order, and write down what the answer says of attempts whose end nobody saw."""
    asked_at = now()
    found = yield from or_none(desk.find_order(client_order_id))
    for entry in attempts:
        if found is not None and entry.state.is_open:
            yield from blocking(journal.record, entry, State.PLACED, now(), found.id)
        elif entry.state.is_open and asked_at > entry.lands_by:
            yield from blocking(journal.record, entry, State.ABSENT, now(), None)
    return found
