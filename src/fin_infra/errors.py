"""Every error fin-infra raises, in one tree.
Floor 0: imports nothing. Catch `FinInfraError` and you have caught them all.

FinInfraError
├── ConfigurationError            a setting is missing or wrong; the text says which and what to do
│   └── MissingExtra              a feature needs a package that is not installed
├── FeatureDisabled               switched off by a flag, or not offered here yet
├── ProviderNotFound              no provider answers to that key; the nearest names are given
├── InvalidInput (ValueError)     the caller's value cannot be used
│   ├── CurrencyMismatch          two currencies met in one sum
│   ├── UnknownCurrency           not an ISO 4217 code
│   ├── InvalidInstrument         not an instrument key, or with a wrong check digit
│   ├── NotCovered                a good question that this source has no answer to
│   ├── AmbiguousSymbol           several instruments answer to that text; `candidates` names them
│   ├── SeveralRates              cash flows with several internal rates of return; `rates` are all of them
│   ├── NaiveTime                 a datetime without a time zone
│   ├── NotRemembered             the book of this household has nothing under that id
│   ├── WebhookRefused            a webhook is not the vendor's, was changed, or is not of now; `reason` says which
│   ├── UnknownCalendar           no trading calendar of that name; the nearest names are given
│   └── BeyondCalendar            a time the trading calendar does not cover; `first` and `last` say what it does
├── ClientClosed                  the client was closed before the call
├── RateUnavailable               no exchange rate for that pair and date
│   └── StaleRate                 the newest exchange rate is older than allowed
├── OrderChecksFailed             an order did not pass the checks before sending; `failures` names all of them
├── IdempotencyConflict           one idempotency key, two different requests
├── OrderInFlight                 an order with that idempotency key is being placed at this moment
├── JournalUnavailable            the order journal cannot be read or written now; no order is sent without it
├── VaultError                    a secret cannot be sealed or opened; it is there, which is not the same as none
│   ├── SealBroken                what is stored was changed, is of another row or owner, is older, or the key is wrong
│   ├── VaultKeyMissing           it was sealed under a main key that is not configured, or cannot be used now
│   └── VaultKeyExhausted         the key has sealed as many messages as it may; a new one takes over
├── BookUnavailable               the book's database cannot be read or written now; nothing of the step was written
├── BookOutdated                  the book has another revision of its tables than this program
├── SyncedJustNow                 the connection was synced a moment ago; `retry_after` says when it may be again
├── LeaseLost                     another worker has this connection now; nothing of the step was written
├── StatementUnreadable           a statement file cannot be read; `offset` says where
└── ProviderError                 a vendor refused, failed or answered nonsense
    ├── AuthenticationFailed      the vendor does not accept the credentials
    ├── PermissionDenied          the credentials are good but do not cover this
    ├── NotFound                  no such id at the vendor
    │   └── UnknownSymbol         no such instrument at the vendor
    ├── RateLimited               too many calls
    ├── ReauthRequired            the person must sign in at the bank again
    ├── AccountClosed             the account is gone for good
    ├── InvalidRequest            the vendor rejected the parameters
    ├── CursorRefused             the vendor does not go on from this cursor; `from_beginning` says where to go on
    ├── OrderRejected             the broker rejected the order; `reason` says why
    ├── OrderStateUnknown         nobody can say whether the order was placed; `client_order_id` is how to find out
    ├── ProviderUnavailable       the vendor, or the way to it, is down
    │   └── CircuitOpen (RuntimeError)   the provider failed so often that it is not asked for a while
    ├── DeadlineExceeded          the time the caller allowed is over
    └── UnexpectedPayload         the answer is not what the vendor documents
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar


class FinInfraError(Exception):
    """Base of the tree. `str(error)` holds no secret and no personal data, and may be shown to a person."""

    code: ClassVar[str] = "fin.error"
    title: ClassVar[str] = "Financial data error"
    next_step: ClassVar[str] = "Catch this one to catch everything fin-infra raises."
    """What a person or a program can do about it."""
    status: ClassVar[int] = 500
    retry_after: float | None = None
    """Seconds until a further try makes sense; None when that is unknown or pointless."""
    told: str | None = None
    """What a caller of a service reads in place of words that name a host or speak to the operator."""

    def for_caller(self) -> str:
        """Return the text without hosts, settings and advice that only the operator of a service can follow."""
        return self.told or str(self)

    def extra(self) -> dict[str, object]:
        """Return the machine-readable facts besides code and text, JSON-ready."""
        return {} if self.retry_after is None else {"retry_after": self.retry_after}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the error knows: its arguments need not be those of `__init__`."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(cls: type[FinInfraError], args: tuple[object, ...], facts: dict[str, object]) -> FinInfraError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(facts)
    return error


_ADVICE = re.compile(
    r"\b(?:set|unset|check|change|choose)\b.*\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+="
)
"""A clause that tells an operator what to do with a setting."""


def _without_advice(text: str) -> str:
    clauses = text.split("; ")
    kept = [clause for clause in clauses if not _ADVICE.search(clause)]
    return text if len(kept) == len(clauses) else "; ".join(kept).removesuffix(".") + "." * bool(kept)


class ConfigurationError(FinInfraError):
    """A setting is missing or wrong; the text says which and what to do.

    Set or correct the setting that the text names.
    """

    code = "fin.configuration"
    title = "Configuration error"
    next_step = "Set or correct the setting that the text names."
    told = "The service is not set up for this; its operator finds the reason in the log."


class MissingExtra(ConfigurationError):
    """A feature needs a package that is not installed. Run the `pip install` command in the text."""

    code = "fin.missing_extra"
    title = "Optional package not installed"
    next_step = "Run the `pip install` command in the text."

    @classmethod
    def of(cls, what: str, package: str | None, extra: str) -> MissingExtra:
        """Return the error of `what`, such as "The demo needs", without a package that an extra of ours brings."""
        from fin_infra._distribution import install_command

        return cls(f"{what} {package or 'a package'}, which is not installed; run: {install_command(extra)}")


class FeatureDisabled(FinInfraError):
    """Switched off by a flag, or not offered here yet.

    Switch it on with the flag that the text names, where it names one.
    """

    code = "fin.feature_disabled"
    title = "Feature disabled"
    next_step = "Switch it on with the flag that the text names, where it names one."
    status = 404
    switch: str | None = None
    """The switch that is off, as in `FEATURE_<SWITCH>`; None where the vendor lacks it."""

    def __init__(self, message: str = "", *, switch: str | None = None) -> None:
        super().__init__(message)
        self.switch = switch

    def for_caller(self) -> str:
        return _without_advice(str(self)) or f"{self.title}."


class ProviderNotFound(FinInfraError):
    """No provider answers to that key; the nearest names are given.

    Use one of the keys in the text; `fin-infra providers ls` prints all.
    """

    code = "fin.provider_not_found"
    title = "No such provider"
    next_step = "Use one of the keys in the text; `fin-infra providers ls` prints all."
    status = 404


class InvalidInput(FinInfraError, ValueError):
    """The caller's value cannot be used. Correct the value."""

    code = "fin.invalid_input"
    title = "Invalid input"
    next_step = "Correct the value."
    status = 422


