"""Issue link tokens, keep their sessions, and do what a person does in Link.
Floor 8: a link token is used once; in update mode its session repairs an Item and gives no public token.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fin_infra.sandbox.vendors.plaid import MOUNT
from fin_infra.sandbox.vendors.plaid.institutions import Place, institution_of, stamp
from fin_infra.sandbox.vendors.plaid.items import DEFAULT_DAYS, Item, Terms
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused
from fin_infra.sandbox.vendors.plaid.schema import part, words
from fin_infra.sandbox.world.holdings import uid

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

LIVES, LIVES_IN_UPDATE = timedelta(hours=4), timedelta(minutes=30)
HOSTED_LIVES = {None: timedelta(minutes=30), "sms": timedelta(days=1), "email": timedelta(days=7)}
HOSTED_MAX_S = 21 * 86_400
SESSION_KEPT = timedelta(hours=6)
LINKABLE = frozenset({"auth", "identity", "investments", "liabilities", "transactions"})
BAD_USER = "user_bad"
"""The test user whose credentials are wrong."""
USERS = ("user_good", "user_transactions_dynamic", BAD_USER)


@dataclass(slots=True)
class Session:
    """One visit of a person: what happened, and how it ended."""

    id: str
    started: datetime
    finished: datetime | None = None
    events: list[Json] = field(default_factory=list[Json])
    exit: Json | None = None
    success: Json | None = None


@dataclass(slots=True, kw_only=True)
class Link:
    """One link token; `hosted` is the last part of its page's path, `item` the Item that it repairs."""

    token: str
    created: datetime
    expires: datetime
    asked: dict[str, Any]
    hosted: str = ""
    item: Item | None = None
    used: bool = False
    sessions: list[Session] = field(default_factory=list[Session])

    @property
    def redirect(self) -> str:
        """Return where the page leads back to, empty when nowhere."""
        return str(part(self.asked, "hosted_link").get("completion_redirect_uri") or "")


