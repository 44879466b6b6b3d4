"""What a household may do with checks of who a person is, as methods of its book.
Floor 6: rows and seals are in `verified.py`; a vendor is asked between two transactions, never inside one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, cast

from fin_infra.book import verified
from fin_infra.book.methods import Household, method
from fin_infra.book.records import BookVerification, RedactionState, RetentionResult, VerificationLink
from fin_infra.errors import (
    AuthenticationFailed,
    ConfigurationError,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
)
from fin_infra.model import (
    IdentityReport,
    Listing,
    NewVerification,
    Redaction,
    Verification,
    VerificationState,
)
from fin_infra.providers.interfaces.identity import IdentityProvider
from fin_infra.providers.registry import resolve
from fin_infra.security.envelope import WrappedKey
from fin_infra.settings import CoreSettings, load
from fin_infra.transport import Flow, Invoke, M, blocking

_NOTHING_BEGAN = (
    AuthenticationFailed,
    ConfigurationError,
    FeatureDisabled,
    InvalidInput,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)
"""What a vendor, or we, refuse before anything is started. After any other error it may have been."""


class Verifications(Household[M]):
    @method
    def verifications(self) -> Flow[Listing[BookVerification]]:
        """Return every verification as it was last told, the oldest first; no vendor is asked."""
        return Listing(map(verified.shown, (yield from self.ask(verified.rows))))

    @method
    def start_verification(
        self, new: NewVerification | None = None, *, provider: str = "identity", idempotency_key: str | None = None
    ) -> Flow[VerificationLink]:
        """Start a check of who a person is, by default of a document, and return where the person goes on.

        Args:
            new: what to ask for; its `reference` is the book's own.
            provider: its key, such as `identity:stripe`; the configured one by default.
            idempotency_key: the same key gives the same verification, also where the answer of the first start was
                lost; without one, each call starts another.

        Raises:
            FeatureDisabled: identity checks are off; FEATURE_IDENTITY=1 switches them on.
            IdempotencyConflict: the key belongs to a verification that asks for something else.
            InvalidInput: what is asked for does not go together, or has a reference.
            ProviderError: the vendor refuses, or does not answer; with the key, the next start goes on.
        """
        new = new or NewVerification()
        if new.reference is not None:
            raise InvalidInput("The book gives a verification its own reference; leave `reference` out.")
        client = self._identity(provider)
        now = self.clock()
        begun = partial(verified.begin, self.engine, self.owner, client.info.provider_key, new, idempotency_key, now)
        row, is_new = yield from blocking(begun)
        if not is_new:
            row = yield from self._adopted(row, client)
        if row.vendor_id is not None:
            return (yield from self._link(row, client))
        asked = replace(new, reference=row.id)
        try:
            said: Verification = yield Invoke(partial(client.start, asked, idempotency_key=f"fin-{row.id}"))
        except _NOTHING_BEGAN:
            yield from blocking(verified.never_started, self.engine, self.owner, row.id, self.clock())
            raise
        row = yield from self._told(row.id, said)
        return VerificationLink(verification=verified.shown(row), url=said.url, client_secret=said.client_secret)

    @method
    def verification_link(self, verification: str) -> Flow[VerificationLink]:
        """Return where the person goes on with a verification that was begun: one for each, rather than several.

        Raises:
            NotRemembered: there is no such verification.
            InvalidInput: nothing is left for the person to do.
            ProviderError: the vendor does not answer.
        """
        row = yield from self.ask(verified.stored, verification)
        client = self._identity(row.provider)
        return (yield from self._link((yield from self._adopted(row, client)), client))

    @method
    def verification(self, verification: str) -> Flow[BookVerification]:
        """Ask the vendor how a verification stands, remember that, and return it.

        Raises:
            NotRemembered: there is no such verification.
            ProviderError: the vendor does not answer, or its state is not known here.
        """
        row = yield from self.ask(verified.stored, verification)
        return verified.shown((yield from self._asked(row)))

    @method
    def verification_report(self, verification: str) -> Flow[IdentityReport]:
        """Return what a verification has found out; that of a verified person is sealed here at the first call.

        Raises:
            NotRemembered: there is no such verification, or its personal data was removed.
            NotFound: no try has ended yet.
            VaultError: what is sealed cannot be opened.
            ProviderError: the vendor does not answer.
        """
        row = yield from self.ask(verified.stored, verification)
        if row.redaction != RedactionState.NONE:
            raise verified.gone()
        if row.sealed is not None:
            return verified.opened(row, self.owner, self.vault())
        row = yield from self._asked(row)
        if row.redaction != RedactionState.NONE:
            raise verified.gone()
        if row.vendor_id is None:
            raise NotFound("the verification was never started and has nothing to report; start it again")
        report: IdentityReport = yield Invoke(partial(self._identity(row.provider).report, row.vendor_id))
        if row.state != VerificationState.VERIFIED:
            return report
        vault = self.vault()
        yield from blocking(verified.seal, self.engine, self.owner, row.id, report, vault, self.clock())
        return report

    @method
    def cancel_verification(self, verification: str) -> Flow[BookVerification]:
        """End a verification that waits for the person; for good. One that was canceled stays so.

        Raises:
            NotRemembered: there is no such verification.
            InvalidRequest: it does not wait for the person.
            ProviderError: the vendor does not answer.
        """
        row = yield from self.ask(verified.stored, verification)
        client = self._identity(row.provider)
        row = yield from self._adopted(row, client)
        if row.state == VerificationState.CANCELED:
            return verified.shown(row)
        if row.vendor_id is None:
            yield from blocking(verified.never_started, self.engine, self.owner, row.id, self.clock())
            return verified.shown((yield from self.ask(verified.stored, row.id)))
        said: Verification = yield Invoke(partial(client.cancel, row.vendor_id))
        return verified.shown((yield from self._told(row.id, said)))

    @method
    def redact_verification(self, verification: str) -> Flow[BookVerification]:
        """Remove who the person is: here at once, and then at the vendor, which may take days.

        What the vendor does is in `redaction`. Where it does not answer, nothing is raised: here it is gone, and the
        next call, or the policy, asks the vendor again. It works while identity checks are switched off, too.

        Raises:
            NotRemembered: there is no such verification.
            BookUnavailable: the database cannot be used now.
        """
        return (yield from self._removed(verification))

    @method
    def redact_old_verifications(self, keep: timedelta | None = None) -> Flow[RetentionResult]:
        """Apply the policy: remove who the person is from verifications that ended longer ago than `keep`.

        One that nobody ended counts from its start, but for one that the vendor is working on. What was removed here
        and not at the vendor yet is asked for again.

        Args:
            keep: FIN_INFRA_IDENTITY_KEEP_DAYS where None.

        Raises:
            ConfigurationError: `keep` is None, and no policy says how long.
            InvalidInput: `keep` is negative.
            BookUnavailable: the database cannot be used now.
        """
        before = self.clock() - (_policy() if keep is None else keep)
        if keep is not None and keep < timedelta():
            raise InvalidInput("`keep` must be zero or longer.")
        done: list[BookVerification] = []
        for row in (yield from self.ask(verified.old, before)):
            done.append((yield from self._removed(row.id)))
        waiting = (RedactionState.WAITING, RedactionState.REFUSED)
        return RetentionResult(
            redacted=tuple(each.id for each in done if each.redaction not in waiting),
            waiting=tuple(each.id for each in done if each.redaction in waiting),
        )

    def _identity(self, provider: str) -> IdentityProvider[Any]:
        client: object = resolve(provider, mode=self.mode)
        if not isinstance(client, IdentityProvider):
            raise InvalidInput(f"{provider} does not check identities; take a provider such as identity:stripe.")
        return client

    def _told(self, ident: str, said: Verification) -> Flow[Any]:
        row: Any = yield from blocking(verified.told, self.engine, self.owner, ident, said, self.clock())
        if row.sealed is not None and row.redaction != RedactionState.NONE:  # removed on a page of the vendor's own
            row = yield from self._forgotten(ident)
        return row

    def _forgotten(self, ident: str) -> Flow[Any]:
        """Destroy here what is kept of the person, the key in this process, too."""
        row, keys = yield from blocking(verified.forget, self.database, self.owner, ident, self.clock())
        with suppress(FinInfraError):  # a vault that cannot be had holds none of them
            for data_key in keys:
                self.vault().forget(WrappedKey.from_text(data_key))
        return row

    def _removed(self, ident: str) -> Flow[BookVerification]:
        row = yield from self._forgotten(ident)
        if row.redaction in (RedactionState.DONE, RedactionState.REFUSED):
            return verified.shown(row)
        try:
            row = yield from self._redacted(row)
        except (ProviderError, FeatureDisabled, ConfigurationError):
            row = yield from self.ask(verified.stored, ident)
        return verified.shown(row)

    def _adopted(self, row: Any, client: IdentityProvider[Any]) -> Flow[Any]:
        """Return the row with the vendor's id, found by our reference where the answer of its start was lost."""
        if row.vendor_id is not None or row.state == VerificationState.CANCELED or "verifications" not in client.can:
            return row
        found: list[Verification] = yield Invoke(partial(_first, client, row.id))
        return (yield from self._told(row.id, found[0])) if found else row

    def _asked(self, row: Any) -> Flow[Any]:
        client = self._identity(row.provider)
        row = yield from self._adopted(row, client)
        if row.vendor_id is None:
            return row
        said: Verification = yield Invoke(partial(client.status, row.vendor_id))
        return (yield from self._told(row.id, said))

    def _link(self, row: Any, client: IdentityProvider[Any]) -> Flow[VerificationLink]:
        if row.vendor_id is None:
            raise InvalidInput("The verification was not started; start it again with the same key.")
        if not VerificationState(row.state).needs_person and row.state != VerificationState.PROCESSING:
            raise InvalidInput(f"The verification is {row.state}; nothing is left for the person to do.")
        said: Verification = yield Invoke(partial(client.verify, row.vendor_id))
        row = yield from self._told(row.id, said)
        return VerificationLink(verification=verified.shown(row), url=said.url, client_secret=said.client_secret)

    def _redacted(self, row: Any) -> Flow[Any]:
        """Have the vendor remove it, and write how that stands."""
        client = self._identity(row.provider)
        row = yield from self._adopted(row, client)
        if row.vendor_id is None:
            return (yield from self._stands(row.id, RedactionState.DONE))
        try:
            said: Verification = yield Invoke(partial(client.redact, row.vendor_id))
        except InvalidRequest:
            said = yield Invoke(partial(client.status, row.vendor_id))
        except NotFound:
            return (yield from self._stands(row.id, RedactionState.DONE))
        row = yield from self._told(row.id, said)
        if said.redaction is Redaction.NONE and said.state is not VerificationState.PROCESSING:
            return (yield from self._stands(row.id, RedactionState.REFUSED))
        return row

    def _stands(self, ident: str, state: RedactionState) -> Flow[Any]:
        row: Any = yield from blocking(verified.stands, self.engine, self.owner, ident, state, self.clock())
        return row


def _first(client: IdentityProvider[Any], reference: str) -> Any:
    """Return the newest verification of a reference, in a list; an awaitable of it from an async client."""
    found: Any = client.verifications(reference=reference)
    if not hasattr(found, "__aiter__"):
        return list(islice(cast("Iterable[Verification]", found), 1))

    async def first() -> list[Verification]:
        async for each in found:
            return [each]
        return []

    return first()


def _policy() -> timedelta:
    days = load(CoreSettings).identity_keep_days
    if days is None:
        raise ConfigurationError(
            "There is no policy: set FIN_INFRA_IDENTITY_KEEP_DAYS to the number of days for which personal data of a "
            "verification is kept."
        )
    return timedelta(days=days)
