"""Verification sessions: what moves them on, and the event that each step makes.
Floor 8: a person's part is played by the hosted page or the control plane; the clock plays Stripe's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from fin_infra.sandbox.vendors.stripe.access import Refused, missing
from fin_infra.sandbox.vendors.stripe.people import Papers, papers_of

ERRORS = (
    "abandoned",
    "consent_declined",
    "country_not_supported",
    "device_not_supported",
    "document_expired",
    "document_type_not_supported",
    "document_unverified_other",
    "email_unverified_other",
    "email_verification_declined",
    "id_number_insufficient_document_data",
    "id_number_mismatch",
    "id_number_unverified_other",
    "phone_unverified_other",
    "phone_verification_declined",
    "selfie_document_missing_photo",
    "selfie_face_mismatch",
    "selfie_manipulated",
    "selfie_unverified_other",
    "under_supported_age",
)
"""`last_error.code`."""
WITHOUT_REPORT = frozenset({"abandoned", "consent_declined", "country_not_supported", "device_not_supported"})
"""Ends before anything was checked."""
OUTCOMES = ("verified", "processing", "canceled", "redacted", *ERRORS)
"""What can be asked for on demand."""
WORK = timedelta(minutes=1)
"""How long Stripe checks, by the sandbox's clock; most checks take less."""
REMOVAL = timedelta(days=4)
"""How long a removal may take."""
LINK_LIFE = timedelta(hours=48)


@dataclass(slots=True, eq=False)
class Session:
    """One verification session."""

    id: str
    created: int
    type: str
    reference: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    details: Mapping[str, str] = field(default_factory=dict[str, str])
    return_url: str | None = None
    status: str = "requires_input"
    last_error: str | None = None
    outcome: str | None = None
    """How the last try ended."""
    report_id: str | None = None
    reported: int = 0
    redaction: str | None = None
    busy_until: datetime | None = None
    gone_at: datetime | None = None
    tries: int = 0
    linked: datetime | None = None
    links: int = 0

    @property
    def is_redacted(self) -> bool:
        return self.redaction == "redacted"

    @property
    def papers(self) -> Papers:
        return papers_of(self.details.get("email"))

    @property
    def wants_number(self) -> bool:
        return self.type == "id_number" or bool(self.options.get("document", {}).get("require_id_number"))

    @property
    def wants_selfie(self) -> bool:
        return bool(self.options.get("document", {}).get("require_matching_selfie"))


class Sessions:
    """All sessions of the account.

    Args:
        seed: which world; the same calls give the same ids.
        now: the sandbox's time.
        told: takes the kind of an event and the session.
    """

    def __init__(self, seed: int, now: Callable[[], datetime], told: Callable[[str, Session], None]) -> None:
        self._seed, self._now, self._told = seed, now, told
        self.all: dict[str, Session] = {}
        self._pages: dict[str, str] = {}

    def ident(self, *parts: object) -> str:
        """Return 24 letters and digits that the same parts always give."""
        return sha256("|".join(map(str, (self._seed, *parts))).encode()).hexdigest()[:24]

    def add(self, **facts: Any) -> Session:
        number = len(self.all) + 1
        made = Session(f"vs_{self.ident('session', number)}", int(self._now().timestamp()), **facts)
        self.all[made.id] = made
        self._told("created", made)
        return made

    def get(self, ident: str) -> Session:
        """Return a session; Refused where there is none."""
        if ident not in self.all:
            raise missing("verificationsession", ident, "session")
        return self.all[ident]

    def link(self, session: Session) -> tuple[str, str]:
        """Return a client secret and the name of a page: new ones after use, and after 48 hours."""
        now = self._now()
        if session.linked is None or not now - session.linked < LINK_LIFE:
            session.linked, session.links = now, session.links + 1
        token = self.ident("page", session.id, session.links)
        self._pages[token] = session.id
        return f"{session.id}_secret_{self.ident('secret', session.id, session.links)}", token

    def of_page(self, token: str) -> Session | None:
        """Return the session that a page leads on; None for a page that was used or is too old."""
        session = self.all.get(self._pages.get(token, ""))
        if session is None or session.status != "requires_input" or session.linked is None:
            return None
        current = token == self.ident("page", session.id, session.links)
        return session if current and self._now() - session.linked < LINK_LIFE else None

    def finish(self, session: Session, outcome: str) -> None:
        """End a try of the person as told.

        Raises:
            ValueError: the session does not wait for the person, or is not being worked on.
        """
        if outcome not in OUTCOMES:
            raise ValueError(f"`outcome` must be one of {', '.join(OUTCOMES)}.")
        if outcome == "redacted":
            self._removed(session)
        elif outcome == "canceled":
            self._ended(session, "requires_input")
            self._canceled(session)
        else:
            self._ended(session, "requires_input", "processing")
            self._worked(session, outcome)

    @staticmethod
    def _ended(session: Session, *states: str) -> None:
        if session.status not in states:
            raise ValueError(f"The session {session.id} is {session.status}; this needs {' or '.join(states)}.")

    def _worked(self, session: Session, outcome: str) -> None:
        session.linked = None
        if outcome == "processing":
            session.status, session.last_error, session.busy_until = "processing", None, self._now() + WORK
            self._told("processing", session)
            return
        session.tries += 1
        session.busy_until, session.outcome = None, outcome
        if outcome not in WITHOUT_REPORT:
            session.report_id = f"vr_{self.ident('report', session.id, session.tries)}"
            session.reported = int(self._now().timestamp())
        if outcome == "verified":
            session.status, session.last_error = "verified", None
            self._told("verified", session)
        else:
            session.status, session.last_error = "requires_input", outcome
            self._told("requires_input", session)

    def cancel(self, session: Session) -> None:
        """Cancel; Refused unless it waits for the person."""
        if session.status != "requires_input":
            text = f"You cannot cancel a VerificationSession with status {session.status}."
            raise Refused(400, text, code="verification_session_unexpected_state", executed=True)
        self._canceled(session)

    def _canceled(self, session: Session) -> None:
        session.status, session.linked = "canceled", None
        self._told("canceled", session)

    def redact(self, session: Session) -> None:
        """Begin to remove what is personal; Refused in other states than those of the reference.

        It names `requires_input`, which is canceled by that, and `verified`.
        """
        if session.redaction is not None:
            raise Refused(400, "This VerificationSession is redacted.", code="resource_redacted", executed=True)
        if session.status not in ("requires_input", "verified"):
            text = f"You cannot redact a VerificationSession with status {session.status}."
            raise Refused(400, text, code="verification_session_unexpected_state", executed=True)
        session.redaction, session.gone_at = "processing", self._now() + REMOVAL
        if session.status == "requires_input":
            self._canceled(session)

    def _removed(self, session: Session) -> None:
        session.redaction, session.gone_at, session.linked = "redacted", None, None
        if session.status not in ("verified", "canceled"):
            self._canceled(session)
        self._told("redacted", session)

    def catch_up(self) -> None:
        """End what has taken its time by now."""
        now = self._now()
        for session in list(self.all.values()):
            if session.busy_until is not None and session.busy_until <= now:
                self._worked(session, "verified")
            if session.gone_at is not None and session.gone_at <= now:
                self._removed(session)
