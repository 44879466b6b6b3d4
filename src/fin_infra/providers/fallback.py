"""A chain of providers of one domain: when the first is down, the next one answers.
Floor 4: only an outage before any page or effect moves on; a wrong symbol is an answer, and `source` says whose."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

from fin_infra.errors import DeadlineExceeded, ProviderError, ProviderUnavailable, RateLimited
from fin_infra.flow import operation, paged
from fin_infra.flow.call import allowed, deadline, observed, observed_pages
from fin_infra.providers.provider import Provider
from fin_infra.transport import Invoke, Page, Request

_MOVE_ON = (ProviderUnavailable, RateLimited, DeadlineExceeded)


def chain(domain: str, members: Sequence[Provider[Any]]) -> Provider[Any]:
    """Return a provider whose operations try `members` in order.

    It has the operations that every member has. Where all members are down, the last one's error is raised.
    """
    first = type(members[0])
    interface = next(
        (cls for cls in first.__mro__ if cls.__module__.startswith("fin_infra.providers.interfaces.")), Provider
    )
    body = {
        name: _first_up(name, isinstance(method, paged))
        for name in dir(first)
        if isinstance(method := getattr(first, name), (operation, paged)) and all(hasattr(m, name) for m in members)
    }
    cls = type(f"{domain.title()}Chain", (_Chain, interface), body)
    made: Provider[Any] = cls(domain, members)
    return made


class _Chain(Provider[Any]):
    """Drives flows of its members, each through that member's own transport and policy."""

    def __init__(self, domain: str, members: Sequence[Provider[Any]]) -> None:
        first = members[0]
        super(Provider, self).__init__(
            first.transport, source=domain, environment=first.environment, tenant=first.tenant
        )
        self.members = tuple(members)


def _first_up(name: str, pages: bool) -> Any:
    """Make the method `name` of a chain; it has the signature and the result of the members' own."""

    def call(self: _Chain, *args: Any, **kwargs: Any) -> Any:
        drive = self.transport.iterate if pages else self.transport.run
        return drive(_attempts(self.members, name, pages, args, kwargs))

    call.__name__ = name
    return call


def _attempts(
    members: Sequence[Provider[Any]], name: str, pages: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Generator[Any, Any, Any]:
    """Drive the members' flows, each effect through the member's own transport, whoever drives the chain.

    Each member has the time of its own settings; a `deadline` of the caller holds for all of them together.
    """
    watch = observed_pages if pages else observed
    error: ProviderError | None = None
    clock, limit = members[0].transport.monotonic, allowed()
    end = None if limit is None else clock() + limit
    for member in members:
        if error is not None and end is not None and clock() >= end:
            break
        flow = watch(member, name, getattr(type(member), name).fn(member, *args, **kwargs))
        binding = False
        try:
            with nullcontext() if end is None else deadline(end - clock()):  # for all members together
                effect = next(flow)
            while True:
                binding = binding or _binds(effect)
                try:
                    value = yield effect if isinstance(effect, Page) else Invoke(partial(member.transport.step, effect))
                except Exception as exc:
                    effect = flow.throw(exc)
                else:
                    effect = flow.send(value)
        except StopIteration as stop:
            return stop.value
        except _MOVE_ON as exc:
            if binding:
                raise
            error = exc
        finally:
            flow.close()
    assert error is not None, "a chain has members"
    raise error


def _binds(effect: Any) -> bool:
    """Say whether nobody else may answer any more: the caller has a page, or a request may have changed something."""
    return isinstance(effect, Page) or (isinstance(effect, Request) and not effect.repeatable)
