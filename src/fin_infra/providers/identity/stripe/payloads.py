"""How Stripe's requests are written, and how its verification sessions and reports read.
Floor 3: `requires_input` means "not tried" and "tried and failed" alike, so the last error tells the state.

Facts of the wire, where nothing else is said: https://docs.stripe.com/api/identity/verification_sessions and
.../verification_reports, version 2026-10-28.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import uuid4

from fin_infra.errors import InvalidInput, NotFound
from fin_infra.model import (
    Address,
    CheckKind,
    DocumentType,
    IdentityCheck,
    IdentityDocument,
    IdentityReport,
    NewVerification,
    Redaction,
    Verification,
    VerificationKind,
    VerificationReason,
    VerificationState,
    VerifiedPerson,
)
from fin_infra.providers import fields
from fin_infra.transport import Reply

KEY = "identity:stripe"
Value: TypeAlias = "str | bool | Mapping[str, Value] | tuple[Value, ...] | None"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MAX_KEY_CHARS = 255
"""https://docs.stripe.com/api/idempotent_requests"""
_visible = re.compile(r"[\x21-\x7e]+").fullmatch
REDACTED = "[redacted]"
"""What stands in the place of personal text that was removed."""

_R, _S = VerificationReason, VerificationState
REASONS: Mapping[str, tuple[VerificationReason, VerificationState]] = {
    "abandoned": (_R.ABANDONED, _S.ABANDONED),
    "consent_declined": (_R.CONSENT_DECLINED, _S.DECLINED),
    "country_not_supported": (_R.COUNTRY_NOT_SUPPORTED, _S.FAILED),
    "device_not_supported": (_R.DEVICE_NOT_SUPPORTED, _S.FAILED),
    "document_expired": (_R.DOCUMENT_EXPIRED, _S.FAILED),
    "document_type_not_supported": (_R.DOCUMENT_TYPE_NOT_SUPPORTED, _S.FAILED),
    "document_unverified_other": (_R.DOCUMENT_UNVERIFIED, _S.FAILED),
    "email_unverified_other": (_R.EMAIL_UNVERIFIED, _S.FAILED),
    "email_verification_declined": (_R.EMAIL_DECLINED, _S.DECLINED),
    "id_number_insufficient_document_data": (_R.ID_NUMBER_INSUFFICIENT, _S.FAILED),
    "id_number_mismatch": (_R.ID_NUMBER_MISMATCH, _S.FAILED),
    "id_number_unverified_other": (_R.ID_NUMBER_UNVERIFIED, _S.FAILED),
    "phone_unverified_other": (_R.PHONE_UNVERIFIED, _S.FAILED),
    "phone_verification_declined": (_R.PHONE_DECLINED, _S.DECLINED),
    "selfie_document_missing_photo": (_R.SELFIE_NO_PHOTO, _S.FAILED),
    "selfie_face_mismatch": (_R.SELFIE_MISMATCH, _S.FAILED),
    "selfie_manipulated": (_R.SELFIE_MANIPULATED, _S.FAILED),
    "selfie_unverified_other": (_R.SELFIE_UNVERIFIED, _S.FAILED),
    "under_supported_age": (_R.TOO_YOUNG, _S.FAILED),
}
"""`last_error.code`: our word for it, and the state of a session that has it and requires input."""
_STATES: Mapping[str, VerificationState] = {
    "processing": _S.PROCESSING,
    "verified": _S.VERIFIED,
    "canceled": _S.CANCELED,
}
# `validated` is in the enum of the SDK 16.1 without a word on what it means; nothing is removed yet, as far as is known
_REDACTIONS: Mapping[str, Redaction] = {
    "processing": Redaction.PROCESSING,
    "validated": Redaction.PROCESSING,
    "redacted": Redaction.DONE,
}
_PASSED: Mapping[str, bool] = {"verified": True, "unverified": False}


def form(values: Mapping[str, Value]) -> bytes:
    """Return a form as Stripe reads it: `options[document][allowed_types][0]=passport`, `true` and `false`.

    Raises:
        InvalidInput: text has a character that cannot be sent.
    """
    pairs = [pair for name, value in values.items() for pair in _pairs(name, value)]
    try:
        return urlencode(pairs).encode()
    except UnicodeEncodeError:
        raise InvalidInput("Text of the request has a character that cannot be encoded as UTF-8.") from None


