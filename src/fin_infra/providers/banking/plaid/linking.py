"""How Plaid's link tokens, Items and keys read: where a person is on the page, and how a login stands.
Floor 3: pure functions; the answers hold tokens, so no record of them keeps the vendor's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fin_infra.errors import AccountClosed, AuthenticationFailed, ProviderError, ProviderUnavailable, ReauthRequired
from fin_infra.flow import json_of
from fin_infra.model import (
    Institution,
    LinkStart,
    LinkState,
    LinkStatus,
    Login,
    LoginState,
    LoginStatus,
    ProcessorToken,
    WebhookKey,
)
from fin_infra.providers import fields
from fin_infra.providers.banking.plaid import refusals
from fin_infra.providers.banking.plaid.payloads import KEY, institution_of
from fin_infra.providers.banking.plaid.settings import Settings, words
from fin_infra.transport import Reply


def page_for(settings: Settings, user: str, redirect_uri: str | None) -> dict[str, Any]:
    """Return what every link token is made with; the products here need neither of the two user models.

    An application has `user_id` alone or `user_token` besides by when it made its first user, and Plaid takes either
    (https://plaid.com/docs/api/users/user-apis).
    """
    asked: dict[str, Any] = {
        "client_name": settings.client_name,
        "language": settings.language,
        "country_codes": words(settings.countries),
        "user": {"client_user_id": user},
        "hosted_link": {"completion_redirect_uri": redirect_uri} if redirect_uri else {},
    }
    if settings.user_id:
        asked["user_id"] = settings.user_id
    elif settings.user_token:
        asked["user_token"] = None  # filled when it is sent
    return asked


def new_login(settings: Settings) -> dict[str, Any]:
    products = words(settings.products)
    return {
        "products": products,
        "transactions": {"days_requested": settings.days_requested},
        "additional_consented_products": [word for word in words(settings.consented_products) if word not in products],
    }


def repair(login: dict[str, Any]) -> dict[str, Any]:
    """Return what makes it update mode: the login's token and no products (https://plaid.com/docs/link/update-mode)."""
    return {**login, "update": {"account_selection_enabled": True}}


def link_start(reply: Reply) -> LinkStart:
    row: dict[str, Any] = json_of(reply, dict)
    return LinkStart(
        source=KEY,
        as_of=reply.received_at,
        url=fields.maybe_text(row, "hosted_link_url"),
        token=fields.ident(row, "link_token"),
        expires_at=fields.when(row, "expiration"),
    )


def link_state(reply: Reply) -> LinkState:
    """Read the sessions of a link token: a person may open the page several times, and the last time counts.

    A session that ended without an `exit` was finished. Its tokens stand in `results`; in update mode there are none,
    because the login keeps its own.
    """
    row: dict[str, Any] = json_of(reply, dict)
    sessions = fields.children(row, "link_sessions") if row.get("link_sessions") is not None else []
    added = [item for session in sessions for item in _added(session)]
    exits = [fields.object_of(session.get("exit") or session.get("on_exit")) for session in sessions]
    finished = bool(added) or any(
        session.get("finished_at") is not None and not left for session, left in zip(sessions, exits, strict=True)
    )
    said = refusals.said(exits[-1].get("error")) if exits else refusals.Said("", "", "")
    error = refusals.error_of(said)
    expires = fields.maybe(fields.when, row, "expiration")
    status = LinkStatus.OPEN
    if finished:
        status = LinkStatus.FINISHED
    elif exits and exits[-1]:
        status = LinkStatus.EXITED
    return LinkState(
        source=KEY,
        as_of=reply.received_at,
        status=status,
        public_tokens=tuple(dict.fromkeys(fields.ident(item, "public_token") for item in added)),
        institutions=tuple(_bank(item) for item in added),
        reason=_why(status, error),
        vendor_code=said.code or None if status is not LinkStatus.FINISHED else None,
        expires_at=expires,
    )


def _added(session: fields.Row) -> list[fields.Row]:
    """Return what a session added: `results` of today, `on_success` of before where it is alone."""
    results = fields.object_of(session.get("results"))
    items = fields.children(results, "item_add_results") if results.get("item_add_results") is not None else []
    if items or session.get("on_success") is None:
        return list(items)
    old = fields.child(session, "on_success")
    return [{"public_token": old.get("public_token"), "institution": _old_bank(old)}]


def _old_bank(old: fields.Row) -> object:
    return fields.object_of(old.get("metadata")).get("institution") or old.get("institution")


def _bank(item: fields.Row) -> Institution:
    row = fields.object_of(item.get("institution"))
    found = fields.maybe_text(row, "institution_id") or "unknown"
    return Institution(id=found, name=fields.maybe_text(row, "name") or found)


def _why(status: LinkStatus, error: ProviderError | None) -> str | None:
    if status is LinkStatus.EXITED:
        return error.message if error is not None else "the person closed the page before the end"
    return None


def login(reply: Reply) -> Login:
    row: dict[str, Any] = json_of(reply, dict)
    return Login(
        source=KEY,
        as_of=reply.received_at,
        credentials={"access_token": fields.ident(row, "access_token")},
        vendor_id=fields.ident(row, "item_id"),
    )


def login_state(reply: Reply) -> LoginState:
    """Read an Item and what Plaid did for it last. An Item's error is its state, and no error of the call."""
    row: dict[str, Any] = json_of(reply, dict)
    item, done = fields.child(row, "item"), fields.object_of(fields.object_of(row.get("status")).get("transactions"))
    updated, failed = (_moment(done, name) for name in ("last_successful_update", "last_failed_update"))
    status, error = _standing(item, updated, has_transactions=bool(done) or "transactions" in _products(item))
    reason, _, step = (error.message if error is not None else "").partition("; ")
    return LoginState(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        status=status,
        vendor_id=fields.ident(item, "item_id"),
        institution=institution_of(item),
        reason=reason or ("Plaid is reading the bank for the first time" if status is LoginStatus.BUSY else None),
        next_step=step or None,
        vendor_code=error.vendor_code if error is not None else None,
        consent_expires_at=fields.maybe(fields.when, item, "consent_expiration_time"),
        updated_at=updated,
        failed_at=failed,
    )


def _standing(
    item: fields.Row, updated: datetime | None, *, has_transactions: bool
) -> tuple[LoginStatus, ProviderError | None]:
    told = item.get("error")
    if not told:
        return (LoginStatus.BUSY if has_transactions and updated is None else LoginStatus.HEALTHY), None
    said = refusals.said(told)
    error = refusals.error_of(said)
    if error is None:
        unknown = ProviderError("Plaid names an error of this login that is not known here", vendor_code=said.code)
        return LoginStatus.UNKNOWN, unknown
    if said.code == refusals.NOT_READY:
        return LoginStatus.BUSY, error
    if isinstance(error, (AccountClosed, AuthenticationFailed)):
        return LoginStatus.OVER, error
    if isinstance(error, ReauthRequired):
        return LoginStatus.PERSON_MUST_ACT, error
    return (LoginStatus.STALE if isinstance(error, ProviderUnavailable) else LoginStatus.UNKNOWN), error


def _products(item: fields.Row) -> set[str]:
    return {*fields.words(item, "billed_products"), *fields.words(item, "products")}


def _moment(row: fields.Row, name: str) -> datetime | None:
    """Read an instant: ISO 8601 by the specification, milliseconds since 1970 in recorded answers."""
    value = row.get(name)
    if type(value) is int:
        return datetime.fromtimestamp(value // 1000, UTC)
    return fields.maybe(fields.when, row, name)


def processor_token(reply: Reply, account_id: str, processor: str) -> ProcessorToken:
    row: dict[str, Any] = json_of(reply, dict)
    return ProcessorToken(
        source=KEY,
        as_of=reply.received_at,
        account_id=account_id,
        processor=processor,
        token=fields.ident(row, "processor_token"),
    )


def webhook_key(reply: Reply, key_id: str) -> WebhookKey:
    """Read a public key of https://plaid.com/docs/api/webhooks/webhook-verification."""
    key = fields.child(json_of(reply, dict), "key")
    fields.own([key_id], [key.get("kid")], "key")
    expired = fields.maybe_whole(key, "expired_at")
    return WebhookKey(
        source=KEY,
        as_of=reply.received_at,
        raw=key,
        id=key_id,
        algorithm=fields.text(key, "alg"),
        curve=fields.text(key, "crv"),
        x=fields.ident(key, "x"),
        y=fields.ident(key, "y"),
        created_at=datetime.fromtimestamp(fields.whole(key, "created_at"), UTC),
        expired_at=None if expired is None else datetime.fromtimestamp(expired, UTC),
    )
