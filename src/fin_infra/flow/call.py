"""One operation in progress: its deadline, its replies, its outcome.
Floor 2: `observed` wraps every flow; it is the only place that fills `meta`, error context and telemetry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar

from fin_infra.arguments import checked
from fin_infra.errors import DeadlineExceeded, FinInfraError, InvalidInput, ProviderError
from fin_infra.features import required_by_client
from fin_infra.flow import telemetry
from fin_infra.flow.refusals import rate_limit
from fin_infra.model import Listing, Meta, Record, RowError
from fin_infra.transport import Blocking, Effect, Flow, Invoke, Page, Pages, Reply, Request

if TYPE_CHECKING:
    from fin_infra.flow.client import Client

T = TypeVar("T")
_MOMENT_S = 0.001

_seconds: ContextVar[tuple[float, ...]] = ContextVar("fin_infra_deadline", default=())
current: ContextVar[Call | None] = ContextVar("fin_infra_call", default=None)
_collected: ContextVar[tuple[list[RowError], ...]] = ContextVar("fin_infra_row_errors", default=())


@contextmanager
def row_errors() -> Generator[list[RowError]]:
    """Collect the rows that operations started inside cannot read, of lists and of pages alike.

    A listing has them as its `errors` too; an iterator over pages has no other place for them.

        with row_errors() as errors:
            orders = list(broker.orders())
    """
    errors: list[RowError] = []
    token = _collected.set((*_collected.get(), errors))
    try:
        yield errors
    finally:
        _collected.reset(token)


@checked
@contextmanager
def deadline(seconds: float) -> Generator[None]:
    """Allow each operation started inside at most `seconds`; nested deadlines only tighten.

    An operation that cannot finish in time raises DeadlineExceeded, or RateLimited where waiting for a quota would
    take longer.
    """
    if not seconds > 0:
        raise InvalidInput("A deadline must be a number of seconds above zero.")
    token = _seconds.set((*_seconds.get(), seconds))
    try:
        yield
    finally:
        _seconds.reset(token)


def allowed() -> float | None:
    """Return the seconds that the tightest `deadline` around the caller allows; None without one."""
    return min(_seconds.get(), default=None)


@dataclass(slots=True)
class Call:
    client: Client[Any]
    operation: str
    started: float
    until: float
    attempts: int = 0
    reply: Reply | None = None
    handed: float | None = None
    """When a page went to the client, while it is there: the time it takes is not the vendor's."""
    notes: dict[str, object] = field(default_factory=dict[str, object])

    @classmethod
    def begin(cls, client: Client[Any], operation: str) -> Call:
        now = client.transport.monotonic()
        call = cls(client, operation, now, now)
        call.renew()
        return call

    def renew(self) -> None:
        """Start the allowed time again."""
        self.until = self.client.transport.monotonic() + min(self.client.deadline_s, *_seconds.get(), float("inf"))

    def meta(self) -> Meta:
        client, reply = self.client, self.reply
        return Meta(
            provider=client.source,
            operation=self.operation,
            environment=client.environment,
            elapsed_ms=round(self.elapsed_ms(), 3),
            attempts=self.attempts,
            request_id=client.vendor_request_id(reply) if reply else None,
            rate_limit=rate_limit(reply) if reply else None,
        )

    def elapsed_ms(self) -> float:
        now = self.client.transport.monotonic() if self.handed is None else self.handed
        return (now - self.started) * 1000

    def resume(self) -> None:
        """Go on after the caller came back for more: each page has the whole time allowed.

        Raises:
            ClientClosed: the client was closed meanwhile.
        """
        if self.client.closed:
            raise self.client.closed_error()
        now = self.client.transport.monotonic()
        self.started += now - (self.handed or now)
        self.handed = None
        self.renew()

    def finish(self, status: str) -> None:
        if status != "ok" and str(self.notes.get("status")).startswith("2"):
            del self.notes["status"]  # of a request that went well before the operation ended otherwise
        telemetry.emit(
            telemetry.CallRecord(
                provider=self.client.source,
                operation=self.operation,
                status=status,
                elapsed_ms=self.elapsed_ms(),
                attempts=self.attempts,
                tenant=self.client.tenant,
                product=self.client.source.partition(":")[0],
                request_id=telemetry.request_id.get(),
                notes=self.notes,
            )
        )

    def explain(self, exc: ProviderError) -> None:
        """Add what the error does not know yet; an error of a nested operation knows it all."""
        if exc.provider is None:
            exc.provider, exc.operation = self.client.source, self.operation
            if exc.request_id is None and self.reply is not None:
                exc.request_id = self.client.vendor_request_id(self.reply)
            self.client.advise(exc)

    def bounded(self, effect: Effect | Page[Any]) -> Effect | Page[Any]:
        """Return the effect with the time the call has left, where its own kind does not carry that already."""
        if isinstance(effect, Invoke):
            return self.within(effect)
        return self.waiting(effect) if isinstance(effect, Blocking) else effect

    def waiting(self, effect: Blocking) -> Blocking:
        """Give what may block the rest of the time; it runs even where none is left, to record how a call ended."""
        left = max(self.until - self.client.transport.monotonic(), _MOMENT_S)

        def bounded() -> Any:
            with deadline(left):
                return effect.fn()

        return Blocking(bounded)

    def within(self, invoke: Invoke) -> Invoke:
        """Let the operations that `invoke` runs end when this one must."""
        left = self.until - self.client.transport.monotonic()
        if left <= 0:
            raise DeadlineExceeded("the time allowed was over before the next step", retryable=True)

        async def awaited(result: Awaitable[Any]) -> Any:
            with deadline(left):
                return await result

        def bounded() -> Any:
            with deadline(left):
                result = invoke.fn()
            return awaited(result) if isawaitable(result) else result

        return Invoke(bounded)


