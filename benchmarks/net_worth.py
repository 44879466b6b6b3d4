"""What a net worth costs, asked of the vendors and read from the book: `python benchmarks/net_worth.py`.

One household at a bank, a broker and an aggregator of the sandbox, which runs in a process of its own and answers at
once; real vendors take longer. Target: reading the book is at least ten times as fast. Prints medians; trust the ratio.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from book_read import median_ms

from fin_infra.book import open_book
from fin_infra.questions import ask
from fin_infra.testing import point_at

LOGINS = ("banking:teller", "brokerage:alpaca", "brokerage:snaptrade")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            urlopen(f"{url}/_sandbox/world", timeout=1).close()  # loopback
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the sandbox did not start")


def measure() -> None:
    ask("net-worth")  # opens the clients, which later ones find
    asked = median_ms(lambda: ask("net-worth"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder
        book = open_book()
        for provider in LOGINS:
            book.connect(provider)
        read = median_ms(lambda: ask("net-worth"))
        lines = len(book.net_worth("USD").lines)
        book.engine.dispose()
    print(f"asked of the vendors {asked:8.1f} ms")
    print(f"read from the book   {read:8.1f} ms  {asked / read:5.1f} times as fast, {lines} lines")


def main() -> None:
    port = free_port()
    command = [
        sys.executable,
        "-c",
        "from fin_infra.cli.main import app; app()",
        "sandbox",
        "serve",
        "--port",
        str(port),
    ]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = str(Path(folder))
        os.environ.pop("SQL_URL", None)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as vendor:  # ours
            try:
                url = f"http://127.0.0.1:{port}"
                wait_for(url)
                point_at(url)
                measure()
            finally:
                vendor.terminate()


if __name__ == "__main__":
    main()
