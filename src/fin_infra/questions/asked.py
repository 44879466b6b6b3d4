"""Who is asked: opens the providers of a question in one mode, and gathers what several of them say.
Floor 6: an app that holds providers of its own gives them here; all others are the configured ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from fin_infra.errors import FeatureDisabled, FinInfraError, InvalidInput, ProviderNotFound
from fin_infra.fanout import DEADLINE_S, log, log_untold
from fin_infra.features import require
from fin_infra.flow import deadline, row_errors
from fin_infra.model import Holding, Listing
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Provider
from fin_infra.questions.driving import wait_for
from fin_infra.questions.question import Question, Scope
from fin_infra.transport import Flow, Invoke

if TYPE_CHECKING:
    from fin_infra.book import Book
    from fin_infra.questions.net_worth import Sources

T = TypeVar("T")
Call = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One of several that are asked: its key, the operation, and the call."""

    provider: str
    operation: str
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    mode: Literal["sync", "async"]
    provider: str | None = None
    """Who answers, by name; the configured one where None."""
    given: Mapping[str, Provider[Any]] = field(default_factory=dict[str, Provider[Any]])
    """Providers of an app's own, by domain and in its mode; they come before the configured ones."""
    sources: Sources | None = None
    """The `Sources` of net worth and holdings; the configured ones where None."""
    holdings: Sequence[Holding] = ()
    """What counts in the net worth where the question names no holdings."""
    records: Callable[[], Sequence[Any]] = tuple
    """What counts in the net worth besides, such as statement files."""
    book: Callable[[], Book[Any] | None] | None = None
    """Gives the book of whoever asks, in the mode; the book of this user where None, if one has been made."""
    used: Sequence[Provider[Any]] = ()
    """Instances whose health `providers` tells."""

    def check(self, question: Question) -> None:
        """Raise where the provider that is named cannot answer this question."""
        if self.provider is None:
            return
        if not question.one_provider:
            raise InvalidInput(f"The question {question.name!r} takes no provider: it does not go to one of them.")
        domain, colon, _ = self.provider.partition(":")
        if colon and domain != question.domain:
            raise ProviderNotFound(
                f"{self.provider} does not answer {question.name!r}, which goes to providers of {question.domain}."
            )

    def who(self, question: Question) -> Sequence[Provider[Any]]:
        """Return the providers that answer a question, as far as they are known before it is asked."""
        if question.scope is not Scope.PUBLIC and not question.domains and self.sources is not None:
            return self.sources.all()
        return self.open(question.domains)

    def open(self, domains: Sequence[str]) -> list[Provider[Any]]:
        """Open a provider of each domain that is on for whoever asks.

        Raises:
            FeatureDisabled: none of them is on.
        """
        openers: Mapping[str, Callable[[], Provider[Any]]] = {
            "banking": self.banking,
            "market": self.market,
            "crypto": self.crypto,
            "fx": self.fx,
            "brokerage": self.brokerage,
        }
        found: list[Provider[Any]] = []
        off: FeatureDisabled | None = None
        for domain in domains:
            try:
                require(domain)
                found.append(openers[domain]())
            except FeatureDisabled as exc:
                if exc.switch is None:
                    raise
                off = exc
        if off is not None and not found:
            raise off
        return found

    def banking(self) -> BankingProvider[Any]:
        from fin_infra.banking import easy_banking

        return cast("BankingProvider[Any]", self._open("banking", easy_banking))

    def market(self) -> MarketDataProvider[Any]:
        from fin_infra.markets import easy_market

        return cast("MarketDataProvider[Any]", self._open("market", easy_market))

    def crypto(self) -> CryptoDataProvider[Any]:
        from fin_infra.crypto import easy_crypto

        return cast("CryptoDataProvider[Any]", self._open("crypto", easy_crypto))

    def fx(self) -> FxProvider[Any]:
        from fin_infra.fx import easy_fx

        return cast("FxProvider[Any]", self._open("fx", easy_fx))

    def brokerage(self) -> BrokerageProvider[Any]:
        from fin_infra.brokerage import easy_brokerage

        return cast("BrokerageProvider[Any]", self._open("brokerage", easy_brokerage))

    def _open(self, domain: str, easy: Any) -> Provider[Any]:
        return self.given.get(domain) or easy(self.provider or domain, mode=self.mode)

    def each(self, sources: Sequence[Source]) -> Flow[list[Any]]:
        """Ask all, at once where the mode allows it; an entry is what one said, or the FinInfraError it ended with.

        Raises:
            FinInfraError: none answered; the first one's.
        """
        ask = _each if self.mode == "sync" else _each_at_once
        answers: list[Any] = yield Invoke(lambda: ask(sources))
        refused = [answer for answer in answers if isinstance(answer, FinInfraError)]
        if refused and len(refused) == len(answers):
            raise refused[0]
        return answers

    def first(self, rows: Call, limit: int) -> Flow[Listing[Any]]:
        """Take at most `limit` records of a paged operation; `errors` are the rows on the way that cannot be read."""
        take = _first if self.mode == "sync" else _first_awaited
        listing: Listing[Any] = yield Invoke(lambda: take(rows, limit))
        return listing

    def together(self, make: Callable[[], Coroutine[Any, Any, T]]) -> Flow[T]:
        """Run what asks several providers in tasks, which needs an event loop."""
        answer: T = yield Invoke((lambda: wait_for(make)) if self.mode == "sync" else make)
        return answer


def invoke(call: Call) -> Flow[Any]:
    """Wait for one operation."""
    answer = yield Invoke(call)
    return answer


def _each(sources: Sequence[Source]) -> list[Any]:
    answers: list[Any] = []
    for source in sources:
        try:
            with deadline(DEADLINE_S):
                answers.append(source.call())
        except FinInfraError as exc:
            answers.append(_told(source, exc))
    return answers


async def _each_at_once(sources: Sequence[Source]) -> list[Any]:
    async def one(source: Source) -> Any:
        try:
            with deadline(DEADLINE_S):
                return await source.call()
        except FinInfraError as exc:
            return _told(source, exc)

    return list(await asyncio.gather(*map(one, sources)))


def _told(source: Source, exc: FinInfraError) -> FinInfraError:
    log_untold(log, f"{source.provider} {source.operation}", exc)
    return exc


def _first(rows: Call, limit: int) -> Listing[Any]:
    with row_errors() as unread, closing(rows()) as found:
        items = list(islice(cast("Iterator[Any]", found), limit))
    return _listing(items, unread)


async def _first_awaited(rows: Call, limit: int) -> Listing[Any]:
    items: list[Any] = []
    with row_errors() as unread:
        async with aclosing(cast("AsyncGenerator[Any]", rows())) as found:
            async for item in found:
                items.append(item)
                if len(items) == limit:
                    break
    return _listing(items, unread)


def _listing(items: list[Any], unread: Sequence[Any]) -> Listing[Any]:
    return Listing(items, items[-1].meta if items else None, unread)
