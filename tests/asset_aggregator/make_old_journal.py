"""Places orders over HTTP with the service of an earlier commit, and writes its order journal as SQL text.

`git worktree add ../old b2dae12`, then, with that folder's `src` as PYTHONPATH:
`python tests/asset_aggregator/make_old_journal.py > tests/asset_aggregator/journal_b2dae12.sql`. It uses only what that
commit has. Both callers use one key, for orders of 3 and of 4 shares.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from pathlib import Path

from fastapi.testclient import TestClient

from fin_infra.sandbox import running

UNNAMED, ANA = "u" * 30, "a" * 30
ORDERS = ((UNNAMED, "3"), (ANA, "4"))
KEY = "order-1"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running() as url:
        file = str(Path(folder) / "orders.sqlite3")
        os.environ |= {
            "FIN_INFRA_MODE": "sandbox",
            "FIN_INFRA_SANDBOX_URL": url,
            "FIN_INFRA_API_TOKENS": f"{UNNAMED},ana={ANA}",
            "FIN_INFRA_TRADING_JOURNAL": file,
            "LOG_FORMAT": "none",
        }
        from asset_aggregator.api import create_app

        with TestClient(create_app()) as client:
            for token, quantity in ORDERS:
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY}
                body = {"key": "AAPL", "side": "buy", "quantity": quantity}
                assert client.post("/brokerage/orders", json=body, headers=headers).status_code == 201
        sys.stdout.write("-- made by tests/asset_aggregator/make_old_journal.py with the code of commit b2dae12\n")
        sys.stdout.writelines(f"{line}\n" for line in sqlite3.connect(file).iterdump())


if __name__ == "__main__":
    main()
