"""How a person's login at a vendor is made, how it stands, and the tokens of that: what linking is told in.
Floor 0: everything that gives power over an account is marked private and stays out of each repr and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fin_infra.model.banking import Institution
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Record


class LinkStatus(StrEnum):
    """Where a person is on the vendor's page."""

    OPEN = "open"
    """Not begun, or not at its end yet."""
    FINISHED = "finished"
    EXITED = "exited"
    """The person left without an end; the same page can be opened again until it expires."""
    EXPIRED = "expired"


class LoginStatus(StrEnum):
    """How a login stands, in the words of the book; the vendor's own is beside it."""

    HEALTHY = "healthy"
    BUSY = "busy"
    """The vendor is reading; what is missing comes by itself."""
    STALE = "stale"
    """The vendor or the bank fails; it passes without the person."""
    PERSON_MUST_ACT = "person_must_act"
    OVER = "over"
    """It cannot be repaired; a new one has to be linked."""
    UNKNOWN = "unknown"
    """The vendor uses a word that nobody here knows; `vendor_code` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStart(Record):
    """A page of the vendor on which a person links a login, or repairs one."""

    url: str | None = field(repr=False, metadata=pii(Personal.LOGIN_LINK, private=True))
    """Where to send the person; None where the vendor has a page only inside the app, which `token` opens."""
    token: str = field(repr=False, metadata=pii(Personal.SECRET, private=True))
    """What `link_state` is asked with."""
    expires_at: datetime | None
    """Until when the page can be used; aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState(Record):
    """How far a person is on a page that `start_link` gave."""

    status: LinkStatus
    public_tokens: tuple[str, ...] = field(default=(), repr=False, metadata=pii(Personal.SECRET, private=True))
    """Each can be exchanged once, for as long as the vendor keeps it; none after a repair, which keeps the login."""
    institutions: tuple[Institution, ...] = ()
    """Where the person has signed in, in the order of the tokens where there are any."""
    reason: str | None = None
    """Why it did not come to its end, in plain words; None where it did, or is open."""
    vendor_code: str | None = None
    expires_at: datetime | None = None
    """Until when the page can be used, by the vendor's clock; aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Record):
    """A login that was linked: what a client of it needs, and its name at the vendor."""

    credentials: Mapping[str, str] = field(repr=False, metadata=pii(Personal.SECRET, private=True))
    """Settings of the provider that are this login's own, by name: seal them."""
    vendor_id: str
    """The vendor's id of the login, by which its webhooks name it."""
    institution: Institution | None = None
    """None where the vendor has not said it yet; `login_state` says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginState(Record):
    """How a login stands at the vendor now."""

    status: LoginStatus
    vendor_id: str
    institution: Institution | None = None
    reason: str | None = None
    """Why, in plain words; None where it is healthy."""
    next_step: str | None = None
    """What to do about it, and who; None where there is nothing to do."""
    vendor_code: str | None = None
    """The vendor's own word for it."""
    consent_expires_at: datetime | None = None
    """When the person's consent ends by itself; aware. None where it does not, or nobody says."""
    updated_at: datetime | None = None
    """When the vendor last read the bank with success; aware."""
    failed_at: datetime | None = None
    """When the vendor last failed to; aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorToken(Record):
    """A token with which another company moves money of one account; it dies with the login."""

    account_id: str
    processor: str
    """The company, in the vendor's word for it."""
    token: str = field(repr=False, metadata=pii(Personal.SECRET, private=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookKey(Record):
    """A public key that the vendor signs webhooks with: a point of an elliptic curve (RFC 7517), and not a secret."""

    id: str
    """`kid` of the key, as a signature names it."""
    algorithm: str
    """`ES256`."""
    curve: str
    """`P-256`."""
    x: str
    """Base64url without padding, as `y`."""
    y: str
    created_at: datetime
    expired_at: datetime | None = None
    """Since when nothing signed with it counts; None while it does."""
