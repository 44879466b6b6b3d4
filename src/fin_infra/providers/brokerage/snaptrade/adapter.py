"""SnapTrade: accounts at many brokers, seen through one API; read-only.
Floor 3: the person's secret travels in the query, as the vendor wants; a request gets it as it leaves, never before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import ConfigurationError, InvalidInput, ProviderError, ProviderUnavailable, UnexpectedPayload
from fin_infra.flow import PageWalk, Quota, json_of, operation, paged
from fin_infra.model import (
    BrokerActivity,
    BrokerConnection,
    CashBalance,
    HoldingAccount,
    HoldingOrder,
    Listing,
    Position,
)
from fin_infra.normalize import check_days
from fin_infra.providers import fields
from fin_infra.providers.brokerage.snaptrade import payloads, refusals
from fin_infra.providers.brokerage.snaptrade.payloads import KEY, PortalLink, SnapTradeUser
from fin_infra.providers.brokerage.snaptrade.signature import signature
from fin_infra.providers.brokerage.snaptrade.webhook import SnapTradeWebhooks
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import OrderFilter
from fin_infra.providers.interfaces.webhooks import WebhookProvider
from fin_infra.settings import Need, ProviderSettings
from fin_infra.transport import Flow, M, Page, Pages, Reply, Request, url_path

LEGACY = "/api/v1"
"""The prefix of paths before June 2026. The SDK signs paths without it, though its page on signatures has it."""
ORDER_DAYS = 90
"""As far back as SnapTrade lists orders: `days` of /accounts/{id}/orders in api.yaml of https://github.com/passiv/snaptrade-sdks."""
OF_CLIENT = frozenset({"/snapTrade/registerUser", "/snapTrade/listUsers", "/snapTrade/deleteUser"})
"""Paths that concern no person in particular, and are asked without one's secret: in api.yaml without `userId`."""
# `state` of /accounts/{id}/orders in api.yaml; it has no word for all that are closed
STATES: dict[OrderFilter, str] = {"open": "open", "closed": "all", "all": "all"}


class Settings(ProviderSettings):
    """Settings of SnapTrade. Two keys are yours; the other two are one person's, and `register_user` gives them."""

    model_config = SettingsConfigDict(env_prefix="SNAPTRADE_")
    credentials: ClassVar[tuple[str, ...]] = ("client_id", "consumer_key")
    login: ClassVar[tuple[str, ...]] = ("user_id", "user_secret")
    needs: ClassVar[tuple[Need, ...]] = (
        Need("your application", ("client_id", "consumer_key")),
        Need("one person's accounts", ("user_id", "user_secret")),
    )

    client_id: str | None = None
    consumer_key: SecretStr | None = None
    consumer_key_old: SecretStr | None = None
    """The one before, with which SnapTrade may still sign webhooks while a new one takes over."""
    user_id: str | None = None
    """The person whose accounts are read."""
    user_secret: SecretStr | None = None
    legacy_paths: bool = False
    """Send the older `/api/v1` paths; SnapTrade marks its answers to them as deprecated."""
    page_size: int = Field(1000, ge=1, le=1000)
    """Activities per request."""
    sync_every_s: float = Field(3600.0, gt=0)
    """How old an account's holdings may be before `fin_infra.analytics.accounts_to_sync` names it again."""


