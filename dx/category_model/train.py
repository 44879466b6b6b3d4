"""Train the category model on made-up rows and write its weights: `python dx/category_model/train.py`.
Floor 8: a developer's script in plain NumPy; the held-out list only says which words the rows must not have."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DX = Path(__file__).resolve().parents[1]
if str(DX) not in sys.path:
    sys.path.insert(0, str(DX))

from category_model.world import MadeRow, rows  # noqa: E402  # after the path of the scripts
from fin_infra.insights.categories.ngrams import BUCKETS, pieces  # noqa: E402

TARGET = DX.parent / "src" / "fin_infra" / "insights" / "categories" / "ngrams.npz"
HELD_OUT = DX / "category_model" / "held_out.csv"
SEED, ROWS, EPOCHS = 7, 1_000, 4
BATCH, RATE, LAST_RATE, DROPPED, SMOOTHED = 256, 0.02, 0.001, 0.3, 0.05
LEVELS = 31
"""Steps of a weight to either side of zero: small enough to pack, and F1 does not change in its third digit."""

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Seen = Callable[[str, Decimal], Numbers]


@dataclass(frozen=True)
class Trained:
    table: Floats
    bias: Floats
    codes: tuple[str, ...]

    def scores(self, seen: Sequence[Numbers]) -> Floats:
        """Return the scores of rows, one column for each category."""
        return dense(seen) @ self.table + self.bias


def held_out() -> list[dict[str, str]]:
    """Read the held-out descriptions."""
    lines = [line for line in HELD_OUT.read_text("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def held_out_words() -> frozenset[str]:
    """Return the cues and merchants of the held-out list, which no training row has."""
    found = {cue for row in held_out() for cue in row["cues"].split("|")}
    return frozenset(found | {row["merchant"].upper() for row in held_out() if row["merchant"]})


def training_rows(count: int = ROWS, seed: int = SEED) -> list[MadeRow]:
    """Return the made-up rows, `count` of each category."""
    return list(rows(count, seed, held_out_words()))


def dense(seen: Sequence[Numbers], drop: Any = None) -> Floats:
    """Return one row of the table of pieces for each description, each of length one; `drop` leaves some out."""
    table = np.zeros((len(seen), BUCKETS), np.float32)
    for row, numbers in zip(table, seen, strict=True):
        kept = numbers if drop is None else numbers[drop.random(len(numbers)) > DROPPED]
        row[kept] = 1 / max(len(kept), 1) ** 0.5
    return table


def train(made: Sequence[MadeRow], seen_as: Seen = pieces, *, epochs: int = EPOCHS, shuffled: bool = False) -> Trained:
    """Fit a multinomial logistic regression by Adam, with pieces left out at random and smoothed targets.

    Args:
        shuffled: give the rows the labels of others, which leaves nothing to be learned.
    """
    chance = np.random.default_rng(SEED)
    codes = tuple(sorted({row.code for row in made}))
    wanted = np.array([codes.index(row.code) for row in made])
    if shuffled:
        wanted = chance.permutation(wanted)
    seen = [seen_as(row.description, Decimal(str(row.amount))) for row in made]
    table, bias = np.zeros((BUCKETS, len(codes)), np.float32), np.zeros(len(codes), np.float32)
    first, second = np.zeros_like(table), np.zeros_like(table)
    step = 0
    for epoch in range(epochs):
        rate = RATE * (1 - epoch / epochs) + LAST_RATE
        order = chance.permutation(len(made))
        for start in range(0, len(order), BATCH):
            batch, step = order[start : start + BATCH], step + 1
            inputs = dense([seen[index] for index in batch], chance)
            error = _error(inputs @ table + bias, wanted[batch])
            slope = inputs.T @ error
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            table -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            bias -= rate * error.sum(0)
    return Trained(table, bias, codes)


def _error(scores: Floats, wanted: npt.NDArray[np.int64]) -> Floats:
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    shares -= SMOOTHED / scores.shape[1]
    shares[np.arange(len(wanted)), wanted] -= 1 - SMOOTHED
    return shares / len(wanted)


def packed(model: Trained) -> Trained:
    """Return the model with weights of few steps, as it is shipped."""
    size = _step(model)
    return Trained(np.rint(np.clip(model.table / size, -LEVELS, LEVELS)) * size, model.bias, model.codes)


def _step(model: Trained) -> np.float32:
    return np.float32(np.quantile(np.abs(model.table), 0.9995) / LEVELS)


def write(model: Trained, target: Path = TARGET) -> None:
    """Write the weights in the form that the package reads."""
    size = _step(model)
    table = np.rint(np.clip(model.table / size, -LEVELS, LEVELS)).astype(np.int8)
    np.savez_compressed(target, table=table, step=size, bias=model.bias, codes=np.array(model.codes))


if __name__ == "__main__":
    write(train(training_rows()))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes; now run python dx/category_model/evaluate.py")
