"""An operation as others see it: on a class, on a client, and in the eyes of tools that print signatures and help."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import inspect
import pickle
import pydoc
import sys
import typing
import weakref
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import pytest

from bankersbank.finastra import FinastraAPIClient
from fin_infra.flow import Bound, BoundPages, Client, observe_calls, operation, paged
from fin_infra.model import Account, Listing, Transaction
from fin_infra.providers.banking.teller import TellerClient
from fin_infra.transport import Flow, M, Page, Pages, Reply
from fin_infra.transport.replay import AsyncReplay, Replay

LIES = sys.version_info[:2] == (3, 13)
"""There alone `inspect` says of every child of `partial` that it is no routine, and `help` shows no signature."""


class Interface(Client[M]):
    @operation
    def order(self, order_id: str, *, times: int = 1) -> Flow[int]:
        """Return the status of an order."""
        reply = yield from self.get(f"/orders/{order_id}")
        return reply.status * times

    @paged
    def orders(self, count: int = 2) -> Pages[int]:
        """Yield statuses."""
        for number in range(count):
            yield Page([(yield from self.order.flow(str(number)))])


class Broker(Interface[M]):
    @operation
    def order(self, order_id: str, *, times: int = 1) -> Flow[int]:
        return -(yield from super().order.flow(order_id, times=times))

    @operation
    def both(self) -> Flow[tuple[int, int]]:
        return (yield from self.order.flow("a")), (yield from self.order.flow("b", times=2))

    @paged
    def twice(self) -> Pages[int]:
        yield from self.orders.flow(1)
        yield from self.orders.flow(count=1)

    @operation
    def annotated_otherwise(self) -> typing.Generator[Any, Any, int]:
        yield from self.get("/x")
        return 1


def broker(cls: type[Broker[Any]] = Broker, **more: Any) -> Any:
    return cls(Replay(lambda request: Reply(200, b"")), source="brokerage:test", **more)


def async_broker() -> Any:
    return Broker(AsyncReplay(lambda request: Reply(200, b"")), source="brokerage:test")


class Saved(Broker[M]):
    """A client that pickles, which those with locks do not."""

    def __reduce__(self) -> Any:
        return broker, (Saved,)


# Flows of the same client


def test_flow_when_taken_inside_an_operation_then_it_is_one_call() -> None:
    records: list[Any] = []
    end = observe_calls(records.append)
    try:
        assert broker().both() == (-200, -400)
        assert asyncio.run(async_broker().both()) == (-200, -400)
    finally:
        end()
    assert [(record.operation, record.attempts) for record in records] == [("both", 2)] * 2


def test_pages_when_taken_inside_a_paged_operation_then_items_come_in_order() -> None:
    assert list(broker().twice()) == [-200, -200]

    async def main() -> list[int]:
        return [item async for item in async_broker().twice()]

    assert asyncio.run(main()) == [-200, -200]


def test_operation_when_called_on_the_class_then_like_on_the_client() -> None:
    assert Broker.order(broker(), "a", times=2) == -400
    assert asyncio.run(Broker.order(async_broker(), "a", times=2)) == -400  # type: ignore[arg-type]  # an awaitable
    assert list(Broker.orders(broker(), 1)) == [-200]
    assert [*Broker.orders.flow(broker(), 0)] == []


# Like Python's own bound methods


@pytest.mark.parametrize(("name", "kind"), [("order", Bound), ("orders", BoundPages)])
def test_bound_when_looked_at_then_has_what_methods_have(name: str, kind: type) -> None:
    client = broker()
    bound = getattr(client, name)
    assert type(bound) is kind
    assert bound.__self__ is client
    assert bound.__name__ == name
    assert bound.__qualname__ == ("Broker.order" if name == "order" else "Interface.orders")
    assert bound.__module__ == __name__
    assert bound.__func__(client, *(["a"] if name == "order" else [])) is not None
    assert inspect.isroutine(bound) or LIES
    assert not inspect.ismethod(bound)
    assert repr(bound) == f"<bound operation {bound.__qualname__} of <Broker brokerage:test custom>>"
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = bound.nothing_of_the_kind


def test_bound_when_compared_then_client_and_operation_decide() -> None:
    one, other = broker(), broker()
    assert one.order == one.order
    assert hash(one.order) == hash(one.order)
    assert one.order != other.order
    assert one.order != one.orders
    assert one.order != "order"
    assert len({one.order, one.order, other.order}) == 2


def test_bound_when_pickled_or_copied_then_is_the_operation_of_the_copied_client() -> None:
    bound = broker(Saved).order
    for twin in (pickle.loads(pickle.dumps(bound)), copy.copy(bound), copy.deepcopy(bound)):
        assert type(twin) is Bound
        assert twin("a") == -200
        assert type(twin.__self__) is Saved
    assert copy.copy(bound).__self__ is bound.__self__


def test_bound_when_wrapped_or_made_partial_then_keeps_name_and_arguments() -> None:
    client = broker()

    @functools.wraps(client.order)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return client.order(*args, **kwargs)

    assert (wrapper.__name__, wrapper.__module__) == ("order", __name__)
    assert wrapper.__doc__ == "Return the status of an order."
    assert str(inspect.signature(wrapper)).startswith("(order_id: 'str'")
    assert functools.partial(client.order, "a")(times=3) == -600
    assert functools.partial(client.order, times=3)("a") == -600


def test_bound_when_it_becomes_a_class_attribute_then_stays_bound_to_its_client() -> None:
    client = broker()
    holder = type("Holder", (), {"ask": client.order})()
    assert holder.ask == client.order
    assert holder.ask("a") == -200


def test_bound_when_held_weakly_then_goes_with_its_client() -> None:
    client = broker()
    held = weakref.WeakMethod(client.order)
    found = held()
    assert found is not None
    assert found("a") == -200
    del found, client
    gc.collect()  # a client and its policy know each other
    assert held() is None


# What tools see


SIGNATURES = [
    ("class", "accounts", "(self) -> 'Listing[Account]'", Listing[Account]),
    ("sync", "accounts", "() -> 'Listing[Account]'", Listing[Account]),
    ("async", "accounts", "() -> 'Awaitable[Listing[Account]]'", Awaitable[Listing[Account]]),
    ("class", "transactions", "(self, {}) -> 'Iterator[Transaction]'", Iterator[Transaction]),
    ("sync", "transactions", "({}) -> 'Iterator[Transaction]'", Iterator[Transaction]),
    ("async", "transactions", "({}) -> 'AsyncIterator[Transaction]'", AsyncIterator[Transaction]),
]
WINDOW = "account_id: 'str', *, start: 'date | None' = None, end: 'date | None' = None"


def teller(where: str) -> Any:
    if where == "class":
        return TellerClient
    client: Any = object.__new__(TellerClient)
    client.transport = Replay([]) if where == "sync" else AsyncReplay([])
    return client


@pytest.mark.parametrize(("where", "name", "text", "result"), SIGNATURES)
def test_signature_when_asked_for_then_has_the_result_and_not_the_flow(
    where: str, name: str, text: str, result: Any
) -> None:
    found = getattr(teller(where), name)
    assert str(inspect.signature(found)) == text.format(WINDOW)
    assert typing.get_type_hints(found)["return"] == result
    assert inspect.unwrap(found).__name__ == name


def test_signature_when_the_sdk_is_asked_then_names_the_model() -> None:
    text = "(self, starting_index: 'int' = 0, page_size: 'int' = 50) -> 'CollateralPage'"
    assert str(inspect.signature(FinastraAPIClient.list_collaterals)) == text


def test_signature_when_the_annotation_is_no_flow_or_a_type_then_is_read_all_the_same() -> None:
    assert str(inspect.signature(Broker.annotated_otherwise)).endswith("-> 'typing.Generator[Any, Any, int]'")
    namespace: dict[str, Any] = {"Flow": Flow, "Pages": Pages, "Client": Client, "operation": operation, "paged": paged}
    source = (
        "class Typed(Client):\n"
        "    @operation\n"
        "    def one(self) -> Flow[int]: yield\n"
        "    @paged\n"
        "    def many(self) -> Pages[str]: yield\n"
        "    @operation\n"
        "    def bare(self): yield\n"
    )
    exec(compile(source, "typed", "exec", dont_inherit=True), namespace)  # annotations here are text, those are types
    typed = namespace["Typed"]
    assert inspect.signature(typed.one).return_annotation is int
    assert inspect.signature(typed.many).return_annotation == Iterator[str]
    assert inspect.signature(typed.bare).return_annotation is inspect.Signature.empty
    client = typed(AsyncReplay([]), source="x:y")
    assert inspect.signature(client.one).return_annotation == Awaitable[int]
    assert typing.get_type_hints(client.many)["return"] == AsyncIterator[str]
    assert typing.get_type_hints(client.bare) == {}


@pytest.mark.parametrize("where", ["class", "sync", "async"])
def test_help_when_asked_for_then_shows_signature_and_inherited_text(where: str) -> None:
    client = Broker if where == "class" else broker() if where == "sync" else async_broker()
    assert inspect.getdoc(client.order) == "Return the status of an order."
    shown = pydoc.plain(pydoc.render_doc(client.order))
    receiver = "self, " if where == "class" else ""
    result = "Awaitable[int]" if where == "async" else "int"
    signature = f"order({receiver}order_id: 'str', *, times: 'int' = 1) -> '{result}'"
    assert signature in shown or (LIES and where != "class")
    assert "Return the status of an order." in shown


def test_help_when_asked_for_the_class_then_operations_are_among_its_methods() -> None:
    shown = pydoc.plain(pydoc.render_doc(Broker))
    methods = shown[shown.index("Methods defined here") : shown.index("Methods inherited from Interface")]
    assert "order(self, order_id: 'str', *, times: 'int' = 1) -> 'int'" in methods.replace(" | ", "")
    assert "Flow[" not in methods
    assert "orders(self, count: 'int' = 2) -> 'Iterator[int]'" in shown


@pytest.mark.parametrize("cls", [operation, paged, Bound, BoundPages])
def test_help_when_asked_for_our_own_classes_then_it_is_their_own(cls: type) -> None:
    assert cls.__module__ == "fin_infra.flow.operation"
    assert cls.__doc__
    assert cls.__name__ in pydoc.plain(pydoc.render_doc(cls))
    assert typing.get_type_hints(cls) == {}
