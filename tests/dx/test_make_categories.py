"""The script that writes the taxonomy, on a small pairing in Plaid's form and on Plaid's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dx import make_categories
from dx.make_categories import main

SHIPPED = make_categories.TARGET


def test_pairing_when_read_then_each_code_has_its_words_and_those_of_version_1_their_new_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_categories, "TARGET", tmp_path / "codes.py")
    monkeypatch.setattr(make_categories, "OURS", {"BANK_FEES": "cash machine fee; late fee"})
    rows = [
        {"primary": "BANK_FEES", "detailed": "BANK_FEES_ATM_FEES", "v1_detailed": "BANK_FEES_ATM_FEES"},
        {
            "primary": "BANK_FEES",
            "detailed": "BANK_FEES_LATE_FEES",
            "v1_detailed": "BANK_FEES_OTHER|BANK_FEES_ATM_FEES",
        },
    ]
    (tmp_path / "pairing.json").write_text(json.dumps(rows), "utf-8")
    main(tmp_path / "pairing.json")
    written: dict[str, object] = {}
    exec((tmp_path / "codes.py").read_text("utf-8"), written)  # what the script wrote a line above
    assert written["CODES"] == {
        "BANK_FEES_ATM_FEES": ("BANK_FEES", "cash machine fee"),
        "BANK_FEES_LATE_FEES": ("BANK_FEES", "late fee"),
    }
    assert written["RENAMED"] == {"BANK_FEES_OTHER": "BANK_FEES_LATE_FEES"}


def test_pairing_when_a_code_has_no_words_of_ours_then_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_categories, "TARGET", tmp_path / "codes.py")
    rows = [{"primary": "OTHER", "detailed": f"OTHER_{number}", "v1_detailed": None} for number in range(2)]
    (tmp_path / "pairing.json").write_text(json.dumps(rows), "utf-8")
    with pytest.raises(ValueError, match="shorter"):
        main(tmp_path / "pairing.json")
    assert not (tmp_path / "codes.py").exists()


def test_pairing_of_plaid_when_read_then_gives_the_shipped_module(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_categories, "TARGET", tmp_path / "codes.py")
    main(samples / "plaid" / "pfc_taxonomy_v2_v1.json")
    told: list[dict[str, object]] = [{}, {}]
    for path, names in zip((tmp_path / "codes.py", SHIPPED), told, strict=True):
        exec(path.read_text("utf-8"), names)  # both are made by this script
    assert told[0]["CODES"] == told[1]["CODES"]
    assert told[0]["RENAMED"] == told[1]["RENAMED"]
