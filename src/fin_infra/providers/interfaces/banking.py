"""What every bank is asked: accounts, balances, transactions and who holds them.
Floor 3: one enrollment of one person; money in is positive."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date

from fin_infra import model  # its brokers and debts load when somebody asks for them
from fin_infra.flow import operation, paged
from fin_infra.model import Account, AccountDetails, AccountIdentity, Balance, Listing, Transaction, TransactionChanges
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

    @operation
    @optional
    def balances(self) -> Flow[Listing[Balance]]:
        """Return the balances of all accounts as the vendor last saw them, in one call that costs nothing."""
        return (yield from self.not_offered("balances"))

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
    def transaction_changes(self, cursor: str | None = None) -> Flow[TransactionChanges]:
        """Return one page of what changed in all accounts since a cursor of the vendor, None for everything there is.

        Keep the cursor with which a run of pages began: where one of them fails, for whatever reason, the run is worth
        nothing and begins again there.

        Raises:
            CursorRefused: the vendor does not go on from this cursor; `from_beginning` says where to go on instead.
        """
        return (yield from self.not_offered("transaction_changes"))

    @operation
    @optional
    def holdings(self) -> Flow[model.Holdings]:
        """Return what the investment accounts hold, in the model that aggregators of brokers answer in."""
        return (yield from self.not_offered("holdings"))

    @paged
    @optional
    def activities(self, *, start: date | None = None, end: date | None = None) -> Pages[model.BrokerActivity]:
        """Yield what was done in the investment accounts, newest first, each once, from `start` to before `end`."""
        yield from self.not_offered("activities")

    @operation
    @optional
    def liabilities(self) -> Flow[Listing[model.Liability]]:
        """Return the terms of the cards and loans: rates, what is due, and when."""
        return (yield from self.not_offered("liabilities"))

    @operation
    @optional
    def recurring(self) -> Flow[Listing[model.RecurringStream]]:
        """Return the payments that the vendor has found to come again and again, in and out."""
        return (yield from self.not_offered("recurring"))

    @operation
    @optional
    def refresh(self) -> Flow[None]:
        """Have the vendor read the bank now; the news comes later, as a webhook. Never repeated by retry."""
        yield from self.not_offered("refresh")

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
