"""Plaid: accounts, transactions, investments, debts and identity, and the links that lead to them.
Floor 3: every call is a POST with the application's keys in headers and the login's token in the body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias, TypeVar

from pydantic import SecretStr

from fin_infra import model
from fin_infra.errors import ConfigurationError, FinInfraError, NotFound, ProviderError
from fin_infra.flow import PageWalk, json_of, operation, paged
from fin_infra.flow.pages import Identified
from fin_infra.model import (
    Account,
    AccountDetails,
    AccountIdentity,
    Balance,
    Institution,
    Liability,
    LinkStart,
    LinkState,
    Listing,
    Login,
    LoginState,
    ProcessorToken,
    RecurringStream,
    Transaction,
    TransactionChanges,
    WebhookKey,
)
from fin_infra.normalize import check_days
from fin_infra.providers import fields
from fin_infra.providers.banking.plaid import debts, linking, payloads, refusals
from fin_infra.providers.banking.plaid.payloads import KEY
from fin_infra.providers.banking.plaid.settings import Settings, words
from fin_infra.providers.banking.plaid.webhook import PlaidWebhooks
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.linking import LinkingProvider
from fin_infra.providers.interfaces.webhooks import WebhookProvider
from fin_infra.transport import Flow, M, Page, Pages, Reply, Request

VERSION = "2020-09-14"
"""The newest version of the API (https://plaid.com/docs/api/versioning)."""
MOST = 500
"""Banks that Plaid gives to a page at most."""
IN_BODY = ("access_token", "user_token")
"""Settings that Plaid takes in the body; they are null in it until it is sent."""
FIRST_DAY = date(1970, 1, 1)
"""Where a window without a start begins: Plaid wants one, and has two years at most."""
INVESTMENT_DAYS = timedelta(days=730)
"""How far back investment transactions go; https://plaid.com/docs/api/products/investments."""
_request_id = re.compile(rb'"request_id"\s*:\s*"([\w.:-]{1,64})"')
Asked: TypeAlias = Mapping[str, Any]
Refusal: TypeAlias = Callable[[Reply], ProviderError | None]
NOTHING: Asked = {}
T = TypeVar("T", bound=Identified)


class Plaid(BankingProvider[M], LinkingProvider[M], WebhookProvider[M]):
    """One login (an Item) at Plaid: the accounts that one access token reaches. Without a token it makes new ones."""

    info = ProviderInfo(
        provider_key=KEY,
        title="Plaid",
        settings=Settings,
        live_url="https://production.plaid.com",
        sandbox_path="/plaid",
        sandbox={
            "client_id": "sandbox-plaid-client",
            "secret": "sandbox-plaid-secret",
            "access_token": "access-sandbox-00000000-0000-4000-8000-000000000001",
        },
        default=False,
        ping="accounts",
        docs="https://plaid.com/docs/api",
        signup="https://dashboard.plaid.com/signup",
        notes="Banks are linked on Plaid's page (`book.start_link`); PLAID_ENV is the environment of the keys. Limits "
        "are per login and minute, such as 15 for accounts and 5 for live balances, and have no Retry-After.",
        # https://plaid.com/docs/api/tokens: the environment and a UUID
        tokens={
            f"{kind}-{env}-": r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
            for kind in ("access", "public", "link", "processor")
            for env in ("sandbox", "production")
        },
    )
    settings: Settings
    webhooks = PlaidWebhooks

    def configure(self) -> None:
        self._banks: dict[str, Institution] = getattr(self, "_banks", {})  # shared by all logins of one pool

    @classmethod
    def exchangeable(cls, token: str) -> bool:
        return token.startswith("public-")

    def authorize(self, request: Request) -> Request:
        keys = (("PLAID-CLIENT-ID", self.settings.client_id), ("PLAID-SECRET", self.settings.secret))
        headers = tuple((name, value.get_secret_value() if value else "") for name, value in keys)
        content = request.content or b""
        for name in IN_BODY:  # at the last moment: a traceback that shows local variables shows none of them
            secret: SecretStr | None = getattr(self.settings, name)
            hole = json.dumps({name: None}).encode()[1:-1]
            content = content.replace(hole, json.dumps({name: secret and secret.get_secret_value()}).encode()[1:-1], 1)
        return replace(request, headers=(*request.headers, *headers, ("Plaid-Version", VERSION)), content=content)

    def refusal(self, reply: Reply) -> ProviderError | None:
        return refusals.refusal(reply)

    def vendor_request_id(self, reply: Reply) -> str | None:
        found = _request_id.findall(reply.content[-4096:]) or _request_id.findall(reply.content)
        return found[-1].decode() if found else None

    @operation
    def accounts(self) -> Flow[Listing[Account]]:
        reply = yield from self._read("/accounts/get")
        body, item = _with_item(reply)
        bank = yield from self._bank(item)
        item_id = fields.ident(item, "item_id")

        def read(row: fields.Row) -> Account:
            return payloads.account(row, bank, item_id, reply)

        return fields.rows(body.get("accounts"), "accounts", read, id_field="account_id")

    @operation
    def account(self, account_id: str) -> Flow[Account]:
        reply = yield from self._read("/accounts/get", _of(account_id))
        body, item = _with_item(reply)
        bank = yield from self._bank(item)
        return payloads.account(_only(body, account_id), bank, fields.ident(item, "item_id"), reply)

    @operation
    def details(self, account_id: str) -> Flow[AccountDetails]:
        reply = yield from self._read("/auth/get", _of(account_id))
        found = payloads.details(json_of(reply, dict), account_id, reply)
        if found is None:
            raise NotFound("the bank tells no number of this account")
        return found

    @operation
    def balance(self, account_id: str) -> Flow[Balance]:
        """Return the balances of an account, fetched from the bank now: it is paid for, and takes 10 s and more."""
        reply = yield from self._read("/accounts/balance/get", _of(account_id))
        return payloads.balance(_only(json_of(reply, dict), account_id), reply)

    @operation
    def balances(self) -> Flow[Listing[Balance]]:
        reply = yield from self._read("/accounts/get")
        body: dict[str, Any] = json_of(reply, dict)
        return fields.rows(
            body.get("accounts"), "accounts", lambda row: payloads.balance(row, reply), id_field="account_id"
        )

    @paged
    def transactions(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[Transaction]:
        days = _days(start, end, FIRST_DAY)
        if days is None:
            return
        options = {"account_ids": [account_id], "include_original_description": True}
        read = partial(payloads.transaction_window, account_id=account_id)
        yield from self._windows("/transactions/get", days, options, read)

    @operation
    def transaction_changes(self, cursor: str | None = None) -> Flow[TransactionChanges]:
        """Return one page of what changed in all accounts since a cursor, which belongs to this login alone."""
        options = {"include_original_description": True, "days_requested": self.settings.days_requested}
        asked = {"count": self.settings.page_size, "options": options} | ({"cursor": cursor} if cursor else {})
        reply = yield from self._read("/transactions/sync", asked, refusals.refusal_of_changes if cursor else None)
        return payloads.transaction_changes(reply)

    @operation
    def refresh(self) -> Flow[None]:
        """Have Plaid read the bank now; it is paid for by the call, and the news comes as a webhook."""
        yield from self._change("/transactions/refresh", self._login())

    @operation
    def recurring(self) -> Flow[Listing[RecurringStream]]:
        reply = yield from self._read("/transactions/recurring/get")
        return debts.recurring(json_of(reply, dict), reply)

    @operation
    def holdings(self) -> Flow[model.Holdings]:
        from fin_infra.providers.banking.plaid import investments  # brokers' words, which a bank alone does without

        return investments.holdings((yield from self._read("/investments/holdings/get")))

    @paged
    def activities(self, *, start: date | None = None, end: date | None = None) -> Pages[model.BrokerActivity]:
        from fin_infra.providers.banking.plaid import investments

        days = _days(start, end, datetime.now(UTC).date() - INVESTMENT_DAYS)
        if days is not None:
            yield from self._windows("/investments/transactions/get", days, {}, investments.activities)

    @operation
    def liabilities(self) -> Flow[Listing[Liability]]:
        reply = yield from self._read("/liabilities/get")
        return debts.liabilities(json_of(reply, dict), reply)

    @operation
    def identity(self) -> Flow[Listing[AccountIdentity]]:
        reply = yield from self._read("/identity/get")
        body, item = _with_item(reply)
        bank = yield from self._bank(item)
        item_id = fields.ident(item, "item_id")

        def read(row: fields.Row) -> AccountIdentity:
            return debts.identity(row, payloads.account(row, bank, item_id, reply), reply)

        return fields.rows(body.get("accounts"), "accounts", read, id_field="account_id")

    @operation
    def institution(self, institution_id: str) -> Flow[Institution]:
        """Return one bank; raise NotFound where Plaid has none of that id in the countries of the settings."""
        found = self._banks.get(institution_id)
        if found is None:
            asked = {"institution_id": institution_id, "country_codes": words(self.settings.countries)}
            reply = yield from self._ask("/institutions/get_by_id", asked)
            found = payloads.institution(fields.child(json_of(reply, dict), "institution"))
            fields.own([institution_id], [found.id], "institution")
            self._banks[institution_id] = found
        return found

    @paged
    def institutions(self) -> Pages[Institution]:
        """Yield the banks in the countries of the settings, each once; there are thousands of them."""
        walk, offset, total = PageWalk("institutions"), 0, 1
        while offset < total:
            asked = {"count": MOST, "offset": offset, "country_codes": words(self.settings.countries)}
            reply = yield from self._ask("/institutions/get", asked)
            body: dict[str, Any] = json_of(reply, dict)
            rows = fields.rows(
                body.get("institutions"), "institutions", payloads.institution, id_field="institution_id"
            )
            count, total = len(rows) + len(rows.errors), fields.whole(body, "total")
            yield Page(walk.fresh(rows), walk.unread(rows.errors))
            offset = offset + count if count else total

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
        asked = linking.page_for(self.settings, user, redirect_uri)
        asked |= linking.repair(self._login()) if repair else linking.new_login(self.settings)
        more = {"webhook": webhook or self.settings.webhook, "institution_id": institution}
        asked |= {name: value for name, value in more.items() if value}
        return linking.link_start((yield from self._change("/link/token/create", asked)))

    @operation
    def link_state(self, token: str) -> Flow[LinkState]:
        return linking.link_state((yield from self._ask("/link/token/get", {"link_token": token})))

    @operation
    def exchange(self, public_token: str) -> Flow[Login]:
        return linking.login((yield from self._change("/item/public_token/exchange", {"public_token": public_token})))

    @operation
    def login_state(self) -> Flow[LoginState]:
        found = linking.login_state((yield from self._read("/item/get")))
        bank = found.institution
        if bank is not None and bank.name == bank.id:
            found = replace(found, institution=(yield from self._named(bank)))
        return found

    @operation
    def end_login(self) -> Flow[None]:
        yield from self._change("/item/remove", self._login(), refusals.refusal_of_end)

    @operation
    def processor_token(self, account_id: str, processor: str) -> Flow[ProcessorToken]:
        asked = {**self._login(), "account_id": account_id, "processor": processor}
        reply = yield from self._change("/processor/token/create", asked)
        return linking.processor_token(reply, account_id, processor)

    @operation
    def webhook_key(self, key_id: str) -> Flow[WebhookKey]:
        reply = yield from self._ask("/webhook_verification_key/get", {"key_id": key_id})
        return linking.webhook_key(reply, key_id)

    def _windows(
        self,
        path: str,
        days: dict[str, str],
        options: dict[str, Any],
        read: Callable[[Reply], tuple[Listing[T], int]],
    ) -> Pages[T]:
        """Walk through a list that is cut by offset; where it becomes shorter meanwhile, step back by as much."""
        walk, offset, total, size = PageWalk("transactions"), 0, None, self.settings.page_size
        while total is None or offset < total:
            reply = yield from self._read(path, {**days, "options": {**options, "count": size, "offset": offset}})
            rows, now = read(reply)
            count = len(rows) + len(rows.errors)
            yield Page(walk.fresh(rows), walk.unread(rows.errors))
            if not count:
                return
            offset = max(offset + count - max(0, (total or now) - now), 0)
            total = now

    def _bank(self, item: fields.Row) -> Flow[Institution]:
        found = payloads.institution_of(item)
        if found is None:
            return Institution(id="unknown", name="unknown")
        return found if found.name != found.id else (yield from self._named(found))

    def _named(self, bank: Institution) -> Flow[Institution]:
        """Look up a bank's name where the Item does not say it; a name that cannot be had hides no account."""
        try:
            return (yield from self.institution.flow(bank.id))
        except FinInfraError:
            return bank

    def _login(self) -> dict[str, Any]:
        """Return the place of the token in a body, which `authorize` fills."""
        if self.settings.access_token is None:
            raise ConfigurationError(
                "No login was given; link one (`start_link` of a book), or set PLAID_ACCESS_TOKEN."
            )
        return {"access_token": None}

    def _read(self, path: str, asked: Asked = NOTHING, refusal: Refusal | None = None) -> Flow[Reply]:
        """Ask about the login. Nothing changes by it, so that it may be repeated."""
        return self._send(path, {**self._login(), **asked}, reads=True, refusal=refusal)

    def _ask(self, path: str, asked: Asked) -> Flow[Reply]:
        """Ask about what is nobody's login."""
        return self._send(path, asked, reads=True)

    def _change(self, path: str, asked: Asked, refusal: Refusal | None = None) -> Flow[Reply]:
        """Ask for something that happens by it; Plaid has no idempotency keys, so it is sent once."""
        return self._send(path, asked, reads=False, refusal=refusal)

    def _send(self, path: str, asked: Asked, *, reads: bool, refusal: Refusal | None = None) -> Flow[Reply]:
        headers, content = {"Content-Type": "application/json"}, json.dumps(asked).encode()
        return self.request("POST", path, headers=headers, content=content, reads=reads, refusal=refusal)


def _of(account_id: str) -> dict[str, Any]:
    return {"options": {"account_ids": [account_id]}}


def _with_item(reply: Reply) -> tuple[dict[str, Any], fields.Row]:
    body: dict[str, Any] = json_of(reply, dict)
    return body, fields.child(body, "item")


def _only(body: dict[str, Any], account_id: str) -> fields.Row:
    rows = fields.children(body, "accounts")
    fields.own([account_id], [row.get("account_id") for row in rows], "account")
    return rows[0]


def _days(start: date | None, end: date | None, first: date) -> dict[str, str] | None:
    """Return the window as Plaid takes it, with both days in it; None where there is no day in it."""
    check_days("Transactions", start, end)
    last = end - timedelta(days=1) if end is not None else datetime.now(UTC).date() + timedelta(days=1)
    begin = start if start is not None else min(first, last)
    return {"start_date": begin.isoformat(), "end_date": last.isoformat()} if begin <= last else None
