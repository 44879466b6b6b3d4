"""Stripe Identity: checks of documents, selfies and numbers, on Stripe's page or in a page of yours.
Floor 3: each POST carries an idempotency key that its retries share, so that a lost answer starts nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import InvalidInput, ProviderError, UnexpectedPayload
from fin_infra.flow import PageWalk, Quota, json_of, operation, paged
from fin_infra.model import IdentityReport, NewVerification, Verification
from fin_infra.providers import fields
from fin_infra.providers.identity.stripe import payloads
from fin_infra.providers.identity.stripe.payloads import FORM, KEY, Value, form, new_session, sent_key
from fin_infra.providers.identity.stripe.refusals import refusal
from fin_infra.providers.identity.stripe.webhook import StripeWebhooks
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.identity import IdentityProvider
from fin_infra.providers.interfaces.webhooks import WebhookProvider
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Page, Pages, Reply, Request, bearer, url_path

VERSION = "2026-10-28.endive"
"""The version of the API that the official SDK 16.1 asks for (https://docs.stripe.com/api/versioning)."""
SESSIONS = "/v1/identity/verification_sessions"
_REPORT = ("last_verification_report", "verified_outputs")
# what a restricted key alone may expand: https://docs.stripe.com/identity/access-verification-results
_SENSITIVE = (
    "verified_outputs.dob",
    "verified_outputs.id_number",
    "last_verification_report.document.dob",
    "last_verification_report.document.expiration_date",
    "last_verification_report.document.number",
)


class Settings(ProviderSettings):
    """Settings of Stripe Identity."""

    model_config = SettingsConfigDict(env_prefix="STRIPE_")
    credentials: ClassVar[tuple[str, ...]] = ("secret_key",)

    secret_key: SecretStr | None = None
    """`sk_...`, or better a restricted key `rk_...` with access to Identity only."""
    read_sensitive: bool = False
    """Ask for dates of birth and numbers of people and documents, too; Stripe gives them to restricted keys only."""
    webhook_secret: SecretStr | None = None
    """What Stripe signs webhooks with: `whsec_...` of the endpoint."""
    webhook_secret_old: SecretStr | None = None
    """The one before, which still counts while a new one takes over."""
    page_size: int = Field(100, ge=1, le=100)
    """Verifications per request."""


class Stripe(IdentityProvider[M], WebhookProvider[M]):
    """Verification sessions of one Stripe account."""

    webhooks = StripeWebhooks

    info = ProviderInfo(
        provider_key=KEY,
        title="Stripe Identity",
        settings=Settings,
        live_url="https://api.stripe.com",
        sandbox_path="/stripe",
        sandbox={"secret_key": "rk_test_fin_infra_sandbox_key"},
        ping="verifications",
        # 25 a second for each endpoint, and for all together with a test key: https://docs.stripe.com/rate-limits
        quotas=(Quota(25, 1.0),),
        docs="https://docs.stripe.com/api/identity",
        signup="https://dashboard.stripe.com/register",
        notes="Off unless FEATURE_IDENTITY is on. Dates of birth and numbers need a restricted key and "
        "STRIPE_READ_SENSITIVE=1.",
        tokens={"vs_": r"[A-Za-z0-9]{8,64}_secret_[A-Za-z0-9]{8,}"},  # the client secret of a session
    )
    settings: Settings

    def configure(self) -> None:
        secret = self.settings.secret_key
        self._sign = bearer(secret.get_secret_value() if secret else "")

    def authorize(self, request: Request) -> Request:
        return self._sign(replace(request, headers=(*request.headers, ("Stripe-Version", VERSION))))

    def refusal(self, reply: Reply) -> ProviderError | None:
        return refusal(reply)

    def vendor_request_id(self, reply: Reply) -> str | None:
        return reply.headers.get("request-id")

    @operation
    def ping(self) -> Flow[None]:
        """Ask for one verification; raise the error that says what is wrong."""
        _rows((yield from self.get(SESSIONS, limit=1)))

    @operation
    def start(self, new: NewVerification | None = None, *, idempotency_key: str | None = None) -> Flow[Verification]:
        asked = new_session(new or NewVerification())
        reply = yield from self._post(SESSIONS, asked, idempotency_key)
        return payloads.verification(json_of(reply, dict), reply, linked=True)

    @operation
    def verify(self, verification_id: str) -> Flow[Verification]:
        reply = yield from self.get(_path(verification_id))
        found = self._own(reply, verification_id, linked=True)
        if not found.state.needs_person:
            raise InvalidInput(f"The verification is {found.state.value}; nothing is left for the person to do.")
        return found

    @operation
    def status(self, verification_id: str) -> Flow[Verification]:
        return self._own((yield from self.get(_path(verification_id))), verification_id)

    @operation
    def report(self, verification_id: str) -> Flow[IdentityReport]:
        wanted = (*_REPORT, *(_SENSITIVE if self.settings.read_sensitive else ()))
        expand = {f"expand[{at}]": name for at, name in enumerate(wanted)}
        reply = yield from self.request("GET", _path(verification_id), params=expand)
        found = payloads.report(json_of(reply, dict), reply)
        fields.own([verification_id], [found.verification_id], "verification")
        return found

    @operation
    def cancel(self, verification_id: str, *, idempotency_key: str | None = None) -> Flow[Verification]:
        reply = yield from self._post(_path(verification_id, "cancel"), {}, idempotency_key)
        return self._own(reply, verification_id)

    @operation
    def redact(self, verification_id: str, *, idempotency_key: str | None = None) -> Flow[Verification]:
        reply = yield from self._post(_path(verification_id, "redact"), {}, idempotency_key)
        return self._own(reply, verification_id)

    @paged
    def verifications(self, *, reference: str | None = None) -> Pages[Verification]:
        walk, after, more = PageWalk("verifications"), None, True
        while more:
            reply = yield from self.get(
                SESSIONS, limit=self.settings.page_size, client_reference_id=reference, starting_after=after
            )
            rows, more = _rows(reply)
            found = fields.rows(rows, "data", lambda row: payloads.verification(row, reply))  # noqa: B023  # read at once
            yield Page(walk.fresh(found), walk.unread(found.errors))
            if more:
                after = walk.next_token(_last_id(rows))

    def _own(self, reply: Reply, verification_id: str, *, linked: bool = False) -> Verification:
        found = payloads.verification(json_of(reply, dict), reply, linked=linked)
        fields.own([verification_id], [found.id], "verification")
        return found

    def _post(self, path: str, values: Mapping[str, Value], idempotency_key: str | None) -> Flow[Reply]:
        sent = sent_key(idempotency_key)
        return self.request(
            "POST", path, headers={**FORM, "Idempotency-Key": sent}, content=form(values), idempotency_key=sent
        )


def _path(verification_id: str, *more: str) -> str:
    return SESSIONS + url_path(verification_id, *more)


def _rows(reply: Reply) -> tuple[list[object], bool]:
    body = json_of(reply, dict)
    rows: object = body.get("data")
    if type(rows) is not list:
        raise fields.wrong("data", "a list")
    return rows, fields.flag(body, "has_more")  # pyright: ignore[reportUnknownVariableType]  # JSON has no narrower type


def _last_id(rows: list[object]) -> str:
    """Return where the next page begins; a row that cannot be read leads on by its id all the same."""
    if not rows:
        raise UnexpectedPayload("the list of verifications ends before its own word")
    return fields.ident(fields.as_row(rows[-1], "data"), "id")
