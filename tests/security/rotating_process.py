"""A worker of the test of rotation: `python rotating_process.py DATABASE ROLE SECONDS`, on one SQLite file.

Rows are as the documentation says: a connection has its wrapped key and how often it sealed, a secret its sealed value
and generation. `write` replaces secrets, `rotate` changes data keys and main keys, `read` opens. Each prints how much
it did; every secret is `TOKEN:row:number`, and the number in it is the row's own.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from contextlib import closing

from fin_infra.security.vault import Keyring, Scope, Sealed, Vault, WrappedKey

ROWS = 6
KEYS = "new:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=,old:ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="
OLD = "old:ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="


def scope(row: int, generation: int) -> Scope:
    return Scope(
        tenant="t", user="u", provider="banking:x", connection="c", purpose=f"token-{row}", generation=generation
    )


def opened(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=60, isolation_level=None)


def create(path: str) -> None:
    vault = Vault(Keyring.from_text(OLD))
    key = vault.new_key(scope(0, 1))
    with closing(opened(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE connection (key TEXT, used INTEGER)")
        db.execute("CREATE TABLE secret (row INTEGER PRIMARY KEY, sealed TEXT, generation INTEGER, number INTEGER)")
        db.execute("INSERT INTO connection VALUES (?, ?)", (key.text, ROWS))
        for row in range(ROWS):
            sealed = vault.seal(f"TOKEN:{row}:0", scope(row, 1), key)
            db.execute("INSERT INTO secret VALUES (?, ?, 1, 0)", (row, sealed.text))


def checked(vault: Vault, key: str, row: int, sealed: str, generation: int, number: int) -> None:
    secret = vault.open(Sealed.from_text(sealed), scope(row, generation), WrappedKey.from_text(key)).reveal()
    assert secret == f"TOKEN:{row}:{number}"


def read(vault: Vault, db: sqlite3.Connection) -> None:
    found = db.execute("SELECT key, row, sealed, generation, number FROM connection, secret").fetchall()
    assert len(found) == ROWS
    for line in found:
        checked(vault, *line)


def write(vault: Vault, db: sqlite3.Connection) -> None:
    row = random.randrange(ROWS)
    db.execute("BEGIN IMMEDIATE")
    key, used = db.execute("SELECT key, used FROM connection").fetchone()
    generation, number = db.execute("SELECT generation, number FROM secret WHERE row = ?", (row,)).fetchone()
    sealed = vault.seal(f"TOKEN:{row}:{number + 1}", scope(row, generation + 1), WrappedKey.from_text(key), used=used)
    db.execute(
        "UPDATE secret SET sealed = ?, generation = ?, number = ? WHERE row = ?",
        (sealed.text, generation + 1, number + 1, row),
    )
    db.execute("UPDATE connection SET used = used + 1")
    db.execute("COMMIT")


def rotate(vault: Vault, db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    old = WrappedKey.from_text(db.execute("SELECT key FROM connection").fetchone()[0])
    if random.random() < 0.5:
        db.execute("UPDATE connection SET key = ?", (vault.rewrap(old, scope(0, 1)).text,))
    else:
        new = vault.new_key(scope(0, 1))
        for row, sealed, generation in db.execute("SELECT row, sealed, generation FROM secret").fetchall():
            again = vault.reseal(Sealed.from_text(sealed), scope(row, generation), old, new)
            db.execute("UPDATE secret SET sealed = ?, generation = ? WHERE row = ?", (again.text, generation + 1, row))
        db.execute("UPDATE connection SET key = ?, used = ?", (new.text, ROWS))
    db.execute("COMMIT")
    time.sleep(0.01)


def work(path: str, role: str, seconds: float) -> int:
    vault = Vault(Keyring.from_text(KEYS))
    act = {"read": read, "write": write, "rotate": rotate}[role]
    done, until = 0, time.monotonic() + seconds
    with closing(opened(path)) as db:
        while time.monotonic() < until or done < 5:
            act(vault, db)
            done += 1
    return done


if __name__ == "__main__":
    print(work(sys.argv[1], sys.argv[2], float(sys.argv[3])))
