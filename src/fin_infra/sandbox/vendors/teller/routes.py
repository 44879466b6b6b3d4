"""Imitate Teller's API: accounts, details, balances, transactions, identity, institutions, errors.
Floor 8: the sign depends on the account type as at the vendor: a card's charge is positive.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.world.household import (
    DETAILS_EXPIRED_AFTER,
    DETAILS_VERIFIED_AFTER,
    INSTITUTIONS,
    Person,
)
from fin_infra.sandbox.world.ledger import Shown
from fin_infra.sandbox.world.world import Account

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.teller.vendor import Teller

API = "https://api.teller.io"
VERSIONS = ("2020-10-12", "2019-07-01")
_USER_ACTIONS = (
    "captcha_required",
    "contact_information_required",
    "insufficient_permissions",
    "mfa_required",
    "web_login_required",
)
_REASONS = ("account_locked", "credentials_invalid", "enrollment_inactive")
DISCONNECTED_TOKENS: dict[str, str] = {
    "test_token_disconnected": "enrollment.disconnected",  # nosec B105: an error code
    **{f"test_token_{reason}": f"enrollment.disconnected.{reason}" for reason in _REASONS},
    **{f"test_token_{action}": f"enrollment.disconnected.user_action.{action}" for action in _USER_ACTIONS},
}
BANK_DOWN_TOKEN = "test_token_bank_unavailable"  # noqa: S105  # nosec B105: the published sandbox token, no secret


class Refused(Exception):
    """The vendor says no: status, code and message of its error body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def error(status: int, code: str, message: str) -> Response:
    """Return Teller's error body."""
    return json_reply({"error": {"code": code, "message": message}}, status)


def router(vendor: Teller) -> Router:
    """Return the Teller mount."""
    api = TellerApi(vendor)
    table: list[tuple[str, Callable[[Request], Response], list[str]]] = [
        ("/institutions", api.institutions, ["GET"]),
        ("/accounts", api.accounts, ["GET"]),
        ("/accounts", api.delete_enrollment, ["DELETE"]),
        ("/identity", api.identity, ["GET"]),
        ("/accounts/{account_id}", api.account, ["GET"]),
        ("/accounts/{account_id}", api.delete_account, ["DELETE"]),
        ("/accounts/{account_id}/details", api.details, ["GET"]),
        ("/accounts/{account_id}/balances", api.balances, ["GET"]),
        ("/accounts/{account_id}/transactions", api.transactions, ["GET"]),
        ("/accounts/{account_id}/transactions/{transaction_id}", api.transaction, ["GET"]),
    ]
    routes = [Route(path, api.guarded(call), methods=methods) for path, call, methods in table]
    return Router(routes, redirect_slashes=False, default=_not_found)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await error(404, "not_found", "The requested resource does not exist")(scope, receive, send)


