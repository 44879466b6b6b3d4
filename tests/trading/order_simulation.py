"""A world in one process: many clients, a venue with Alpaca's rules, a network that fails, and a clock that jumps.

Flows are generators, so a client is a `submit` that is stepped, and a crash is a `submit` that is closed. `World.run`
plays one schedule, which its seed alone decides, and raises AssertionError where somebody got an untrue answer.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    DeadlineExceeded,
    FinInfraError,
    IdempotencyConflict,
    NotFound,
    OrderChecksFailed,
    OrderRejected,
    OrderStateUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RejectReason,
    UnexpectedPayload,
)
from fin_infra.model import AssetClass, NewOrder, Order
from fin_infra.providers.brokerage.alpaca.rules import RULES as ALPACA
from fin_infra.trading import (
    Context,
    Journal,
    State,
    Submission,
    Time,
    TradingLimits,
    client_order_id,
    fingerprint,
    reconcile,
)
from fin_infra.trading.journal import combined
from fin_infra.transport import Blocking, Pause
from tests.trading.support import OPEN, account, asset, market, new_order, placed, quote

DEADLINE_S, TIMEOUT_S = 30.0, 10.0
LONGEST_FLIGHT_S, LONGEST_LAG_S = 75.0, 44.0
"""How late a request may arrive, and how late an order may be found; together below the grace of two minutes."""
DAY_S = 86_400.0
LIMITS = TradingLimits(max_notional_per_day=None, duplicate_window_s=None, max_quote_age_s=None)
_accounts = count()


@dataclass(frozen=True)
class Post:
    order: NewOrder
    client_order_id: str


@dataclass(frozen=True)
class Find:
    client_order_id: str


@dataclass(frozen=True)
class Ask:
    """What may fail and changes nothing: the account, the market."""

    answer: Callable[[], Any]


@dataclass
class Accepted:
    order: Order
    wanted: NewOrder
    call: Client
    posted_at: float
    visible_at: float


class Venue:
    """Alpaca: an id is unique for good, whatever became of its order; an order that is refused uses no id up."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.orders: dict[str, Accepted] = {}
        self.funds_first = world.random.random() < 0.5
        self.poor: list[tuple[float, float]] = []
        for _ in range(world.random.choice([0, 0, 1, 2, 3])):
            start = world.random.uniform(0, 40)
            self.poor.append((start, start + world.random.choice([2, 20, 200])))

    def is_poor(self) -> bool:
        return any(start <= self.world.now < end for start, end in self.poor)

    def arrive(self, post: Post, call: Client, posted_at: float) -> Order | ProviderError:
        checks = [self._funds, self._unique]
        for check in checks if self.funds_first else reversed(checks):
            refused = check(post)
            if refused is not None:
                return refused
        random = self.world.random
        order = placed(post.order, post.client_order_id, f"order-{len(self.orders)}")
        lag = random.uniform(0, LONGEST_LAG_S) if random.random() < self.world.trouble else 0.0
        self.orders[post.client_order_id] = Accepted(order, post.order, call, posted_at, self.world.now + lag)
        return order

    def _funds(self, post: Post) -> ProviderError | None:
        return _refusal(RejectReason.INSUFFICIENT_BUYING_POWER, "40310000", 403) if self.is_poor() else None

    def _unique(self, post: Post) -> ProviderError | None:
        code = self.world.random.choice(["40010001", "42210000"])
        return (
            _refusal(RejectReason.DUPLICATE_CLIENT_ORDER_ID, code, 422) if post.client_order_id in self.orders else None
        )

    def find(self, client_order_id: str) -> Order | ProviderError:
        found = self.orders.get(client_order_id)
        if found is None or self.world.now < found.visible_at:
            return NotFound("order not found", http_status=404)
        return found.order


def _refusal(reason: RejectReason, code: str, status: int) -> OrderRejected:
    return OrderRejected("refused", reason=reason, vendor_code=code, http_status=status)