class CurrencyMismatch(InvalidInput):
    """Two currencies met in one sum. Convert one side with `fin_infra.normalize` first."""

    code = "fin.currency_mismatch"
    title = "Currencies do not match"
    next_step = "Convert one side with `fin_infra.normalize` first."


class UnknownCurrency(InvalidInput):
    """Not an ISO 4217 code. Use a current ISO 4217 code such as USD."""

    code = "fin.unknown_currency"
    title = "Unknown currency"
    next_step = "Use a current ISO 4217 code such as USD."


class InvalidInstrument(InvalidInput):
    """Not an instrument key, or with a wrong check digit.

    Write `namespace:symbol`, such as `XNAS:AAPL`, and check the digits of an identifier.
    """

    code = "fin.invalid_instrument"
    title = "Not an instrument key"
    next_step = "Write `namespace:symbol`, such as `XNAS:AAPL`, and check the digits of an identifier."


class NotCovered(InvalidInput):
    """A good question that this source has no answer to: a venue, interval or adjustment it does not have.

    Ask another source, or name one in the fallback chain: it moves on by itself.
    """

    code = "fin.not_covered"
    title = "Not covered by this source"
    next_step = "Ask another source, or name one in the fallback chain: it moves on by itself."


class AmbiguousSymbol(InvalidInput):
    """Several instruments answer to that text; `candidates` names them.

    Choose one of `candidates` and pass it as it stands.
    """

    code = "fin.ambiguous_symbol"
    title = "Several instruments match"
    next_step = "Choose one of `candidates` and pass it as it stands."
    status = 409

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)

    def extra(self) -> dict[str, object]:
        return {"candidates": list(self.candidates)}


