"""Serve /_sandbox/plaid: the Items and switches, what a person does in Link, and the webhooks that were sent.
Floor 8: an Item is named by its access token or its id.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from starlette.requests import Request

from fin_infra.sandbox.kernel.vendor import Json, only
from fin_infra.sandbox.vendors.plaid import CLIENT_ID, LINKED, SECRET
from fin_infra.sandbox.vendors.plaid.feed import Event
from fin_infra.sandbox.vendors.plaid.institutions import PLACES, stamp
from fin_infra.sandbox.vendors.plaid.items import Item, Terms
from fin_infra.sandbox.vendors.plaid.links import LINKABLE, success
from fin_infra.sandbox.vendors.plaid.refusals import ERRORS, OF_ITEM, Refused

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

SWITCHES = ("slow_history", "strict_consent", "user_tokens", "expire_logins")
FIELDS = (*SWITCHES, "page_limit", "category_version", "down", "up", "break", "repair", "mutate", "rotate_key")


class PlaidControl:
    """What the control plane shows and changes of Plaid."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def describe(self, _: Json, __: Request) -> object:
        """Return keys, switches, institutions, what is linked from the start, and the Items that were used or made."""
        state = self._vendor.state
        return {
            "client_id": CLIENT_ID,
            "secret": SECRET,
            **{name: getattr(state, name) for name in (*SWITCHES, "page_limit", "category_version")},
            "down": sorted(state.down),
            "institutions": {place.id: place.name for place in PLACES.values()},
            "linked": LINKED,
            "items": [_item(item) for item in state.items.values()],
            "key_id": self._vendor.outbox.key.kid if self._vendor.outbox.key else None,
        }

    def change(self, body: Json, request: Request) -> object:
        """Set switches, take an institution down, break, repair or change an Item, and sign with a new key."""
        if not body:
            raise ValueError(f"Give one or more of {', '.join(FIELDS)}.")
        only(body, *FIELDS)
        for name, value in body.items():  # all are checked before one takes effect
            self._check(name, value)
        for name, value in body.items():
            self._set(name, value)
        return self.describe({}, request)

    def _check(self, name: str, value: object) -> None:
        if name in (*SWITCHES, "rotate_key") and not isinstance(value, bool):
            raise ValueError(f"`{name}` must be true or false.")
        if name == "category_version" and value not in ("v1", "v2"):
            raise ValueError("`category_version` must be v1 or v2.")
        if name == "page_limit" and value is not None and not _is_count(value):
            raise ValueError("`page_limit` is a whole number of changes from 1 to 500, or null for what clients ask.")
        if name in ("down", "up") and value not in PLACES:
            raise ValueError(f"`{name}` names an institution: one of {', '.join(PLACES)}.")
        if name in ("repair", "mutate"):
            self._item(name, value)
        if name == "break":
            self._broken(value)

    def _set(self, name: str, value: object) -> None:
        vendor = self._vendor
        match name:
            case "down":
                vendor.state.down.add(str(value))
            case "up":
                vendor.state.down.discard(str(value))
            case "break":
                vendor.items.break_login(*self._broken(value))
            case "repair":
                item = self._item(name, value)
                vendor.items.repair(item)
                vendor.webhooks.tell(item, "ITEM", "LOGIN_REPAIRED", {})
            case "mutate":
                self._mutate(self._item(name, value))
            case "rotate_key":
                if value:
                    vendor.outbox.rotate()
            case _:
                setattr(vendor.state, name, value)

    def _item(self, name: str, value: object) -> Item:
        state = self._vendor.state
        item = self._vendor.items.linked(str(value)) or state.items.get(state.tokens.get(str(value), str(value)))
        if item is None or item.removed:
            raise ValueError(f"`{name}` names an Item by its access token or id; list them with GET /_sandbox/plaid.")
        return item

    def _broken(self, value: object) -> tuple[Item, str]:
        pair: Json = dict(value) if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownArgumentType]  # JSON
        code = pair.get("code")
        if set(pair) != {"item", "code"} or code not in OF_ITEM:
            raise ValueError(f'`break` is {{"item": token, "code": code}} with a code of {", ".join(OF_ITEM)}.')
        return self._item("break", pair["item"]), str(code)

    def _mutate(self, item: Item) -> None:
        """Change the newest transaction, as the vendor does when it has learned more about one."""
        newest = max(item.feed.known.values(), key=lambda event: (event.row.at, event.id), default=None)
        if newest is None:
            raise ValueError("The Item has no transactions yet.")
        row = replace(newest.row, name=f"{newest.row.name} *")
        item.feed.renamed[newest.id] = row.name
        item.feed.note(Event("modified", newest.id, newest.account_id, row))

    def link(self, body: Json, _: Request) -> object:
        """Do what a person does in Link, and answer what `onSuccess` gives; with a link token, on its session."""
        only(body, "link_token", "institution", "user", "action", "products", "webhook")
        institution, user = str(body.get("institution", "ins_900101")), str(body.get("user", "user_good"))
        if institution not in PLACES:
            raise ValueError(f"`institution` must be one of {', '.join(PLACES)}.")
        try:
            if "link_token" in body:
                return self._visit(str(body["link_token"]), institution, user, str(body.get("action", "finish")))
            place = PLACES[institution]
            products = [product for product in place.products if product in LINKABLE]
            asked = body.get("products")
            if isinstance(asked, list):
                products = [str(each) for each in cast("list[object]", asked)]
            webhook = body.get("webhook")
            terms = Terms(products=products, webhook=None if webhook is None else str(webhook), user=user)
            item = self._vendor.items.make(place, terms)
            return success(item, self._vendor.items.publish(item), "")
        except Refused as no:
            raise ValueError(f"{no.code}: {ERRORS[no.code].message.replace('{}', '').strip()}") from None

    def _visit(self, token: str, institution: str, user: str, action: str) -> object:
        links = self._vendor.links
        link = links.usable(self._vendor.state.links.get(token))
        if action not in ("finish", "exit"):
            raise ValueError("`action` must be finish or exit.")
        session = links.leave(link) if action == "exit" else links.finish(link, institution, user)
        return session.success or session.exit or {"metadata": {"link_session_id": session.id}}

    def deliveries(self, _: Json, __: Request) -> object:
        """List the webhooks, oldest first, and how each went."""
        return {"webhooks": [delivery.describe() for delivery in self._vendor.outbox.kept]}

    def redeliver(self, body: Json, request: Request) -> object:
        """Send a webhook again, as it was, with a fresh signature."""
        only(body, "redeliver")
        number = body.get("redeliver")
        if not isinstance(number, int) or not self._vendor.outbox.again(number):
            raise ValueError("`redeliver` is the number of a webhook; list them with GET /_sandbox/plaid/webhooks.")
        return self.deliveries({}, request)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 500


def _item(item: Item) -> Json:
    return {
        "id": item.id,
        "access_token": item.token,
        "institution": item.place.id,
        "accounts": {source.slug: account_id for account_id, source in item.accounts},
        "products": item.products,
        "stage": item.stage,
        "changes": len(item.feed.events),
        "error": item.error or None,
        "removed": item.removed,
        "processor_tokens": len(item.processors),
        "created_at": stamp(item.created),
        "looked_at": stamp(item.looked),
    }