class SnapTrade(BrokerageAggregatorProvider[M], WebhookProvider[M]):
    """One person's accounts at every broker they have connected."""

    info = ProviderInfo(
        provider_key=KEY,
        title="SnapTrade",
        settings=Settings,
        live_url="https://api.snaptrade.com",
        sandbox_path="/snaptrade",
        sandbox={
            "client_id": "SANDBOX-CLIENT",
            "consumer_key": "sandbox-snaptrade-consumer-key",
            "user_id": "sandbox-user",
            "user_secret": "sandbox-user-secret",
        },
        default=False,
        ping="connections",
        # docs/ratelimiting.md of https://github.com/passiv/snaptrade-sdks
        quotas=(Quota(250, 60),),
        docs="https://docs.snaptrade.com/reference",
        signup="https://dashboard.snaptrade.com",
        notes="Reads only, never trades. SNAPTRADE_USER_ID and SNAPTRADE_USER_SECRET name the person; `register_user` "
        "gives both.",
    )
    settings: Settings
    webhooks = SnapTradeWebhooks

    @property
    def login_id(self) -> str | None:
        return self.settings.user_id

    @property
    def sync_every_s(self) -> float:
        return self.settings.sync_every_s

    def configure(self) -> None:
        self.now: Callable[[], float] = time.time

    def authorize(self, request: Request) -> Request:
        """Add who asks and when, and sign it all, again at each attempt: SnapTrade refuses an old timestamp."""
        client = (("clientId", self.settings.client_id or ""), ("timestamp", str(int(self.now()))))
        person = () if request.path in OF_CLIENT else self._person()
        request = replace(request, params=(*request.params, *person, *client))
        secret = self.settings.consumer_key
        content = json.loads(request.content) if request.content else None
        signed_with = signature(secret.get_secret_value() if secret else "", request.path, request.query, content)
        signed = replace(request, headers=(*request.headers, ("Signature", signed_with)))
        return replace(signed, path=LEGACY + request.path) if self.settings.legacy_paths else signed

    def refusal(self, reply: Reply) -> ProviderError | None:
        return refusals.refusal(reply)

    @operation
    def users(self) -> Flow[list[str]]:
        reply = yield from self.get("/snapTrade/listUsers")
        return payloads.users(json_of(reply, list))

    @operation
    def connections(self) -> Flow[Listing[BrokerConnection]]:
        reply = yield from self.get("/authorizations")
        return fields.rows(reply.json(), "connections", lambda row: payloads.connection(row, reply))

    @operation
    def accounts(self) -> Flow[Listing[HoldingAccount]]:
        found: Listing[HoldingAccount] = Listing()
        links = yield from self.connections.flow()
        found.errors = links.errors
        for link in links:
            reply = yield from self.get(url_path("authorizations", link.id, "accounts"))
            rows = fields.rows(reply.json(), "accounts", partial(payloads.account_of, link.id, reply=reply))
            found += rows
            found.errors += rows.errors
        return found

    @operation
    def balances(self, account_id: str) -> Flow[Listing[CashBalance]]:
        reply = yield from self.get(url_path("accounts", account_id, "balances"))
        return fields.rows(reply.json(), "balances", lambda row: payloads.balance(row, account_id, reply))

    @operation
    def positions(self, account_id: str) -> Flow[Listing[Position]]:
        reply = yield from self.get(url_path("accounts", account_id, "positions", "all"))
        return payloads.positions(reply, account_id)

    @paged
    def activities(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[BrokerActivity]:
        first, last = _window(start, end)
        offset, total = 0, None
        walk = PageWalk("activities")
        while (total is None or offset < total) and (start is None or start != end):
            reply = yield from self.get(
                url_path("accounts", account_id, "activities"),
                startDate=first,
                endDate=last,
                offset=offset,
                limit=self.settings.page_size,
            )
            rows, count = payloads.page(reply)
            if total is not None and count != total:
                raise ProviderUnavailable(
                    "the list of activities changed while it was read; read it again", retryable=True
                )
            if not rows and offset < count:
                raise UnexpectedPayload("the list of activities ends before its own total")
            found = fields.rows(rows, "activities", partial(payloads.activity, account_id=account_id, reply=reply))
            fresh = walk.fresh(found)
            within = [row for row in fresh if (not start or row.day >= start) and (not end or row.day < end)]
            yield Page(within, walk.unread(found.errors))
            offset, total = offset + len(rows), count

    @operation
    def orders(self, account_id: str, *, status: OrderFilter = "all") -> Flow[Listing[HoldingOrder]]:
        if status not in STATES:
            raise InvalidInput(f"{status!r} is not a filter of orders; use open, closed or all.")
        reply = yield from self.get(url_path("accounts", account_id, "orders"), state=STATES[status], days=ORDER_DAYS)
        rows = fields.rows(
            reply.json(), "orders", lambda row: payloads.order(row, account_id, reply), id_field="brokerage_order_id"
        )
        wanted = (row for row in rows if status != "closed" or (row.status is not None and row.status.is_final))
        return Listing(wanted, errors=rows.errors)

    @operation
    def register_user(self, user_id: str) -> Flow[SnapTradeUser]:
        """Register a person and return the secret, which SnapTrade shows only here. Never repeated by retry."""
        found = payloads.user((yield from self._post("/snapTrade/registerUser", {"userId": user_id})))
        fields.own([user_id], [found.user_id], "user")
        return found

    @operation
    def delete_user(self, user_id: str) -> Flow[None]:
        """Give up a person and all their connections; SnapTrade does it later. Never repeated by retry."""
        reply = yield from self.request("DELETE", "/snapTrade/deleteUser", params={"userId": user_id})
        deleted = fields.maybe_text(json_of(reply, dict), "userId")
        fields.own([user_id], [deleted or user_id], "user")

    @operation
    def login_url(
        self, *, broker: str | None = None, reconnect: str | None = None, redirect: str | None = None
    ) -> Flow[PortalLink]:
        """Return a link, good for five minutes, where the person connects a broker for reading. Never repeated.

        Args:
            broker: its name at SnapTrade, such as SCHWAB; the person chooses where it is None.
            reconnect: the id of a disabled connection that should work again.
            redirect: where the person goes afterwards.
        """
        choices = {"broker": broker, "reconnect": reconnect, "customRedirect": redirect, "connectionType": "read"}
        body = {name: value for name, value in choices.items() if value is not None}
        return payloads.portal((yield from self._post("/snapTrade/login", body)))

    @operation
    def refresh(self, connection_id: str) -> Flow[None]:
        """Ask for newer holdings of a connection, which come some minutes later; it may cost. Never repeated.

        Raises:
            ReauthRequired: the connection is disabled.
            PermissionDenied: your plan has no refresh, for instance because it is in real time.
            RateLimited: the last refresh was a moment ago.
        """
        json_of((yield from self._post(url_path("authorizations", connection_id, "refresh"))), dict)

    def _post(self, to: str, body: dict[str, str] | None = None) -> Flow[Reply]:
        kind = {"Content-Type": "application/json"} if body else None
        return self.request("POST", to, headers=kind, content=json.dumps(body).encode() if body else None)

    def _person(self) -> tuple[tuple[str, str], ...]:
        user, secret = self.settings.user_id, self.settings.user_secret
        if user is None or secret is None:
            raise ConfigurationError(
                "SnapTrade reads one person's accounts: set SNAPTRADE_USER_ID and SNAPTRADE_USER_SECRET, which "
                "register_user() gives."
            )
        return ("userId", user), ("userSecret", secret.get_secret_value())


def _window(start: date | None, end: date | None) -> tuple[str | None, str | None]:
    """Return the first and the last day of [start, end), as SnapTrade counts."""
    check_days("Activities", start, end)
    last = end - timedelta(days=1) if end and end > date.min else end
    return (start.isoformat() if start else None), (last.isoformat() if last else None)
