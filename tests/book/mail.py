"""Webhooks in histories: a vendor that signs what it tells, and sends it in storms, again, late, in any order or never.

It knows how the login stands in truth; the book has only what arrives. The service between the two is the book's own
functions and a check of the signature, with a database that fails in the middle.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from fin_infra.book import endings, logins, webhooks
from fin_infra.book.engine import reading, writing
from fin_infra.book.webhooks import Outcome
from fin_infra.errors import BookUnavailable, WebhookRefused
from fin_infra.providers.interfaces.webhook_checks import check_stamped, ident, json_object, maybe_ident, maybe_instant
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent

SECRET = "model-signing-secret"
HEADER = "model-signature"
TOLERANCE = timedelta(minutes=5)


@dataclass(eq=False)
class Letter:
    """An event as the vendor has it, to be sent until it is answered."""

    id: str
    body: bytes
    stranger: bool
    answered: bool = False


def received(delivery: Delivery) -> WebhookEvent:
    """Return what a delivery says, as a vendor's room `webhook` does.

    Raises:
        WebhookRefused: the vendor did not sign it so, or not now.
    """
    check_stamped(delivery.body, delivery.headers.get(HEADER), "Model-Signature", [SECRET], delivery.at, TOLERANCE)
    row = json_object(delivery.body, "Model")
    return WebhookEvent(
        event_id=ident(row, "id", "Model"),
        kind=EventKind(row["kind"]),
        type=row["kind"],
        login=maybe_ident(row, "login"),
        account=maybe_ident(row, "account"),
        said_at=maybe_instant(row, "said_at"),
        ends_at=maybe_instant(row, "ends_at"),
    )


def signature(body: bytes, at: datetime, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    mark = hmac.new(secret.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
    return {HEADER: f"t={stamp},v1={mark}"}


class Mail:
    """What a vendor tells about one login, and how much of it has arrived."""

    def __init__(self, engine: sa.Engine, provider: str, random: Random, clock: Callable[[], datetime]) -> None:
        self.engine, self.provider, self.random, self.clock = engine, provider, random, clock
        self.login = f"login-of-{provider}"
        self.dated = random.random() < 0.5
        """Whether the vendor says when something happened."""
        self.accounts: Sequence[str] = ()
        """Accounts by which the vendor names the login now and then."""
        self.broken = False
        self.ends_at: datetime | None = None
        self.outbox: list[Letter] = []
        self.sent: list[Letter] = []
        self.kept: dict[str, Letter] = {}
        """What stands in the book, also where the vendor did not get the answer."""
        self.lost = False
        """Whether something was never sent since all was quiet."""
        self.happened: Counter[str] = Counter()

    # --- what the vendor tells ----------------------------------------------------------------------------------
    def write(self, kind: EventKind, *, stranger: bool = False, **more: Any) -> Letter:
        self.happened["written"] += 1
        name = f"{self.provider}-{self.happened['written']}"
        row: dict[str, Any] = {"id": name, "kind": kind.value, **more}
        if stranger:
            row["login"] = f"stranger-of-{self.provider}"
        elif self.accounts and kind is EventKind.NEWS and self.random.random() < 0.3:
            row["account"] = self.random.choice(self.accounts)
        else:
            row["login"] = self.login
        if self.dated:
            row["said_at"] = self.clock().replace(microsecond=0).isoformat()  # whole seconds, as some vendors do
        letter = Letter(name, json.dumps(row).encode(), stranger)
        self.outbox.append(letter)
        return letter

    def breaks(self) -> None:
        self.broken = True
        self.write(EventKind.PERSON_MUST_ACT)

    def is_repaired(self) -> None:
        self.broken, self.ends_at = False, None
        self.write(EventKind.REPAIRED)

    def expires(self) -> None:
        """Tell an end; the only word whose place beside `REPAIRED` matters, so all before it has arrived."""
        self.send_all()
        self.ends_at = self.clock() + timedelta(days=self.random.randint(20, 90))
        self.write(EventKind.EXPIRING, ends_at=self.ends_at.isoformat())
        self.send_all()
        self.settle()

    def storm(self, count: int) -> None:
        for _ in range(count):
            self.write(EventKind.NEWS)

    def lose(self) -> None:
        """Give up on what was not answered, news only: vendors do after some days."""
        gone = [each for each in self.outbox if b'"news"' in each.body]
        self.outbox = [each for each in self.outbox if each not in gone]
        self.lost = self.lost or bool(gone)
        self.happened["lost"] += bool(gone)

    # --- what arrives -------------------------------------------------------------------------------------------
    def send_some(self) -> None:
        """Send what waits in any order, some of it twice, and some of what was answered long ago again."""
        part = self.random.sample(self.outbox, self.random.randint(0, len(self.outbox)))
        self.happened["reordered"] += part != sorted(part, key=self.outbox.index)
        again = self.random.sample(self.sent, min(len(self.sent), self.random.choice((0, 0, 1, 4))))
        self.happened["again"] += bool(again)
        twice = self.random.sample(part, min(len(part), 2))
        for batch in _batches([*part, *again, *twice], self.random):
            self._deliver(batch, self.random.choice((None, None, None, "before", "answer_lost")))

    def send_all(self) -> None:
        if self.outbox:
            self._deliver(list(self.outbox), None)

    def _deliver(self, letters: list[Letter], fault: str | None) -> None:
        at = self.clock()
        events = [received(Delivery(body=each.body, headers=signature(each.body, at), at=at)) for each in letters]
        rows = [(self.provider, event) for event in events]
        if fault == "before":
            self.happened["refused_for_now"] += 1
            return
        new = webhooks.take_all(self.engine, rows, at)
        known = {*self.kept}
        for letter, is_new in zip(letters, new, strict=True):
            assert is_new == (letter.id not in known), "an event was taken twice, or not at all"
            known.add(letter.id)
            self.kept[letter.id] = letter
        if fault == "answer_lost":
            self.happened["answer_to_vendor_lost"] += 1
            return
        for letter in letters:
            letter.answered = True
        self.sent += [each for each in self.outbox if each.answered]
        self.outbox = [each for each in self.outbox if not each.answered]

    def forge(self) -> None:
        """Send what the vendor never signed so, or not now: refused, and nothing is changed by it."""
        body = json.dumps({"id": "forged", "kind": "ended", "login": self.login}).encode()
        at, before = self.clock(), self.stored()
        genuine = self.random.choice(self.sent).body if self.sent else body
        forged = {
            "altered": (genuine.replace(b'"kind": "', b'"kind":  "') + b" ", signature(genuine, at)),
            "other_secret": (body, signature(body, at, "guessed")),
            "unsigned": (body, {}),
            "stale": (genuine, signature(genuine, at - TOLERANCE - timedelta(seconds=2))),
            "future": (genuine, signature(genuine, at + TOLERANCE + timedelta(seconds=2))),
        }
        for kind, (content, headers) in forged.items():
            with pytest.raises(WebhookRefused):
                received(Delivery(body=content, headers=headers, at=at))
            self.happened[kind] += 1
        assert self.stored() == before

    def settle(self, *, unsteady: bool = False) -> None:
        """Let a process do what the events ask for; an unsteady database ends it anywhere in the middle."""
        with ExitStack() as stack:
            if unsteady:
                stack.enter_context(suppress(BookUnavailable))
                for module in (webhooks, endings, logins):
                    stack.enter_context(patch.object(module, "writing", self._unsteady))
            webhooks.settle(self.engine, self.clock())
            return
        self.happened["settling_cut_off"] += 1

    @contextmanager
    def _unsteady(self, engine: sa.Engine) -> Generator[sa.Connection]:
        fault = self.random.choice((None, None, None, "before", "answer_lost"))
        if fault == "before":
            raise BookUnavailable("the database went away")
        with writing(engine) as db:
            yield db
        if fault == "answer_lost":
            raise BookUnavailable("the database went away")

    # --- what stands in the book --------------------------------------------------------------------------------
    def stored(self) -> dict[str, str]:
        """Return what became of each event of the vendor."""
        c = webhooks.webhooks.c
        with reading(self.engine) as db:
            rows = db.execute(sa.select(c.event_id, c.outcome).where(c.provider == self.provider))
            return {row.event_id: row.outcome for row in rows}

    def check(self) -> None:
        """Look whether everything that was answered is there once, and settled."""
        done, unknown = Outcome.DONE.value, Outcome.UNKNOWN.value
        wanted = {name: unknown if letter.stranger else done for name, letter in self.kept.items()}
        assert self.stored() == wanted, "an event was forgotten, or nothing was done about it"


def _batches(letters: list[Letter], random: Random) -> Iterator[list[Letter]]:
    while letters:
        size = random.randint(1, 12)
        yield letters[:size]
        letters = letters[size:]
