"""What a person owns that no vendor knows, as methods of a book: a house, a car, a private loan, shares in a drawer.
Floor 6: every word has a day, and every change is in the log; `by_hand.py` has the steps themselves."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from functools import partial

from fin_infra.book import by_hand
from fin_infra.book.methods import Household, method
from fin_infra.book.records import BookAsset
from fin_infra.errors import InvalidInput
from fin_infra.model import Listing, Money
from fin_infra.normalize import instrument
from fin_infra.transport import Flow, M, blocking

LONGEST = 200


class Assets(Household[M]):
    @method
    def assets(self, *, on: date | None = None, removed: bool = False) -> Flow[Listing[BookAsset]]:
        """Return what is owned and owed by a person's word on a day, of now where None, the oldest first.

        Args:
            removed: whether what was given up by then is there too.
        """
        day = on or self._today()
        return Listing((yield from self._assets(day, removed)))

    @method
    def add_asset(self, name: str, kind: str, value: Money, *, on: date | None = None) -> Flow[BookAsset]:
        """Add a thing with what it is worth; negative for a debt.

        Args:
            kind: a word of yours for it, such as `house`, `car` or `loan`.
            on: the day from which on it counts, today where None.

        Raises:
            InvalidInput: the name or the kind is blank or too long, or the value has more digits than the book keeps.
        """
        name, kind, day = _word("name", name), _word("kind", kind), on or self._today()
        made = yield from blocking(by_hand.add_asset, self.engine, self.owner, name, kind, value, day, self.clock())
        return (yield from self._one(made, day))

    @method
    def value_asset(self, id: int, value: Money, *, on: date | None = None) -> Flow[BookAsset]:
        """Say what a thing is worth on a day, which holds until the next one of which that is said.

        Raises:
            InvalidInput: the book has no such thing, or it is valued in another currency.
        """
        day = on or self._today()
        yield from blocking(by_hand.value_asset, self.engine, self.owner, id, value, day, self.clock())
        return (yield from self._one(id, day))

    @method
    def remove_asset(self, id: int, *, on: date | None = None) -> Flow[BookAsset]:
        """Say that a thing is not owned or owed any more from a day on, today where None; its history stays.

        Raises:
            InvalidInput: the book has no such thing.
        """
        day = on or self._today()
        yield from blocking(by_hand.remove_asset, self.engine, self.owner, id, day, self.clock())
        return (yield from self._one(id, day))

    @method
    def add_holding(self, key: str, quantity: Decimal, *, on: date | None = None) -> Flow[int]:
        """Add units of an instrument to what is held by hand; negative takes units away. Return the number of changes.

        Prices come from the price history: `fill_history` asks for them.

        Args:
            key: such as `CRYPTO:bitcoin` or `AAPL`.
            on: the day from which on they are held, today where None.

        Raises:
            InvalidInput: the instrument cannot be read, or the quantity has more digits than the book keeps.
        """
        return (yield from self._hold(key, quantity, on, more=True))

    @method
    def set_holding(self, key: str, quantity: Decimal, *, on: date | None = None) -> Flow[int]:
        """Say how many units of an instrument are held by hand from a day on; 0 for none. Return the number of changes.

        It holds until the next day of which that is said.

        Raises:
            InvalidInput: the instrument cannot be read, or the quantity has more digits than the book keeps.
        """
        return (yield from self._hold(key, quantity, on, more=False))

    def _hold(self, key: str, quantity: Decimal, on: date | None, *, more: bool) -> Flow[int]:
        found, day = instrument(key), on or self._today()

        def held() -> int:
            return by_hand.hold(self.engine, self.owner, found, quantity, day, self.clock(), more=more)

        return (yield from blocking(held))

    def _one(self, id: int, day: date) -> Flow[BookAsset]:
        return next(each for each in (yield from self._assets(day, True)) if each.id == id)

    def _assets(self, day: date, removed: bool) -> Flow[list[BookAsset]]:
        return (yield from self.ask(partial(by_hand.asset_rows, removed=removed), day))

    def _today(self) -> date:
        return self.clock().astimezone(UTC).date()


def _word(what: str, text: str) -> str:
    word = text.strip()
    if not 1 <= len(word) <= LONGEST:
        raise InvalidInput(f"The {what} of an asset must have from 1 to {LONGEST} characters.")
    return word
