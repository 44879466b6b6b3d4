"""Money that only moves: transfers between own accounts, payments of cards and loans, and refunds of purchases.
Floor 5: pure functions over all accounts of a household; equal input gives equal output, in whatever order it comes."""

from fin_infra.insights.transfers.recognition import recognize
from fin_infra.insights.transfers.records import (
    Activity,
    Refund,
    Transfer,
    TransferKind,
    Transfers,
)

__all__ = [
    "Activity",
    "Refund",
    "Transfer",
    "TransferKind",
    "Transfers",
    "recognize",
]
