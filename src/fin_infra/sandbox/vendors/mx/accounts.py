"""Serve what a member has: accounts, transactions, account numbers, owners and holdings.
Floor 8: by user, by member or by account, as the paths go; a member's own state says how old it all is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from fin_infra.sandbox.vendors.mx import replies
from fin_infra.sandbox.vendors.mx.access import Call, Refused
from fin_infra.sandbox.vendors.mx.members import BROKER, Member, accounts_of
from fin_infra.sandbox.world.holdings import HoldingWalk

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.mx.vendor import Mx
    from fin_infra.sandbox.world.world import Account

Row = dict[str, object]


class Accounts:
    """The operations on accounts."""

    def __init__(self, vendor: Mx) -> None:
        self._vendor = vendor

    def listing(self, call: Call) -> object:
        """Answer the accounts of a user or of a member, closed ones included."""
        return call.page("accounts", [self._account(member, held) for member, held in self._all(call)])

    def one(self, call: Call) -> object:
        return {"account": self._account(*self._one(call))}

    def transactions(self, call: Call) -> object:
        """Answer the transactions of a user, a member or an account, newest first, of the days asked for."""
        first, last = call.days(self._vendor.clock.now)
        found = [self._one(call)] if "account" in call.request.path_params else list(self._all(call))
        rows: list[tuple[datetime, str, Row]] = []
        for member, held in found:
            if isinstance(held, HoldingWalk):
                continue
            for shown in held.book.shown(self._seen(member)):
                if first <= shown.day <= last:
                    rows.append((shown.at, shown.id, replies.transaction(member, held, shown)))
        rows.sort(key=lambda row: row[:2], reverse=True)
        return call.page("transactions", [row for *_, row in rows])

    def transaction(self, call: Call) -> object:
        """Answer one visible transaction."""
        wanted = call.path("transaction")
        for member, held in self._all(call):
            if isinstance(held, HoldingWalk):
                continue
            for shown in held.book.shown(self._seen(member)):
                row = replies.transaction(member, held, shown)
                if row["guid"] == wanted:
                    return {"transaction": row}
        raise Refused(404, "Transaction not found")

    def numbers(self, call: Call) -> object:
        """Answer the full account and routing numbers of a member or an account."""
        found = [self._one(call)] if "account" in call.request.path_params else list(self._all(call))
        rows = [
            replies.account_number(member, held)
            for member, held in found
            if not isinstance(held, HoldingWalk) and held.plan.details != "none"
        ]
        return call.page("account_numbers", rows)

    def owners(self, call: Call) -> object:
        """Answer who holds the accounts of a member."""
        rows = [
            replies.owner(member, held, person)
            for member, held in reversed(list(self._all(call)))
            if not isinstance(held, HoldingWalk) and not held.plan.closed
            for person in held.plan.owners
        ]
        return call.page("account_owners", rows)

    def holdings(self, call: Call) -> object:
        """Answer what is held, by user, member or account."""
        found = [self._one(call)] if "account" in call.request.path_params else list(self._all(call))
        market = self._vendor.world.portfolios.market
        rows: list[Row] = []
        for member, held in found:
            if isinstance(held, HoldingWalk):
                seen = self._seen(member)
                positions = held.standing(seen).positions.values()
                rows += [
                    replies.holding(member, held, each, market.price(each.instrument, seen), seen) for each in positions
                ]
        return call.page("investment_holdings", rows)

    def _seen(self, member: Member) -> datetime:
        return member.seen_at or self._vendor.clock.now

    def _account(self, member: Member, held: Account | HoldingWalk) -> Row:
        seen = self._seen(member)
        return (
            replies.invested(member, held, seen)
            if isinstance(held, HoldingWalk)
            else replies.account(member, held, seen)
        )

    def _all(self, call: Call) -> Iterator[tuple[Member, Account | HoldingWalk]]:
        state = self._vendor.state
        user = state.user(call.path("user"))
        named = call.request.path_params.get("member")
        for member in [state.member(user, named)] if named else state.of(user):
            if member.slug == BROKER and member.was_read:
                for book in self._vendor.world.portfolios.of_connection(BROKER):
                    yield member, book
            for account in accounts_of(self._vendor.world, member):
                yield member, account

    def _one(self, call: Call) -> tuple[Member, Account | HoldingWalk]:
        wanted = call.path("account")
        for member, held in self._all(call):
            if replies.account_guid(member, held) == wanted:
                return member, held
        raise Refused(404, "Account not found")
