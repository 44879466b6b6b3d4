"""bankstatementparser beside our readers of CAMT, MT940 and BAI2, in an environment of its own.

Where it differs, ours is right:
- of camt.052 and camt.054 it reads nothing and says nothing; their entries are there;
- an amount in yen it takes for hundredths, where BAI2 amounts are in the smallest unit and the yen has none smaller;
- a file whose extension it does not know it refuses whatever is in it, so BAI2 samples in `.txt` are left out;
- a CAMT file without any statement is an empty table to it, and an error to us.
"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from fin_infra.imports.statements import read_statement

SCRIPT = Path(__file__).with_name("statement_witness.py")
WITNESS = "bankstatementparser==0.0.29"
FIXTURES = Path(__file__).resolve().parents[1] / "imports" / "fixtures"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
FORMATS = {"camt": ".xml", "mt940": ".sta", "bai2": ".bai"}
DIFFERENT = {
    "camt052.v6.Amt-zero.xml": ([], ["-200000"]),
    "camt054.v8.xml": ([], ["-200000"]),
    "two_accounts.bai": (["300", "5", "200", "-200", "-10"], ["300", "5", "200", "-200", "-1000"]),
}
"""What it reads, and what we read."""
NO_STATEMENT = "camt053.v2.wrong.xml"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Decimal]]:
    """What the library reads of every file, by name."""
    folder = tmp_path_factory.mktemp("witness")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=300)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-qq", WITNESS], check=True, timeout=900)
    pairs = [word for name, path in files() for word in (name, str(path))]
    done = subprocess.run([python, SCRIPT, *pairs], capture_output=True, text=True, timeout=300, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {Path(path).name: [Decimal(amount) for amount in amounts] for path, amounts in found}


def files() -> list[tuple[str, Path]]:
    folders = [(name, root / name) for root in (FIXTURES, SAMPLES) for name in FORMATS if (root / name).is_dir()]
    return [
        (name, path)
        for name, folder in folders
        for path in sorted(folder.iterdir())
        if path.suffix == FORMATS[name] and path.name != NO_STATEMENT
    ]


@pytest.mark.parametrize(("name", "path"), files(), ids=lambda value: getattr(value, "name", value))
def test_witness_when_both_read_a_file_then_amounts_agree_or_the_difference_is_named(
    theirs: dict[str, list[Decimal]], name: str, path: Path
) -> None:
    file = read_statement(path, accept_difference=True)
    ours = [line.amount.amount for statement in file.statements for line in (*statement.lines, *statement.pending)]
    assert file.format == name
    if path.name in DIFFERENT:
        expected = [[Decimal(amount) for amount in amounts] for amounts in DIFFERENT[path.name]]
        assert [theirs[path.name], ours] == expected
    else:
        assert ours == theirs[path.name]