class Desk:
    """What `submit` talks to; every question becomes an effect that the world answers."""

    def __init__(self, world: World) -> None:
        self.world = world

    def account_now(self) -> Generator[Any, Any, Any]:
        return (yield Ask(lambda: account(self.world.account_id)))

    def send_order(self, order: NewOrder, client_order_id: str) -> Generator[Any, Any, Order]:
        return (yield Post(order, client_order_id))

    def find_order(self, client_order_id: str) -> Generator[Any, Any, Order]:
        return (yield Find(client_order_id))

    def context(self, order: NewOrder, account_: Any, queue: bool) -> Generator[Any, Any, Context]:
        return (yield Ask(self._context))

    def _context(self) -> Context:
        broke = self.world.venue.is_poor() and self.world.random.random() < 0.5
        return Context(
            limits=LIMITS,
            rules=ALPACA[AssetClass.EQUITY],
            account=account(self.world.account_id, buying_power="1" if broke else "1000000"),
            clock=market(self.world.wall()),
            asset=ASSET,
            quote=QUOTE,
            position=None,
            queue=True,
        )


ASSET, QUOTE = asset(), quote()


class Client:
    """One call in one process: a flow that is stepped until it ends or is killed."""

    def __init__(self, world: World, journal: Journal, key: str | None, order: NewOrder, patient: bool = True) -> None:
        self.world = world
        self.journal = journal
        self.key = key
        self.order = order
        self.until = world.now + DEADLINE_S
        self.outcome: Order | Exception | None = None
        self.ended_at = 0.0
        self.posts = 0
        self.doubt = self.exists = False
        self.flow = Submission(
            desk=Desk(world),
            order=order,
            journal=journal,
            limits=LIMITS,
            queue=True,
            time=Time(self.until, lambda: world.now, world.wall),
            wait=patient,
        ).run(key)

    def start(self) -> None:
        self.advance(None)

    def advance(self, answer: Any) -> None:
        try:
            effect = self.flow.throw(answer) if isinstance(answer, Exception) else self.flow.send(answer)
        except StopIteration as stop:
            self.outcome, self.ended_at = stop.value, self.world.now
        except FinInfraError as exc:
            self.outcome, self.ended_at = exc, self.world.now
        else:
            self.world.carry_out(self, effect)

    def kill(self) -> None:
        """End the process where it stands."""
        self.flow.close()
        self.world.killed(self)

    def hear(self, effect: Post | Find, answer: Any) -> None:
        """Take an answer, and remember whether it leaves room for an order that nobody has seen."""
        if isinstance(effect, Find):
            self.doubt = self.doubt and not isinstance(answer, NotFound)
        elif isinstance(answer, OrderRejected):
            duplicate = answer.reason is RejectReason.DUPLICATE_CLIENT_ORDER_ID
            self.doubt, self.exists = self.doubt or duplicate, self.exists or duplicate
        elif isinstance(answer, Exception) and not _is_definite(answer):
            self.doubt = True
        self.advance(answer)


class Reconciler(Client):
    """A process that looks after orders whose end nobody saw."""

    def __init__(self, world: World, journal: Journal) -> None:
        super().__init__(world, journal, None, new_order())
        self.flow.close()
        self.flow = reconcile(Desk(world), journal, world.wall)


def _is_definite(exc: Exception) -> bool:
    return isinstance(exc, (AuthenticationFailed, CircuitOpen, RateLimited)) or (
        isinstance(exc, ProviderError) and exc.vendor_code == "unreachable"
    )


