"""Typed field readers: a value, or an error that names the field and quotes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import UnexpectedPayload
from fin_infra.providers import wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
READERS = [wire.text, wire.maybe_text, wire.ident, wire.amount, wire.maybe_amount, wire.day, wire.when]
READERS += [wire.child, wire.children, wire.words]


class Colour(StrEnum):
    RED = "red"
    UNKNOWN = "unknown"


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (wire.text, "", ""),
        (wire.maybe_text, None, None),
        (wire.ident, "a", "a"),
        (wire.amount, "-12.00", Decimal("-12.00")),
        (wire.amount, 3, Decimal(3)),
        (wire.amount, Decimal("0.1"), Decimal("0.1")),
        (wire.maybe_amount, None, None),
        (wire.day, "2024-02-29", date(2024, 2, 29)),
        (wire.when, "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (wire.when, "2026-01-31T12:00:00-05:00", datetime(2026, 1, 31, 17, tzinfo=UTC)),
        (wire.child, {"b": 1}, {"b": 1}),
        (wire.children, [{"b": 1}], [{"b": 1}]),
        (wire.words, ["x", "y"], ("x", "y")),
    ],
)
def test_reader_when_field_is_right_then_its_value(read: Callable[..., Any], value: Any, expected: Any) -> None:
    assert read({"field": value}, "field") == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (wire.text, None),
        (wire.text, 7),
        (wire.maybe_text, 7),
        (wire.ident, ""),
        (wire.amount, None),
        (wire.amount, True),
        (wire.amount, 1.5),
        (wire.amount, "1,000.00"),
        (wire.amount, "NaN"),
        (wire.maybe_amount, ""),
        (wire.day, "2026-W05-1"),
        (wire.day, "2026-02-30"),
        (wire.day, "2026-01-31T00:00:00"),
        (wire.when, "2026-01-31T12:00:00"),
        (wire.when, "yesterday"),
        (wire.child, []),
        (wire.children, [1]),
        (wire.words, "xy"),
        (wire.words, [1]),
    ],
)
def test_reader_when_field_is_wrong_then_error_names_it(read: Callable[..., Any], value: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="'field'"):
        read({"field": value}, "field")


@pytest.mark.parametrize("read", READERS)
@given(value=JSON)
def test_reader_when_field_is_anything_then_value_or_our_error(read: Callable[..., Any], value: Any) -> None:
    with suppress(UnexpectedPayload):
        read({"field": value}, "field")


@pytest.mark.parametrize(
    ("text", "member"), [("red", Colour.RED), ("mauve", Colour.UNKNOWN), (None, Colour.UNKNOWN), ("", Colour.UNKNOWN)]
)
def test_word_when_not_in_the_vocabulary_then_unknown(text: str | None, member: Colour) -> None:
    assert wire.word(Colour, text, Colour.UNKNOWN) is member


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_when_instant_lies_beyond_the_calendar_then_unexpected_payload(stamp: str) -> None:
    with pytest.raises(UnexpectedPayload, match="'at'"):
        wire.when({"at": stamp}, "at")


@pytest.mark.parametrize("value", [0, False, "", {}])
def test_words_when_value_is_empty_but_no_list_then_unexpected_payload(value: object) -> None:
    with pytest.raises(UnexpectedPayload, match="list of words"):
        wire.words({"words": value}, "words")
