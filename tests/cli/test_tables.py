"""Tables at every width: nothing longer than the terminal, no word and no number broken, what is left out is named."""

from __future__ import annotations

import re

import pytest

from fin_infra.cli.tables import print_table, say_wrapped

COLUMNS = ("date", "status", "description", "amount")
ROWS = [
    ("2026-11-20", "posted", "EDULOAN SERVICING OF THE NORTHERN STATES", "-310.00 USD"),
    ("2026-11-19", "pending", "PINE STREET MARKET", "1234567.89 USD"),
]
NUMBERS = ["-310.00 USD", "1234567.89 USD", "2026-11-20", "2026-11-19"]


def drawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, **options: list[str]
) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table("Transactions", COLUMNS, ROWS, right=["amount"], **options)
    return capsys.readouterr().out


@pytest.mark.parametrize("minor", [[], ["status"], ["status", "description"]])
@pytest.mark.parametrize("columns", [20, 30, 40, 50, 60, 80, 110, 200])
def test_table_when_narrow_or_wide_then_no_line_is_longer_and_no_number_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, minor: list[str]
) -> None:
    out = drawn(capsys, monkeypatch, columns, minor=minor)
    assert max(map(len, out.splitlines())) <= columns
    for number in NUMBERS:
        assert number in out
    known = set(re.findall(r"\S+", " ".join(" ".join(row) for row in ROWS)))
    shown = set(re.findall(r"[A-Z]{3,}|\S*\d\S*", out))
    assert shown <= known


def test_table_when_it_does_not_fit_then_minor_columns_go_from_the_end_and_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = drawn(capsys, monkeypatch, 44, minor=["description", "status"])
    assert "posted" not in out
    assert "EDULOAN" in out
    assert out.endswith("Not shown at this width: status.\n")


def test_table_when_nothing_may_go_then_each_row_is_written_in_lines_with_all_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = drawn(capsys, monkeypatch, 38).splitlines()
    assert lines[:4] == ["Transactions", "", " date         2026-11-20", " status       posted"]
    assert " amount       -310.00 USD" in lines


@pytest.mark.parametrize("columns", ["0", "wide", "-3", ""])
def test_width_when_columns_says_nothing_then_a_pipe_has_110(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    say_wrapped("word " * 60)
    assert 105 <= max(map(len, capsys.readouterr().out.splitlines())) <= 110


def test_word_when_it_is_longer_than_the_terminal_then_it_stays_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_table("", ("id", "n"), [("305a5c56-7de3-49bf-a617-943787198081", "1")])
    assert "   305a5c56-7de3-49bf-a617-943787198081\n" in capsys.readouterr().out


def test_text_when_its_characters_take_two_columns_then_lines_fit_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    print_table("", ("name", "id"), [("東京 証券 取引所 東京 証券", "abcdefghijklmnop")])
    out = capsys.readouterr().out
    assert max(sum(2 if ord(char) > 0x2E80 else 1 for char in line) for line in out.splitlines()) <= 24
