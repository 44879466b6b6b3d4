"""Finastra: a company's accounts and balances at banks on FusionFabric.cloud (`corporate/channels/accounts/me/v1`).
Floor 3: asks the local sandbox only, until the vendor's API is stable; how it signs a debt is not confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from bankersbank import b2c
from bankersbank.calls import FinastraCalls
from bankersbank.config import SWITCHES
from bankersbank.models import B2CAccount, B2CBalance
from bankersbank.tokens import ClientCredentialsTokenProvider
from fin_infra.errors import AuthenticationFailed, ProviderError, UnexpectedPayload
from fin_infra.flow import operation
from fin_infra.model import (
    Account,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Balance,
    Institution,
    Listing,
    Money,
)
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Transport
from fin_infra.transport.config import HttpConfig

KEY = "banking:finastra"

_TYPES: Mapping[str, tuple[AccountType, AccountSubtype, str]] = {
    "CURRENT": (AccountType.DEPOSITORY, AccountSubtype.CHECKING, "Current account"),
    "SAVINGS": (AccountType.DEPOSITORY, AccountSubtype.SAVINGS, "Savings account"),
    "DEPOSIT": (AccountType.DEPOSITORY, AccountSubtype.SAVINGS, "Deposit account"),
    "TERMDEPOSIT": (AccountType.DEPOSITORY, AccountSubtype.CERTIFICATE_OF_DEPOSIT, "Term deposit"),
    "LOAN": (AccountType.LOAN, AccountSubtype.UNKNOWN, "Loan"),
    "CREDITCARD": (AccountType.CREDIT, AccountSubtype.CREDIT_CARD, "Credit card"),
}
"""The vendor's word, what it is here, and how a person calls it. OTHER is as good as a new word.

libs/ffdc-apis/corporate-accounts of https://github.com/Finastra/finastra-nodejs-libs."""
_UNKNOWN = (AccountType.UNKNOWN, AccountSubtype.UNKNOWN, "Account")
_STATUSES = {"ACTIVE": AccountStatus.OPEN}
"""INACTIVE is not said to be closed, and a dormant account may hold money: it is UNKNOWN."""


class Settings(ProviderSettings):
    """Settings of Finastra's B2C accounts; those of its B2B products are `bankersbank`'s, with other variables."""

    model_config = SettingsConfigDict(env_prefix="FINASTRA_B2C_")
    credentials: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")

    client_id: str | None = Field(None, repr=False)
    client_secret: SecretStr | None = None
    login_tenant: str = Field("sandbox", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """The bank's name in the login's URL; `tenant` is a label of ours."""
    scope: str = "openid"
    context: Literal["ViewAccount", "INT", "TPT", "DOM", "MT103"] = "ViewAccount"
    """What the listed accounts are wanted for; the vendor leaves out those that cannot be used so."""


class Finastra(FinastraCalls[M], BankingProvider[M]):
    """The accounts that one application reaches at one bank."""

    info = ProviderInfo(
        provider_key=KEY,
        title="Finastra",
        settings=Settings,
        live_url="https://api.fusionfabric.cloud",
        sandbox_path="/finastra",
        sandbox={"client_id": "sandbox-b2c-client", "client_secret": "sandbox-b2c-secret"},
        sandbox_only=True,
        ping="accounts",
        docs="https://developer.fusionfabric.cloud",
        notes="Sandbox only for now: no call goes to the vendor. FINASTRA_B2C_CLIENT_ID belongs to the secret.",
        switches=SWITCHES,
    )
    settings: Settings

    def __init__(self, transport: Transport[M], endpoint: Endpoint) -> None:
        b2c.sandbox_only(HttpConfig(base_url=endpoint.base_url, allow_http=True).is_loopback)
        super().__init__(transport, endpoint)

    def configure(self) -> None:
        secret = self.settings.client_secret
        self.access = ClientCredentialsTokenProvider(
            client_id=self.settings.client_id or "",
            client_secret=secret.get_secret_value() if secret else None,
            realm=self.settings.login_tenant,
            scope=self.settings.scope,
            timeout_s=self.timeout_s,
        )

    @property
    def client_name(self) -> str:
        return f"b2c-{self.tenant}"

    def advise(self, exc: ProviderError) -> None:
        if isinstance(exc, AuthenticationFailed):
            exc.message = (
                "the login does not accept the client, or the API its token; check FINASTRA_B2C_CLIENT_ID, "
                "FINASTRA_B2C_CLIENT_SECRET, FINASTRA_B2C_LOGIN_TENANT and FINASTRA_B2C_SCOPE"
            )
        super().advise(exc)

    @operation
    def accounts(self) -> Flow[Listing[Account]]:
        found = yield from b2c.accounts(self, self.settings.context)
        return Listing((_account(row, self.settings.login_tenant) for row in found), errors=found.errors)

    @operation
    def account(self, account_id: str) -> Flow[Account]:
        return _account((yield from b2c.account(self, account_id)), self.settings.login_tenant)

    @operation
    def balance(self, account_id: str) -> Flow[Balance]:
        return _balance((yield from b2c.balance(self, account_id)))


def _account(row: B2CAccount, bank: str) -> Account:
    """The vendor names neither account nor bank: the type and the last four characters, and the tenant, stand in."""
    type, subtype, label = _TYPES.get(row.type, _UNKNOWN)
    last_four = _last_four(row.number)
    return Account(
        source=KEY,
        as_of=row.as_of,
        raw=row.raw,
        id=row.id,
        name=label if last_four is None else f"{label} {last_four}",
        type=type,
        subtype=subtype,
        subtype_text=row.type,
        currency=row.currency,
        status=_STATUSES.get(row.status or "", AccountStatus.UNKNOWN),
        institution=Institution(id=bank, name="Finastra"),
        last_four=last_four,
        capabilities=frozenset({"balances"}),
    )


def _last_four(number: str | None) -> str | None:
    """A number of four characters or fewer would be shown in full."""
    written = "".join((number or "").split())
    return written[-4:] if len(written) > 4 else None


def _balance(row: B2CBalance) -> Balance:
    return Balance(
        source=KEY,
        as_of=row.as_of,
        raw=row.raw,
        account_id=row.account_id,
        current=_current(row.ledger, row.type),
        available=row.available,
    )


def _current(ledger: Money, word: str) -> Money:
    """Return a ledger balance as the vendor prints it: negative is owed, as CREDIT adds and DEBIT subtracts.

    That a loan or card is printed so is not confirmed. A positive one may be debt in the other sign, and an account of
    an unknown type may be either; guessing would invent money.

    Raises:
        UnexpectedPayload: the sign of this balance is not known.
    """
    type, *_ = _TYPES.get(word, _UNKNOWN)
    if type is AccountType.UNKNOWN:
        raise UnexpectedPayload("the account's type is not one whose sign is known, so 'ledgerBalance' cannot be read")
    if type.is_liability and ledger.amount > 0:
        raise UnexpectedPayload(
            "the 'ledgerBalance' of a loan or card is positive, and it is not confirmed whether that is owed"
        )
    return ledger
