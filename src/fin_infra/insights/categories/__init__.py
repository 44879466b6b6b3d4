"""Categories of transactions: the taxonomy, rules, merchants, codes, the model, and who decides among them.
Floor 5: pure functions of records; NumPy, rapidfuzz and RE2 come with the extra `insights` and load when asked."""

from fin_infra.insights.categories.categorizer import (
    THRESHOLD,
    Categorizer,
    Correction,
    merchant_of,
    past_changes,
    preview,
)
from fin_infra.insights.categories.cleaning import clean
from fin_infra.insights.categories.rules import Rule, Rules, Sign
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, CategoryCode, categories, category, primary

__all__ = [
    "THRESHOLD",
    "UNCATEGORIZED",
    "Categorizer",
    "CategoryCode",
    "Correction",
    "Rule",
    "Rules",
    "Sign",
    "categories",
    "category",
    "clean",
    "merchant_of",
    "past_changes",
    "preview",
    "primary",
]
