"""The questions of a book, as its methods.
Floor 6: what is read comes from one transaction each; `read.py` has the questions themselves."""

from __future__ import annotations

from datetime import date

from fin_infra.arguments import check_order
from fin_infra.book import read
from fin_infra.book.feed import read_changes
from fin_infra.book.methods import Household, method
from fin_infra.book.read import Wanted
from fin_infra.book.records import (
    AccountQuestion,
    BookAccount,
    BookBalance,
    BookHolding,
    BookTrade,
    BookTransaction,
    Change,
    Connection,
    OpenQuestion,
    TradeQuestion,
)
from fin_infra.errors import InvalidInput
from fin_infra.model import Listing, TransactionStatus
from fin_infra.transport import Flow, M, blocking

MOST = 100_000


class Reads(Household[M]):
    @method
    def connections(self) -> Flow[Listing[Connection]]:
        """Return every connection, the oldest first, ended ones too."""
        return Listing((yield from self.ask(read.connection_rows)))

    @method
    def accounts(self) -> Flow[Listing[BookAccount]]:
        """Return every account that is not removed, each once however many sources tell about it."""
        return Listing((yield from self.ask(read.account_rows)))

    @method
    def balances(self, *, on: date | None = None) -> Flow[Listing[BookBalance]]:
        """Return the last known balance of each account at the end of a day, of now where None."""
        return Listing((yield from self.ask(read.balance_rows, on)))

    @method
    def transactions(
        self,
        *,
        account_id: int | None = None,
        start: date | None = None,
        end: date | None = None,
        category: str | None = None,
        search: str | None = None,
        status: TransactionStatus | None = None,
        hidden: bool = False,
        removed: bool = False,
        after: int | None = None,
        limit: int = 100,
    ) -> Flow[Listing[BookTransaction]]:
        """Return transactions, newest first.

        Args:
            start: the first day.
            end: the day after the last one.
            category: the person's word for it, or the vendor's where there is none.
            search: a part of the description, the counterparty or the note, in any case.
            hidden: whether what a person hid or deleted is there too.
            removed: whether what the bank took back is there too.
            after: the id of the last transaction of the part before; the list goes on behind it.

        Raises:
            InvalidInput: the account or `after` is not in the book, or the days are the wrong way round.
            BookUnavailable: the database cannot be read now.
        """
        check_order(start, end)
        _check_limit(limit)
        wanted = Wanted(
            account_id=account_id,
            start=start,
            end=end,
            category=category,
            search=search,
            status=status.value if status else None,
            with_hidden=hidden,
            with_removed=removed,
            after=after,
            limit=limit,
        )
        return Listing((yield from self.ask(read.transaction_rows, wanted)))

    @method
    def transaction(self, id: int) -> Flow[BookTransaction]:
        """Return one transaction, also where it is hidden or removed.

        Raises:
            NotRemembered: it is not in the book.
        """
        return (yield from self.ask(read.transaction_row, id))

    @method
    def holdings(self, *, on: date | None = None) -> Flow[Listing[BookHolding]]:
        """Return what every account held at the end of a day, by its last snapshot until then."""
        return Listing((yield from self.ask(read.holding_rows, on)))

    @method
    def trades(
        self, *, account_id: int | None = None, start: date | None = None, end: date | None = None, limit: int = 100
    ) -> Flow[Listing[BookTrade]]:
        """Return purchases, sales, dividends and fees, of brokers and files, newest first."""
        _check_limit(limit)
        return Listing((yield from self.ask(read.trade_rows, account_id, start, end, limit)))

    @method
    def questions(self) -> Flow[Listing[OpenQuestion]]:
        """Return what the book asks a person, the oldest first; `answer` takes what they say."""
        return Listing((yield from self.ask(read.question_rows)))

    @method
    def trade_questions(self) -> Flow[Listing[TradeQuestion]]:
        """Return which trades may be one, the oldest question first; `answer` takes what a person says."""
        return Listing((yield from self.ask(read.trade_question_rows)))

    @method
    def account_questions(self) -> Flow[Listing[AccountQuestion]]:
        """Return which accounts may be one, the oldest question first; `answer` takes what a person says."""
        return Listing((yield from self.ask(read.account_question_rows)))

    @method
    def changes(self, *, since: int = 0, limit: int = 1_000) -> Flow[Listing[Change]]:
        """Return the changes after a position, in their order.

        A reader that stores the last position together with what it did with the changes sees each of them once.

        Args:
            since: the position of the last change that was read; 0 for all.
        """
        if since < 0:
            raise InvalidInput("`since` is the position of the last change that was read, 0 for none.")
        _check_limit(limit)
        return Listing((yield from blocking(read_changes, self.engine, self.owner, since, limit)))


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"`limit` must be from 1 to {MOST:,}, not {limit}.")
