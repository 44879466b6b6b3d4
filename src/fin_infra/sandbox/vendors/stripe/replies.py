"""How sessions, reports and events look on the wire.
Floor 8: what was removed reads `[redacted]`, and numbers are null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from fin_infra.sandbox.vendors.stripe.people import Papers

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.stripe.sessions import Session

REDACTED = "[redacted]"
SENSITIVE = frozenset({"dob", "id_number", "id_number_type", "number", "expiration_date"})
"""Fields that only a restricted key may expand."""


def session_json(session: Session, links: tuple[str, str] | None = None) -> dict[str, Any]:
    """Return a session; `links` are the client secret and the page's address, while the person has to act."""
    secret, url = links if links is not None and session.status == "requires_input" else (None, None)
    error = session.last_error
    return {
        "id": session.id,
        "object": "identity.verification_session",
        "client_reference_id": session.reference,
        "client_secret": secret,
        "created": session.created,
        "last_error": None if error is None else {"code": error, "reason": reason_of(error)},
        "last_verification_report": session.report_id,
        "livemode": False,
        "metadata": {} if session.is_redacted else dict(session.metadata),
        "options": session.options,
        "provided_details": _details(session),
        "redaction": None if session.redaction is None else {"status": session.redaction},
        "related_customer": None,
        "related_customer_account": None,
        "related_person": None,
        "status": session.status,
        "type": session.type,
        "url": url,
    }


def reason_of(code: str) -> str:
    """Return a sentence for the person; the vendor's own are not published."""
    return f"The verification did not pass: {code.replace('_', ' ')}."


def _details(session: Session) -> dict[str, Any] | None:
    if not session.details:
        return None
    return dict.fromkeys(session.details, REDACTED) if session.is_redacted else dict(session.details)


def outputs_json(session: Session, shown: Sequence[str]) -> dict[str, Any] | None:
    """Return what was verified; `shown` are the sensitive fields that were expanded."""
    if session.outcome != "verified":
        return None
    papers, gone = session.papers, session.is_redacted
    first, last = papers.names
    found: dict[str, Any] = {
        "address": _address(papers, gone=gone),
        "dob": _day(papers.born, gone=gone),
        "email": _text(session.details.get("email"), gone=gone),
        "first_name": _text(first, gone=gone),
        "id_number": _text(papers.id_number if session.wants_number else None, gone=gone),
        "id_number_type": "us_ssn" if session.wants_number else None,
        "last_name": _text(last, gone=gone),
        "phone": _text(session.details.get("phone"), gone=gone),
        "sex": None,
        "unparsed_place_of_birth": None,
        "unparsed_sex": None,
    }
    return {name: value for name, value in found.items() if name not in SENSITIVE or name in shown}


def report_json(session: Session, shown: Sequence[str]) -> dict[str, Any]:
    """Return the report of a session's last try; `shown` are the sensitive fields that were expanded."""
    found: dict[str, Any] = {
        "id": session.report_id,
        "object": "identity.verification_report",
        "client_reference_id": session.reference,
        "created": session.reported,
        "livemode": False,
        "options": {"document": session.options.get("document", {})}
        if session.type == "document"
        else {"id_number": {}},
        "type": session.type,
        "verification_session": session.id,
    }
    if session.type == "document":
        found["document"] = _document(session, shown)
        if session.wants_selfie:
            found["selfie"] = _check(session, "selfie", {"document": _file(session, 1), "selfie": _file(session, 3)})
    if session.wants_number:
        first, last = session.papers.names
        known = {
            "first_name": _text(first, gone=session.is_redacted),
            "last_name": _text(last, gone=session.is_redacted),
        }
        found["id_number"] = _check(session, "id_number", known)
    for name in ("email", "phone"):
        if name in session.details:
            found[name] = _check(session, name, {name: _text(session.details[name], gone=session.is_redacted)})
    return found


def _check(session: Session, kind: str, more: Mapping[str, Any]) -> dict[str, Any]:
    failed = session.outcome != "verified" and (session.outcome or "").startswith(kind)
    error = {"code": session.outcome, "reason": reason_of(str(session.outcome))} if failed else None
    return {"error": error, "status": "unverified" if failed else "verified", **more}


def _document(session: Session, shown: Sequence[str]) -> dict[str, Any]:
    papers, gone = session.papers, session.is_redacted
    first, last = papers.names
    passed = session.outcome == "verified"
    found: dict[str, Any] = {
        **_check(session, "document", {}),
        "address": _address(papers, gone=gone) if passed else None,
        "dob": _day(papers.born, gone=gone) if passed else None,
        "expiration_date": _day(papers.expires, gone=gone),
        "files": [] if gone else [_file(session, 1), _file(session, 2)],
        "first_name": _text(first, gone=gone),
        "issued_date": _day(papers.issued, gone=gone),
        "issuing_country": "US",
        "last_name": _text(last, gone=gone),
        "number": _text(papers.document_number, gone=gone),
        "sex": None,
        "type": "driving_license",
        "unparsed_place_of_birth": None,
        "unparsed_sex": None,
    }
    return {name: value for name, value in found.items() if name not in SENSITIVE or name in shown}


def _file(session: Session, number: int) -> str:
    return f"file_{session.id.removeprefix('vs_')}{number}"


def _text(value: str | None, *, gone: bool) -> str | None:
    return REDACTED if gone and value is not None else value


def _day(day: date, *, gone: bool) -> dict[str, int | None]:
    if gone:
        return {"day": None, "month": None, "year": None}
    return {"day": day.day, "month": day.month, "year": day.year}


def _address(papers: Papers, *, gone: bool) -> dict[str, str | None]:
    person = papers.person
    found = {
        "city": person.city,
        "country": "US",
        "line1": person.street,
        "line2": None,
        "postal_code": person.postal_code,
        "state": person.region,
    }
    return {name: _text(value, gone=gone) for name, value in found.items()}


def event_json(ident: str, kind: str, created: int, subject: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return an event about a session."""
    return {
        "id": ident,
        "object": "event",
        "api_version": version,
        "created": created,
        "data": {"object": dict(subject)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def list_json(path: str, rows: Sequence[Mapping[str, Any]], *, more: bool) -> dict[str, Any]:
    """Return a page of a list."""
    return {"object": "list", "data": list(rows), "has_more": more, "url": path}