class TellerApi:
    """The vendor's operations over the sandbox world."""

    def __init__(self, vendor: Teller) -> None:
        self._vendor = vendor

    def guarded(self, call: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers refusals in the vendor's shape and stamps a request id."""

        async def endpoint(request: Request) -> Response:
            try:
                version = request.headers.get("teller-version", VERSIONS[0])
                if version not in VERSIONS:
                    raise Refused(400, "bad_request", f"Unknown Teller-Version; use {VERSIONS[0]}")
                reply = call(request)
            except Refused as no:
                reply = error(no.status, no.code, no.message)
                reply.headers["x-request-id"] = self._vendor.request_id()
            return reply

        return endpoint

    def _reachable(self, request: Request) -> list[Account]:
        token = _token(request)
        code = DISCONNECTED_TOKENS.get(token) or self._vendor.disconnected.get(token)
        if code is not None:
            raise Refused(404, code, "Enrollment is not healthy")
        if token == BANK_DOWN_TOKEN:
            raise Refused(502, "bad_gateway", "The institution is unavailable")
        if token.startswith("token_"):
            raise Refused(
                400, "bad_request", "Missing certificate: live tokens need your application's client certificate"
            )
        accounts = self._vendor.world.of_token(token)
        if not accounts or token in self._vendor.revoked:
            raise Refused(403, "forbidden", "The access token is invalid or has been revoked")
        return [account for account in accounts if account.id not in self._vendor.revoked]

    def _one(self, request: Request) -> Account:
        wanted = request.path_params["account_id"]
        account = next((account for account in self._reachable(request) if account.id == wanted), None)
        if account is None:
            raise Refused(404, "not_found", "The requested account does not exist")
        if account.plan.closed:
            raise Refused(410, "account.closed", "The account is closed")
        return account

    def institutions(self, _: Request) -> Response:
        """Answer the banks, without authentication."""
        return json_reply([{"id": i.id, "name": i.name, "products": list(i.products)} for i in INSTITUTIONS])

    def accounts(self, request: Request) -> Response:
        """Answer the bare array of accounts, closed ones included."""
        return json_reply([_account(account) for account in self._reachable(request)])

    def account(self, request: Request) -> Response:
        """Answer one account."""
        return json_reply(_account(self._one(request)))

    def delete_account(self, request: Request) -> Response:
        """Revoke access to one account until the next reset."""
        wanted = request.path_params["account_id"]
        if all(account.id != wanted for account in self._reachable(request)):
            raise Refused(404, "not_found", "The requested account does not exist")
        self._vendor.revoked.add(wanted)
        return Response(status_code=204)

    def delete_enrollment(self, request: Request) -> Response:
        """Revoke the access token's whole enrollment until the next reset."""
        self._reachable(request)
        self._vendor.revoked.add(_token(request))
        return Response(status_code=204)

    def identity(self, request: Request) -> Response:
        """Answer each open account with its owners."""
        rows = [account for account in self._reachable(request) if not account.plan.closed]
        return json_reply([{"account": _account(a), "owners": [_owner(p) for p in a.plan.owners]} for a in rows])

    def details(self, request: Request) -> Response:
        """Answer account and routing numbers, or why they are not there yet."""
        account, waited = self._one(request), self._vendor.clock.elapsed
        state = account.plan.details
        if state == "none":
            raise Refused(404, "not_found", "The account has no details")
        if state == "expired" and waited >= DETAILS_EXPIRED_AFTER:
            raise Refused(404, "account_number_verification_expired", "Verification was not completed within 7 days")
        if state == "expired" or (state == "pending" and waited < DETAILS_VERIFIED_AFTER):
            raise Refused(404, "account_number_verification_pending", "Verification by microdeposit is under way")
        base = f"{API}/accounts/{account.id}"
        return json_reply(
            {
                "account_id": account.id,
                "account_number": account.number,
                "links": {"account": base, "self": f"{base}/details"},
                "routing_numbers": {"ach": account.routing},
            }
        )

    def balances(self, request: Request) -> Response:
        """Answer ledger and available; a card's ledger is what is owed."""
        account = self._one(request)
        ledger, available = account.balances(self._vendor.clock.now)
        base = f"{API}/accounts/{account.id}"
        return json_reply(
            {
                "account_id": account.id,
                "available": _money(available) if account.plan.shows_available else None,
                "ledger": _money(ledger),
                "links": {"account": base, "self": f"{base}/balances"},
            }
        )

    def transactions(self, request: Request) -> Response:
        """Answer transactions newest first: all of them, or `count` of those older than `from_id`."""
        account, query = self._one(request), request.query_params
        rows = account.book.shown(self._vendor.clock.now)
        if (cursor := query.get("from_id")) is not None:
            at = next((n for n, row in enumerate(rows) if row.id == cursor), None)
            if at is None:
                raise Refused(404, "not_found", "The transaction given in from_id does not exist")
            rows = rows[at + 1 :]
        start, end = _day(query.get("start_date"), "start_date"), _day(query.get("end_date"), "end_date")
        rows = [row for row in rows if (start is None or row.day >= start) and (end is None or row.day <= end)]
        if (count := query.get("count")) is not None:
            if not (count.isascii() and count.isdigit()) or len(count) > 9 or int(count) < 1:
                raise Refused(400, "bad_request", "count must be a positive whole number")
            rows = rows[: int(count)]
        return json_reply([transaction_json(account, row) for row in rows])

    def transaction(self, request: Request) -> Response:
        """Answer one visible transaction."""
        account, wanted = self._one(request), request.path_params["transaction_id"]
        for row in account.book.shown(self._vendor.clock.now):
            if row.id == wanted:
                return json_reply(transaction_json(account, row))
        raise Refused(404, "not_found", "The requested transaction does not exist")


def _token(request: Request) -> str:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    token = text.partition(":")[0]
    if not token:
        raise Refused(
            401, "unauthorized", "Missing access token: send it as the user name of HTTP Basic authentication"
        )
    return token


def _day(text: str | None, name: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise Refused(400, "bad_request", f"{name} must be an ISO 8601 date") from None


def _money(value: Decimal) -> str:
    return f"{value:.2f}"


def _account(account: Account) -> dict[str, object]:
    plan, base = account.plan, f"{API}/accounts/{account.id}"
    links = {
        "balances": f"{base}/balances",
        "details": f"{base}/details",
        "self": base,
        "transactions": f"{base}/transactions",
    }
    if plan.details == "none":
        del links["details"]
    return {
        "currency": "USD",
        "enrollment_id": account.enrollment_id,
        "id": account.id,
        "institution": {"id": account.enrollment.institution.id, "name": account.enrollment.institution.name},
        "last_four": account.last_four,
        "links": {"self": base} if plan.closed else links,
        "name": plan.name,
        "status": "closed" if plan.closed else "open",
        "subtype": plan.subtype,
        "type": "credit" if plan.is_credit else "depository",
    }


def transaction_json(account: Account, row: Shown) -> dict[str, object]:
    """Return a transaction as Teller writes it, in answers and in webhooks."""
    entry, base = row.entry, f"{API}/accounts/{account.id}"
    return {
        "account_id": account.id,
        "amount": _money(row.amount),
        "date": row.day.isoformat(),
        "description": entry.description,
        "details": {
            "category": entry.category,
            "counterparty": {"name": entry.counterparty or None, "type": entry.counterparty_type},
            "processing_status": "complete" if row.posted else "pending",
        },
        "id": row.id,
        "links": {"account": base, "self": f"{base}/transactions/{row.id}"},
        "running_balance": _money(row.running) if row.running is not None and account.plan.running_balance else None,
        "status": "posted" if row.posted else "pending",
        "type": entry.kind,
    }


def _owner(person: Person) -> dict[str, object]:
    data = {
        "city": person.city,
        "country": "US",
        "postal_code": person.postal_code,
        "region": person.region,
        "street": person.street,
    }
    return {
        "addresses": [{"data": data, "primary": True}],
        "emails": [{"data": person.email}],
        "names": [{"data": person.name, "type": "name"}],
        "phone_numbers": [{"data": person.phone, "type": "mobile"}],
        "type": person.kind,
    }
