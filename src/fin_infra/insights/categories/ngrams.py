"""What the category model sees of a transaction: pieces of its letters, its words, its sign and size, as numbers.
Floor 5: loads NumPy when it is imported, and so is imported when the model is first asked."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from zlib import crc32

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 13
"""Pieces share this many numbers; two pieces with one number are seen as the same."""
SIZES = (3, 4, 5, 6)
"""Letters of a piece, the spaces around a word counted."""
LETTERS = 80
"""What is longer is cut: banks print the name first."""

_OTHER = re.compile(r"[^A-Z]+")
_PRIME = np.uint32(16_777_619)  # of the FNV hash (https://datatracker.ietf.org/doc/html/rfc9923)
_MIX = np.uint32(2_654_435_769)  # 2^32 / golden ratio (Knuth, The Art of Computer Programming 3, 6.4)

Numbers = npt.NDArray[np.int64]


def letters(description: str) -> str:
    """Return the letters of a description in capitals without accents, with one space around each word."""
    plain = description if description.isascii() else unicodedata.normalize("NFKD", description)
    return f" {_OTHER.sub(' ', plain.upper()).strip()[:LETTERS]} "


def pieces(description: str, amount: Decimal) -> Numbers:
    """Return the numbers of what a description and its amount consist of; equal input gives equal numbers anywhere."""
    text = letters(description)
    codes = np.frombuffer(text.encode(), np.uint8).astype(np.uint32)
    found = [_hashed(codes, size) for size in SIZES if len(codes) >= size]
    found.append(np.array(_facts(text, amount), np.uint32))
    mixed = np.unique(np.concatenate(found) * _MIX >> np.uint32(19))
    return mixed.astype(np.int64)


def _hashed(codes: npt.NDArray[np.uint32], size: int) -> npt.NDArray[np.uint32]:
    count = len(codes) - size + 1
    total = np.full(count, size, np.uint32)
    for shift in range(size):
        total = total * _PRIME + codes[shift : shift + count]
    return total


def _facts(text: str, amount: Decimal) -> list[int]:
    sign = "in" if amount > 0 else "out"
    size = amount.adjusted() if amount else 0
    words = text.split()
    named = [f"word {word}" for word in words] + [f"{sign} {word}" for word in words]
    return [crc32(name.encode()) for name in (*named, f"sign {sign}", f"size {sign} {size}")]
