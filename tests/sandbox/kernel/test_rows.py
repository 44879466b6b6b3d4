"""Spoiling the first row of a list."""

from __future__ import annotations

import json

import pytest

from fin_infra.sandbox.kernel.rows import WRONG, spoil


def test_spoil_when_a_list_then_its_first_row_keeps_its_id_and_nothing_else() -> None:
    rows = [{"id": "a", "amount": "1.00"}, {"id": "b", "amount": "2.00"}]
    spoiled = [{"id": "a", "amount": WRONG}, rows[1]]
    assert json.loads(spoil(json.dumps(rows).encode())) == spoiled
    assert json.loads(spoil(json.dumps({"data": rows}).encode(), ("data",))) == {"data": spoiled}
    assert json.loads(spoil(b'["ada", "ben"]')) == [WRONG, "ben"]


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"<html>", b'{"data": []}', b'{"other": [{"id": "a"}]}'])
def test_spoil_when_there_are_no_rows_then_the_same(body: bytes) -> None:
    assert spoil(body, ("data",)) == body