class SeveralRates(InvalidInput):
    """Cash flows with several internal rates of return; `rates` are all of them.

    Choose one of `rates` for a reason of your own, or compare by net present value, which is one number.
    """

    code = "fin.several_rates"
    title = "Several rates of return"
    next_step = "Choose one of `rates` for a reason of your own, or compare by net present value, which is one number."

    def __init__(self, message: str, rates: Sequence[float] = ()) -> None:
        super().__init__(message)
        self.rates = tuple(rates)

    def extra(self) -> dict[str, object]:
        return {"rates": list(self.rates)}


class NaiveTime(InvalidInput):
    """A datetime without a time zone. Give the datetime a zone, such as `datetime.now(UTC)`."""

    code = "fin.naive_time"
    title = "Time without a zone"
    next_step = "Give the datetime a zone, such as `datetime.now(UTC)`."


class NotRemembered(InvalidInput):
    """The book of this household has nothing under that id. List what it has, and use an id from there."""

    code = "fin.not_remembered"
    title = "Not in the book"
    next_step = "List what it has, and use an id from there."
    status = 404


class WebhookFault(StrEnum):
    """What is wrong with a webhook."""

    BAD_SIGNATURE = "bad_signature"
    """It is unsigned, was changed, or is signed by somebody else."""
    UNKNOWN_KEY = "unknown_key"
    """It names a key that the vendor does not have, or no longer signs with."""
    TOO_OLD = "too_old"
    FROM_THE_FUTURE = "from_the_future"
    MALFORMED = "malformed"
    """It does not have the form that the vendor documents."""


class WebhookRefused(InvalidInput):
    """A webhook is not the vendor's, was changed, or is not of now; `reason` says which.

    Check the signing secret, this machine's clock, and that nothing on the way changes the body.

    `reason` is a `WebhookFault`.
    """

    code = "fin.webhook_refused"
    title = "Webhook refused"
    next_step = "Check the signing secret, this machine's clock, and that nothing on the way changes the body."
    status = 400

    def __init__(self, message: str = "", reason: WebhookFault = WebhookFault.BAD_SIGNATURE) -> None:
        super().__init__(message)
        self.reason = reason

    def extra(self) -> dict[str, object]:
        return {"reason": self.reason.value}


class UnknownCalendar(InvalidInput):
    """No trading calendar of that name; the nearest names are given.

    Use one of the names in the text, such as XNYS; `fin_infra.calendars.CALENDARS` lists all.
    """

    code = "fin.unknown_calendar"
    title = "Unknown trading calendar"
    next_step = "Use one of the names in the text, such as XNYS; `fin_infra.calendars.CALENDARS` lists all."


class BeyondCalendar(InvalidInput):
    """A time the trading calendar does not cover; `first` and `last` say what it does.

    Ask for a time from `first` to `last`; a newer fin-infra may know more.

    `first` and `last` are the days the table begins and ends with, as ISO text.
    """

    code = "fin.beyond_calendar"
    title = "Outside the trading calendar"
    next_step = "Ask for a time from `first` to `last`; a newer fin-infra may know more."

    def __init__(self, message: str, first: str = "", last: str = "") -> None:
        super().__init__(message)
        self.first = first
        self.last = last

    def extra(self) -> dict[str, object]:
        return {"first": self.first, "last": self.last}


