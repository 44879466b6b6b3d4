"""What everybody who checks identities is asked: start, go on, look, report, cancel, remove.
Floor 3: the person is led to the vendor's own page or script; pictures of documents never come here."""

from __future__ import annotations

from abc import abstractmethod

from fin_infra.flow import operation, paged
from fin_infra.model import IdentityReport, NewVerification, Verification
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Flow, M, Pages


class IdentityProvider(Provider[M]):
    """Checks who a person is.

    Whatever changes something takes an `idempotency_key`: the same key with the same arguments is the same request,
    however often it is sent. Without one, each call has a key of its own, which its retries share.
    """

    @operation
    @abstractmethod
    def start(self, new: NewVerification | None = None, *, idempotency_key: str | None = None) -> Flow[Verification]:
        """Start a verification, by default of a document; `url` or `client_secret` leads the person on.

        Raises:
            InvalidInput: the key cannot be sent, or what is asked for does not go together.
            InvalidRequest: the key was used with other arguments.
        """
        ...

    @operation
    @abstractmethod
    def verify(self, verification_id: str) -> Flow[Verification]:
        """Return the verification with a link that works now: to go on with it, rather than to start another.

        Raises:
            InvalidInput: nothing is left for the person to do; the text has the state.
            NotFound: there is no such verification.
            UnexpectedPayload: the vendor's state is not known here.
        """
        ...

    @operation
    @abstractmethod
    def status(self, verification_id: str) -> Flow[Verification]:
        """Return how a verification stands, without a link.

        Raises:
            NotFound: there is no such verification.
            UnexpectedPayload: the vendor's state is not known here.
        """
        ...

    @operation
    @abstractmethod
    def report(self, verification_id: str) -> Flow[IdentityReport]:
        """Return what the last try has found out, passed or not.

        Raises:
            NotFound: there is no such verification, or no try has ended yet.
            PermissionDenied: the key may not read who the person is.
        """
        ...

    @operation
    @abstractmethod
    def cancel(self, verification_id: str, *, idempotency_key: str | None = None) -> Flow[Verification]:
        """End a verification that waits for the person; for good.

        Raises:
            InvalidRequest: it does not wait for the person.
        """
        ...

    @operation
    @abstractmethod
    def redact(self, verification_id: str, *, idempotency_key: str | None = None) -> Flow[Verification]:
        """Have everything personal of a verification removed at the vendor; for good.

        `redaction` says whether that is done or under way.

        Raises:
            InvalidRequest: the vendor does not remove it in this state.
        """
        ...

    @paged
    @optional
    def verifications(self, *, reference: str | None = None) -> Pages[Verification]:
        """Yield verifications newest first, all or those of a reference, without links.

        One whose state is not known here is named in `row_errors` and hides no other.
        """
        yield from self.not_offered("verifications")
