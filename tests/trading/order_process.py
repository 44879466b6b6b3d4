"""A process that submits one order over HTTP: `python -m tests.trading.order_process URL JOURNAL KEY FAULT THREADS`.

FAULT `before` kills the process between the journal and the send; `mute` between the answer and the journal.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fin_infra.errors import FinInfraError
from fin_infra.trading import SqliteJournal, Submission, Time, TradingLimits
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import HttpTransport
from tests.trading.loopback_broker import LoopbackDesk
from tests.trading.support import new_order


def die() -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal(LoopbackDesk[Any]):
    fault = ""

    def send_order(self, order: Any, client_order_id: str) -> Any:
        if self.fault == "before":
            die()
        found = yield from super().send_order(order, client_order_id)
        if self.fault == "mute":
            die()
        return found


def place(url: str, journal: SqliteJournal, key: str, fault: str) -> str:
    transport = HttpTransport(HttpConfig(base_url=url))
    desk = Mortal(transport)
    desk.fault = fault
    flow = Submission(
        desk=desk,
        order=new_order("3"),
        journal=journal,
        limits=TradingLimits(duplicate_window_s=None),
        queue=True,
        time=Time(desk.until(), transport.monotonic, lambda: datetime.now(UTC)),
    ).run(key)
    try:
        return transport.run(flow).id
    except FinInfraError as exc:
        return type(exc).__name__
    finally:
        transport.close()


def main() -> None:
    url, file, key, fault, threads = sys.argv[1:]
    journal = SqliteJournal(Path(file))
    with ThreadPoolExecutor(int(threads)) as pool:
        for outcome in pool.map(lambda _: place(url, journal, key, fault), range(int(threads))):
            print(outcome)


if __name__ == "__main__":
    main()