class ClientClosed(FinInfraError):
    """The client was closed before the call. Open a new one, such as with `easy_banking()`."""

    code = "fin.client_closed"
    title = "Client closed"
    next_step = "Open a new one, such as with `easy_banking()`."
    status = 500


class RateUnavailable(FinInfraError):
    """No exchange rate for that pair and date.

    Ask for another date or source, or leave the amount in its own currency.
    """

    code = "fin.rate_unavailable"
    title = "No exchange rate"
    next_step = "Ask for another date or source, or leave the amount in its own currency."
    status = 404


class StaleRate(RateUnavailable):
    """The newest exchange rate is older than allowed. Accept an older rate explicitly, or ask for a newer table."""

    code = "fin.stale_rate"
    title = "Exchange rate too old"
    next_step = "Accept an older rate explicitly, or ask for a newer table."
    status = 409


class OrderChecksFailed(FinInfraError):
    """An order did not pass the checks before sending; `failures` names all of them.

    Fix every entry in `failures`, or change the limit that the sentence names.

    `failures` are pairs of a rule's name and its sentence, in the order of the rules; nothing was sent.
    """

    code = "fin.order_checks_failed"
    title = "Order stopped before sending"
    next_step = "Fix every entry in `failures`, or change the limit that the sentence names."
    status = 422

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _, sentence in failures))
        self.failures = tuple(failures)

    def extra(self) -> dict[str, object]:
        return {"failures": [{"rule": rule, "detail": sentence} for rule, sentence in self.failures]}


class IdempotencyConflict(FinInfraError):
    """One idempotency key, two different requests.

    Use a new key for a new request; the old key stays with its request for good.
    """

    code = "fin.idempotency_conflict"
    title = "Idempotency key used for another request"
    next_step = "Use a new key for a new request; the old key stays with its request for good."
    status = 422


class OrderInFlight(FinInfraError):
    """An order with that idempotency key is being placed at this moment.

    Wait for the first answer, or ask again with the same key.
    """

    code = "fin.order_in_flight"
    title = "Order being placed"
    next_step = "Wait for the first answer, or ask again with the same key."
    status = 409
    retry_after = 2.0


class JournalUnavailable(FinInfraError):
    """The order journal cannot be read or written now; no order is sent without it.

    Bring the journal's database back, then repeat the request with the same idempotency key.

    Raised before an order is sent, and where nobody waits for the answer any more: what was sent is never hidden.
    """

    code = "fin.journal_unavailable"
    title = "Order journal unavailable"
    next_step = "Bring the journal's database back, then repeat the request with the same idempotency key."
    status = 503
    retry_after = 5.0
    told = (
        "The order journal cannot be used now. This request has sent no order; repeat it with the same idempotency key."
    )


class VaultError(FinInfraError):
    """A secret cannot be sealed or opened; it is there, which is not the same as none.

    Taken for one that is not there, it would ask a person to sign in again over a wrong setting, and store a second
    token beside the first. Read the text; the secret itself is still stored.
    """

    code = "fin.vault"
    title = "Secret cannot be used"
    next_step = "Read the text; the secret itself is still stored."
    told = "A stored secret cannot be used; the operator of this service finds the reason in the log."


class SealBroken(VaultError):
    """What is stored was changed, is of another row or owner, is older, or the key is wrong.

    Check FIN_INFRA_VAULT_KEYS first, then who writes to that row; a new sign-in of the person comes last.
    """

    code = "fin.seal_broken"
    title = "Sealed secret refused"
    next_step = "Check FIN_INFRA_VAULT_KEYS first, then who writes to that row; a new sign-in of the person comes last."


class VaultKeyMissing(VaultError):
    """It was sealed under a main key that is not configured, or cannot be used now.

    Add the key with that id to FIN_INFRA_VAULT_KEYS again, after the one that seals.
    """

    code = "fin.vault_key_missing"
    title = "Vault key missing"
    next_step = "Add the key with that id to FIN_INFRA_VAULT_KEYS again, after the one that seals."


class VaultKeyExhausted(VaultError):
    """The key has sealed as many messages as it may; a new one takes over.

    Make a new data key for the connection with `new_key`, and move its secrets to it with `reseal`.
    """

    code = "fin.vault_key_exhausted"
    title = "Vault key used up"
    next_step = "Make a new data key for the connection with `new_key`, and move its secrets to it with `reseal`."


