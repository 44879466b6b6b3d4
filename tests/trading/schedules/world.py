"""A world in one process: many clients, a broker, a network that fails, and a clock that jumps.

Flows are generators, so a client is a flow that is stepped, and a crash is a flow that is closed. `World.run` plays one
schedule, which its seed alone decides, and raises AssertionError where `truths` are broken.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
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
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.model import Order, OrderChange, Side
from fin_infra.trading import Journal, TradingLimits
from fin_infra.transport import Blocking, Pause
from tests.trading.schedules.client import Client, Reconciler
from tests.trading.schedules.effects import Ask, Cancel, Change, Close, Drop, Find, Post, Submit, Wanted
from tests.trading.schedules.truths import check, may_post
from tests.trading.schedules.venue import Venue
from tests.trading.support import OPEN, new_order

TIMEOUT_S = 10.0
LONGEST_FLIGHT_S = 75.0
"""How late a request may arrive; with the venue's lag it is below the grace of two minutes."""
DAY_S = 86_400.0
UNLIMITED = TradingLimits(
    max_notional_per_order=None, max_notional_per_day=None, duplicate_window_s=None, max_quote_age_s=None
)
_accounts = count()


class World:
    """One schedule. `journals` are used by account, so that many worlds can share them."""

    def __init__(self, seed: int, journals: Sequence[Journal]) -> None:
        self.random = random = Random(seed)
        self.account_id = f"account-{next(_accounts)}"
        self.now = 0.0
        self.queue: list[tuple[float, float, int, Callable[[], None]]] = []
        self.events, self.numbers = count(), count()
        self.trouble = random.choice([0.0, 0.1, 0.3, 0.6])
        self.death = random.choice([0.0, 0.0, 0.03, 0.08])
        self.sharing = random.choices(["shared", "own", "lossy"], [6, 2, 2])[0]
        self.cap = random.choice([None, None, Decimal(250), Decimal(1500), Decimal(4200)])
        self.limits = UNLIMITED.model_copy(update={"max_notional_per_day": self.cap})
        self.journals = journals
        self.clients: list[Client] = []
        self.meanings: dict[str, Wanted] = {}
        """What each fingerprint of a request has been sent for."""
        self.flying: list[Post] = []
        """What has been sent and will arrive, whoever still waits for it."""
        self.lives = 4
        self.venue = Venue(self)
        self.first: dict[str, Wanted] = {}
        for number in range(random.choice([1, 2, 3])):
            self._plan(f"key-{number}")
        if random.random() < 0.15:
            self.later(random.uniform(0, 5), lambda: self.begin(None, Submit(new_order("77"))))
        for _ in range(random.choice([0, 1, 2])):
            self.later(random.choice([random.uniform(0, 60), random.uniform(60, 400)]), self._reconcile)
        for _ in range(random.choice([0, 0, 1, 2])):
            self.later(random.choice([random.uniform(0, 60), random.uniform(60, 400)]), self._cancel)

    # What is asked for.

    def _plan(self, key: str) -> None:
        random = self.random
        for _ in range(random.choice([1, 1, 2, 3, 4])):
            at = random.choice([0.0, random.uniform(0, 0.5), random.uniform(0, 40), random.uniform(40, 300), DAY_S])
            self.later(at, lambda: self.begin(key, self._wanted(key)))

    def _wanted(self, key: str) -> Wanted:
        """Return what the key is for, and seldom something else."""
        if key not in self.first:
            self.first[key] = self._new(self.random.choice([Submit, Submit, Change, Close]))
        elif self.random.random() < 0.15:
            return self._new(self.random.choice([Submit, Change, Close]))
        return self.first[key]

    def _new(self, kind: type[Wanted]) -> Wanted:
        """Return a request with terms that no other has, but for closings of everything."""
        random, number = self.random, next(self.numbers)
        if kind is Change:
            change = OrderChange(quantity=Decimal(11 + number))
            if random.random() < 0.5:
                change = OrderChange(limit_price=Decimal(80) + Decimal(number) / 100)
            return Change(random.choice([booked.order.id for booked in self.venue.orders.values()]), change)
        if kind is Close:
            part = random.choice(["all", "quantity", "percent"])
            if part == "all":
                return Close()
            return (
                Close(quantity=Decimal(2 + number))
                if part == "quantity"
                else Close(percent=Decimal(10 + number) + Decimal("0.123456789"))
            )
        size = f"{1 + number}" if random.random() < 0.8 else f"{1 + number}.5"
        return Submit(new_order(size, side=Side.SELL if random.random() < 0.2 else Side.BUY))

    def _cancel(self) -> None:
        ids = [booked.order.id for booked in self.venue.orders.values()]
        self.begin(None, Cancel(None if self.random.random() < 0.5 else self.random.choice(ids)))

    def begin(self, key: str | None, wanted: Wanted) -> None:
        client = Client(self, self.journal(), key, wanted, patient=self.random.random() < 0.8)
        self.clients.append(client)
        client.start()

    def _reconcile(self) -> None:
        Reconciler(self, self.random.choice(self.journals) if self.sharing != "shared" else self.journals[0]).start()

    def killed(self, client: Client) -> None:
        """A process died: mostly it is started again, and asks again, with the same key if it had one."""
        if (client.key is None and not isinstance(client.wanted, Cancel)) or self.lives == 0:
            return
        if isinstance(client, Reconciler):
            return
        self.lives -= 1
        wait = self.random.choice([0.1, 1.0, 15.0, 100.0, 130.0, DAY_S])
        self.later(wait, lambda: self.begin(client.key, client.wanted))

    def journal(self) -> Journal:
        if self.sharing == "shared":
            return self.journals[0]
        if self.sharing == "own":
            return self.journals[len(self.clients) % len(self.journals)]
        return self.random.choice(self.journals[:2])

    # Time.

    def wall(self) -> datetime:
        return OPEN + timedelta(seconds=self.now)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (self.now + seconds, self.random.random(), next(self.events), act))

    def run(self) -> None:
        self.drain()
        check(self)

    def drain(self) -> None:
        """Play all there is, and what comes of it."""
        while self.queue:
            self.now, _, _, act = heapq.heappop(self.queue)
            act()

    def calmly(self, client: Client) -> Client:
        """Run one more client to its end in a world without faults, deaths or limits."""
        self.trouble = self.death = 0.0
        client.start()
        self.drain()
        return client

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
            case Post() | Drop():
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

    def _answer(self, client: Client, effect: Post | Find | Drop, seconds: float, answer: Any, dies: bool) -> None:
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

    def _post(self, client: Client, post: Post | Drop, takes: float, dies: bool) -> None:
        if isinstance(post, Post):
            may_post(self, client, post)
        else:
            client.drops.append(post.order_id)
        if self.now >= client.until:
            self._answer(client, post, 0.0, lambda: DeadlineExceeded("over", retryable=True), dies)
            return
        heard: list[Order | ProviderError | None] = []
        posted_at = self.now

        def arrive() -> None:
            if isinstance(post, Drop):
                heard.append(self.venue.drop(post.order_id, client))
            else:
                self.flying.remove(post)
                heard.append(self.venue.arrive(post, client, posted_at))

        def reply() -> Order | ProviderError | None:
            return heard[0]

        def cut_off() -> Order | ProviderError | None:
            answer = heard[0]
            return answer if isinstance(answer, ProviderError) else UnexpectedPayload("not JSON", http_status=200)

        fate = "answered"
        if self.death and self.random.random() < 0.15:  # the worst moment to die, so often enough
            dies, fate = True, "late"
        elif self.random.random() < self.trouble:
            fate = self.random.choice(["definite", "dropped", "in vain", "late", "cut off"])
        if isinstance(post, Post) and fate not in ("definite", "in vain"):
            self.flying.append(post)
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
