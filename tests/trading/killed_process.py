"""A process that asks the sandbox's broker once: `python -m tests.trading.killed_process KIND ORDER_ID FAULT`.

KIND is `change` (of the order's quantity to 3) or `close` (40 percent of AAPL), with the key `key-1`. FAULT `before`
kills the process between the journal and the send, `mute` between the answer and the journal.
"""

from __future__ import annotations

import os
import signal
import sys
from decimal import Decimal
from typing import Any

from fin_infra.brokerage import easy_brokerage
from fin_infra.model import InstrumentKey, OrderChange
from fin_infra.providers.brokerage.alpaca import Alpaca


def deadly(send: Any, fault: str) -> Any:
    def wrapped(*args: Any) -> Any:
        if fault == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = yield from send(*args)
        if fault == "mute":
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return wrapped


def main() -> None:
    kind, order_id, fault = sys.argv[1:]
    for name in ("send_order", "send_change"):
        setattr(Alpaca, name, deadly(getattr(Alpaca, name), fault))
    broker = easy_brokerage()
    if kind == "change":
        print(broker.replace_order(order_id, OrderChange(quantity=Decimal(3)), idempotency_key="key-1").id)
    else:
        print(broker.close_position(InstrumentKey("US", "AAPL"), percent=Decimal(40), idempotency_key="key-1").id)


if __name__ == "__main__":
    main()
