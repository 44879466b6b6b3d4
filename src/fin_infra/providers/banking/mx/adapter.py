"""MX: accounts, balances, transactions, numbers and owners of one login of a person, and how the login stands.
Floor 3: what MX shows is as old as its last reading of the bank; a login that is not in order is told, not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import ConfigurationError, NotFound, ProviderError, UnexpectedPayload
from fin_infra.flow import PageWalk, json_of, operation, paged
from fin_infra.flow.client import Param
from fin_infra.model import (
    Account,
    AccountDetails,
    AccountIdentity,
    Balance,
    Institution,
    LinkStart,
    LinkState,
    Listing,
    Login,
    LoginState,
    LoginStatus,
    Transaction,
)
from fin_infra.normalize import check_days
from fin_infra.providers import fields
from fin_infra.providers.banking.mx import linking, payloads, refusals
from fin_infra.providers.banking.mx.states import login_state, unreadable
from fin_infra.providers.banking.mx.words import KEY
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.linking import LinkingProvider
from fin_infra.settings import Need, ProviderSettings
from fin_infra.transport import Flow, M, Page, Pages, Pause, Reply, Request, basic, url_path

VERSION = "v20250224"
T = TypeVar("T")
_DAY = timedelta(days=1)


class Settings(ProviderSettings):
    """Settings of MX. Two keys are your application's; the other two name a person and one login of that person."""

    model_config = SettingsConfigDict(env_prefix="MX_")
    credentials: ClassVar[tuple[str, ...]] = ("client_id", "api_key")
    login: ClassVar[tuple[str, ...]] = ("user_guid", "member_guid")
    needs: ClassVar[tuple[Need, ...]] = (
        Need("your application", ("client_id", "api_key")),
        Need("one person's accounts at one bank", ("user_guid", "member_guid")),
    )

    client_id: str | None = None
    api_key: SecretStr | None = None
    user_guid: str | None = None
    """The person at MX, `USR-...`."""
    member_guid: str | None = None
    """One of the person's logins, `MBR-...`; linking gives it."""
    sandbox: bool = False
    """Call MX's development environment (int-api.mx.com), whose keys are others."""
    currency: str | None = None
    """The currency of accounts of which MX names none, such as USD; without it they are left out and named."""
    page_size: int = Field(1000, ge=10, le=1000)
    """Rows per request; MX takes a larger one for 25."""
    poll_s: float = Field(2.0, gt=0)
    """Seconds between two looks at a login that is at work."""

    def live_url(self) -> str | None:
        return "https://int-api.mx.com" if self.sandbox else None


