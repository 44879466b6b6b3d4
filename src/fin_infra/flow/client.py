"""Client: what every client has, whether an adapter or an SDK: a transport, a policy, `get` and `post`.
Floor 2: subclasses say how to authorize a request and which replies are refusals; nothing else."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from fin_infra._moved import renamed
from fin_infra.errors import ClientClosed, InvalidInput, ProviderError, UnexpectedPayload
from fin_infra.flow import telemetry
from fin_infra.flow.access import Access
from fin_infra.flow.breaker import Breaker, BreakerState
from fin_infra.flow.call import current
from fin_infra.flow.limits import Limiter, Quota
from fin_infra.flow.policies import Backoff, Policy, Refusal, survive
from fin_infra.flow.refusals import by_status
from fin_infra.transport import Async, AsyncTransport, Flow, M, Reply, Request, Sync, SyncTransport, Transport
from fin_infra.transport.effects import SAFE_METHODS

S = TypeVar("S", bound="Client[Sync]")
A = TypeVar("A", bound="Client[Async]")
Param: TypeAlias = str | int | None
_sendable = re.compile(r"[\x21-\x7e]{1,200}").fullmatch
"""An inbound request id comes from a stranger; what could break a header stays here."""


class Client(Generic[M]):
    """A client of one vendor for one tenant, in one mode. Safe to share between threads (Sync) or tasks (Async).

    A sync one is closed by `close()` or `with`, an async one by `aclose()` or `async with`.
    """

    access: Access | None = None
    """Signs instead of `authorize` where a token has to be fetched first."""
    relays: ClassVar[bool] = False
    """True where other clients carry out the operations, and observe them."""
    urgent: ClassVar[frozenset[str]] = frozenset()
    """The operations that may use the reserve of the quotas and pass an open breaker, with what they ask."""

    closed = False
    """True once it was closed; operations that begin from then on raise `ClientClosed`."""

    def __init__(
        self,
        transport: Transport[M],
        *,
        source: str,
        environment: str = "custom",
        tenant: str = "default",
        timeout_s: float = 10.0,
        deadline_s: float = 30.0,
        backoff: Backoff | None = None,
        quotas: tuple[Quota, ...] = (),
        breaker_threshold: int = 5,
        breaker_cooldown_s: float = 30.0,
        hosts: Iterable[str] = (),
    ) -> None:
        self.transport: Transport[M] = transport
        self.source = source
        self.environment = environment
        self.tenant = tenant
        self.timeout_s = min(timeout_s, deadline_s)
        self.deadline_s = deadline_s
        clock = transport.monotonic

        def policy(kept: tuple[Quota, ...], changed: Callable[[BreakerState], None]) -> Policy:
            breaker = Breaker(breaker_threshold, breaker_cooldown_s, clock, changed)
            return Policy(breaker=breaker, limiter=Limiter(kept, clock), backoff=backoff or Backoff(), clock=clock)

        self.policy = policy(quotas, self._breaker_changed)
        # a host that is down, or used up, must not close the way to the others; what is urgent goes to the first
        whole = tuple(replace(quota, reserve=0) for quota in quotas)
        self._policies = {"": self.policy} | {
            host: policy(whole, partial(telemetry.breaker_changed, f"{source}:{host}", tenant)) for host in hosts
        }

    @property
    def key(self) -> str:
        """The old name of `source`."""
        warnings.warn("Client.key is now Client.source", DeprecationWarning, stacklevel=2)
        return self.source

    def close(self: Client[Sync]) -> None:
        """Close a sync client; once more does nothing.

        Calls in progress in other threads go on to their end, and their connections close then: cut off, an order would
        lose its answer. Iterators give no further page. Others' connections stay.

        Raises:
            InvalidInput: the client is async.
        """
        self._waits(AsyncTransport, "async: write `async with`, or `await client.aclose()`")
        if not self.closed:
            self.closed = True
            for transport in self.transports():
                if isinstance(transport, SyncTransport):
                    transport.close()

    async def aclose(self: Client[Async]) -> None:
        """Close an async client and its connections of this event loop; those of another end with it.

        Calls in progress in other tasks go on to their end, as with `close`.

        Raises:
            InvalidInput: the client is sync.
        """
        self._waits(SyncTransport, "sync: write `with`, or `client.close()`")
        if not self.closed:
            self.closed = True
            for transport in self.transports():
                if isinstance(transport, AsyncTransport):
                    await transport.aclose()

    def transports(self) -> tuple[Transport[M], ...]:
        """Return whose connections end with this client."""
        return (self.transport,)

    def closed_error(self) -> ClientClosed:
        return ClientClosed(f"This {self.source} client was closed; open a new one.")

    def _waits(self, other: type[Any], advice: str) -> None:
        if isinstance(self.transport, other):
            raise InvalidInput(f"This {self.source} client is {advice}.")

    def __enter__(self: S) -> S:
        self._waits(AsyncTransport, "async: write `async with`")
        return self

    def __exit__(
        self: Client[Sync],
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self: A) -> A:
        self._waits(SyncTransport, "sync: write `with`, without `async`")
        return self

    async def __aexit__(
        self: Client[Async],
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def authorize(self, request: Request) -> Request:
        """Sign a request, again at each attempt; by default there is nothing to sign."""
        return request

    def refusal(self, reply: Reply) -> ProviderError | None:
        """Return the error a reply stands for, or None where it is an answer; by default the HTTP status decides."""
        return by_status(reply)

    def vendor_request_id(self, reply: Reply) -> str | None:
        return reply.headers.get("x-request-id")

    def advise(self, exc: ProviderError) -> None:
        """Add the next step to an error text where this client knows one."""

    def get(self, path: str, **params: Param) -> Flow[Reply]:
        """GET `path`; parameters that are None are left out."""
        return self.request("GET", path, params=params)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Param] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        reads: bool = False,
        idempotency_key: str | None = None,
        host: str = "",
        refusal: Refusal | None = None,
    ) -> Flow[Reply]:
        """Send one request under the policy and return the reply.

        `reads` promises that nothing changes by the request, whatever its method: some vendors are asked by POST alone.
        `idempotency_key` promises that the vendor honors it (the adapter sends it in the vendor's header), so that
        repeating the request is harmless. `host` names another base URL of the transport; `refusal` replaces the
        client's own for a request whose refusals mean something else. Each host has a breaker and quotas of its own.
        """
        until = self.until()
        request = Request(
            method,
            path,
            tuple((name, str(value)) for name, value in (params or {}).items() if value is not None),
            (*(headers or {}).items(), *inbound_id()),
            content,
            repeatable=method in SAFE_METHODS or reads or bool(idempotency_key),
            timeout_s=self.timeout_s,
            until=until,
            host=host,
        )
        policy, said = self._policies[host], refusal or self.refusal
        return (yield from survive(request, until, policy, said, self.authorize, self.access, urgent=self._is_urgent()))

    def until(self) -> float:
        """Return when the operation in progress must be done, in the time of `policy.clock`."""
        call = current.get()
        return call.until if call is not None else self.policy.clock() + self.deadline_s

    def _is_urgent(self) -> bool:
        call = current.get()
        return call is not None and call.operation in self.urgent

    def _breaker_changed(self, state: BreakerState) -> None:
        telemetry.breaker_changed(self.source, self.tenant, state)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.source} {self.environment}>"


def inbound_id() -> tuple[tuple[str, str], ...]:
    """Return the header that carries the inbound request id, if there is one that can be sent."""
    inbound = telemetry.request_id.get()
    return (("X-Request-Id", inbound),) if inbound and _sendable(inbound) else ()


def json_of(reply: Reply, kind: type[Any]) -> Any:
    """Decode the JSON body of a reply and check its outer type.

    Raises:
        UnexpectedPayload: not JSON, or not an instance of `kind` (`dict` or `list`).
    """
    body = reply.json()
    if not isinstance(body, kind):
        wanted = "an object" if kind is dict else "a list"
        raise UnexpectedPayload(f"the answer should be {wanted}", http_status=reply.status)
    return body


if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"Caller": "fin_infra.flow.client.Client"})
