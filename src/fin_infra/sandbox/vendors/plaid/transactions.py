"""Answer the Transactions product: sync by cursor, the older list by dates, refresh, and made-up rows.
Floor 8: the first rows arrive before the first sync where Link asked for the product, else after it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.plaid.accounts import Row, ident
from fin_infra.sandbox.vendors.plaid.categories import primary_of, spelled
from fin_infra.sandbox.vendors.plaid.feed import Event, Page
from fin_infra.sandbox.vendors.plaid.institutions import stamp
from fin_infra.sandbox.vendors.plaid.items import DYNAMIC_USER, FIRST_DAYS, HISTORICAL, INITIAL, NOT_READY, Item
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

PAGE, MADE_MAX = 100, 10
_PLACE = ("address", "city", "country", "lat", "lon", "postal_code", "region", "store_number")
_PAYMENT = ("by_order_of", "payee", "payer", "payment_method", "payment_processor", "ppd_id", "reason")
NOWHERE = dict.fromkeys(_PLACE)
PAYMENT_META = dict.fromkeys((*_PAYMENT, "reference_number"))
ICONS = "https://plaid-category-icons.plaid.com/PFC_{}.png"


class Transactions:
    """The operations on transactions, and their arrival."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def arrive(self, item: Item, stage: str) -> None:
        """Let the Item reach a stage: read the bank as far back as it goes, and tell."""
        now = self._vendor.clock.now
        skipped = item.stage == NOT_READY and stage == HISTORICAL
        item.stage, item.looked = stage, max(item.looked, now)
        count = item.feed.look(item.moving(), item.looked, _first_day(item))
        if skipped or stage == INITIAL:
            self._tell(item, "INITIAL_UPDATE", {"error": None, "new_transactions": count})
        if stage == HISTORICAL:
            self._tell(item, "HISTORICAL_UPDATE", {"error": None, "new_transactions": count})
        if item.synced:
            self._tell_sync(item)

    def _tell(self, item: Item, code: str, more: Json) -> None:
        self._vendor.webhooks.tell(item, "TRANSACTIONS", code, more)

    def _tell_sync(self, item: Item) -> None:
        more: Json = {"historical_update_complete": item.stage == HISTORICAL, "initial_update_complete": True}
        self._tell(item, "SYNC_UPDATES_AVAILABLE", more)

    def look(self, item: Item) -> None:
        """Look for news at the bank, and tell when there is some."""
        item.looked = self._vendor.clock.now
        events = len(item.feed.events)
        if not item.feed.look(item.moving(), item.looked, _first_day(item)):
            return
        fresh = item.feed.events[events:]
        gone = [event.id for event in fresh if event.kind == "removed"]
        added = sum(event.kind == "added" for event in fresh)
        self._tell(item, "DEFAULT_UPDATE", {"error": None, "new_transactions": added})
        if gone:
            self._tell(item, "TRANSACTIONS_REMOVED", {"error": None, "removed_transactions": gone})
        if item.synced:
            self._tell_sync(item)

    def sync(self, call: Call) -> Json:
        """Answer the changes after a cursor; nothing and an empty cursor while there is no data yet."""
        item = self._vendor.items.healthy(call, "transactions")
        account_id = call.options.get("account_id") or ""
        if account_id and account_id not in dict(item.moving()):
            raise Refused("INVALID_ACCOUNT_ID")
        item.synced = True
        stage = item.stage
        if stage == NOT_READY:
            answer = self._page(call, item, None, "")
            self.arrive(item, INITIAL)
            return answer
        cursor = item.feed.read(call.body.get("cursor") or "", account_id)
        asked = PAGE if call.body.get("count") is None else call.whole("count")
        page = item.feed.page(cursor, min(asked, self._vendor.state.page_limit or asked), account_id)
        answer = self._page(call, item, page, item.feed.write(page.cursor, account_id))
        if stage == INITIAL and not page.has_more:
            self.arrive(item, HISTORICAL)
        return answer

    def _page(self, call: Call, item: Item, page: Page | None, cursor: str) -> Json:
        events = page.events if page else []
        bodies = [self.body(item, event, call.options) for event in events if event.kind != "removed"]
        kinds = [event.kind for event in events if event.kind != "removed"]
        gone = [event for event in events if event.kind == "removed"]
        return {
            "accounts": self._vendor.items.bodies(item, item.moving()) if page else [],
            "added": [body for body, kind in zip(bodies, kinds, strict=True) if kind == "added"],
            "has_more": page.has_more if page else False,
            "modified": [body for body, kind in zip(bodies, kinds, strict=True) if kind == "modified"],
            "next_cursor": cursor,
            "removed": [{"account_id": event.account_id, "transaction_id": event.id} for event in gone],
            "transactions_update_status": item.stage,
        }

    def get(self, call: Call) -> Json:
        """Answer transactions between two dates, newest first, a page of them."""
        item = self._vendor.items.healthy(call, "transactions")
        if item.stage == NOT_READY:
            self.arrive(item, INITIAL)
            raise Refused("PRODUCT_NOT_READY")
        options, chosen = call.options, self._vendor.items.chosen(item, call)
        first, last = date.fromisoformat(call.text("start_date")), date.fromisoformat(call.text("end_date"))
        names = {account_id for account_id, source in chosen if source.moves}
        rows = [e for e in item.feed.known.values() if e.account_id in names and first <= e.row.day <= last]
        rows.sort(key=lambda event: (event.row.day, event.row.at, event.id), reverse=True)
        offset, count = options.get("offset") or 0, options.get("count") or PAGE
        if item.stage == INITIAL:
            self.arrive(item, HISTORICAL)
        return {
            "accounts": self._vendor.items.bodies(item, [pair for pair in chosen if pair[1].moves]),
            "item": self._vendor.items.body(item),
            "total_transactions": len(rows),
            "transactions": [self.body(item, event, options) for event in rows[offset : offset + count]],
        }

    def refresh(self, call: Call) -> Json:
        """Look at the bank now; what it brings comes as a webhook."""
        item = self._vendor.items.healthy(call, "transactions")
        if item.place.id in self._vendor.state.down:
            raise Refused("INSTITUTION_DOWN")
        if item.stage != NOT_READY:
            self.look(item)
        return {}

    def create(self, call: Call) -> Json:
        """Add up to ten made-up transactions to the first depository account of a dynamic test user."""
        item = self._vendor.items.healthy(call, "transactions")
        rows: list[dict[str, Any]] = call.body["transactions"]
        where = next((account_id for account_id, source in item.accounts if source.type == "depository"), None)
        if item.user != DYNAMIC_USER or where is None:
            raise Refused("SANDBOX_PRODUCT_NOT_ENABLED", "transactions")
        if not 1 <= len(rows) <= MADE_MAX:
            raise Refused("INVALID_FIELD", f"transactions must have between 1 and {MADE_MAX} items")
        for row in rows:
            item.feed.created.append((where, self._made(item, row)))
        self.look(item)
        return {}

    def _made(self, item: Item, row: dict[str, Any]) -> Row:
        posted = date.fromisoformat(row["date_posted"])
        spent = date.fromisoformat(row["date_transacted"])
        return Row(
            key=f"made:{len(item.feed.created)}",
            day=posted,
            at=datetime.combine(posted, time(12), UTC),
            authorized=datetime.combine(spent, time(12), UTC),
            amount=Decimal(str(row["amount"])),
            posted=True,
            name=row["description"],
            merchant=None,
            code="OTHER_OTHER",
            recognized=False,
            currency=row.get("iso_currency_code") or "USD",
        )

    def body(self, item: Item, event: Event, options: dict[str, Any]) -> Json:
        """Return one transaction; its category is of the version that was asked for, else of the client's."""
        row, version = event.row, options.get("personal_finance_category_version") or item.version
        code = spelled(row.code, version)
        entity = ident("entity", row.merchant) if row.merchant else None
        party = {
            "confidence_level": "VERY_HIGH",
            "entity_id": entity,
            "logo_url": None,
            "name": row.merchant,
            "type": "merchant",
            "website": None,
        }
        return {
            "account_id": event.account_id,
            "account_owner": None,
            "amount": number(row.amount),
            "authorized_date": row.authorized.date().isoformat() if row.authorized else None,
            "authorized_datetime": stamp(row.authorized) if row.authorized else None,
            "category": None,
            "category_id": None,
            "check_number": None,
            "counterparties": [party] if row.merchant else [],
            "date": row.day.isoformat(),
            "datetime": stamp(row.at),
            "iso_currency_code": row.currency,
            "location": NOWHERE,
            "logo_url": None,
            "merchant_entity_id": entity,
            "merchant_name": row.merchant,
            "name": row.name,
            "original_description": row.name if options.get("include_original_description") else None,
            "payment_channel": row.channel,
            "payment_meta": PAYMENT_META,
            "pending": not row.posted,
            "pending_transaction_id": ident(item.id, row.replaces) if row.replaces else None,
            "personal_finance_category": {
                "confidence_level": "VERY_HIGH" if row.recognized else "LOW",
                "detailed": code,
                "primary": primary_of(code),
                "version": version,
            },
            "personal_finance_category_icon_url": ICONS.format(primary_of(code)),
            "transaction_code": None,
            "transaction_id": event.id,
            "transaction_type": "place" if row.channel == "in store" else "special",
            "unofficial_currency_code": None,
            "website": None,
        }


def _first_day(item: Item) -> date:
    """Return the first day of what has arrived so far; it stays where it is while the clock moves."""
    first = (item.created - FIRST_DAYS).date() if item.stage == INITIAL else item.feed.since
    return max(first, item.feed.since)
