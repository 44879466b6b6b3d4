"""Measure the category model on the held-out list, beside rapidfuzz and a plain linear model.
Floor 8: a developer's script; run it as `python dx/category_model/evaluate.py`, with `--shipped` for the weights only.

All rows are made up; on real ones a linear model comes to a macro F1 of 0.77 to 0.80 (docs/insights.md names whose).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from zlib import crc32

import numpy as np
from rapidfuzz import fuzz, process

DX = Path(__file__).resolve().parents[1]
if str(DX) not in sys.path:
    sys.path.insert(0, str(DX))

from category_model.train import BUCKETS, Numbers, held_out, train, training_rows  # noqa: E402
from category_model.world import MadeRow, words  # noqa: E402
from fin_infra.insights.categories.cleaning import clean  # noqa: E402
from fin_infra.insights.categories.merchants import table  # noqa: E402
from fin_infra.insights.categories.model import guess  # noqa: E402

PRECISION = 0.98


def macro_f1(wanted: Sequence[str], said: Sequence[str]) -> float:
    """Return the mean of the F1 of each category that is wanted."""
    found: list[float] = []
    for code in sorted(set(wanted)):
        right = sum(want == answer == code for want, answer in zip(wanted, said, strict=True))
        found.append(2 * right / (wanted.count(code) + said.count(code)))
    return sum(found) / len(found)


def shipped(held: Sequence[dict[str, str]]) -> list[tuple[str, float]]:
    """Return what the shipped weights say, with their confidence."""
    answers = [guess(row["description"], Decimal(row["amount"])) for row in held]
    return [("", 0.0) if answer is None else (answer.category, float(answer.confidence)) for answer in answers]


def word_bag(description: str, amount: Decimal) -> Numbers:
    """Return whole words and the sign, as numbers: what a plain linear model sees."""
    names = [*words(description), "sign in" if amount > 0 else "sign out"]
    return np.unique(np.array([crc32(name.encode()) % BUCKETS for name in names], np.int64))


def plain_linear(held: Sequence[dict[str, str]], made: Sequence[MadeRow], *, shuffled: bool = False) -> list[str]:
    """Return the answers of a logistic regression over whole words, trained on the same rows."""
    model = train(made, word_bag, shuffled=shuffled)
    scores = model.scores([word_bag(row["description"], Decimal(row["amount"])) for row in held])
    return [model.codes[index] for index in scores.argmax(1)]


def of_shuffled(held: Sequence[dict[str, str]], made: Sequence[MadeRow]) -> list[str]:
    """Return the answers of the same model, trained on rows that have the labels of others."""
    from fin_infra.insights.categories.ngrams import pieces

    model = train(made, shuffled=True)
    scores = model.scores([pieces(row["description"], Decimal(row["amount"])) for row in held])
    return [model.codes[index] for index in scores.argmax(1)]


def rapidfuzz_alone(held: Sequence[dict[str, str]], made: Sequence[MadeRow]) -> list[str]:
    """Return the category of the nearest text among shipped merchants and training rows, of the row's sign."""
    choices = {True: [], False: []}  # type: dict[bool, list[tuple[str, str]]]
    for name, merchant in table().whole.items():
        choices[False].append((name, merchant.category))
    for row in made:
        choices[row.amount > 0].append((clean(row.description), row.code))
    answers: list[str] = []
    for row in held:
        given = choices[Decimal(row["amount"]) > 0]
        hit = process.extractOne(clean(row["description"]), [name for name, _ in given], scorer=fuzz.token_set_ratio)
        answers.append(given[hit[2]][1] if hit else "")
    return answers


def coverage(wanted: Sequence[str], said: Sequence[tuple[str, float]], precision: float = PRECISION) -> float:
    """Return the largest share of rows, the surest first, of which `precision` are right."""
    order = sorted(range(len(said)), key=lambda index: -said[index][1])
    right, best = 0, 0
    for count, index in enumerate(order, 1):
        right += said[index][0] == wanted[index]
        tied = count < len(order) and said[order[count]][1] == said[index][1]
        if not tied and right / count >= precision:
            best = count
    return best / len(said)


def main() -> None:
    held = held_out()
    wanted = [row["category"] for row in held]
    said = shipped(held)
    print(f"{len(held)} held-out descriptions, {len(set(wanted))} categories, base rate {1 / len(set(wanted)):.3f}")
    print(f"shipped model             macro F1 {macro_f1(wanted, [code for code, _ in said]):.3f}")
    print(f"share labeled at {PRECISION:.0%} precision: {coverage(wanted, said):.3f}")
    for bar in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        kept = [(want, code) for want, (code, sure) in zip(wanted, said, strict=True) if sure >= bar]
        right = sum(want == code for want, code in kept)
        print(f"  confidence >= {bar}: {len(kept) / len(held):.3f} of the rows, {right / max(len(kept), 1):.3f} right")
    if "--shipped" in sys.argv:
        return
    made = training_rows()
    print(f"plain linear, whole words macro F1 {macro_f1(wanted, plain_linear(held, made)):.3f}")
    print(f"shuffled labels           macro F1 {macro_f1(wanted, of_shuffled(held, made)):.3f}")
    print(f"rapidfuzz alone           macro F1 {macro_f1(wanted, rapidfuzz_alone(held, made[::10])):.3f}")


if __name__ == "__main__":
    main()
