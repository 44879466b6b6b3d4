"""Choosing a format by content, and every way a path can be wrong."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import InvalidInput, StatementUnreadable, UnknownCurrency
from fin_infra.imports.statements import ReadOptions, StatementFormat, base, read_statement, statement_formats
from fin_infra.imports.statements.base import GROUP
from fin_infra.imports.statements.ofx import Ofx
from fin_infra.model.statement import StatementFile

PLAIN = ReadOptions()
CARD = Path(__file__).resolve().parents[1] / "fixtures" / "ofx" / "card.qfx"


class Shout(StatementFormat):
    """A format of somebody else's."""

    title = "SHOUT"

    def recognizes(self, head: bytes) -> bool:
        return head.startswith(b"SHOUT")

    def read(self, data: bytes, options: ReadOptions = PLAIN) -> StatementFile:
        return StatementFile(format="shout", encoding="ascii", statements=())


CSV = list(metadata.entry_points(group=GROUP, name="csv"))


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """Entry points that the tests pretend are installed."""
    installed = list(metadata.entry_points(group=GROUP, name="ofx"))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: EntryPoints(installed).select(group=group))
    base._installed.cache_clear()
    yield installed
    base._installed.cache_clear()


def test_format_when_the_extension_lies_then_content_decides(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    path.write_bytes(CARD.read_bytes())
    assert read_statement(path).format == "ofx"
    assert read_statement(str(path)).statements == read_statement(CARD.read_bytes()).statements


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda path: path.mkdir(), "folder"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b" \r\n\0"), "empty"),
        (lambda path: path.write_text("<html><body>Please sign in</body></html>"), "OFX or QFX"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + CARD.read_bytes()), "unpack"),
        (lambda path: path.write_bytes(gzip.compress(CARD.read_bytes())), "unpack"),
        (lambda path: os.mkfifo(path), "regular file"),
        (lambda path: None, "no file"),
    ],
)
def test_path_when_wrong_then_one_sentence_with_the_next_step(tmp_path: Path, make, word: str) -> None:  # type: ignore[no-untyped-def]  # a lambda per case
    path = tmp_path / "mine.ofx"
    make(path)
    with pytest.raises(StatementUnreadable, match=word) as caught:
        read_statement(path)
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_path_when_it_cannot_exist_then_our_error() -> None:
    with pytest.raises(StatementUnreadable):
        read_statement("a\0b")
    with pytest.raises(StatementUnreadable):
        read_statement("x" * 5000)
    with pytest.raises(StatementUnreadable):
        read_statement("")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_path_when_not_permitted_then_our_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.ofx"
    path.write_bytes(CARD.read_bytes())
    path.chmod(0)
    with pytest.raises(StatementUnreadable, match="rights"):
        read_statement(path)


def test_size_when_above_the_bound_then_refused() -> None:
    size = CARD.stat().st_size
    assert read_statement(CARD, max_bytes=size).statements
    for source in (CARD, CARD.read_bytes()):
        with pytest.raises(StatementUnreadable, match="max_bytes"):
            read_statement(source, max_bytes=size - 1)


def test_argument_when_no_currency_or_mark_then_invalid_input() -> None:
    with pytest.raises(UnknownCurrency):
        read_statement(CARD, currency="EURO")
    with pytest.raises(InvalidInput):
        read_statement(CARD, decimal_mark=";")  # type: ignore[arg-type]  # the mistake under test
    for account in ("", " ", "a\nb", "1" * 65):
        with pytest.raises(InvalidInput, match="account number"):
            read_statement(CARD, account=account)


def test_plugin_when_installed_then_reads_its_files_and_is_named(plugins: list[EntryPoint]) -> None:
    plugins.append(EntryPoint("shout", f"{__name__}:Shout", GROUP))
    sys.modules.setdefault(__name__, sys.modules[Shout.__module__])
    assert list(statement_formats()) == ["ofx", "shout"]
    assert read_statement(b"SHOUT 1").format == "shout"
    with pytest.raises(StatementUnreadable, match="SHOUT"):
        read_statement(b"something else")


class Likely(Shout):
    """One that takes every file for its own."""

    title = "LIKELY"
    guesses = True

    def recognizes(self, head: bytes) -> bool:
        return True


def test_plugin_when_it_has_marks_then_it_is_asked_before_what_guesses(plugins: list[EntryPoint]) -> None:
    sys.modules.setdefault(__name__, sys.modules[Shout.__module__])
    plugins[:0] = [EntryPoint("likely", f"{__name__}:Likely", GROUP), *CSV]
    plugins.append(EntryPoint("shout", f"{__name__}:Shout", GROUP))
    assert list(statement_formats()) == ["ofx", "shout", "csv", "likely"]


def test_plugin_when_it_takes_a_built_in_name_then_the_built_in_stays(plugins: list[EntryPoint]) -> None:
    plugins.insert(0, EntryPoint("ofx", f"{__name__}:Shout", GROUP))
    assert list(statement_formats()) == ["ofx"]
    assert type(statement_formats()["ofx"]) is Ofx


@pytest.mark.parametrize("value", ["no.such.module:Format", "pathlib:Path", "pathlib:nothing"])
def test_plugin_when_broken_then_files_of_other_formats_are_read_and_others_name_it(
    plugins: list[EntryPoint], value: str
) -> None:
    plugins.append(EntryPoint("bad", value, GROUP))
    assert read_statement(CARD).format == "ofx"
    with pytest.raises(StatementUnreadable, match=r"'bad'.*fix or remove its package"):
        read_statement(b"something else")


def test_import_when_fresh_then_loads_no_network_or_service_package() -> None:
    code = (
        "import sys, fin_infra.imports.statements; "
        "print([m for m in ('httpx2', 'pydantic', 'fastapi', 'svc_infra', 'yaml', 'lxml') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("source", [None, 5, bytearray(b"OFXHEADER:100"), ["a.ofx"]])
def test_read_when_source_is_neither_path_nor_bytes_then_invalid_input(source: Any) -> None:
    with pytest.raises(InvalidInput, match="`source` must be a str or a path or bytes, not"):
        read_statement(source)
