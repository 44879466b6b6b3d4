"""What a vendor tells by itself: a delivery comes in as bytes and headers, and is checked before anybody reads it.
Floor 3: a vendor's room `webhook` has the scheme and its words; what an event means has one of a few words.

    class TellerWebhooks(Webhooks):
        def event(self, delivery: Delivery) -> Flow[WebhookEvent]: ...

    class TellerClient(BankingProvider[M], WebhookProvider[M]):
        webhooks = TellerWebhooks
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import SecretStr

from fin_infra.errors import FeatureDisabled
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.provider import Provider
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M


class EventKind(StrEnum):
    """What an event means here, whatever the vendor calls it."""

    NEWS = "news"
    """The vendor has something that a sync would bring."""
    PERSON_MUST_ACT = "person_must_act"
    """The login needs the person."""
    REPAIRED = "repaired"
    """The login works again."""
    ENDED = "ended"
    """The login is over for good: the person or the vendor ended it."""
    EXPIRING = "expiring"
    """The login ends by itself at `ends_at` unless the person agrees again."""
    VERIFICATION_CHANGED = "verification_changed"
    """A verification of a person, or of an account number, has another state."""
    OTHER = "other"
    """Nothing that the book does something about; also a word that nobody here knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A request as it arrived."""

    body: bytes = field(repr=False)
    """The raw bytes: parsing and writing them again would change what was signed."""
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name; of one that came twice, both values with `, ` between them."""
    at: datetime
    """When it arrived; aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """An event that came from the vendor, as it is kept: ids and words, and nothing of a person."""

    event_id: str
    """The vendor's own, the same at each delivery; a digest of the body where the vendor has none."""
    kind: EventKind
    type: str
    """The vendor's word."""
    login: str | None = None
    """The vendor's id of the login, or of the verification, that it is about; None where it is about neither."""
    account: str | None = None
    """The vendor's id of an account that it is about, where it does not name the login."""
    said_at: datetime | None = None
    """When it happened, aware; None where the vendor does not say, and deliveries have no order."""
    ends_at: datetime | None = None
    """Of EXPIRING: when the login ends; aware."""
    reason: str | None = None
    """Of PERSON_MUST_ACT: why, in words of this package for a person; None where there is nothing to add."""


class Webhooks(ABC):
    """A vendor's way to sign, and its events in our words. One object for all deliveries, so that it can keep keys.

    Args:
        settings: the operator's settings of the provider, without those that only the sandbox accepts: everybody knows
            these, and could sign with them.
        client: gives the operator's client of the vendor, made when it is first needed.
        info: of the provider.
    """

    secret_fields: ClassVar[tuple[str, ...]] = ("webhook_secret", "webhook_secret_old")
    """Names of the settings that hold secrets of which each may have signed: two, while one takes over."""

    def __init__(self, settings: ProviderSettings, client: Callable[[], Any], info: ProviderInfo) -> None:
        self.settings = settings
        self.client = client
        self.info = info

    def secrets(self) -> list[str]:
        """Return the secrets that are set.

        Raises:
            FeatureDisabled: none is; everybody could sign.
        """
        held = [getattr(self.settings, name) for name in self.secret_fields]
        found = [each.get_secret_value() for each in held if isinstance(each, SecretStr)]
        if not found:
            variable = self.settings.variable(self.secret_fields[0])
            raise FeatureDisabled(
                f"Webhooks of {self.info.title} are not taken here, since nothing could tell whether they are real; "
                f"set {variable} to the secret that its dashboard shows."
            )
        return found

    @abstractmethod
    def event(self, delivery: Delivery) -> Flow[WebhookEvent]:
        """Return what a delivery says, after it was checked.

        Raises:
            WebhookRefused: it is not the vendor's, was changed, is too old or from the future; nothing of it counts.
            FeatureDisabled: the secret to check it with is not set.
            ProviderError: the key to check it with cannot be had now.
        """


class WebhookProvider(Provider[M]):
    """A vendor that tells something by itself."""

    webhooks: ClassVar[type[Webhooks]]

    @property
    def login_id(self) -> str | None:
        """Return the vendor's id of this client's login, by which webhooks name it.

        None where only the vendor's answers have it, such as in `Account.enrollment_id`.
        """
        return None
