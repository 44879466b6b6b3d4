"""A broker on loopback with Alpaca's rules for client order ids, and a desk that talks to it over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fin_infra.errors import OrderRejected, ProviderError, RejectReason
from fin_infra.flow import Client, by_status, json_of
from fin_infra.model import BrokerAccount, NewOrder, Order
from fin_infra.trading import Context, TradingLimits
from fin_infra.transport import Flow, M, Reply, Transport
from tests.trading.support import account, new_order, placed, surroundings


class LoopbackBroker:
    """Takes POST /v2/orders and answers /v2/orders:by_client_order_id. `on_post` runs when an order has been taken."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.posts = 0
        self.on_post: Callable[[dict[str, Any]], int | None] = lambda order: None
        self._lock = Lock()
        broker = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = broker.take(body)
                self._answer(status, answer)

            def do_GET(self) -> None:
                wanted = parse_qs(urlsplit(self.path).query)["client_order_id"][0]
                found = [order for order in broker.orders if order["client_order_id"] == wanted]
                self._answer(200, found[0]) if found else self._answer(404, {"code": 40410000, "message": "not found"})

            def _answer(self, status: int, answer: dict[str, Any]) -> None:
                content = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    self.close_connection = True  # the client is dead

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def take(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.posts += 1
            if any(order["client_order_id"] == body["client_order_id"] for order in self.orders):
                return 422, {"code": 40010001, "message": "client_order_id must be unique"}
            order = {"id": f"order-{len(self.orders)}", **body}
            self.orders.append(order)
        return self.on_post(order) or 200, order

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class LoopbackDesk(Client[M]):
    """The least that `submit` needs of a broker."""

    def __init__(self, transport: Transport[M], deadline_s: float = 60.0) -> None:
        super().__init__(transport, source="brokerage:loopback", timeout_s=20.0, deadline_s=deadline_s)

    def refusal(self, reply: Reply) -> ProviderError | None:
        if reply.status == 422:
            reason = RejectReason.DUPLICATE_CLIENT_ORDER_ID
            return OrderRejected("refused", reason=reason, vendor_code="40010001", http_status=422)
        return by_status(reply)

    def account_now(self) -> Flow[BrokerAccount]:
        yield from ()
        return account()

    def context(self, order: NewOrder, account_: BrokerAccount, queue: bool) -> Flow[Context]:
        yield from ()
        return surroundings(limits=TradingLimits(duplicate_window_s=None))

    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        body = {"symbol": order.key.symbol, "qty": str(order.quantity), "client_order_id": client_order_id}
        reply = yield from self.request("POST", "/v2/orders", content=json.dumps(body).encode())
        return _order(json_of(reply, dict))

    def find_order(self, client_order_id: str) -> Flow[Order]:
        reply = yield from self.get("/v2/orders:by_client_order_id", client_order_id=client_order_id)
        return _order(json_of(reply, dict))


def _order(row: dict[str, Any]) -> Order:
    return placed(new_order(row["qty"]), row["client_order_id"], row["id"])
