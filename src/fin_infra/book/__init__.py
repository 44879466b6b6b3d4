"""The book of a household: connections, years of transactions, a person's words, and every change, remembered.
Floor 6: needs the extra `book`."""

from fin_infra.errors import MissingExtra

try:
    from fin_infra.book.backup import restore_backup, write_backup
    from fin_infra.book.book import Book, open_book
    from fin_infra.book.doctor import Diagnosis
except ModuleNotFoundError as missing:
    if missing.name not in ("sqlalchemy", "alembic"):
        raise
    raise MissingExtra.of("The book needs", missing.name, "book") from None
from fin_infra.book.deal_kinds import DealKind
from fin_infra.book.fill import HistorySources
from fin_infra.book.import_records import (
    Document,
    DocumentState,
    ImportPart,
    ImportPlan,
    ImportResult,
    MatchReason,
    TradeCounts,
)
from fin_infra.book.records import (
    AccountQuestion,
    Backup,
    BookAccount,
    BookAsset,
    BookBalance,
    BookHolding,
    BookTrade,
    BookTransaction,
    BookVerification,
    Change,
    Connection,
    ConnectionState,
    Discrepancy,
    ErasureResult,
    Export,
    ExportedFile,
    FillResult,
    HistoricPrice,
    NetWorthPoint,
    OpenQuestion,
    RedactionState,
    Restored,
    RetentionResult,
    SplitPart,
    SyncResult,
    TradeQuestion,
    VerificationLink,
)

__all__ = [
    "AccountQuestion",
    "Backup",
    "Book",
    "BookAccount",
    "BookAsset",
    "BookBalance",
    "BookHolding",
    "BookTrade",
    "BookTransaction",
    "BookVerification",
    "Change",
    "Connection",
    "ConnectionState",
    "DealKind",
    "Diagnosis",
    "Discrepancy",
    "Document",
    "DocumentState",
    "ErasureResult",
    "Export",
    "ExportedFile",
    "FillResult",
    "HistoricPrice",
    "HistorySources",
    "ImportPart",
    "ImportPlan",
    "ImportResult",
    "MatchReason",
    "NetWorthPoint",
    "OpenQuestion",
    "RedactionState",
    "Restored",
    "RetentionResult",
    "SplitPart",
    "SyncResult",
    "TradeCounts",
    "TradeQuestion",
    "VerificationLink",
    "open_book",
    "restore_backup",
    "write_backup",
]
