"""Plaid, as the kernel sees it.
Floor 8: Items, link tokens, webhooks and switches are forgotten by a reset; some Items are there from the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.rows import BAD_ROW, spoil
from fin_infra.sandbox.kernel.vendor import Change, ControlCall, Vendor
from fin_infra.sandbox.vendors.plaid import MOUNT, routes
from fin_infra.sandbox.vendors.plaid.control import PlaidControl
from fin_infra.sandbox.vendors.plaid.institutions import Institutions
from fin_infra.sandbox.vendors.plaid.investments import Investments
from fin_infra.sandbox.vendors.plaid.items import LOGIN_LASTS, LOOKS_EVERY, NOT_READY, Item, Items
from fin_infra.sandbox.vendors.plaid.liabilities import Liabilities
from fin_infra.sandbox.vendors.plaid.links import Link, Links
from fin_infra.sandbox.vendors.plaid.owners import Owners
from fin_infra.sandbox.vendors.plaid.page import Page
from fin_infra.sandbox.vendors.plaid.recurring import Recurring
from fin_infra.sandbox.vendors.plaid.refusals import ERRORS, ON_DEMAND
from fin_infra.sandbox.vendors.plaid.transactions import Transactions
from fin_infra.sandbox.vendors.plaid.webhooks import Outbox, Webhooks

if TYPE_CHECKING:
    from fin_infra.sandbox.kernel.state import Sandbox

LISTS = (
    *("added", "transactions", "holdings", "investment_transactions", "inflow_streams", "institutions"),
    *("liabilities.credit", "accounts"),
)
IDS = frozenset(
    {"account_id", "institution_id", "investment_transaction_id", "security_id", "stream_id", "transaction_id"}
)


@dataclass(slots=True)
class PlaidState:
    """What clients and the control plane have changed, until the next reset."""

    links: dict[str, Link] = field(default_factory=dict[str, Link])
    publics: dict[str, tuple[str, datetime]] = field(default_factory=dict[str, tuple[str, datetime]])
    items: dict[str, Item] = field(default_factory=dict[str, Item])
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    linked: set[str] = field(default_factory=set[str])
    down: set[str] = field(default_factory=set[str])
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    slow_history: bool = False
    strict_consent: bool = False
    user_tokens: bool = False
    expire_logins: bool = False
    page_limit: int | None = None
    category_version: str = "v2"

    def next_number(self, kind: str) -> int:
        """Return how many of a kind have been made, this one included."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return self.numbers[kind]


class Plaid(Vendor):
    mount = MOUNT
    fault_kinds: ClassVar = {
        "bad_row": BAD_ROW,
        **{code.lower(): f"the vendor's error {code} ({ERRORS[code].type})" for code in ON_DEMAND},
    }
    secret_headers = frozenset({"plaid-client-id", "plaid-secret"})
    kept_headers = frozenset({"plaid-version"})

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.links, self.items, self.webhooks = Links(self), Items(self), Webhooks(self)
        self.transactions, self.recurring = Transactions(self), Recurring(self)
        self.investments, self.liabilities, self.owners = Investments(self), Liabilities(self), Owners(self)
        self.institutions, self.page = Institutions(self), Page(self)
        self._outbox: Outbox | None = None

    @property
    def outbox(self) -> Outbox:
        """Return where webhooks go out; made when it is first needed, as its key takes a moment."""
        if self._outbox is None:
            self._outbox = Outbox(self.world.seed, lambda: self.clock.now)
        return self._outbox

    def start(self) -> None:
        self.state = PlaidState()
        if self._outbox is not None:
            self._outbox.closed = True
        self._outbox = None

    def router(self) -> Router:
        return routes.router(self)

    def clock_moved(self) -> None:
        now = self.clock.now
        for item in list(self.state.items.values()):
            if item.removed or not item.token:
                continue
            if self.state.expire_logins and not item.error and now - item.repaired >= LOGIN_LASTS:
                self.items.break_login(item, "ITEM_LOGIN_REQUIRED")
            if not item.error and item.place.id not in self.state.down and now - item.looked >= LOOKS_EVERY:
                if item.stage == NOT_READY:
                    item.looked = now
                else:
                    self.transactions.look(item)
        if self._outbox is not None:
            self._outbox.run()

    def outage(self, status: int, retry_after: str) -> Response:
        return routes.outage(status)

    def strike(self, kind: str, query: Mapping[str, str]) -> Response | Change:
        if kind == "bad_row":
            return partial(spoil, names=LISTS, kept=IDS)
        return routes.failing(kind.upper())

    def expired(self) -> Response:
        return routes.failing("ITEM_LOGIN_REQUIRED")

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        plane = PlaidControl(self)
        return [
            ("GET", "/plaid", plane.describe),
            ("POST", "/plaid", plane.change),
            ("POST", "/plaid/link", plane.link),
            ("GET", "/plaid/webhooks", plane.deliveries),
            ("POST", "/plaid/webhooks", plane.redeliver),
        ]