class BookUnavailable(FinInfraError):
    """The book's database cannot be read or written now; nothing of the step was written.

    Fix what the text names, then run the same again; it goes on where it was.
    """

    code = "fin.book_unavailable"
    title = "Book unavailable"
    next_step = "Fix what the text names, then run the same again; it goes on where it was."
    status = 503
    retry_after = 5.0
    told = "What is remembered cannot be read or written now; nothing was changed. Try again soon."


class BookOutdated(FinInfraError):
    """The book has another revision of its tables than this program.

    Run the command in the text; nothing was read or written.
    """

    code = "fin.book_outdated"
    title = "Book of another revision"
    next_step = "Run the command in the text; nothing was read or written."
    status = 500
    told = "The service is not set up for its book; its operator finds the reason in the log."


class SyncedJustNow(FinInfraError):
    """The connection was synced a moment ago; `retry_after` says when it may be again.

    Read what the book has, or come back after `retry_after` seconds.
    """

    code = "fin.synced_just_now"
    title = "Synced a moment ago"
    next_step = "Read what the book has, or come back after `retry_after` seconds."
    status = 429

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LeaseLost(FinInfraError):
    """Another worker has this connection now; nothing of the step was written.

    Leave the connection to the other worker; the next sync finds what it wrote.
    """

    code = "fin.lease_lost"
    title = "Connection synced by another worker"
    next_step = "Leave the connection to the other worker; the next sync finds what it wrote."
    status = 409
    retry_after = 5.0


