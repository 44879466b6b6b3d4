"""What every bank is asked: accounts, balances, transactions and who holds them.
Floor 3: one enrollment of one person; money in is positive."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date

from fin_infra.flow import operation, paged
from fin_infra.model import Account, AccountDetails, AccountIdentity, Balance, Listing, Transaction
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Flow, M, Pages


class BankingProvider(Provider[M]):
    @operation
    @abstractmethod
    def accounts(self) -> Flow[Listing[Account]]:
        """Return the accounts of the enrollment."""
        ...

    @operation
    @abstractmethod
    def account(self, account_id: str) -> Flow[Account]:
        """Return one account; raise NotFound or AccountClosed."""
        ...

    @operation
    @optional
    def details(self, account_id: str) -> Flow[AccountDetails]:
        """Return the account and routing numbers; raise NotFound while the bank is still verifying them."""
        return (yield from self.not_offered("details"))

    @operation
    @abstractmethod
    def balance(self, account_id: str) -> Flow[Balance]:
        """Return the balances of an account, fetched from the bank now."""
        ...

    @paged
    @optional
    def transactions(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[Transaction]:
        """Yield transactions newest first, each exactly once, dated from `start` to before `end`."""
        yield from self.not_offered("transactions")

    @operation
    @optional
    def transaction(self, account_id: str, transaction_id: str) -> Flow[Transaction]:
        """Return one transaction; raise NotFound."""
        return (yield from self.not_offered("transaction"))

    @operation
    @optional
    def identity(self) -> Flow[Listing[AccountIdentity]]:
        """Return who holds each account, as the bank knows them."""
        return (yield from self.not_offered("identity"))

    @operation
    @optional
    def delete_account(self, account_id: str) -> Flow[None]:
        """Give up access to one account. Never repeated by retry."""
        yield from self.not_offered("delete_account")

    @operation
    @optional
    def delete_enrollment(self) -> Flow[None]:
        """Give up access to every account of the enrollment. Never repeated by retry."""
        yield from self.not_offered("delete_enrollment")
