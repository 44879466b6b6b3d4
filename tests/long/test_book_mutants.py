"""Hand-made faults of the book's engine, each in a copy of the package: the histories or a directed test must find it.

A run of the unchanged copy stands beside them, so that a mutant is not "found" by a copy that cannot run at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIRECTED = ("merge", "lease", "sync", "banks", "brokers", "deal_rows", "logins", "imports")
SUITES = tuple(f"tests/book/test_{name}.py" for name in (*DIRECTED, "histories"))


class Mutant(NamedTuple):
    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "a paused worker may write",
        "lease.py",
        "mine = sa.and_(lease.owner.of(streams, connection=lease.connection), streams.c.fence == lease.fence)\n"
        "    if before",
        "mine = lease.owner.of(streams, connection=lease.connection)\n    if before",
    ),
    Mutant(
        "a paused worker may end another's lease",
        "lease.py",
        "        mine = sa.and_(lease.owner.of(streams, connection=lease.connection), streams.c.fence == lease.fence)\n"
        "        values",
        "        mine = lease.owner.of(streams, connection=lease.connection)\n        values",
    ),
    Mutant("a page whose answer was lost is written twice", "lease.py", "if before is not None:", "if False:"),
    Mutant(
        "pages of a run that begins again stay",
        "lease.py",
        "db.execute(pages.delete().where(lease.owner.of(pages, connection=lease.connection)))\n        if beginning",
        "if beginning",
    ),
    Mutant("pages are written as they come", "sync.py", "if page.complete and not kept:", "if True:"),
    Mutant("news after leftovers are not fetched", "sync.py", "        kept = 0\n    elif", "        return\n    elif"),
    Mutant("an echo opens a posted one again", "merge.py", "if stored.state != POSTED or", "if True or"),
    Mutant("an echo is a new one", "merge.py", "if link and link not in self.known.names:", "if False:"),
    Mutant("a pending one settles backwards in time", "merge.py", "return 0 <= (date_of", "return -9 <= (date_of"),
    Mutant(
        "two equal ones are one", "merge.py", "self._take_over(found.pop(0), facts)", "self._take_over(found[0], facts)"
    ),
    Mutant("what is gone stays", "merge.py", "            if facts.state != REMOVED:\n", "            if False:\n"),
    Mutant(
        "a removed pending id takes the posted one along",
        "write.py",
        "if facts.vendor_id in run.removed and facts.source == source",
        "if facts.source == source",
    ),
    Mutant(
        "new ids are not remembered",
        "merge.py",
        "self.known.names[facts.vendor_id] = self.out.names[",
        "self.out.names[",
    ),
    Mutant("aliases are not stored", "write.py", "for name, row in out.names.items()]", "for name, row in ()]"),
    Mutant("a window forgets what is pending", "banks.py", "min(start, self._pending.get(account, start))", "start"),
    Mutant("an answer leaves the ids behind", "words.py", "*name, other) for name in", "*name, row) for name in"),
    Mutant("an answer leaves the words behind", "words.py", "if has.get(kind, value) == value:", "if False:"),
    Mutant("the feed repeats its last entry", "feed.py", "changes.c.position > since", "changes.c.position >= since"),
    Mutant(
        "a household's positions are not locked",
        "log.py",
        "self.head = int(db.execute(ask).scalar_one())",
        "self.head = int(db.execute(sa.select(sa.func.coalesce(sa.func.max(changes.c.position), 0)).where("
        "owner.of(changes))).scalar_one())",
    ),
    Mutant("a write begins as a read", "engine.py", '"BEGIN IMMEDIATE" if', '"BEGIN" if'),
    Mutant("a canceled deal stays", "deal_rows.py", "state=REMOVED if deal.canceled else POSTED", "state=POSTED"),
    Mutant("a correction is a second row", "deal_rows.py", "    if row is not None:\n", "    if False:\n"),
    Mutant("a deal with another id is a second row", "deal_rows.py", "elif pool.get(new.content):", "elif False:"),
    Mutant(
        "a deal that was taken back stays",
        "write.py",
        "    if last:\n        remove_gone",
        "    if 0:\n        remove_gone",
    ),
    Mutant("one that is announced hides what comes before it", "deals.py", "min(deal.day, today) for", "deal.day for"),
    Mutant(
        "what was sold to the end stays",
        "levels.py",
        "in held.items():",
        "in {a: held[a] for a in by_account}.items():",
    ),
    Mutant(
        "yesterday's positions are not ended",
        "levels.py",
        "db.execute(holdings.delete().where(owner.of(holdings, account=account), holdings.c.day == day))",
        "pass",
    ),
    Mutant("cash that cannot be read is none", "levels.py", "if account in cash_unread and", "if False and"),
)


def judged(folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "FIN_INFRA_TEST_TIER": "test"}
    environ |= {"FIN_INFRA_TEST_HISTORIES": "20"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *SUITES]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=900)


def copied(folder: Path) -> Path:
    for package in ("fin_infra", "bankersbank", "asset_aggregator"):
        shutil.copytree(ROOT / "src" / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_copy_when_nothing_is_changed_then_all_pass(tmp_path: Path) -> None:
    run = judged(copied(tmp_path))
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_when_the_suites_run_then_one_test_fails(mutant: Mutant, tmp_path: Path) -> None:
    file = copied(tmp_path) / "fin_infra" / "book" / mutant.file
    text = file.read_text("utf-8")
    assert text.count(mutant.old) == 1, "the mutant does not fit the text any more"
    file.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    run = judged(tmp_path)
    assert run.returncode == 1, f"nobody noticed: {run.stdout[-2000:]}"
