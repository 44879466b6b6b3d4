"""The shipped model: a category by the pieces of letters in a description, with the sign and size of the amount.
Floor 5: weights are in `ngrams.npz`, trained on made-up rows; NumPy is loaded when the model is asked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from fin_infra.insights.categories.extra import need

WEIGHTS = "ngrams.npz"


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest category, and how likely it is, from 0 to 1."""

    category: str
    confidence: Decimal


@dataclass(frozen=True, slots=True)
class Weights:
    table: Any
    """One row for each number of a piece, one column for each category."""
    bias: Any
    codes: tuple[str, ...]


@cache
def weights() -> Weights:
    """Read the shipped weights once.

    Raises:
        MissingExtra: NumPy is not installed.
    """
    numpy = need("numpy", "numpy", "Labeling by the letters of a description")
    with files("fin_infra.insights.categories").joinpath(WEIGHTS).open("rb") as file:
        kept = numpy.load(file, allow_pickle=False)
        table = kept["table"].astype(numpy.float32) * kept["step"]
        return Weights(table, kept["bias"], tuple(str(code) for code in kept["codes"]))


def guess(description: str, amount: Decimal) -> Guess | None:
    """Return what the model makes of a description; None for one without letters.

    Equal input gives the equal answer on every machine: probabilities are rounded to two digits.

    Raises:
        MissingExtra: NumPy is not installed.
    """
    known = weights()
    from fin_infra.insights.categories.ngrams import letters, pieces

    if not letters(description).strip():
        return None
    numbers = pieces(description, amount)
    scores = known.table[numbers].sum(axis=0) / len(numbers) ** 0.5 + known.bias
    best = int(scores.argmax())
    shares = 2.718281828459045 ** (scores - scores[best])
    return Guess(known.codes[best], Decimal(f"{1 / shares.sum():.2f}"))
