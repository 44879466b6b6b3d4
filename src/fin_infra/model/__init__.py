"""The words of the domain: money, instruments, accounts, prices.
Floor 0: imports only `fin_infra.errors`."""

from fin_infra.model.banking import (
    Account,
    AccountDetails,
    AccountIdentity,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Address,
    Balance,
    Category,
    Institution,
    Owner,
    PartyType,
    Transaction,
    TransactionStatus,
)
from fin_infra.model.crypto import ChartPoint, CryptoAsset, CryptoPrice, MarketChart
from fin_infra.model.fx import FxRate, RateTable
from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.market import Adjustment, Candle, CandleSeries, Interval, Overview, Quote, SymbolMatch
from fin_infra.model.money import Money
from fin_infra.model.record import Listing, Meta, RateLimit, Record
from fin_infra.model.statement import (
    Statement,
    StatementAccount,
    StatementBalance,
    StatementFile,
    StatementLine,
    StatementPosition,
)

__all__ = [
    "Account",
    "AccountDetails",
    "AccountIdentity",
    "AccountStatus",
    "AccountSubtype",
    "AccountType",
    "Address",
    "Adjustment",
    "Balance",
    "Candle",
    "CandleSeries",
    "Category",
    "ChartPoint",
    "CryptoAsset",
    "CryptoPrice",
    "FxRate",
    "Institution",
    "InstrumentKey",
    "Interval",
    "Listing",
    "MarketChart",
    "Meta",
    "Money",
    "Overview",
    "Owner",
    "PartyType",
    "Quote",
    "RateLimit",
    "RateTable",
    "Record",
    "Statement",
    "StatementAccount",
    "StatementBalance",
    "StatementFile",
    "StatementLine",
    "StatementPosition",
    "SymbolMatch",
    "Transaction",
    "TransactionStatus",
]
