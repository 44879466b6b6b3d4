"""Find streams in an Item's transactions: the same name, time and again at the same distance.
Floor 8: a stream is mature from three rows on; where the next date has passed without a row, it is not active.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.plaid.accounts import ident
from fin_infra.sandbox.vendors.plaid.categories import primary_of, spelled
from fin_infra.sandbox.vendors.plaid.feed import Event
from fin_infra.sandbox.vendors.plaid.institutions import stamp
from fin_infra.sandbox.vendors.plaid.items import NOT_READY, Item
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused
from fin_infra.sandbox.vendors.plaid.schema import words
from fin_infra.sandbox.world.loans import following
from fin_infra.sandbox.world.prices import CENT

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

MATURE_FROM, GRACE = 3, timedelta(days=3)
_GAPS = ((6, 8, "WEEKLY"), (13, 14, "BIWEEKLY"), (15, 16, "SEMI_MONTHLY"), (28, 31, "MONTHLY"))
_DIGITS = re.compile(r"\s*#?\d+")


class Recurring:
    """The operation on recurring streams."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def get(self, call: Call) -> Json:
        """Answer the streams of money in and of money out."""
        item = self._vendor.items.healthy(call, "transactions")
        if item.stage == NOT_READY:
            raise Refused("PRODUCT_NOT_READY")
        wanted = words(call.body, "account_ids") or [account_id for account_id, _ in item.accounts]
        if any(account_id not in dict(item.accounts) for account_id in wanted):
            raise Refused("INVALID_ACCOUNT_ID")
        version = call.options.get("personal_finance_category_version") or item.version
        found: dict[bool, list[Json]] = {True: [], False: []}
        for events in _groups(item, set(wanted)):
            if (body := _stream(item, events, version)) is not None:
                found[events[-1].row.amount > 0].append(body)
        return {
            "inflow_streams": found[False],
            "outflow_streams": found[True],
            "personal_finance_category_version": version,
            "updated_datetime": stamp(item.looked),
        }


def _groups(item: Item, wanted: set[str]) -> Iterator[list[Event]]:
    groups: dict[tuple[str, str, bool], list[Event]] = {}
    for event in item.feed.known.values():
        if event.row.posted and event.account_id in wanted:
            name = _DIGITS.sub("", event.row.name)
            groups.setdefault((event.account_id, name, event.row.amount > 0), []).append(event)
    for _, events in sorted(groups.items()):
        yield sorted(events, key=lambda event: (event.row.day, event.id))


def _stream(item: Item, events: list[Event], version: str) -> Json | None:
    days = [event.row.day for event in events]
    gaps = [(after - before).days for before, after in pairwise(days)]
    if len(events) < MATURE_FROM:
        return None
    low, high = min(gaps), max(gaps)
    frequency = next((name for first, last, name in _GAPS if first <= low and high <= last), None)
    if frequency is None:
        return None
    last, code = events[-1].row, spelled(events[-1].row.code, version)
    amounts = [event.row.amount for event in events]
    due = following(days[-1]) if frequency == "MONTHLY" and days[-1].day < 29 else _later(days[-1], gaps)
    active = due + GRACE >= item.looked.date()
    return {
        "account_id": events[-1].account_id,
        "average_amount": _amount(sum(amounts, Decimal(0)) / len(amounts), last.currency),
        "category": None,
        "category_id": None,
        "description": last.name,
        "first_date": days[0].isoformat(),
        "frequency": frequency,
        "is_active": active,
        "is_user_modified": False,
        "last_amount": _amount(last.amount, last.currency),
        "last_date": days[-1].isoformat(),
        "merchant_name": last.merchant,
        "personal_finance_category": {
            "confidence_level": "VERY_HIGH",
            "detailed": code,
            "primary": primary_of(code),
            "version": version,
        },
        "predicted_next_date": due.isoformat() if active else None,
        "status": "MATURE",
        "stream_id": ident(item.id, "stream", events[0].account_id, _DIGITS.sub("", last.name)),
        "transaction_ids": [event.id for event in events],
    }


def _later(day: date, gaps: list[int]) -> date:
    return day + timedelta(days=round(median(gaps)))


def _amount(value: Decimal, currency: str) -> Json:
    return {"amount": number(value.quantize(CENT)), "iso_currency_code": currency, "unofficial_currency_code": None}