def _pairs(name: str, value: Value) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from _pairs(f"{name}[{inner}]", each)
    elif isinstance(value, tuple):
        for at, each in enumerate(value):
            yield from _pairs(f"{name}[{at}]", each)
    elif value is not None:
        yield name, ("true" if value else "false") if isinstance(value, bool) else value


def new_session(new: NewVerification) -> dict[str, Value]:
    """Return the fields of a new verification session.

    Raises:
        InvalidInput: what is asked for does not go together.
    """
    if new.kind is VerificationKind.UNKNOWN or DocumentType.UNKNOWN in new.document_types:
        raise InvalidInput("`unknown` can only be told, not asked for; name the kind of check and of document.")
    document: dict[str, Value] = {
        "allowed_types": tuple(each.value for each in new.document_types) or None,
        "require_id_number": new.id_number or None,
        "require_live_capture": new.live_capture or None,
        "require_matching_selfie": new.selfie or None,
    }
    if new.kind is not VerificationKind.DOCUMENT and any(value is not None for value in document.values()):
        raise InvalidInput(
            "A check of a number takes no choices about documents; leave them out, or ask for a document."
        )
    return {
        "type": new.kind.value,
        "client_reference_id": new.reference,
        "return_url": new.return_url,
        "options": {"document": document},
        "provided_details": {"email": new.email, "phone": new.phone},
    }


def sent_key(given: str | None) -> str:
    """Return the idempotency key of a request: the one given, else a new one.

    Raises:
        InvalidInput: it is too long, or not visible ASCII.
    """
    if given is None:
        return str(uuid4())
    if len(given) > MAX_KEY_CHARS or not _visible(given):
        raise InvalidInput(
            f"An idempotency key must be 1 to {MAX_KEY_CHARS} visible ASCII characters without spaces; a UUID will do."
        )
    return given


def verification(row: fields.Row, reply: Reply, *, linked: bool = False) -> Verification:
    """Read a session; `linked` keeps what leads the person on.

    Raises:
        UnexpectedPayload: a field is not as documented, or the status is not known.
    """
    reason, text, explanation = _error(row, "last_error")
    kind, state = fields.text(row, "type"), _state(row, text)
    return Verification(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "id"),
        kind=fields.word(VerificationKind, kind, VerificationKind.UNKNOWN),
        kind_text=kind,
        state=state,
        reason=reason if state.needs_person else None,
        reason_text=text if state.needs_person else None,
        explanation=explanation if state.needs_person else None,
        created_at=_instant(row, "created"),
        is_live=fields.flag(row, "livemode"),
        reference=fields.maybe(_kept, row, "client_reference_id"),
        report_id=_report_id(row),
        redaction=_redaction(row),
        url=fields.maybe_text(row, "url") if linked else None,
        client_secret=fields.maybe_text(row, "client_secret") if linked else None,
    )


def _state(row: fields.Row, code: str | None) -> VerificationState:
    status = fields.text(row, "status")
    if status == "requires_input":
        if code is None:
            return VerificationState.NOT_STARTED
        return REASONS[code][1] if code in REASONS else VerificationState.FAILED
    if status not in _STATES:
        raise fields.wrong("status", "a state of a verification that is known here")
    return _STATES[status]


def _error(row: fields.Row, name: str) -> tuple[VerificationReason | None, str | None, str | None]:
    """Return reason, code and sentence of an error; examples have one without a code for none."""
    error = fields.maybe(fields.child, row, name) or {}
    code = fields.maybe_text(error, "code")
    if code is None:
        return None, None, None
    reason = REASONS[code][0] if code in REASONS else VerificationReason.UNKNOWN
    return reason, code, fields.maybe(_kept, error, "reason")


def _redaction(row: fields.Row) -> Redaction:
    found = fields.maybe(fields.child, row, "redaction")
    if found is None:
        return Redaction.NONE
    status = fields.text(found, "status")
    if status not in _REDACTIONS:
        raise fields.wrong("redaction.status", "a state of a removal that is known here")
    return _REDACTIONS[status]