class StatementUnreadable(FinInfraError):
    """A statement file cannot be read; `offset` says where.

    Export the file again at the bank; the offset shows where reading ended.

    `offset` counts bytes from the file's start, `line` lines from 1; None without a single place.
    """

    code = "fin.statement_unreadable"
    title = "Statement cannot be read"
    next_step = "Export the file again at the bank; the offset shows where reading ended."
    status = 422

    def __init__(self, message: str, offset: int | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.reason = message
        self.offset = offset
        self.line = line

    def __str__(self) -> str:
        if self.offset is None:
            return self.reason
        return f"{self.reason} (at byte {self.offset}{'' if self.line is None else f', line {self.line}'})"

    def extra(self) -> dict[str, object]:
        return {"reason": self.reason, "offset": self.offset, "line": self.line}


class ProviderError(FinInfraError):
    """A vendor refused, failed or answered nonsense.

    Read `retryable`, `retry_after` and `vendor_code`.

    Adapters give message, `vendor_code` and `retry_after`; the call machinery adds `provider`, `operation` and
    `request_id`. `retryable` says whether the same call may succeed later.
    """

    code = "fin.provider_error"
    title = "Provider error"
    next_step = "Read `retryable`, `retry_after` and `vendor_code`."
    status = 502
    outage: bool = False
    """True where the error speaks against the vendor's health, so that the breaker counts it."""
    trace: Mapping[str, str] = MappingProxyType({})
    """The vendor's own ids of the failed call, by header name, for its support desk."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        vendor_code: str | None = None,
        http_status: int | None = None,
        provider: str | None = None,
        operation: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
        self.vendor_code = vendor_code
        self.http_status = http_status
        self.provider = provider
        self.operation = operation
        self.request_id = request_id

    def __str__(self) -> str:
        return self._where() + self.message

    def for_caller(self) -> str:
        return self._where() + self.message_for_caller()

    def message_for_caller(self) -> str:
        """Return `message` as `for_caller` has it."""
        return self.told or _without_advice(self.message) or self.title.lower()

    def _where(self) -> str:
        return f"{self.provider} {self.operation}: " if self.provider and self.operation else ""

    def extra(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "provider": self.provider,
            "operation": self.operation,
            "vendor_code": self.vendor_code,
            "provider_request_id": self.request_id,
            "retryable": self.retryable,
            "trace": dict(self.trace) or None,
        }
        return super().extra() | {name: value for name, value in facts.items() if value is not None}


class AuthenticationFailed(ProviderError):
    """The vendor does not accept the credentials. Check the key in the settings with `fin-infra keys verify`."""

    code = "fin.authentication_failed"
    title = "Provider credentials refused"
    next_step = "Check the key in the settings with `fin-infra keys verify`."
    told = "the provider does not accept the credentials of this service"


class PermissionDenied(ProviderError):
    """The credentials are good but do not cover this. Widen the plan or the consent at the vendor."""

    code = "fin.permission_denied"
    title = "Not covered by the provider plan or consent"
    next_step = "Widen the plan or the consent at the vendor."


class NotFound(ProviderError):
    """No such id at the vendor. Check the id; list the parent resource to see which exist."""

    code = "fin.not_found"
    title = "Not found at the provider"
    next_step = "Check the id; list the parent resource to see which exist."
    status = 404


class UnknownSymbol(NotFound):
    """No such instrument at the vendor. Search for the instrument first."""

    code = "fin.unknown_symbol"
    title = "Unknown symbol"
    next_step = "Search for the instrument first."


class RateLimited(ProviderError):
    """Too many calls. Come back after `retry_after` seconds."""

    code = "fin.rate_limited"
    title = "Provider rate limit reached"
    next_step = "Come back after `retry_after` seconds."
    status = 429
    outage = True


class ReauthRequired(ProviderError):
    """The person must sign in at the bank again. Send the person through the bank's sign-in again."""

    code = "fin.reauth_required"
    title = "Sign-in at the bank required"
    next_step = "Send the person through the bank's sign-in again."
    status = 409


class AccountClosed(ProviderError):
    """The account is gone for good. Stop asking for this account; keep what you have."""

    code = "fin.account_closed"
    title = "Account closed"
    next_step = "Stop asking for this account; keep what you have."
    status = 410


class InvalidRequest(ProviderError):
    """The vendor rejected the parameters. Correct the parameters; repeating the call cannot help."""

    code = "fin.invalid_request"
    title = "Provider refused the request"
    next_step = "Correct the parameters; repeating the call cannot help."
    status = 422


class CursorRefused(ProviderError):
    """The vendor does not go on from this cursor; `from_beginning` says where to go on.

    Drop the pages of this run and begin again at its first cursor, or without one where `from_beginning`.

    What was read so far is worth nothing: the list changed while its pages were read, or the cursor is too old or of
    another login.
    """

    code = "fin.cursor_refused"
    title = "Provider's list has changed under the cursor"
    next_step = "Drop the pages of this run and begin again at its first cursor, or without one where `from_beginning`."
    status = 409

    def __init__(
        self,
        message: str,
        *,
        from_beginning: bool,
        vendor_code: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message, vendor_code=vendor_code, http_status=http_status)
        self.from_beginning = from_beginning

    def extra(self) -> dict[str, object]:
        return super().extra() | {"from_beginning": self.from_beginning}


class RejectReason(StrEnum):
    """Why a broker refuses an order or a change of one. OTHER keeps the vendor's code in `vendor_code`."""

    INSUFFICIENT_BUYING_POWER = "insufficient_buying_power"
    INSUFFICIENT_QUANTITY = "insufficient_quantity"
    NOT_FRACTIONABLE = "not_fractionable"
    FRACTIONAL_RULES = "fractional_rules"
    WASH_TRADE = "wash_trade"
    BELOW_MINIMUM = "below_minimum"
    SHORT_NOT_ALLOWED = "short_not_allowed"
    PATTERN_DAY_TRADING = "pattern_day_trading"
    UNKNOWN_ASSET = "unknown_asset"
    NOT_TRADABLE = "not_tradable"
    MARKET_CLOSED = "market_closed"
    SUB_PENNY = "sub_penny"
    INVALID_PRICE = "invalid_price"
    INVALID_TYPE = "invalid_type"
    INVALID_QUANTITY = "invalid_quantity"
    INVALID_TIME_IN_FORCE = "invalid_time_in_force"
    INVALID_LEGS = "invalid_legs"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate_client_order_id"
    INVALID_CLIENT_ORDER_ID = "invalid_client_order_id"
    POSITION_INTENT = "position_intent"
    NOT_CANCELABLE = "not_cancelable"
    NOT_REPLACEABLE = "not_replaceable"
    ACCOUNT_RESTRICTED = "account_restricted"
    OTHER = "other"


class OrderRejected(ProviderError):
    """The broker rejected the order; `reason` says why.

    Read `reason`; the same order will be refused again until something changes.

    No order exists because of this call. `facts` are the vendor's own numbers, as text.
    """

    code = "fin.order_rejected"
    title = "Order refused by the broker"
    next_step = "Read `reason`; the same order will be refused again until something changes."
    status = 422

    def __init__(
        self,
        message: str,
        *,
        reason: RejectReason,
        facts: Mapping[str, str] = MappingProxyType({}),
        vendor_code: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message, vendor_code=vendor_code, http_status=http_status)
        self.reason = reason
        self.facts = dict(facts)

    def extra(self) -> dict[str, object]:
        return super().extra() | {"reason": self.reason.value} | ({"facts": self.facts} if self.facts else {})


class OrderStateUnknown(ProviderError):
    """Nobody can say whether the order was placed; `client_order_id` is how to find out.

    Ask for the order by `client_order_id`, or submit again with the same idempotency key; never with a new one.
    """

    code = "fin.order_state_unknown"
    title = "Order may or may not have been placed"
    next_step = (
        "Ask for the order by `client_order_id`, or submit again with the same idempotency key; never with a new one."
    )
    status = 504

    def __init__(self, message: str, *, client_order_id: str) -> None:
        super().__init__(message, retryable=True)
        self.client_order_id = client_order_id

    def extra(self) -> dict[str, object]:
        return super().extra() | {"client_order_id": self.client_order_id}


class ProviderUnavailable(ProviderError):
    """The vendor, or the way to it, is down. Try later, or name a second provider in the fallback chain."""

    code = "fin.provider_unavailable"
    title = "Provider unavailable"
    next_step = "Try later, or name a second provider in the fallback chain."
    status = 503
    outage = True


class CircuitOpen(ProviderUnavailable, RuntimeError):
    """The provider failed so often that it is not asked for a while.

    Come back after `retry_after` seconds; nothing was sent.

    Raised without asking the vendor. The text is `circuit_open`, whatever the provider.
    """

    code = "fin.circuit_open"
    title = "Provider paused after repeated failures"
    next_step = "Come back after `retry_after` seconds; nothing was sent."

    def __init__(
        self, retry_after: float | None = None, *, provider: str | None = None, operation: str | None = None
    ) -> None:
        super().__init__("circuit_open", retryable=True, retry_after=retry_after)
        self.provider = provider
        self.operation = operation

    def __str__(self) -> str:
        return "circuit_open"

    def for_caller(self) -> str:
        return f"{self.provider or 'The provider'} is {self.message_for_caller()}."

    def message_for_caller(self) -> str:
        when = "later" if self.retry_after is None else f"in {max(1, math.ceil(self.retry_after))} s"
        return f"paused after repeated failures; come back {when}"


class DeadlineExceeded(ProviderError):
    """The time the caller allowed is over.

    Allow more time with `deadline`, or try later; a request that changes something may have arrived.
    """

    code = "fin.deadline_exceeded"
    title = "Time allowed is over"
    next_step = "Allow more time with `deadline`, or try later; a request that changes something may have arrived."
    status = 504


class UnexpectedPayload(ProviderError):
    """The answer is not what the vendor documents.

    Report it with `vendor_code` and `request_id`; the vendor changed or a proxy answered.
    """

    code = "fin.unexpected_payload"
    title = "Provider answer not understood"
    next_step = "Report it with `vendor_code` and `request_id`; the vendor changed or a proxy answered."


def error_classes() -> Iterator[type[FinInfraError]]:
    """Yield every class of the tree once, parents first: the table behind docs and API."""
    queue: list[type[FinInfraError]] = [FinInfraError]
    seen: set[type[FinInfraError]] = set()
    while queue:
        cls = queue.pop(0)
        if cls not in seen:
            seen.add(cls)
            yield cls
            queue += cls.__subclasses__()