class Mx(BankingProvider[M], LinkingProvider[M]):
    """One login (MX says member) of one person, and the way to a further one."""

    info = ProviderInfo(
        provider_key=KEY,
        title="MX",
        settings=Settings,
        live_url="https://api.mx.com",
        sandbox_path="/mx",
        sandbox={
            "client_id": "sandbox-mx-client",
            "api_key": "sandbox-mx-api-key",
            "user_guid": "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001",
            "member_guid": "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101",
        },
        default=False,
        ping="accounts",
        docs="https://docs.mx.com/api-reference/platform-api/overview",
        signup="https://dashboard.mx.com",
        notes="Reads only. MX reads a bank once a day by itself; `aggregate` asks it to do so now. It publishes no "
        "rate limits. MX_SANDBOX=1 is its development environment.",
    )
    settings: Settings

    def configure(self) -> None:
        secret = self.settings.api_key
        self._auth = basic(self.settings.client_id or "", secret.get_secret_value() if secret else "")

    def authorize(self, request: Request) -> Request:
        headers = (("Accept", "application/json"), ("Accept-Version", VERSION))
        return self._auth(replace(request, headers=(*request.headers, *headers)))

    def refusal(self, reply: Reply) -> ProviderError | None:
        return refusals.refusal(reply)

    @operation
    def accounts(self) -> Flow[Listing[Account]]:
        """Return the accounts of the login.

        Raises:
            ReauthRequired: the person has to sign in again.
            ProviderUnavailable: MX is reading the bank at this moment, or cannot.
            PermissionDenied: the login is over.
        """
        state = yield from self._in_order()
        return (yield from self._accounts(state))

    @operation
    def account(self, account_id: str) -> Flow[Account]:
        row, reply = yield from self._account(account_id)
        state = yield from self._login()
        return payloads.account(row, _bank(state), self.settings.currency, reply)

    @operation
    def balance(self, account_id: str) -> Flow[Balance]:
        """Return the balances of an account as MX last saw them; `as_of` is when it last read the bank."""
        row, reply = yield from self._account(account_id)
        state = yield from self._login()
        return payloads.balance(row, self.settings.currency, state.updated_at or reply.received_at)

    @operation
    def balances(self) -> Flow[Listing[Balance]]:
        state = yield from self._in_order()
        return (yield from self._rows(self._member("accounts"), "accounts", partial(self._balance_of, state)))

    @paged
    def transactions(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[Transaction]:
        """Yield transactions in MX's order, which is newest first in its samples, each exactly once."""
        check_days("Transactions", start, end)
        if start is not None and end is not None and start >= end:
            return
        currency = yield from self._currency(account_id)
        walk, count = PageWalk("transactions"), payloads.PageCount("transactions")
        read = partial(payloads.transaction, account_id, currency)
        path = self._user("accounts", account_id, "transactions")
        while not count.over:
            found = yield from self._page(path, "transactions", count, read, **_unix(start, end))
            fresh, unread = walk.fresh(found), walk.unread(found.errors)
            if found or found.errors:
                walk.must_advance([*fresh, *unread])
            yield Page([row for row in fresh if _within(row.date, start, end)], unread)

    @operation
    def transaction(self, account_id: str, transaction_id: str) -> Flow[Transaction]:
        currency = yield from self._currency(account_id)
        reply = yield from self.get(self._user("transactions", transaction_id))
        body = json_of(reply, dict)
        # the specification promises a list here, its guide one object
        row = body.get("transaction") or next(iter(fields.children(body, "transactions")), None)
        found = payloads.transaction(account_id, currency, fields.as_row(row, "transaction"), reply)
        fields.own([transaction_id], [found.id], "transaction")
        return found

    @operation
    def details(self, account_id: str) -> Flow[AccountDetails]:
        yield from self._account(account_id)  # a closed one is refused
        reply = yield from self.get(self._user("accounts", account_id, "account_numbers"))
        return payloads.details(json_of(reply, dict), account_id, reply)

    @operation
    def identity(self) -> Flow[Listing[AccountIdentity]]:
        state = yield from self._in_order()
        accounts = yield from self._accounts(state)
        owners = yield from self._rows(
            self._member("account_owners"), "account_owners", lambda row, reply: payloads.owner(row)
        )
        return payloads.identities(accounts, owners, state.as_of)

    @operation
    def users(self) -> Flow[tuple[str, ...]]:
        """Return the guid of every person registered under your keys."""
        found = yield from self._rows("/users", "users", lambda row, reply: fields.ident(row, "guid"))
        return tuple(found)

    @operation
    def members(self) -> Flow[Listing[LoginState]]:
        """Return every login of the person, and how it stands."""
        return (yield from self._rows(self._user("members"), "members", login_state))

    @operation
    def aggregate(self, *, wait: bool = True) -> Flow[LoginState]:
        """Ask MX to read the bank now, wait while it does, and return how the login stands then.

        The state is BUSY where the deadline comes first, or nobody waits: MX goes on by itself. MX does not read a bank
        that it has just read.
        """
        reply = yield from self.request("POST", self._member("aggregate"))
        state = login_state(fields.child(json_of(reply, dict), "member"), reply)
        while wait and state.status is LoginStatus.BUSY:
            if self.policy.clock() + 2 * self.settings.poll_s > self.until():
                return state
            yield Pause(self.settings.poll_s)
            reply = yield from self.get(self._member("status"))
            state = login_state(fields.child(json_of(reply, dict), "member"), reply)
        return (yield from self._login()) if wait else state

    @classmethod
    def exchangeable(cls, token: str) -> bool:
        return linking.exchangeable(token)

    @operation
    def start_link(
        self,
        *,
        user: str,
        repair: bool = False,
        redirect_uri: str | None = None,
        webhook: str | None = None,
        institution: str | None = None,
    ) -> Flow[LinkStart]:
        """Make the page of MX's connect widget; it works once, for ten minutes.

        MX sends its webhooks to the addresses in its dashboard: `webhook` is not sent.
        """
        guid = self._named("user_guid") if repair else (yield from self._user_of(user))
        member = self._named("member_guid") if repair else None
        before = yield from self._rows(url_path("users", guid, "members"), "members", login_state)
        body = linking.widget(redirect_uri, institution, member)
        # a page that nobody opens is gone after ten minutes: to ask for one twice does no harm
        reply = yield from self._post(url_path("users", guid, "widget_urls"), body, harmless="widget")
        known = tuple(each.vendor_id for each in before)
        waiting = linking.Waiting(guid, reply.received_at + linking.WIDGET_LIFE, known, member)
        return linking.started(reply, waiting)

    @operation
    def link_state(self, token: str) -> Flow[LinkState]:
        waiting = linking.Waiting.of(token)
        reply = yield from self.get(url_path("users", waiting.user_guid))
        found = fields.ident(fields.child(json_of(reply, dict), "user"), "guid")
        fields.own([waiting.user_guid], [found], "user")
        now = yield from self._rows(url_path("users", waiting.user_guid, "members"), "members", login_state)
        return waiting.state(now, reply)

    @operation
    def exchange(self, public_token: str) -> Flow[Login]:
        """Return the login that a person has linked; MX lets it be asked for again."""
        user, member = linking.halves(public_token)
        reply = yield from self.get(url_path("users", user, "members", member))
        return linking.login(user, login_state(fields.child(json_of(reply, dict), "member"), reply))

    @operation
    def login_state(self) -> Flow[LoginState]:
        return (yield from self._login())

    @operation
    def end_login(self) -> Flow[None]:
        """Delete the login at MX, with all that MX has of it."""
        try:
            reply = yield from self.request("DELETE", self._member())
        except NotFound:
            return
        linking.deleted(reply)

    def _login(self) -> Flow[LoginState]:
        reply = yield from self.get(self._member())
        state = login_state(fields.child(json_of(reply, dict), "member"), reply)
        fields.own([self.settings.member_guid], [state.vendor_id], "login")
        return state

    def _in_order(self) -> Flow[LoginState]:
        """Return how the login stands; raise what keeps its data from being read."""
        state = yield from self._login()
        error = unreadable(state)
        if error is not None:
            raise error
        return state

    def _accounts(self, state: LoginState) -> Flow[Listing[Account]]:
        bank, currency = _bank(state), self.settings.currency
        return (
            yield from self._rows(
                self._member("accounts"), "accounts", lambda row, reply: payloads.account(row, bank, currency, reply)
            )
        )

    def _account(self, account_id: str) -> Flow[tuple[fields.Row, Reply]]:
        """Return the row of an account that is open."""
        reply = yield from self.get(self._user("accounts", account_id))
        row = fields.child(json_of(reply, dict), "account")
        fields.own([account_id], [fields.ident(row, "guid")], "account")
        payloads.is_open(row)
        return row, reply

    def _balance_of(self, state: LoginState, row: fields.Row, reply: Reply) -> Balance:
        return payloads.balance(row, self.settings.currency, state.updated_at or reply.received_at)

    def _currency(self, account_id: str) -> Flow[str]:
        """Return the currency of an account that is open: its transactions mostly name none."""
        row, _ = yield from self._account(account_id)
        return payloads.readable(row, self.settings.currency)[0]

    def _user_of(self, user: str) -> Flow[str]:
        """Return the guid of the person whom the application calls `user`, made where MX has nobody of that name."""
        reply = yield from self.get("/users", id=user)
        rows = fields.children(json_of(reply, dict), "users")
        named = next((row for row in rows if row.get("id") == user), None)
        if named is None:
            reply = yield from self._post("/users", json.dumps({"user": {"id": user}}).encode())
            named = fields.child(json_of(reply, dict), "user")
        return fields.ident(named, "guid")

    def _post(self, path: str, body: bytes, harmless: str | None = None) -> Flow[Reply]:
        headers = {"Content-Type": "application/json"}
        return self.request("POST", path, headers=headers, content=body, idempotency_key=harmless)

    def _rows(self, path: str, name: str, read: Callable[[fields.Row, Reply], T]) -> Flow[Listing[T]]:
        """Return a list with all its pages."""
        found: Listing[T] = Listing()
        count = payloads.PageCount(name.replace("_", " "))
        while not count.over:
            rows = yield from self._page(path, name, count, read)
            found += rows
            found.errors += rows.errors
        return found

    def _page(
        self, path: str, name: str, count: payloads.PageCount, read: Callable[[fields.Row, Reply], T], **params: Param
    ) -> Flow[Listing[T]]:
        reply = yield from self.get(path, page=count.page, records_per_page=self.settings.page_size, **params)
        body: dict[str, Any] = json_of(reply, dict)
        found = fields.rows(body.get(name), name, lambda row: read(row, reply), id_field="guid")
        count.take(body)
        return found

    def _user(self, *parts: str) -> str:
        return url_path("users", self._named("user_guid"), *parts)

    def _member(self, *parts: str) -> str:
        return self._user("members", self._named("member_guid"), *parts)

    def _named(self, name: str) -> str:
        """Return a setting that only linking and lists of people do without."""
        value: str | None = getattr(self.settings, name)
        if value is None:
            raise ConfigurationError(
                f"This is about one person's login at MX; set {self.settings.variable(name)}, or link the bank first."
            )
        return value


def _bank(state: LoginState) -> Institution:
    if state.institution is None:
        raise UnexpectedPayload("the login does not name its bank")
    return state.institution


def _unix(start: date | None, end: date | None) -> dict[str, Param]:
    """Return the span in seconds since 1970, a day wider at both ends.

    Whether MX's days are those of UTC, and whether its last one counts, is unconfirmed; what is too much is left out
    here. Without a start MX gives 120 days only, and without an end five days ahead.
    """
    first = 0 if start is None or start < date(1970, 1, 3) else _seconds(start - _DAY)
    last = None if end is None or end > date(9999, 12, 30) else _seconds(end + _DAY)
    return {"from_date": first, "to_date": last}


def _seconds(day: date) -> int:
    return max(int(datetime.combine(day, time(0), UTC).timestamp()), 0)


def _within(day: date, start: date | None, end: date | None) -> bool:
    return (start is None or day >= start) and (end is None or day < end)