def _report_id(row: fields.Row) -> str | None:
    found: Any = row.get("last_verification_report")
    return (
        fields.ident(fields.object_of(found), "id")
        if type(found) is dict
        else fields.maybe_text(row, "last_verification_report")
    )


def _instant(row: fields.Row, name: str) -> datetime:
    try:
        return datetime.fromtimestamp(fields.whole(row, name), UTC)
    except (OverflowError, ValueError, OSError):
        raise fields.wrong(name, "a Unix time in seconds") from None


def _kept(row: fields.Row, name: str) -> str | None:
    """Return text that was not removed."""
    found = fields.text(row, name)
    return None if found in ("", REDACTED) else found


def _said(row: fields.Row, name: str) -> str | None:
    return fields.maybe(_kept, row, name)


def report(row: fields.Row, reply: Reply) -> IdentityReport:
    """Read a session whose report and outputs were asked for with it.

    Raises:
        NotFound: no try has ended yet, and nothing can be reported.
        UnexpectedPayload: a field is not as documented, the status of a check is not known, or the report is of
            another session.
    """
    session = verification(row, reply)
    if row.get("last_verification_report") is None:
        raise NotFound("there is no report yet; ask for it when the status is verified or failed")
    found = fields.child(row, "last_verification_report")
    about = fields.maybe_text(found, "verification_session")  # absent from reports that were not made by a session
    fields.own([session.id], [about or session.id], "verification")
    outputs = fields.maybe(fields.child, row, "verified_outputs") or {}
    document = fields.maybe(fields.child, found, "document")
    return IdentityReport(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(found, "id"),
        verification_id=session.id,
        kind=fields.word(VerificationKind, fields.text(found, "type"), VerificationKind.UNKNOWN),
        created_at=_instant(found, "created"),
        is_live=fields.flag(found, "livemode"),
        checks=tuple(_check(kind, found) for kind in CheckKind if found.get(kind.value) is not None),
        person=_person(outputs),
        document=None if document is None else _document(document),
        redacted=session.redaction is Redaction.DONE,
    )


def _check(kind: CheckKind, report: fields.Row) -> IdentityCheck:
    row = fields.child(report, kind.value)
    status = fields.text(row, "status")
    if status not in _PASSED:
        raise fields.wrong(f"{kind.value}.status", "the state of a check that is known here")
    reason, code, _ = _error(row, "error")
    return IdentityCheck(kind=kind, passed=_PASSED[status], reason=reason, reason_text=code)


def _person(row: fields.Row) -> VerifiedPerson:
    return VerifiedPerson(
        first_name=_said(row, "first_name"),
        last_name=_said(row, "last_name"),
        birth_date=_day(row, "dob"),
        address=_address(row),
        email=_said(row, "email"),
        phone=_said(row, "phone"),
        id_number=_said(row, "id_number"),
        id_number_type=_said(row, "id_number_type"),
    )


def _address(row: fields.Row) -> Address | None:
    found = fields.maybe(fields.child, row, "address")
    if found is None:
        return None
    lines = [line for line in (_said(found, "line1"), _said(found, "line2")) if line]
    parts = {name: _said(found, name) for name in ("city", "state", "postal_code", "country")}
    if not lines and not any(parts.values()):
        return None
    return Address(
        primary=True,
        street=", ".join(lines) or None,
        city=parts["city"],
        region=parts["state"],
        postal_code=parts["postal_code"],
        country=parts["country"],
    )


def _document(row: fields.Row) -> IdentityDocument:
    kind = _said(row, "type")
    return IdentityDocument(
        type=fields.word(DocumentType, kind, DocumentType.UNKNOWN),
        type_text=kind,
        issuing_country=_said(row, "issuing_country"),
        number=_said(row, "number"),
        issued_on=_day(row, "issued_date"),
        expires_on=_day(row, "expiration_date"),
    )


def _day(row: fields.Row, name: str) -> date | None:
    """Return a day; None where it is absent, or removed in whole or in part."""
    found = fields.maybe(fields.child, row, name)
    if found is None or any(found.get(part) in (None, REDACTED) for part in ("year", "month", "day")):
        return None
    try:
        return date(*(fields.whole(found, part) for part in ("year", "month", "day")))
    except (ValueError, OverflowError):
        raise fields.wrong(name, "a day of the calendar") from None
