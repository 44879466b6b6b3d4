"""Keep the Items: what a person has shared at one institution, under one access token.
Floor 8: an Item goes through NOT_READY, INITIAL (30 days) and HISTORICAL as its transactions arrive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fin_infra.sandbox.vendors.plaid import LINKED
from fin_infra.sandbox.vendors.plaid.accounts import Source, account_body, ident
from fin_infra.sandbox.vendors.plaid.feed import Feed
from fin_infra.sandbox.vendors.plaid.institutions import Place, institution_of, stamp
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused, error_body
from fin_infra.sandbox.vendors.plaid.schema import part, words
from fin_infra.sandbox.world.holdings import uid

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

NOT_READY, INITIAL, HISTORICAL = "NOT_READY", "INITIAL_UPDATE_COMPLETE", "HISTORICAL_UPDATE_COMPLETE"
DEFAULT_DAYS = 90
LINKED_DAYS = 730
FIRST_DAYS = timedelta(days=30)
LOOKS_EVERY = timedelta(hours=6)  # the vendor looks for news one to four times a day
LOGIN_LASTS = timedelta(days=30)  # in the vendor's sandbox, where the control plane asks for it
PUBLIC_TOKEN_LIVES = timedelta(minutes=30)
DYNAMIC_USER = "user_transactions_dynamic"
SCOPES = {
    "auth": "account_routing_number",
    "identity": "contact_info",
    "investments": "investments",
    "liabilities": "credit_loan_info",
    "transactions": "transactions",
}


@dataclass(slots=True, kw_only=True)
class Item:
    """One Item; `token` is empty until the public token is exchanged, `error` is a code or empty."""

    id: str
    place: Place
    accounts: list[tuple[str, Source]]
    products: list[str]
    consented: list[str]
    created: datetime
    looked: datetime
    feed: Feed
    webhook: str | None = None
    user: str = "user_good"
    user_id: str | None = None
    version: str = "v2"
    token: str = ""
    error: str = ""
    repaired: datetime
    stage: str = NOT_READY
    synced: bool = False
    removed: bool = False
    processors: list[str] = field(default_factory=list[str])
    told: tuple[str, datetime] | None = None
    """Code and instant of the last webhook."""

    def moving(self) -> list[tuple[str, Source]]:
        """Return the accounts with rows for the Transactions product."""
        return [(account_id, source) for account_id, source in self.accounts if source.moves]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an Item is made with: what the app asked for, and who signed in."""

    products: list[str]
    optional: list[str] = field(default_factory=list[str])
    webhook: str | None = None
    user: str = "user_good"
    user_id: str | None = None
    days: int = DEFAULT_DAYS
    filters: dict[str, Any] | None = None
    version: str | None = None


