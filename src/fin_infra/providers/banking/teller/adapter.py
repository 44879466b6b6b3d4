"""Teller: bank accounts, balances, transactions and identity in the United States.
Floor 3: Teller signs amounts by account type, so every amount is read together with its account's type and currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import ConfigurationError, ProviderError, UnexpectedPayload
from fin_infra.flow import PageWalk, json_of, operation, paged
from fin_infra.model import (
    Account,
    AccountDetails,
    AccountIdentity,
    Balance,
    Institution,
    Listing,
    RowError,
    Transaction,
    TransactionStatus,
)
from fin_infra.normalize import check_days
from fin_infra.providers import fields
from fin_infra.providers.banking.teller import payloads
from fin_infra.providers.banking.teller.payloads import KEY, Polarity, parse_transaction, parse_transactions
from fin_infra.providers.banking.teller.webhook import TellerWebhooks
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.webhooks import WebhookProvider
from fin_infra.settings import Need, ProviderSettings
from fin_infra.transport import Flow, M, Page, Pages, Reply, Request, basic, url_path

VERSION = "2020-10-12"
"""The newest version of the API (https://teller.io/docs)."""
POLARITIES_KEPT = 1024


class Settings(ProviderSettings):
    """Settings of Teller. A live access token works only together with your application's client certificate."""

    model_config = SettingsConfigDict(env_prefix="TELLER_")
    credentials: ClassVar[tuple[str, ...]] = ("access_token",)
    needs: ClassVar[tuple[Need, ...]] = (
        Need("Teller's own sandbox", ("access_token",)),
        Need("real banks", ("access_token", "certificate", "private_key")),
    )

    access_token: SecretStr | None = None
    """What Teller Connect gave for one enrollment: `token_...`, or `test_token_...` in Teller's own sandbox."""
    certificate: str | None = None
    """Path of `certificate.pem`."""
    private_key: str | None = None
    """Path of `private_key.pem`."""
    webhook_secret: SecretStr | None = None
    """What Teller signs webhooks with: a signing secret of the dashboard."""
    webhook_secret_old: SecretStr | None = None
    """The one before, which is good too until Teller stops to sign with it."""
    page_size: int = Field(250, ge=1)
    """Transactions per request."""


class TellerClient(BankingProvider[M], WebhookProvider[M]):
    """One enrollment at Teller: the accounts that one access token reaches."""

    info = ProviderInfo(
        provider_key=KEY,
        title="Teller",
        settings=Settings,
        live_url="https://api.teller.io",
        sandbox_path="/teller",
        sandbox={"access_token": "test_token_sandbox"},
        ping="accounts",
        docs="https://teller.io/docs/api",
        signup="https://teller.io/signup",
        notes="Live tokens need TELLER_CERTIFICATE and TELLER_PRIVATE_KEY. Teller publishes no rate limits.",
        # https://teller.io/docs/api/authentication; with a digit, or longer than the `token_refreshed` of a program
        tokens={
            "token_": r"(?:(?=[A-Za-z]*\d)[A-Za-z0-9]{10,}|[a-z]{13,}(?![A-Za-z0-9_]))",
            "test_token_": r"[A-Za-z0-9_]{4,}",
            "test_tok_": r"[A-Za-z0-9_]{4,}",
        },
    )
    settings: Settings
    webhooks = TellerWebhooks

    @classmethod
    def certificate(cls, settings: ProviderSettings) -> tuple[str, str] | None:
        certificate, private_key = getattr(settings, "certificate", None), getattr(settings, "private_key", None)
        if certificate and private_key:
            return certificate, private_key
        if certificate or private_key:
            missing = settings.variable("private_key" if certificate else "certificate")
            raise ConfigurationError(
                f"Teller's client certificate is two files, and {missing} is not set; set it to the other one's path."
            )
        return None

    def configure(self) -> None:
        secret = self.settings.access_token
        token = secret.get_secret_value() if secret else ""
        if not self.certificate(self.settings) and self.environment == "live" and not token.startswith("test_token_"):
            raise ConfigurationError(
                "Teller answers a live access token only with your application's client certificate; set "
                "TELLER_CERTIFICATE and TELLER_PRIVATE_KEY to the paths of certificate.pem and private_key.pem "
                "(teller.zip of your dashboard)."
            )
        self._auth = basic(token)
        self._polarities: dict[str, Polarity] = {}

    def authorize(self, request: Request) -> Request:
        request = replace(request, headers=(*request.headers, ("Teller-Version", VERSION)))
        return request if request.path == "/institutions" else self._auth(request)

    def refusal(self, reply: Reply) -> ProviderError | None:
        return None if 200 <= reply.status < 300 else payloads.refusal(reply)

    @operation
    def accounts(self) -> Flow[Listing[Account]]:
        reply = yield from self.get("/accounts")
        found = fields.rows(reply.json(), "accounts", lambda row: payloads.account(row, reply))
        for account in found:
            self._remember(account)
        return found

    @operation
    def account(self, account_id: str) -> Flow[Account]:
        return (yield from self._fetch(account_id))

    @operation
    def details(self, account_id: str) -> Flow[AccountDetails]:
        reply = yield from self.get(url_path("accounts", account_id, "details"))
        found = payloads.details(json_of(reply, dict), reply)
        fields.own([account_id], [found.account_id], "account")
        return found

    @operation
    def balance(self, account_id: str) -> Flow[Balance]:
        polarity = yield from self._polarity(account_id)
        reply = yield from self.get(url_path("accounts", account_id, "balances"))
        found = payloads.balance(json_of(reply, dict), polarity, reply)
        fields.own([account_id], [found.account_id], "account")
        return found

    @paged
    def transactions(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[Transaction]:
        first, last = _window(start, end)
        if first is not None and last is not None and first > last:
            return
        polarity = yield from self._polarity(account_id)
        cursor = TransactionCursor(self.settings.page_size)
        while not cursor.over:
            reply = yield from self.get(
                url_path("accounts", account_id, "transactions"),
                count=self.settings.page_size,
                from_id=cursor.from_id,
                start_date=first.isoformat() if first else None,
                end_date=last.isoformat() if last else None,
            )
            found = parse_transactions(reply.content, polarity, reply.received_at, account_id)
            yield cursor.take(found)

    @operation
    def transaction(self, account_id: str, transaction_id: str) -> Flow[Transaction]:
        polarity = yield from self._polarity(account_id)
        reply = yield from self.get(url_path("accounts", account_id, "transactions", transaction_id))
        found = parse_transaction(reply.content, polarity, reply.received_at)
        fields.own([account_id, transaction_id], [found.account_id, found.id], "transaction")
        return found

    @operation
    def identity(self) -> Flow[Listing[AccountIdentity]]:
        reply = yield from self.get("/identity")
        return fields.rows(reply.json(), "identity", lambda row: payloads.identity(row, reply))

    @operation
    def institutions(self) -> Flow[Listing[Institution]]:
        """Return the banks Teller reaches; the request carries no access token."""
        reply = yield from self.get("/institutions")
        return fields.rows(reply.json(), "institutions", payloads.institution)

    @operation
    def delete_account(self, account_id: str) -> Flow[None]:
        payloads.deleted((yield from self.request("DELETE", url_path("accounts", account_id))))

    @operation
    def delete_enrollment(self) -> Flow[None]:
        payloads.deleted((yield from self.request("DELETE", "/accounts")))

    def _fetch(self, account_id: str) -> Flow[Account]:
        reply = yield from self.get(url_path("accounts", account_id))
        account = payloads.account(json_of(reply, dict), reply)
        fields.own([account_id], [account.id], "account")
        self._remember(account)
        return account

    def _polarity(self, account_id: str) -> Flow[Polarity]:
        """Return how to read the account's amounts, asking Teller for the account where it is not known yet."""
        known = self._polarities.get(account_id)
        return Polarity.of((yield from self._fetch(account_id))) if known is None else known

    def _remember(self, account: Account) -> None:
        if Polarity.readable(account):
            if len(self._polarities) >= POLARITIES_KEPT:
                self._polarities.clear()
            self._polarities[account.id] = Polarity.of(account)


class TransactionCursor:
    """Where the next page of transactions begins; the list is read newest first, each id once and no page twice.

    Teller cuts pages by "older than this id" (https://teller.io/docs) and says nothing about how many rows it gives at
    most, so only a page without anything new ends the list. The cursor is the last *posted* id of a page, because a
    pending one may vanish before the next call; pending rows after it come again and are dropped.
    """

    def __init__(self, page_size: int = 250) -> None:
        self.from_id: str | None = None
        self.over = False
        self._page_size = page_size
        self._walk = PageWalk("transactions")
        self._repeatable: set[str] = set()
        """Ids the next page may rightly repeat."""
        self._below = self._nameless = 0
        """How many rows the next page may rightly repeat, and how many of those were named without an id."""

    def take(self, rows: Listing[Transaction]) -> Page[Transaction]:
        """Return what a page has that was not there before.

        A page with nothing new that can be read is not the end of the list: an id in it leads on. A row without one,
        below which nothing is left to ask for, ends the list and is named in the errors like any other.

        Raises:
            UnexpectedPayload: the page repeats an earlier one, so that going on would never end; or it is full, and
                nothing in it leads on to the next.
        """
        fresh, unread = self._walk.fresh(rows), self._walk.unread(self._unnamed(rows.errors))
        if fresh:
            self._follow(rows)
        elif unread:
            self._pass_over(rows, unread)
        else:
            self.over = True
            if any(row.id not in self._repeatable for row in rows):
                self._walk.must_advance(fresh)
        return Page(fresh, unread)

    def _unnamed(self, errors: Sequence[RowError]) -> list[RowError]:
        """Leave out rows without an id that were named with the page before, because this one begins above them."""
        repeated = [error for error in errors if error.id is None and _position(error) < self._below][: self._nameless]
        return [error for error in errors if error not in repeated]

    def _lead_on(self, rows: Listing[Transaction], from_id: str, position: int) -> None:
        self.from_id, self._below = from_id, len(rows) + len(rows.errors) - position - 1
        self._nameless = sum(error.id is None and _position(error) > position for error in rows.errors)

    def _follow(self, rows: Listing[Transaction]) -> None:
        at = max((n for n, row in enumerate(rows) if row.status is TransactionStatus.POSTED), default=len(rows) - 1)
        unread = {_position(error) for error in rows.errors}
        read = [position for position in range(len(rows) + len(unread)) if position not in unread]
        self._lead_on(rows, rows[at].id, read[at])
        self._repeatable = {row.id for row in rows[at:]}

    def _pass_over(self, rows: Listing[Transaction], unread: Sequence[RowError]) -> None:
        last = next((error for error in reversed(unread) if error.id is not None), None)
        if last is not None and last.id is not None:
            self._lead_on(rows, last.id, _position(last))
            self._repeatable = {row.id for row in rows}
        elif len(rows) + len(rows.errors) < self._page_size:
            self.over = True
        else:
            raise UnexpectedPayload("a page of transactions cannot be read, and no id in it leads on to the next")


def _position(error: RowError) -> int:
    """Return where in its page a row is, from `transactions[3]`."""
    return int(error.place.partition("[")[2].rstrip("]"))


def _window(start: date | None, end: date | None) -> tuple[date | None, date | None]:
    """Turn [start, end) into the first and last day, as Teller counts; nothing lies before the first day there is."""
    check_days("Transactions", start, end)
    if end == date.min:
        return date.max, date.min
    return start, end and end - timedelta(days=1)
