"""Answers from memory or fixture files, for tests of yours and ours: no socket, no waiting, a clock that jumps.
Floor 2: ships with the package; what it is asked and does not know is an error, never an empty answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from fin_infra.transport.base import AsyncTransport, SyncTransport, joined
from fin_infra.transport.effects import Blocking, Effect, Invoke, Join, Pause, Reply, Request

Answer: TypeAlias = Reply | Exception
Responder: TypeAlias = Callable[[Request], Answer]


class UnexpectedRequest(AssertionError):
    """A flow asked for something that nobody recorded."""


class _Replay:
    """Give each request the next answer of a script, or what a responder function says.

    `seen` lists the effects in order; `now` is the virtual time that pauses advance.
    """

    def __init__(self, answers: Sequence[Answer] | Responder) -> None:
        self.seen: list[Effect] = []
        self.now = 0.0
        self._responder = answers if callable(answers) else _script(answers)

    def monotonic(self) -> float:
        return self.now

    @property
    def requests(self) -> list[Request]:
        return [effect for effect in self.seen if isinstance(effect, Request)]

    @property
    def pauses(self) -> list[float]:
        return [effect.seconds for effect in self.seen if isinstance(effect, Pause)]

    def _answer(self, effect: Request | Pause) -> Reply | None:
        self.seen.append(effect)
        if isinstance(effect, Pause):
            self.now += effect.seconds
            return None
        answer = self._responder(effect)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _script(answers: Iterable[Answer]) -> Responder:
    rest = iter(answers)

    def respond(request: Request) -> Answer:
        try:
            return next(rest)
        except StopIteration:
            raise UnexpectedRequest(f"no answer left for {request.method} {request.path}") from None

    return respond


class Replay(_Replay, SyncTransport):
    """The sync replay transport."""

    def step(self, effect: Effect) -> Any:
        match effect:
            case Request() | Pause():
                return self._answer(effect)
            case Blocking(fn) | Invoke(fn):
                return fn()
            case Join(future, seconds):
                return future.result(seconds)


class AsyncReplay(_Replay, AsyncTransport):
    """The async replay transport."""

    async def step(self, effect: Effect) -> Any:
        match effect:
            case Request() | Pause():
                return self._answer(effect)
            case Blocking(fn):
                return fn()
            case Invoke(fn):
                return await fn()
            case Join():
                return await joined(effect)


def fixture_responder(folder: Path) -> Responder:
    """Answer from the JSON files of `folder`, each `{"request": {method, path, params}, "reply": {status, ...}}`.

    `reply` has `status`, optional `headers`, and `json` or `text`. A request matches when method and path are equal
    and every parameter the file names is in the request with that value; the file that names most wins.
    """
    import msgspec

    encode = msgspec.json.Encoder(decimal_format="number").encode
    decode = msgspec.json.Decoder(float_hook=Decimal).decode
    exchanges = [decode(file.read_bytes()) for file in sorted(folder.glob("*.json"))]
    exchanges.sort(key=lambda exchange: -len(exchange["request"].get("params", {})))

    def respond(request: Request) -> Answer:
        for exchange in exchanges:
            wanted = exchange["request"]
            if (wanted.get("method", "GET"), wanted["path"]) != (request.method, request.path):
                continue
            if set(wanted.get("params", {}).items()) <= set(request.params):
                reply = exchange["reply"]
                body = reply["text"].encode() if "text" in reply else encode(reply.get("json"))
                return Reply(reply.get("status", 200), body, reply.get("headers", {}))
        raise UnexpectedRequest(f"no fixture for {request.method} {request.path}")

    return respond
