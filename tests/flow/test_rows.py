"""Lists that have rows nobody can read."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.errors import UnexpectedPayload
from fin_infra.flow import read_rows
from fin_infra.model import RowError


def read(row: Any) -> str:
    if type(row) is not dict or "bad" in row:
        raise UnexpectedPayload("a row should be good")
    return str(row["name"])


def test_rows_when_some_cannot_be_read_then_named_by_place_and_id_and_the_others_come_in_order() -> None:
    found = read_rows([{"name": "a"}, {"id": "x", "bad": "secret"}, {"name": "b"}, 7, {"name": "c"}], "cards", read)
    assert found == ["a", "b", "c"]
    assert found.errors == (
        RowError(place="cards[1]", reason="a row should be good", id="x"),
        RowError(place="cards[3]", reason="a row should be good", id=None),
    )


def test_rows_when_the_id_has_another_name_then_that_one_is_told() -> None:
    found = read_rows([{"id": "x", "symbol": "KO", "bad": 1}], "cards", read, id_field="symbol")
    assert [error.id for error in found.errors] == ["KO"]


@pytest.mark.parametrize("ident", [None, "", 7, ["x"], {"x": 1}])
def test_rows_when_an_id_is_not_text_then_none_is_told(ident: Any) -> None:
    assert [error.id for error in read_rows([{"id": ident, "bad": 1}], "cards", read).errors] == [None]


def test_rows_when_reading_has_a_mistake_of_our_own_then_it_is_not_hidden() -> None:
    with pytest.raises(KeyError):
        read_rows([{}], "cards", read)


def test_rows_when_there_are_none_then_an_empty_list_that_lacks_nothing() -> None:
    found = read_rows([], "cards", read)
    assert (found, found.errors) == ([], ())
