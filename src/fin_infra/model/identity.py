"""Checks of who a person is: what was asked for, how a verification stands and why, and what was found out.
Floor 0: everything that says who somebody is, is marked as personal; none of it stands in a repr."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from fin_infra.model.banking import Address
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model, Record


class VerificationKind(StrEnum):
    DOCUMENT = "document"
    """A passport, driving license or identity card."""
    ID_NUMBER = "id_number"
    """A number of the state, such as a social security number, with name and date of birth."""
    UNKNOWN = "unknown"


class DocumentType(StrEnum):
    DRIVING_LICENSE = "driving_license"
    ID_CARD = "id_card"
    PASSPORT = "passport"
    UNKNOWN = "unknown"


class VerificationState(StrEnum):
    """How a verification stands. A vendor's own word may mean several of these; the last error tells them apart."""

    NOT_STARTED = "not_started"
    """Nobody has tried yet."""
    ABANDONED = "abandoned"
    """The person began and left."""
    DECLINED = "declined"
    """The person did not agree, or declined to verify an e-mail address or phone number."""
    FAILED = "failed"
    """The last try did not pass, and `reason` says why; the person may try again."""
    PROCESSING = "processing"
    VERIFIED = "verified"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether nothing moves it on: the vendor does not, and neither does the person."""
        return self in (VerificationState.VERIFIED, VerificationState.CANCELED)

    @property
    def needs_person(self) -> bool:
        """Whether the next step is the person's."""
        return not self.is_final and self is not VerificationState.PROCESSING


class VerificationReason(StrEnum):
    """Why the last try did not pass."""

    ABANDONED = "abandoned"
    CONSENT_DECLINED = "consent_declined"
    COUNTRY_NOT_SUPPORTED = "country_not_supported"
    DEVICE_NOT_SUPPORTED = "device_not_supported"
    DOCUMENT_EXPIRED = "document_expired"
    DOCUMENT_TYPE_NOT_SUPPORTED = "document_type_not_supported"
    DOCUMENT_UNVERIFIED = "document_unverified"
    EMAIL_DECLINED = "email_declined"
    EMAIL_UNVERIFIED = "email_unverified"
    ID_NUMBER_INSUFFICIENT = "id_number_insufficient"
    """The document does not say enough to check the number against."""
    ID_NUMBER_MISMATCH = "id_number_mismatch"
    ID_NUMBER_UNVERIFIED = "id_number_unverified"
    PHONE_DECLINED = "phone_declined"
    PHONE_UNVERIFIED = "phone_unverified"
    SELFIE_NO_PHOTO = "selfie_no_photo"
    """The document has no photo to compare the selfie with."""
    SELFIE_MISMATCH = "selfie_mismatch"
    SELFIE_MANIPULATED = "selfie_manipulated"
    SELFIE_UNVERIFIED = "selfie_unverified"
    TOO_YOUNG = "too_young"
    UNKNOWN = "unknown"
    """A word that is new here; `reason_text` has it."""


class Redaction(StrEnum):
    """What became of personal data at the vendor after somebody asked to have it removed."""

    NONE = "none"
    PROCESSING = "processing"
    """The vendor is at it; some take days."""
    DONE = "done"


class CheckKind(StrEnum):
    DOCUMENT = "document"
    ID_NUMBER = "id_number"
    SELFIE = "selfie"
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVerification(Model):
    """What to ask of a person."""

    kind: VerificationKind = VerificationKind.DOCUMENT
    document_types: tuple[DocumentType, ...] = ()
    """Which documents are taken; all where empty."""
    selfie: bool = False
    """Compare a photo of the person with that of the document."""
    id_number: bool = False
    """Check a number of the state beside the document."""
    live_capture: bool = False
    """Take pictures with the camera only, and no uploads."""
    reference: str | None = None
    """Your own id for this verification, which the vendor keeps with it; nothing personal."""
    return_url: str | None = None
    """Where the vendor's page sends the person afterwards."""
    email: str | None = field(default=None, repr=False, metadata=pii(Personal.EMAIL))
    """Given to the vendor to check; None leaves it out."""
    phone: str | None = field(default=None, repr=False, metadata=pii(Personal.PHONE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Record):
    """A verification of one person, and how it stands; who the person is stands in its report."""

    id: str
    kind: VerificationKind
    kind_text: str
    """The vendor's own word."""
    state: VerificationState
    reason: VerificationReason | None
    """None where no try has failed since the last success."""
    reason_text: str | None = None
    """The vendor's own code of the reason."""
    explanation: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    """The vendor's sentence for the person."""
    created_at: dt.datetime
    """Aware UTC."""
    is_live: bool
    """False where the vendor only plays: its test mode, or the sandbox."""
    reference: str | None = None
    report_id: str | None = None
    redaction: Redaction = Redaction.NONE
    url: str | None = field(default=None, repr=False, metadata=pii(Personal.LOGIN_LINK, private=True))
    """The vendor's page, where the person goes on; None where nothing is left for the person to do."""
    client_secret: str | None = field(default=None, repr=False, metadata=pii(Personal.SECRET, private=True))
    """The same for the vendor's script in a page of yours; whoever has it may act as the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCheck(Model):
    """One of the checks of a verification."""

    kind: CheckKind
    passed: bool
    reason: VerificationReason | None = None
    reason_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPerson(Model):
    """Who a person is, as far as it was verified; None where it was not asked for, may not be read, or is removed."""

    first_name: str | None = field(default=None, repr=False, metadata=pii(Personal.NAME))
    last_name: str | None = field(default=None, repr=False, metadata=pii(Personal.NAME))
    birth_date: dt.date | None = field(default=None, repr=False, metadata=pii(Personal.BIRTH_DATE, private=True))
    address: Address | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False, metadata=pii(Personal.EMAIL))
    phone: str | None = field(default=None, repr=False, metadata=pii(Personal.PHONE))
    id_number: str | None = field(default=None, repr=False, metadata=pii(Personal.TAX_ID, private=True))
    id_number_type: str | None = None
    """The vendor's word, such as `us_ssn`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityDocument(Model):
    """What stands in the document that was shown."""

    type: DocumentType
    type_text: str | None = None
    issuing_country: str | None = None
    """ISO 3166, two letters."""
    number: str | None = field(default=None, repr=False, metadata=pii(Personal.DOCUMENT_NUMBER, private=True))
    issued_on: dt.date | None = field(default=None, repr=False, metadata=pii(Personal.DOCUMENT_NUMBER, private=True))
    expires_on: dt.date | None = field(default=None, repr=False, metadata=pii(Personal.DOCUMENT_NUMBER, private=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityReport(Record):
    """What a verification has found out: its checks, and the person. Keep it sealed, and no longer than you must."""

    id: str
    verification_id: str
    kind: VerificationKind
    created_at: dt.datetime
    """Aware UTC."""
    is_live: bool
    checks: tuple[IdentityCheck, ...]
    person: VerifiedPerson = field(repr=False)
    document: IdentityDocument | None = field(default=None, repr=False)
    redacted: bool = False
    """Whether the vendor has removed who the person is, so that the fields of the person are None."""