class Links:
    """The operations on link tokens."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def create(self, call: Call) -> Json:
        """Answer a new link token, with the address of a page where one is asked for."""
        state, now, asked = self._vendor.state, self._vendor.clock.now, call.body
        item = self._vendor.items.of(call) if asked.get("access_token") else None
        _check_products(asked, item)
        number = state.next_number("link")
        link = Link(
            token=f"link-sandbox-{uid(self._vendor.world.seed, 'link', number)}",
            created=now,
            expires=now + (LIVES_IN_UPDATE if item else LIVES),
            asked={key: value for key, value in asked.items() if key not in ("client_id", "secret", "access_token")},
            item=item,
        )
        more: Json = {"user_id": asked["user_id"]} if asked.get("user_id") else {}
        if (hosted := asked.get("hosted_link")) is not None:
            link.expires = now + _lifetime(hosted)
            link.hosted = uid(self._vendor.world.seed, "hosted", number).replace("-", "")
            more["hosted_link_url"] = f"{call.origin}/{MOUNT}/hosted/{link.hosted}"
        state.links[link.token] = link
        return {"expiration": stamp(link.expires), "link_token": link.token, **more}

    def get(self, call: Call) -> Json:
        """Answer a link token and its sessions, finished ones for six hours."""
        link = self._vendor.state.links.get(call.text("link_token"))
        if link is None:
            raise Refused("INVALID_LINK_TOKEN")
        asked, kept = link.asked, self._vendor.clock.now - SESSION_KEPT
        shown = [session for session in link.sessions if session.finished is None or session.finished >= kept]
        return {
            "created_at": stamp(link.created),
            "expiration": stamp(link.expires),
            "link_sessions": [_session(session) for session in shown],
            "link_token": link.token,
            "metadata": {
                "client_name": asked.get("client_name"),
                "country_codes": asked.get("country_codes"),
                "initial_products": words(asked, "products"),
                "language": asked.get("language"),
                "redirect_uri": asked.get("redirect_uri"),
                "webhook": asked.get("webhook"),
            },
        }

    def usable(self, link: Link | None) -> Link:
        """Return the link; Refused when there is none, or it is used or too old."""
        if link is None or link.used or self._vendor.clock.now >= link.expires:
            raise Refused("INVALID_LINK_TOKEN")
        return link

    def by_page(self, hosted: str) -> Link | None:
        """Return the link of a page, None when there is none."""
        return next((link for link in self._vendor.state.links.values() if link.hosted == hosted), None)

    def session(self, link: Link) -> Session:
        """Return the session that is open, a new one where none is."""
        if not link.sessions or link.sessions[-1].finished is not None:
            number = self._vendor.state.next_number("session")
            link.sessions.append(Session(uid(self._vendor.world.seed, "session", number), self._vendor.clock.now))
            self._note(link, "OPEN")
        return link.sessions[-1]

    def _note(self, link: Link, name: str, more: Json | None = None) -> None:
        events = link.sessions[-1].events
        ident = uid(self._vendor.world.seed, "event", link.sessions[-1].id, len(events))
        meta: Json = {"request_id": self._vendor.request_id(), **(more or {})}
        now = stamp(self._vendor.clock.now)
        events.append({"event_id": ident, "event_metadata": meta, "event_name": name, "timestamp": now})

    def finish(self, link: Link, institution_id: str, user: str) -> Session:
        """Sign in as a test user and share; Refused, with the session left open, when that does not work."""
        session = self.session(link)
        try:
            if user == BAD_USER:
                raise Refused("INVALID_CREDENTIALS")
            if link.item is not None:
                self._repair(link, link.item)
                tokens: list[str] = []
            else:
                place = institution_of(institution_id)
                self._note(link, "SELECT_INSTITUTION", _named(place))
                tokens = [self._add(link, session, place, user)]
        except Refused as no:
            error = no.body()
            self._note(link, "ERROR", {name: error[name] for name in ("error_code", "error_message", "error_type")})
            raise
        self._note(link, "HANDOFF")
        self._end(link, session, "SUCCESS", tokens)
        return session

    def _add(self, link: Link, session: Session, place: Place, user: str) -> str:
        asked = link.asked
        version = asked.get("personal_finance_category_version")
        terms = Terms(
            products=words(asked, "products"),
            optional=words(asked, "optional_products") + words(asked, "required_if_supported_products"),
            webhook=asked.get("webhook"),
            user=user,
            user_id=asked.get("user_id"),
            days=part(asked, "transactions").get("days_requested") or DEFAULT_DAYS,
            filters=asked.get("account_filters"),
            version=version,
        )
        item = self._vendor.items.make(place, terms)
        item.consented += [p for p in words(asked, "additional_consented_products") if p not in item.consented]
        token = self._vendor.items.publish(item)
        session.success = success(item, token, session.id)
        return token

    def _repair(self, link: Link, item: Item) -> None:
        if item.removed:
            raise Refused("ITEM_NOT_FOUND")
        if item.place.id in self._vendor.state.down:
            raise Refused("INSTITUTION_DOWN")
        self._vendor.items.repair(item)
        extra = words(link.asked, "products") + words(link.asked, "additional_consented_products")
        item.consented += [product for product in extra if product not in item.consented]
        item.products += [product for product in extra if product not in item.products]
        if part(link.asked, "update").get("account_selection_enabled"):
            self._vendor.items.add_accounts(item)

    def leave(self, link: Link) -> Session:
        """Close Link without an Item."""
        session = self.session(link)
        self._note(link, "EXIT", {"exit_status": "requires_credentials"})
        place = link.item.place if link.item else None
        meta: Json = {
            "institution": {"institution_id": place.id, "name": place.name} if place else None,
            "link_session_id": session.id,
            "request_id": self._vendor.request_id(),
            "status": "requires_credentials",
        }
        session.exit = {"error": None, "metadata": meta}
        self._end(link, session, "EXITED", [])
        return session

    def _end(self, link: Link, session: Session, status: str, tokens: list[str]) -> None:
        session.finished = self._vendor.clock.now
        link.used = link.used or status == "SUCCESS"
        if webhook := link.asked.get("webhook"):
            user: Json = {"user_id": link.asked["user_id"]} if link.asked.get("user_id") else {}
            more: Json = {"link_session_id": session.id, "link_token": link.token, "public_tokens": tokens}
            self._vendor.webhooks.send(webhook, "LINK", "SESSION_FINISHED", {"status": status, **user, **more})

    def create_user(self, call: Call) -> Json:
        """Answer a user id, and a user token where the client is one of those that still get it."""
        state = self._vendor.state
        number = state.next_number("user")
        found: Json = {"user_id": f"usr_{uid(self._vendor.world.seed, 'user', number).replace('-', '')[:14]}"}
        if state.user_tokens:
            found["user_token"] = f"user-sandbox-{uid(self._vendor.world.seed, 'user token', number)}"
        return found


def _check_products(asked: dict[str, Any], item: Item | None) -> None:
    products = words(asked, "products")
    if not products and item is None:
        raise Refused("MISSING_FIELDS", "products")
    wrong = [product for product in products if product not in LINKABLE]
    if wrong:
        raise Refused("INVALID_PRODUCT", json.dumps(wrong))


def _lifetime(hosted: dict[str, Any]) -> timedelta:
    asked = hosted.get("url_lifetime_seconds")
    if asked is None:
        return HOSTED_LIVES.get(hosted.get("delivery_method"), HOSTED_LIVES[None])
    if not 1 <= asked <= HOSTED_MAX_S:
        raise Refused("INVALID_FIELD", f"hosted_link.url_lifetime_seconds must be between 1 and {HOSTED_MAX_S}")
    return timedelta(seconds=asked)


def _named(place: Place) -> Json:
    return {"institution_id": place.id, "institution_name": place.name}


def success(item: Item, token: str, session_id: str) -> Json:
    """Return what Link's `onSuccess` gives: the public token, and who and what was shared."""
    accounts = [
        {
            "class_type": None,
            "id": account_id,
            "mask": source.mask,
            "name": source.name,
            "subtype": source.subtype,
            "type": source.type,
            "verification_status": None,
        }
        for account_id, source in item.accounts
    ]
    institution = {"institution_id": item.place.id, "name": item.place.name}
    meta = {
        "accounts": accounts,
        "institution": institution,
        "link_session_id": session_id,
        "transfer_status": None,
    }
    return {"metadata": meta, "public_token": token}


def _session(session: Session) -> Json:
    body: Json = {
        "events": session.events[::-1],
        "finished_at": stamp(session.finished) if session.finished else None,
        "link_session_id": session.id,
        "started_at": stamp(session.started),
    }
    if session.finished is None:
        return body
    if session.exit is not None:
        return {**body, "exit": session.exit, "on_exit": session.exit}
    rows: list[Json] = []
    if session.success is not None:
        meta: Any = session.success["metadata"]
        token = session.success["public_token"]
        rows = [{"accounts": meta["accounts"], "institution": meta["institution"], "public_token": token}]
        body["on_success"] = session.success
    empty: list[Json] = []
    return {
        **body,
        "results": {
            "bank_income_results": empty,
            "cra_item_add_results": empty,
            "cra_update_results": empty,
            "document_income_results": None,
            "item_add_results": rows,
            "payroll_income_results": empty,
        },
    }