class Items:
    """The operations on Items, and the making of them."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def linked(self, token: str) -> Item | None:
        """Return an Item that is there from the start, made when it is first asked for; None for other tokens."""
        state, clock = self._vendor.state, self._vendor.clock
        if token not in LINKED:
            return None
        if token not in state.linked:
            place = institution_of(LINKED[token])
            products = [product for product in place.products if product != "balance"]
            terms = Terms(products=products, days=LINKED_DAYS)
            item = self._made(place, terms, ident(self._vendor.world.seed, token), clock.now - clock.elapsed)
            state.linked.add(token)
            self.admit(item, token)
        return state.items[ident(self._vendor.world.seed, token)]

    def make(self, place: Place, terms: Terms) -> Item:
        """Return a new Item whose public token is yet to be exchanged; Refused where nothing can be shared."""
        if place.id in self._vendor.state.down:
            raise Refused("INSTITUTION_DOWN")
        number = self._vendor.state.next_number("item")
        return self._made(place, terms, ident(self._vendor.world.seed, "item", number), self._vendor.clock.now)

    def _made(self, place: Place, terms: Terms, item_id: str, now: datetime) -> Item:
        state = self._vendor.state
        if any(product not in place.products for product in terms.products):
            raise Refused("PRODUCTS_NOT_SUPPORTED")
        sources = [source for source in place.sources(self._vendor.world) if _chosen(source, terms.filters)]
        if not sources:
            raise Refused("NO_ACCOUNTS")
        products = list(dict.fromkeys([*terms.products, *(p for p in terms.optional if p in place.products)]))
        item = Item(
            id=item_id,
            place=place,
            accounts=[(ident(item_id, source.slug), source) for source in sources],
            products=products,
            consented=list(products),
            created=now,
            looked=now,
            repaired=now,
            feed=Feed(item_id, (now - timedelta(days=terms.days)).date()),
            webhook=terms.webhook,
            user=terms.user,
            user_id=terms.user_id,
            version=terms.version or state.category_version,
        )
        state.items[item_id] = item
        return item

    def publish(self, item: Item) -> str:
        """Return a public token that can be exchanged once, for 30 minutes."""
        state = self._vendor.state
        token = f"public-sandbox-{uid(self._vendor.world.seed, 'public', state.next_number('public'))}"
        state.publics[token] = (item.id, self._vendor.clock.now + PUBLIC_TOKEN_LIVES)
        return token

    def create_public_token(self, call: Call) -> Json:
        """Make an Item as a person would in Link, and answer its public token."""
        options: dict[str, Any] = call.options
        place = institution_of(call.body["institution_id"])
        days = part(options, "transactions").get("days_requested") or DEFAULT_DAYS
        terms = Terms(
            products=call.names("initial_products"),
            webhook=options.get("webhook"),
            user=options.get("override_username") or "user_good",
            user_id=call.body.get("user_id"),
            days=days,
        )
        return {"public_token": self.publish(self.make(place, terms))}

    def exchange(self, call: Call) -> Json:
        """Exchange a public token for an access token, once and in time."""
        state = self._vendor.state
        item_id, until = state.publics.get(call.text("public_token"), ("", self._vendor.clock.now))
        if not item_id:
            raise Refused("INVALID_PUBLIC_TOKEN")
        if self._vendor.clock.now >= until:
            raise Refused("INVALID_PUBLIC_TOKEN", EXPIRED)
        del state.publics[call.text("public_token")]
        item = state.items[item_id]
        self.admit(item)
        return {"access_token": item.token, "item_id": item.id}

    def admit(self, item: Item, token: str = "") -> None:
        """Give an Item its access token; its transactions begin to arrive."""
        state = self._vendor.state
        number = state.next_number("access")
        item.token = token or f"access-sandbox-{uid(self._vendor.world.seed, 'access', number)}"
        state.tokens[item.token] = item.id
        if "transactions" in item.products and not state.slow_history:
            self._vendor.transactions.arrive(item, HISTORICAL)

    def of(self, call: Call) -> Item:
        """Return the Item of a request, whatever state it is in; Refused when it is unknown or removed."""
        self.linked(call.text("access_token"))
        item_id = self._vendor.state.tokens.get(call.text("access_token"))
        if item_id is None:
            raise Refused("INVALID_ACCESS_TOKEN")
        item = self._vendor.state.items[item_id]
        if item.removed:
            raise Refused("ITEM_NOT_FOUND")
        return item

    def healthy(self, call: Call, product: str = "") -> Item:
        """Return the Item of a request for data; Refused when its login is broken or the product is not shared."""
        item = self.of(call)
        if item.error:
            raise Refused(item.error)
        if product and product not in item.place.products:
            raise Refused("PRODUCTS_NOT_SUPPORTED")
        if product and product not in item.products:
            if self._vendor.state.strict_consent:
                raise Refused("ADDITIONAL_CONSENT_REQUIRED", f"PRODUCT_{product.upper()}")
            item.products.append(product)
            item.consented.append(product)
        return item

    def chosen(self, item: Item, call: Call) -> list[tuple[str, Source]]:
        """Return the accounts that a request asks for; Refused when one of them is not the Item's."""
        wanted = words(call.options, "account_ids")
        if not wanted:
            return item.accounts
        known = dict(item.accounts)
        if any(account_id not in known for account_id in wanted):
            raise Refused("INVALID_ACCOUNT_ID")
        return [(account_id, known[account_id]) for account_id in wanted]

    def bodies(self, item: Item, accounts: list[tuple[str, Source]], *, live: bool = False) -> list[Json]:
        """Return accounts as of the last look at the bank, or of now."""
        now = self._vendor.clock.now if live else item.looked
        return [account_body(account_id, source, now) for account_id, source in accounts]

    def body(self, item: Item) -> Json:
        """Return the Item as every product shows it."""
        return {
            "auth_method": "INSTANT_AUTH" if "auth" in item.products else None,
            "available_products": [product for product in item.place.products if product not in item.products],
            "billed_products": list(item.products),
            "consent_expiration_time": None,
            "error": error_body(item.error) if item.error else None,
            "institution_id": item.place.id,
            "institution_name": item.place.name,
            "item_id": item.id,
            "products": list(item.products),
            "update_type": "background",
            "webhook": item.webhook,
        }

    def get(self, call: Call) -> Json:
        """Answer an Item and how its updates went; a broken Item is answered, too."""
        item = self.of(call)
        body = {
            **self.body(item),
            "consented_data_scopes": [SCOPES[product] for product in item.consented if product in SCOPES],
            "consented_products": list(item.consented),
            "consented_use_cases": [],
            "created_at": stamp(item.created),
        }
        updated = {"last_failed_update": None, "last_successful_update": stamp(item.looked)}
        status: Json = {name: updated for name in ("transactions", "investments") if name in item.products}
        told = item.told
        status["last_webhook"] = None if told is None else {"code_sent": told[0], "sent_at": stamp(told[1])}
        return {"item": body, "status": status}

    def remove(self, call: Call) -> Json:
        """End an Item: its access token, and the processor tokens made from it."""
        item = self.of(call)
        item.removed = True
        item.processors.clear()
        return {}

    def update_webhook(self, call: Call) -> Json:
        """Send the Item's webhooks elsewhere, and tell the new place."""
        item = self.of(call)
        item.webhook = call.body.get("webhook") or None
        more: Json = {"error": None, "new_webhook_url": item.webhook}
        self._vendor.webhooks.tell(item, "ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED", more)
        return {"item": self.body(item)}

    def rotate(self, call: Call) -> Json:
        """Give the Item another access token and forget the old one."""
        item = self.of(call)
        del self._vendor.state.tokens[item.token]
        self.admit(item)
        return {"new_access_token": item.token}

    def reset_login(self, call: Call) -> Json:
        """Break the login, as an Item whose person has another password."""
        self.break_login(self.of(call), "ITEM_LOGIN_REQUIRED")
        return {"reset_login": True}

    def break_login(self, item: Item, code: str) -> None:
        """Put an Item into an error until it is repaired, and tell."""
        item.error = code
        self._vendor.webhooks.tell(item, "ITEM", "ERROR", {"error": {**error_body(code), "status": 400}})

    def add_accounts(self, item: Item) -> None:
        """Share what the person has there by now, as account selection in update mode does."""
        known = {source.slug for _, source in item.accounts}
        fresh = [source for source in item.place.sources(self._vendor.world) if source.slug not in known]
        item.accounts += [(ident(item.id, source.slug), source) for source in fresh]
        if fresh and item.stage != NOT_READY:
            self._vendor.transactions.look(item)

    def repair(self, item: Item) -> None:
        """Take an Item out of its error, as a person does in update mode."""
        item.error, item.repaired = "", self._vendor.clock.now

    def accounts(self, call: Call) -> Json:
        """Answer accounts with balances as of the last look."""
        item = self.healthy(call)
        return {"accounts": self.bodies(item, self.chosen(item, call)), "item": self.body(item)}

    def balances(self, call: Call) -> Json:
        """Answer accounts with balances of now; Refused while the institution is down."""
        item = self.healthy(call)
        if item.place.id in self._vendor.state.down:
            raise Refused("INSTITUTION_DOWN")
        return {"accounts": self.bodies(item, self.chosen(item, call), live=True), "item": self.body(item)}

    def processor_token(self, call: Call) -> Json:
        """Make a token with which a processor reaches one account."""
        item = self.healthy(call)
        if call.text("account_id") not in dict(item.accounts):
            raise Refused("INVALID_ACCOUNT_ID")
        number = self._vendor.state.next_number("processor")
        item.processors.append(f"processor-sandbox-{uid(self._vendor.world.seed, 'processor', number)}")
        return {"processor_token": item.processors[-1]}


EXPIRED = (
    "provided public token is expired. Public tokens expire 30 minutes after creation at which point they can no "
    "longer be exchanged"
)


def _chosen(source: Source, filters: dict[str, Any] | None) -> bool:
    """Return whether account filters let an account through: types not named are not offered."""
    if not filters:
        return True
    wanted = words(part(filters, source.type), "account_subtypes")
    return source.subtype in wanted or "all" in wanted
