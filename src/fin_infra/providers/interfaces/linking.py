"""How a person links a login at a vendor, how it stands afterwards, and how it ends.
Floor 3: an interface beside that of a domain; a client without a login starts links, one with a login repairs it.
"""

from __future__ import annotations

from fin_infra.flow import operation
from fin_infra.model import LinkStart, LinkState, Login, LoginState, ProcessorToken, WebhookKey
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Flow, M


class LinkingProvider(Provider[M]):
    """A vendor at whose page a person signs in.

    `start_link`, `link_state`, `exchange` and `webhook_key` need the application's own credentials only; the others,
    and `start_link` with `repair`, are about the login whose credentials the client has.
    """

    @classmethod
    def exchangeable(cls, token: str) -> bool:
        """Say whether a token looks like one for `exchange`, and not like a credential of a login."""
        return False

    @operation
    @optional
    def start_link(
        self,
        *,
        user: str,
        repair: bool = False,
        redirect_uri: str | None = None,
        webhook: str | None = None,
        institution: str | None = None,
    ) -> Flow[LinkStart]:
        """Make a page on which a person links a new login, or repairs the one of this client.

        Args:
            user: a stable name of the person that is none of their own: no e-mail address, no phone number.
            repair: the person signs in again at the login of this client, which keeps its credentials; it is also how
                accounts are added to it.
            redirect_uri: where the vendor sends the person afterwards.
            webhook: where the vendor sends news of the login.
            institution: the vendor's id of the bank, where the person has chosen it already.

        Raises:
            InvalidRequest: the vendor refuses what is asked for.
        """
        return (yield from self.not_offered("start_link"))

    @operation
    @optional
    def link_state(self, token: str) -> Flow[LinkState]:
        """Return how far the person is on the page of a `LinkStart`.

        Raises:
            NotFound: the vendor does not know the token, or no more.
        """
        return (yield from self.not_offered("link_state"))

    @operation
    @optional
    def exchange(self, public_token: str) -> Flow[Login]:
        """Return the login that a person has linked. Works once per token, and is never repeated by retry.

        Raises:
            InvalidRequest: the token is unknown, was exchanged before, or is too old.
        """
        return (yield from self.not_offered("exchange"))

    @operation
    @optional
    def login_state(self) -> Flow[LoginState]:
        """Return how the login of this client stands at the vendor; that the person must act is an answer, no error."""
        return (yield from self.not_offered("login_state"))

    @operation
    @optional
    def end_login(self) -> Flow[None]:
        """End the login of this client at the vendor: its credentials are worth nothing afterwards, and nobody pays.

        One that is over already, or that the vendor does not know any more, is ended and no error. Never repeated by
        retry.
        """
        yield from self.not_offered("end_login")

    @operation
    @optional
    def processor_token(self, account_id: str, processor: str) -> Flow[ProcessorToken]:
        """Return a token with which another company moves money of an account. It dies with the login."""
        return (yield from self.not_offered("processor_token"))

    @operation
    @optional
    def webhook_key(self, key_id: str) -> Flow[WebhookKey]:
        """Return a public key by which the vendor's webhooks are verified; keep it by its id.

        Raises:
            NotFound: the vendor has none of that id; the webhook is not the vendor's.
        """
        return (yield from self.not_offered("webhook_key"))
