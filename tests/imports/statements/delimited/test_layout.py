"""Layouts as data: to a plain dictionary and back, refused where they contradict themselves, kept in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.delimited import Layout, layouts_folder, learn, learned, read_delimited

OWN = Layout(
    name="My bank", source="me", header=("When", "What", "How much"), date="When", amount="How much", order="dmy"
)
TEXT = b"When,What,How much\n03/04/2026,rent,700.00\n04/04/2026,food,12.00\n"


def test_layout_when_made_a_dictionary_then_it_is_json_and_comes_back_equal() -> None:
    data = json.loads(json.dumps(OWN.to_dict()))
    assert data == {
        "name": "My bank",
        "source": "me",
        "header": ["When", "What", "How much"],
        "order": "dmy",
        "date": "When",
        "amount": "How much",
    }
    assert Layout.from_dict(data) == OWN


@pytest.mark.parametrize(
    "change",
    [
        {"amount": None},
        {"amount": "Other"},
        {"debit": "What"},
        {"sign": "upside down"},
        {"sign": "absolute"},
        {"delimiter": "x"},
        {"fixed_currency": "EURO"},
        {"indicator": "What"},
        {"date": 0.5},
        {"header": "When"},
        {"header": [1, 2]},
        {"type": "bank"},
        {"width": -1},
        {"balance_owed": "yes"},
        {"order": "ydm"},
        {"unknown": 1},
        {"header": [], "date": "When"},
    ],
)
def test_layout_when_it_contradicts_itself_then_it_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Layout.from_dict({**OWN.to_dict(), **change})


def test_layout_when_a_field_is_missing_then_it_is_named() -> None:
    with pytest.raises(InvalidInput, match="'date'"):
        Layout.from_dict({"name": "x", "source": "y"})


def test_layout_when_learned_then_its_files_are_read_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    path = learn(Layout.from_dict({**OWN.to_dict(), "sign": "inverted", "description": ["What"]}))
    assert path.parent == layouts_folder() == tmp_path / "fin-infra" / "layouts"
    assert path.stat().st_mode & 0o077 == 0
    (statement,) = read_statement(TEXT, account="1", currency="GBP").statements
    assert [(f"{line.posted}", str(line.amount)) for line in statement.lines] == [
        ("2026-04-03", "-700.00 GBP"),
        ("2026-04-04", "-12.00 GBP"),
    ]


def test_layout_when_learned_again_then_it_takes_the_place_of_the_first(tmp_path: Path) -> None:
    learn(OWN, tmp_path)
    learn(Layout.from_dict({**OWN.to_dict(), "sign": "inverted"}), tmp_path)
    found, notes = learned(tmp_path)
    assert [each.sign for each in found] == ["inverted"]
    assert notes == ()


def test_folder_when_a_file_in_it_is_no_layout_then_it_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    learn(OWN, tmp_path)
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text('{"name": "x"}')
    found, notes = learned(tmp_path)
    assert found == (OWN,)
    assert len(notes) == 3
    assert "'c.json' is not used: A layout needs the field 'source'" in notes[2]


def test_folder_when_missing_then_nothing_was_learned(tmp_path: Path) -> None:
    assert learned(tmp_path / "none") == ((), ())


def test_name_when_it_is_a_path_then_the_file_stays_in_the_folder(tmp_path: Path) -> None:
    path = learn(Layout.from_dict({**OWN.to_dict(), "name": "../../etc/passwd"}), tmp_path)
    assert path.parent == tmp_path
    assert path.name == "etc-passwd.json"


def test_layout_when_given_then_no_other_is_asked() -> None:
    from fin_infra.imports.statements.base import ReadOptions

    file = read_delimited(TEXT, ReadOptions(account="1", currency="GBP"), layouts=[OWN])
    assert [str(line.amount) for line in file.statements[0].lines] == ["700.00 GBP", "12.00 GBP"]
