"""Structured values: judged by their names, by those above them, and as text; nothing of them ever fails a log line."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.pii import mask_value


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"account": {"number": "000123456789"}}, {"account": {"number": "***6789"}}),
        ({"account": 123456789012}, {"account": "***9012"}),
        ({"order": {"number": "000123456789"}}, {"order": {"number": "000123456789"}}),
        ({"account_number": 42, "n": 7}, {"account_number": "***", "n": 7}),
        ({"first_name": "Ada", "name": "quote"}, {"first_name": "***", "name": "quote"}),
        ([("X-Api-Key", "K1")], [["X-Api-Key", "***"]]),
        ({"ada@example.com": 1}, {"***": 1}),
        ({"price": 1.5, "ok": True, "none": None}, {"price": 1.5, "ok": True, "none": None}),
        ({"at": 1764234909123}, {"at": 1764234909123}),
        ({"amount": Decimal("12.30")}, {"amount": "12.30"}),
        (float("nan"), "nan"),
        (4111111111111111, "***1111"),
        (b"4111111111111111", "b'***1111'"),
    ],
)  # fmt: skip
def test_mask_value_when_structured_then_by_name_by_place_and_as_text(value: Any, wanted: Any) -> None:
    assert mask_value("", value) == wanted


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("token=S3CRET")


def test_mask_value_when_it_has_no_text_or_no_end_then_it_is_named_or_cut_off() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert mask_value("", Broken()) == "<Broken>"
    assert "***" in json.dumps(mask_value("", endless))
