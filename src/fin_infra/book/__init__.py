"""The book of a household: connections, years of transactions, a person's words, and every change, remembered.
Floor 6: needs the extra `book`."""

from fin_infra.errors import MissingExtra

try:
    from fin_infra.book.book import Book, open_book
except ModuleNotFoundError as missing:
    if missing.name not in ("sqlalchemy", "alembic"):
        raise
    raise MissingExtra.of("The book needs", missing.name, "book") from None
from fin_infra.book.records import (
    BookAccount,
    BookBalance,
    BookHolding,
    BookTrade,
    BookTransaction,
    Change,
    Connection,
    ConnectionState,
    OpenQuestion,
    SplitPart,
    SyncResult,
)

__all__ = [
    "Book",
    "BookAccount",
    "BookBalance",
    "BookHolding",
    "BookTrade",
    "BookTransaction",
    "Change",
    "Connection",
    "ConnectionState",
    "OpenQuestion",
    "SplitPart",
    "SyncResult",
    "open_book",
]