def note(**facts: object) -> None:
    """Add facts to the log line of the operation in progress; nothing secret, nothing personal."""
    call = current.get()
    if call is not None:
        call.notes |= facts


def observed(client: Client[Any], operation: str, flow: Flow[T], *, tell_rows: bool = True) -> Flow[T]:
    """Run `flow` as an operation of `client`, attach `meta` to its result and report how it ended.

    `tell_rows` is for whoever may still find elsewhere what the result lacks, and tells `row_errors` itself.
    """
    if client.closed:
        raise client.closed_error()
    if client.relays:
        return (yield from flow)
    required_by_client(client.source, client.tenant)
    call = Call.begin(client, operation)
    status = "cancelled"
    try:
        result: T = yield from _tracked(call, flow)
        _attach(result, call, tell_rows=tell_rows)
        status = "ok"
        return result
    except Exception as exc:
        status = _status(call, exc)
        raise
    finally:
        call.finish(status)


def observed_pages(client: Client[Any], operation: str, flow: Pages[T]) -> Pages[T]:
    """The same for a paged flow; a caller that wants no more pages ends it as `ok`."""
    if client.closed:
        raise client.closed_error()
    if client.relays:
        return (yield from flow)
    required_by_client(client.source, client.tenant)
    call = Call.begin(client, operation)
    status = "cancelled"
    try:
        yield from _tracked(call, flow)
        status = "ok"
    except GeneratorExit:
        status = "cancelled" if call.handed is None else "ok"
        raise
    except Exception as exc:
        status = _status(call, exc)
        raise
    finally:
        call.finish(status)


def _status(call: Call, exc: Exception) -> str:
    if isinstance(exc, ProviderError):
        call.explain(exc)
    return exc.code.removeprefix("fin.") if isinstance(exc, FinInfraError) else "error"


def _attach(result: object, call: Call, *, tell_rows: bool) -> None:
    """Give a result its `meta`: the one write to a frozen record, made before anyone else has seen it."""
    if issubclass(type(result), (Record, Listing)):
        object.__setattr__(result, "meta", call.meta())
        _report(call, _unread(result), tell_rows=tell_rows)


def _unread(result: object) -> Sequence[RowError]:
    """Return what a list could not read, or a series set aside: a bar goes by its stamp."""
    errors: Sequence[object] = getattr(result, "errors", ())
    if not errors:
        return ()
    from fin_infra.model.market import BarError  # loads with the first series that has one

    bars = (RowError(place="candles", reason=each.detail, id=each.stamp) for each in errors if type(each) is BarError)
    return [*(each for each in errors if isinstance(each, RowError)), *bars]


def _report(call: Call, errors: Sequence[RowError], *, tell_rows: bool = True) -> None:
    """Tell the log, and whoever collects them, of rows that could not be read."""
    if errors:
        unread = call.notes.get("unreadable_rows")
        call.notes["unreadable_rows"] = (unread if isinstance(unread, int) else 0) + len(errors)
        if tell_rows:
            tell_of_rows(errors)


def tell_of_rows(errors: Sequence[RowError]) -> None:
    """Tell whoever collects them of rows that could not be read."""
    for collected in _collected.get():
        collected.extend(errors)


def _attach_to_items(page: Page[Any], call: Call) -> None:
    """Give the records of a page the one `meta` of the call so far: an iterator has no place for it."""
    meta = call.meta()
    for item in page.items:
        if issubclass(type(item), Record):
            object.__setattr__(item, "meta", meta)


def _tracked(call: Call, flow: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """Pass effects through while `current` names the call, whichever flow a caller advances in between."""
    advance: Callable[[Any], Any] = flow.send
    value: Any = None
    try:
        while True:
            token = current.set(call)
            try:
                effect: Effect | Page[Any] = advance(value)
            except StopIteration as stop:
                result: T = stop.value
                return result
            finally:
                current.reset(token)
            if isinstance(effect, Request):
                call.attempts += 1
            elif isinstance(effect, Page):
                _attach_to_items(effect, call)
                _report(call, effect.errors)
                call.handed = call.client.transport.monotonic()
            try:
                value = yield call.bounded(effect)
            except Exception as exc:
                advance, value = flow.throw, exc
                continue
            advance = flow.send
            if isinstance(effect, Request):
                call.reply = value
            elif isinstance(effect, Page):
                call.resume()
    finally:
        flow.close()
