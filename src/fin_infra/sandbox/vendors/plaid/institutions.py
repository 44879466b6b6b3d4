"""List the institutions that can be linked, and what the household has at each.
Floor 8: an institution is a bank, a broker or a lender of the world; First Platypus Bank has some of everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fin_infra.sandbox.vendors.plaid.accounts import BankSource, BrokerSource, LoanSource, Source
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused
from fin_infra.sandbox.vendors.plaid.schema import words
from fin_infra.sandbox.world.household import ADA
from fin_infra.sandbox.world.loans import LOANS

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid
    from fin_infra.sandbox.world.world import World

_BANK = ("auth", "balance", "identity", "transactions")
_BROKER = ("balance", "identity", "investments")
_LENDER = ("balance", "identity", "liabilities")
PAGE_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An institution; `banks`, `brokers` and `lenders` name whose accounts of the world it has."""

    id: str
    name: str
    products: tuple[str, ...]
    banks: tuple[str, ...] = ()
    brokers: tuple[str, ...] = ()
    lenders: tuple[str, ...] = ()
    color: str = "#1b4b66"

    def sources(self, world: World) -> Iterator[Source]:
        """Yield the open accounts that a person may share here."""
        for account in world.accounts.values():
            if account.enrollment.institution.id in self.banks and not account.plan.closed:
                yield BankSource(account)
        for book in world.portfolios.books:
            if book.connection.slug in self.brokers and book.holder.status == "open":
                yield BrokerSource(book, ADA)
        for loan in LOANS:
            if loan.lender in self.lenders:
                yield LoanSource(loan)


PLACES: dict[str, Place] = {
    place.id: place
    for place in (
        Place(id="ins_900101", name="Harbor Credit Union", products=(*_BANK, "liabilities"),
              banks=("harbor_credit_union",)),
        Place(id="ins_900102", name="North Ridge Bank", products=_BANK, banks=("north_ridge_bank",)),
        Place(id="ins_900103", name="First Lantern Business Bank", products=_BANK, banks=("first_lantern",)),
        Place(id="ins_900104", name="Quiet River Savings", products=("balance", "transactions"),
              banks=("quiet_river_savings",)),
        Place(id="ins_900201", name="Charles Schwab", products=_BROKER, brokers=("SCHWAB",)),
        Place(id="ins_900202", name="Robinhood", products=_BROKER, brokers=("ROBINHOOD",)),
        Place(id="ins_900203", name="Coinbase", products=_BROKER, brokers=("COINBASE",)),
        Place(id="ins_900204", name="Fidelity", products=_BROKER, brokers=("FIDELITY",)),
        Place(id="ins_900301", name="Eduloan Servicing", products=_LENDER, lenders=("eduloan",)),
        Place(id="ins_900302", name="Superior Shore Lending", products=_LENDER, lenders=("superior_shore",)),
        Place(id="ins_109508", name="First Platypus Bank",
              products=("auth", "balance", "identity", "investments", "liabilities", "transactions"),
              banks=("harbor_credit_union",), brokers=("SCHWAB", "ROBINHOOD"), lenders=("eduloan", "superior_shore")),
    )
}  # fmt: skip


def institution_of(institution_id: object) -> Place:
    """Return an institution by its id; Refused when there is none."""
    found = PLACES.get(institution_id) if isinstance(institution_id, str) else None
    if found is None:
        raise Refused("INVALID_INSTITUTION")
    return found


class Institutions:
    """The operations on institutions."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def listed(self, call: Call) -> Json:
        """Answer a page of all institutions."""
        first, options = call.whole("offset"), call.options
        rows = [place for place in PLACES.values() if _fits(place, call.body, options)]
        return {
            "institutions": [self._body(place, options) for place in rows[first : first + call.whole("count")]],
            "total": len(rows),
        }

    def by_id(self, call: Call) -> Json:
        """Answer one institution."""
        place = institution_of(call.body["institution_id"])
        if "US" not in call.names("country_codes"):
            raise Refused("INVALID_INSTITUTION")
        return {"institution": self._body(place, call.options)}

    def search(self, call: Call) -> Json:
        """Answer up to ten institutions whose name has the words."""
        words = call.text("query").lower()
        wanted = {**call.options, "products": call.body.get("products")}
        rows = [place for place in PLACES.values() if words in place.name.lower() and _fits(place, call.body, wanted)]
        return {"institutions": [self._body(place, call.options) for place in rows[:PAGE_MAX]]}

    def _body(self, place: Place, options: dict[str, Any]) -> Json:
        more: Json = {}
        if options.get("include_optional_metadata"):
            more = {"logo": None, "primary_color": place.color, "url": f"https://{place.id}.example"}
        if options.get("include_status"):
            more["status"] = self._status(place)
        routing = [account.account.routing for account in place.sources(self._vendor.world)
                   if isinstance(account, BankSource) and account.type == "depository"]  # fmt: skip
        return {
            "connection_availability": "SUPPORTED",
            "country_codes": ["US"],
            "dtc_numbers": ["9001"] if place.brokers else [],
            "institution_id": place.id,
            "name": place.name,
            "oauth": False,
            "products": list(place.products),
            "routing_numbers": sorted(set(routing)),
            **more,
        }

    def _status(self, place: Place) -> Json:
        down = place.id in self._vendor.state.down
        since = stamp(self._vendor.clock.now)
        rates: Json = {"error_institution": int(down), "error_plaid": 0, "success": int(not down)}
        said: Json = {"last_status_change": since, "status": "DOWN" if down else "HEALTHY"}
        health: Json = {"breakdown": rates, **said}
        updates: Json = {"breakdown": {**rates, "refresh_interval": "STOPPED" if down else "NORMAL"}, **said}
        found: Json = {"health_incidents": None, "item_logins": health}
        for product in place.products:
            if product in ("auth", "identity"):
                found[product] = health
            elif product in ("transactions", "investments", "liabilities"):
                found[f"{product}_updates"] = updates
        return found


def _fits(place: Place, body: dict[str, Any], options: dict[str, Any]) -> bool:
    wanted = words(options, "products")
    if options.get("oauth"):
        return False
    return "US" in body["country_codes"] and all(product in place.products for product in wanted)


def stamp(at: datetime) -> str:
    """Return an instant as Plaid writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
