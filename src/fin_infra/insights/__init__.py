"""What the money did: categories of transactions, each with its reason.
Floor 5: pure functions of plain records; the book keeps what a person says, and nothing here makes a call."""

from fin_infra.insights.records import Entry, Judge, Label, LabelChange

__all__ = ["Entry", "Judge", "Label", "LabelChange"]
