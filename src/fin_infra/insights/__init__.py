"""What the money did: categories of transactions, each with its reason.
Floor 5: pure functions of plain records; the book keeps what a person says, and nothing here makes a call."""

from fin_infra.insights.records import (
    Entry,
    EntryAccount,
    Frequency,
    Judge,
    Label,
    LabelChange,
    LabeledEntry,
    Stream,
    StreamStatus,
)

__all__ = [
    "Entry",
    "EntryAccount",
    "Frequency",
    "Judge",
    "Label",
    "LabelChange",
    "LabeledEntry",
    "Stream",
    "StreamStatus",
]