class World:
    """One schedule. `journals` are used by account, so that many worlds can share them."""

    def __init__(self, seed: int, journals: Sequence[Journal]) -> None:
        self.random = random = Random(seed)
        self.account_id = f"account-{next(_accounts)}"
        self.now = 0.0
        self.queue: list[tuple[float, float, int, Callable[[], None]]] = []
        self.events = count()
        self.trouble = random.choice([0.0, 0.1, 0.3, 0.6])
        self.death = random.choice([0.0, 0.0, 0.03, 0.08])
        self.sharing = random.choices(["shared", "own", "lossy"], [6, 2, 2])[0]
        self.journals = journals
        self.clients: list[Client] = []
        self.lives = 4
        self.venue = Venue(self)
        for number in range(random.choice([1, 1, 2])):
            self._plan(f"key-{number}", number)
        if random.random() < 0.15:
            self.later(random.uniform(0, 5), lambda: self.begin(None, new_order("77")))
        for _ in range(random.choice([0, 1, 2])):
            self.later(random.choice([random.uniform(0, 60), random.uniform(60, 400)]), self._reconcile)

    def _plan(self, key: str, number: int) -> None:
        random = self.random
        for _ in range(random.choice([1, 1, 2, 3, 4])):
            size = f"{number + 1}" if random.random() < 0.85 else f"{number + 1}.5"
            at = random.choice([0.0, random.uniform(0, 0.5), random.uniform(0, 40), random.uniform(40, 300), DAY_S])
            self.later(at, lambda size=size: self.begin(key, new_order(size)))  # type: ignore[misc]

    def wall(self) -> datetime:
        return OPEN + timedelta(seconds=self.now)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (self.now + seconds, self.random.random(), next(self.events), act))

    def journal(self) -> Journal:
        if self.sharing == "shared":
            return self.journals[0]
        if self.sharing == "own":
            return self.journals[len(self.clients) % len(self.journals)]
        return self.random.choice(self.journals[:2])

    def begin(self, key: str | None, order: NewOrder) -> None:
        client = Client(self, self.journal(), key, order, patient=self.random.random() < 0.8)
        self.clients.append(client)
        client.start()

    def _reconcile(self) -> None:
        Reconciler(self, self.random.choice(self.journals) if self.sharing != "shared" else self.journals[0]).start()

    def killed(self, client: Client) -> None:
        """A process died: mostly it is started again, and tries again with the same key."""
        if client.key is None or self.lives == 0:
            return
        self.lives -= 1
        self.later(
            self.random.choice([0.1, 1.0, 15.0, 100.0, 130.0, DAY_S]), lambda: self.begin(client.key, client.order)
        )

    # What effects do.

    def carry_out(self, client: Client, effect: Any) -> None:
        dies = self.random.random() < self.death
        if dies and self.random.random() < 0.5:
            client.kill()
            return
        takes = self.random.uniform(0.001, 0.4)
        match effect:
            case Pause(seconds):
                self.later(seconds + takes / 100, client.kill if dies else lambda: client.advance(None))
            case Blocking(fn):
                self.later(takes / 10, lambda: self._worked(client, fn, dies))
            case Ask(fn):
                self.later(takes, lambda: self._worked(client, self._failing(fn), dies))
            case Find():
                self._find(client, effect, takes, dies)
            case Post():
                self._post(client, effect, takes, dies)
            case _:
                raise AssertionError(f"an effect nobody knows: {effect!r}")

    def _failing(self, fn: Callable[[], Any]) -> Callable[[], Any]:
        def fail() -> Any:
            raise ProviderUnavailable("down", retryable=True, http_status=503)

        return fail if self.random.random() < self.trouble / 8 else fn

    def _worked(self, client: Client, fn: Callable[[], Any], dies: bool) -> None:
        answer: Any
        try:
            answer = fn()
        except FinInfraError as exc:
            answer = exc
        if dies:
            client.kill()
        else:
            client.advance(answer)

    def _answer(self, client: Client, effect: Post | Find, seconds: float, answer: Any, dies: bool) -> None:
        """Have the client hear `answer()` after `seconds`, or die instead."""
        self.later(seconds, client.kill if dies else lambda: client.hear(effect, answer()))

    def _find(self, client: Client, find: Find, takes: float, dies: bool) -> None:
        if self.now >= client.until and not isinstance(client, Reconciler):
            self._answer(client, find, 0.0, lambda: DeadlineExceeded("over", retryable=True), dies)
        elif self.random.random() < self.trouble:
            error = self._doubtful() if self.random.random() < 0.7 else self._definite()
            self._answer(client, find, takes, lambda: error, dies)
        else:
            self._answer(client, find, takes, lambda: self.venue.find(find.client_order_id), dies)

    def _post(self, client: Client, post: Post, takes: float, dies: bool) -> None:
        self._may_post(client, post)
        if self.now >= client.until:
            self._answer(client, post, 0.0, lambda: DeadlineExceeded("over", retryable=True), dies)
            return
        heard: list[Order | ProviderError] = []
        posted_at = self.now

        def arrive() -> None:
            heard.append(self.venue.arrive(post, client, posted_at))

        def reply() -> Order | ProviderError:
            return heard[0]

        def cut_off() -> Order | ProviderError:
            return UnexpectedPayload("not JSON", http_status=200) if isinstance(heard[0], Order) else heard[0]

        fate = "answered"
        if self.death and self.random.random() < 0.15:  # the worst moment to die, so often enough
            dies, fate = True, "late"
        elif self.random.random() < self.trouble:
            fate = self.random.choice(["definite", "dropped", "in vain", "late", "cut off"])
        doubtful, patience = self._doubtful(), min(TIMEOUT_S, client.until - self.now)
        match fate:
            case "answered" | "cut off":
                self.later(takes * 0.9, arrive)
                self._answer(client, post, takes, reply if fate == "answered" else cut_off, dies)
            case "definite":
                definite = self._definite()
                self._answer(client, post, takes, lambda: definite, dies)
            case "dropped":  # it has its effect, and the answer is lost or says 500 or 504
                self.later(takes * 0.9, arrive)
                self._answer(client, post, min(patience, self.random.choice([takes, 99])), lambda: doubtful, dies)
            case "in vain":
                self._answer(client, post, min(patience, self.random.choice([takes, 99])), lambda: doubtful, dies)
            case "late":  # the client has given up on it
                self.later(self.random.uniform(takes, LONGEST_FLIGHT_S), arrive)
                self._answer(client, post, takes, lambda: doubtful, dies)

    def _doubtful(self) -> ProviderError:
        status = self.random.choice([None, 408, 500, 502, 504])
        if status is None:
            return DeadlineExceeded("timed out", retryable=True)
        return ProviderUnavailable("failed", retryable=True, http_status=status)

    def _definite(self) -> ProviderError:
        kind = self.random.choice(["limited", "unauthorised", "open", "unreachable"])
        if kind == "limited":
            return RateLimited("slow down", retryable=True, retry_after=self.random.choice([None, 0.5, 5.0, 100.0]))
        if kind == "unauthorised":
            return AuthenticationFailed("no", http_status=401)
        if kind == "open":
            return CircuitOpen(5.0)
        return ProviderUnavailable("nobody answers", retryable=True, vendor_code="unreachable")

    # What must be true.

    def _may_post(self, client: Client, post: Post) -> None:
        """Nothing is sent that is not written down, while an earlier send is in doubt, or under another order's key."""
        assert not client.doubt, "sent again without asking"
        assert not client.exists, "sent again although the broker has an order under that id"
        assert client.key is None or post.client_order_id == client_order_id(self.account_id, client.key), "another id"
        entry = combined(client.journal.find(self.account_id, post.client_order_id))
        assert entry is not None, "sent before it was written down"
        assert entry.state.counts, "sent although the journal says that it is over"
        assert entry.fingerprint == fingerprint(post.order), "sent under the key of another order"
        client.posts += 1

    def run(self) -> None:
        while self.queue:
            self.now, _, _, act = heapq.heappop(self.queue)
            act()
        for client in self.clients:
            if client.outcome is not None:
                self._check_outcome(client)
        self._check_journals()
        self._check_count()
        self._check_replays()

    def _check_count(self) -> None:
        names = [accepted.call.key or accepted.call for accepted in self.venue.orders.values()]
        assert len(names) == len(set(names)), "one intent, two orders"
        sizes = [accepted.wanted.quantity for accepted in self.venue.orders.values()]
        assert len(sizes) == len(set(sizes)), "one order, placed twice"

    def _check_outcome(self, client: Client) -> None:
        outcome = client.outcome
        mine = [accepted for accepted in self.venue.orders.values() if accepted.call is client]
        of_key = mine if client.key is None else self._of(client.key)
        if isinstance(outcome, Order):
            assert [accepted.order.id for accepted in of_key] == [outcome.id]
            assert of_key[0].wanted == client.order, "somebody else's order"
            assert not (outcome.replayed and mine), "called a replay of what it did itself"
            return
        assert isinstance(outcome, FinInfraError), f"not one of ours: {outcome!r}"
        if isinstance(outcome, OrderStateUnknown):
            assert client.key is None or outcome.client_order_id == client_order_id(self.account_id, client.key)
            return
        assert not mine, f"answered that there is no order: {outcome!r}"
        if isinstance(outcome, IdempotencyConflict):
            others = [other for other in self.clients if other.key == client.key and other.order != client.order]
            assert others, "a conflict with nobody"
        elif isinstance(outcome, (OrderRejected, OrderChecksFailed)) and self.sharing == "shared":
            early = [accepted for accepted in of_key if accepted.posted_at <= client.ended_at]
            assert not early, f"answered that there is no order, and there was one under way: {outcome!r}"

    def _of(self, key: str) -> list[Accepted]:
        found = self.venue.orders.get(client_order_id(self.account_id, key))
        return [] if found is None else [found]

    def _calmly(self, client: Client) -> Client:
        """Run one more client to its end in a world without faults or deaths."""
        self.trouble = self.death = 0.0
        client.start()
        while self.queue:
            self.now, _, _, act = heapq.heappop(self.queue)
            act()
        return client

    def _check_journals(self) -> None:
        """After a reconciliation nothing is open, and an order is there exactly where the journal says so."""
        self.now += 600
        for journal in self.journals[:1] if self.sharing == "shared" else self.journals:
            assert self._calmly(Reconciler(self, journal)).outcome == [], "still open after all has landed"
            assert journal.unresolved(self.account_id) == []
        for client in self.clients:
            if client.key is None:
                continue
            entry = combined(client.journal.find(self.account_id, client_order_id(self.account_id, client.key)))
            of_key = self._of(client.key)
            if entry is not None and entry.state is State.PLACED:
                assert [accepted.order.id for accepted in of_key] == [entry.order_id], "placed, says the journal"
            if entry is None or entry.state is not State.PLACED:
                assert not any(accepted.call.journal is client.journal for accepted in of_key), "an order left out"

    def _check_replays(self) -> None:
        """A key finds its order, and no other order gets under it, however much later."""
        self.now += DAY_S
        self.venue.poor = []
        for key in sorted({client.key for client in self.clients if client.key}):
            before = self._of(key)
            if before:
                client = self._calmly(Client(self, before[0].call.journal, key, before[0].wanted))
                assert isinstance(client.outcome, Order), f"no replay: {client.outcome!r}"
                assert client.outcome == replace(before[0].order, replayed=True)
                other = new_order(str((before[0].wanted.quantity or Decimal(0)) + 100))
                conflict = self._calmly(Client(self, before[0].call.journal, key, other)).outcome
                assert isinstance(conflict, IdempotencyConflict)
                assert self._of(key) == before
                assert client.posts == 0, "a replay sent something"
            else:
                order = new_order("55")
                outcome = self._calmly(Client(self, self.journals[0], key, order)).outcome
                assert isinstance(outcome, Order), f"the key of an order that never was is not free: {outcome!r}"
