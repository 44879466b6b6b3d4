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
from fin_infra.providers import fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
READERS = [fields.text, fields.maybe_text, fields.ident, fields.amount, fields.maybe_amount, fields.day, fields.when]
READERS += [fields.child, fields.children, fields.words, fields.flag, fields.whole, fields.maybe_whole]


class Colour(StrEnum):
    RED = "red"
    UNKNOWN = "unknown"


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (fields.text, "", ""),
        (fields.maybe_text, None, None),
        (fields.ident, "a", "a"),
        (fields.amount, "-12.00", Decimal("-12.00")),
        (fields.amount, 3, Decimal(3)),
        (fields.whole, 0, 0),
        (fields.whole, "-007", -7),
        (fields.maybe_whole, None, None),
        (fields.maybe_whole, "", None),
        (fields.maybe_whole, 10**19, 10**19),
        (fields.amount, Decimal("0.1"), Decimal("0.1")),
        (fields.maybe_amount, None, None),
        (fields.maybe_amount, "", None),
        (fields.flag, False, False),
        (fields.day, "2024-02-29", date(2024, 2, 29)),
        (fields.when, "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (fields.when, "2026-01-31T12:00:00-05:00", datetime(2026, 1, 31, 17, tzinfo=UTC)),
        (fields.child, {"b": 1}, {"b": 1}),
        (fields.children, [{"b": 1}], [{"b": 1}]),
        (fields.words, ["x", "y"], ("x", "y")),
    ],
)
def test_reader_when_field_is_right_then_its_value(read: Callable[..., Any], value: Any, expected: Any) -> None:
    assert read({"field": value}, "field") == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (fields.text, None),
        (fields.text, 7),
        (fields.maybe_text, 7),
        (fields.ident, ""),
        (fields.amount, None),
        (fields.amount, True),
        (fields.amount, 1.5),
        (fields.amount, "1,000.00"),
        (fields.amount, "NaN"),
        (fields.amount, ""),
        (fields.maybe_amount, " "),
        (fields.flag, None),
        (fields.flag, 1),
        (fields.flag, "true"),
        (fields.day, "2026-W05-1"),
        (fields.day, "2026-02-30"),
        (fields.day, "2026-01-31T00:00:00"),
        (fields.when, "2026-01-31T12:00:00"),
        (fields.when, "yesterday"),
        (fields.child, []),
        (fields.children, [1]),
        (fields.words, "xy"),
        (fields.words, [1]),
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
    assert fields.word(Colour, text, Colour.UNKNOWN) is member


@pytest.mark.parametrize("row", [{}, {"field": None}, {"field": ""}])
def test_maybe_when_there_is_no_value_then_none_and_nothing_is_read(row: dict[str, Any]) -> None:
    assert fields.maybe(fields.flag, row, "field") is None


def test_maybe_when_there_is_a_value_then_it_is_read_as_strictly_as_ever() -> None:
    assert fields.maybe(fields.flag, {"field": False}, "field") is False
    for wrong in (0, " ", "false", []):
        with pytest.raises(UnexpectedPayload, match="'field' should be true or false"):
            fields.maybe(fields.flag, {"field": wrong}, "field")


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_when_instant_lies_beyond_the_calendar_then_unexpected_payload(stamp: str) -> None:
    with pytest.raises(UnexpectedPayload, match="'at'"):
        fields.when({"at": stamp}, "at")


@pytest.mark.parametrize("value", [0, False, "", {}])
def test_words_when_value_is_empty_but_no_list_then_unexpected_payload(value: object) -> None:
    with pytest.raises(UnexpectedPayload, match="list of words"):
        fields.words({"words": value}, "words")


@pytest.mark.parametrize(
    "value", [True, Decimal("1.0"), Decimal("1.5"), "1.0", "1e3", "1,000", " 1", "+1", "\u0661", "9" * 31]
)
def test_whole_when_it_is_another_number_then_an_error_that_names_the_field(value: object) -> None:
    for read in (fields.whole, fields.maybe_whole):
        with pytest.raises(UnexpectedPayload, match="'n' should be a whole number"):
            read({"n": value}, "n")
