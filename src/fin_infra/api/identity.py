"""Routes for checks of who a person is: start one, go on, look, read what it found out, cancel, remove.
Floor 7: `add_identity(app, auth=[...], change=[...], book_of=...)`; without routes unless FEATURE_IDENTITY is on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.bodies import openapi_body, read_body
from fin_infra.api.brokerage_orders import openapi_key, read_idempotency_key
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded, opened
from fin_infra.api.users import User, Who, nobody, user_of
from fin_infra.book import BookVerification, RetentionResult, VerificationLink
from fin_infra.identity import easy_identity
from fin_infra.model import DocumentType, IdentityReport, NewVerification, VerificationKind
from fin_infra.model.plain import plain

DOMAIN = "identity"
VerificationId = Annotated[str, Path(max_length=64, pattern=r"^[!-~]+$", description="`id` of a verification")]
_KEY = "the same key is the same verification, also where the first answer was lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAnswer:
    """A verification, and where its person goes on: the vendor's page, or a secret for its script."""

    verification: BookVerification
    url: str | None = field(repr=False)
    client_secret: str | None = field(repr=False)


class VerificationBody(BaseModel):
    """What to ask of a person."""

    model_config = ConfigDict(extra="forbid", title="NewVerification", hide_input_in_errors=True)

    kind: Literal["document", "id_number"] = "document"
    document_types: list[Literal["driving_license", "id_card", "passport"]] = Field(
        default_factory=list[Literal["driving_license", "id_card", "passport"]], max_length=3
    )
    selfie: bool = False
    id_number: bool = False
    live_capture: bool = False
    return_url: str | None = Field(None, max_length=2048, pattern=r"^https?://[!-~]+$")
    email: SecretStr | None = Field(None, min_length=3, max_length=320)
    phone: SecretStr | None = Field(None, min_length=5, max_length=32)

    def asked(self) -> NewVerification:
        return NewVerification(
            kind=VerificationKind(self.kind),
            document_types=tuple(map(DocumentType, self.document_types)),
            selfie=self.selfie,
            id_number=self.id_number,
            live_capture=self.live_capture,
            return_url=self.return_url,
            email=self.email.get_secret_value() if self.email else None,
            phone=self.phone.get_secret_value() if self.phone else None,
        )


def add_identity(app: FastAPI, *, auth: Auth, change: Auth, book_of: BookOf, caller: Who = nobody) -> None:
    """Put the routes of `/identity` on the app; none where identity checks are switched off.

    Args:
        auth: FastAPI dependencies that protect what reads.
        change: the same for what starts, ends or removes.
        book_of: gives the book of a user, which remembers the verifications.
        caller: a dependency that gives who asks.

    Raises:
        ConfigurationError: the provider cannot be built from its settings.
    """
    if opened(DOMAIN, None, lambda: easy_identity(mode="async")) is None:
        return
    reads = APIRouter(prefix="/identity", tags=[DOMAIN], dependencies=guarded(auth, caller, DOMAIN), responses=_ASKS)
    changes = APIRouter(
        prefix="/identity", tags=[DOMAIN], dependencies=guarded(change, caller, DOMAIN), responses=_ASKS
    )
    _add_reads(reads, book_of, caller)
    _add_start(changes, book_of, caller)
    _add_changes(changes, book_of, caller)
    for router in (reads, changes):
        include(app, router)


_ASKS: dict[int | str, dict[str, Any]] = {**PROBLEMS, **problem_responses(400, 409, 502, 504)}


def _add_reads(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/verifications", response_model=envelope(list[BookVerification]))
    async def verifications(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return every verification as it was last told, the oldest first; no vendor is asked."""
        return await answers.private(book_of(user_of(who)).verifications())

    @router.get("/verifications/{verification_id}", response_model=envelope(BookVerification))
    async def verification(
        verification_id: VerificationId,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Ask the vendor how a verification stands, remember that, and return it."""
        return await answers.private(book_of(user_of(who)).verification(verification_id))

    @router.get("/verifications/{verification_id}/report", response_model=envelope(IdentityReport))
    async def report(
        verification_id: VerificationId,
        private: Annotated[bool, Query(description="Dates of birth and numbers, too")] = False,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return what a verification has found out; 404 before a try has ended, and after it was removed."""
        found = await book_of(user_of(who)).verification_report(verification_id)
        return answers.known(Answer(plain(found, private=private, pii=True), found.meta))


def _add_start(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post(
        "/verifications",
        status_code=201,
        response_model=envelope(LinkAnswer),
        responses=problem_responses(415),
        openapi_extra={**openapi_key(_KEY), **openapi_body(VerificationBody)},
    )
    async def start(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Start a verification once for its `Idempotency-Key`, and return where the person goes on."""
        user = user_of(who)
        key = read_idempotency_key(request, user, "verification you mean to start")
        body = await read_body(request, VerificationBody, "the verification")
        made = await book_of(user).start_verification(body.asked(), idempotency_key=key)
        reply = answers.known(_linked(made))
        reply.status_code, reply.headers["Location"] = 201, f"/identity/verifications/{made.verification.id}"
        return reply

    @router.post("/verifications/{verification_id}/link", response_model=envelope(LinkAnswer))
    async def link(verification_id: VerificationId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return where the person goes on with a verification that was begun; 422 where nothing is left to do."""
        return answers.known(_linked(await book_of(user_of(who)).verification_link(verification_id)))


def _linked(made: VerificationLink) -> Answer:
    """Show the link, which is private everywhere else: this answer is what it was made for."""
    return Answer(LinkAnswer(verification=made.verification, url=made.url, client_secret=made.client_secret))


def _add_changes(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post("/verifications/{verification_id}/cancel", response_model=envelope(BookVerification))
    async def cancel(verification_id: VerificationId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """End a verification that waits for the person; for good."""
        return await answers.private(book_of(user_of(who)).cancel_verification(verification_id))

    @router.post("/verifications/{verification_id}/redact", response_model=envelope(BookVerification))
    async def redact(verification_id: VerificationId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Remove who the person is: here at once, then at the vendor; `redaction` says how far that is."""
        return await answers.private(book_of(user_of(who)).redact_verification(verification_id))

    @router.post("/retention", response_model=envelope(RetentionResult))
    async def retention(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Apply the policy to your verifications: remove who the person is from those that are old enough."""
        return await answers.private(book_of(user_of(who)).redact_old_verifications())
