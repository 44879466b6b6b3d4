"""What every source of exchange rates is asked: today's table, past tables and one rate.
Floor 3: units of the quote currency for one of the base."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date

from fin_infra.flow import operation
from fin_infra.model import FxRate, Listing, RateTable
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Flow, M


class FxProvider(Provider[M]):
    @operation
    @abstractmethod
    def latest(self) -> Flow[RateTable]:
        """Return the newest published rates."""
        ...

    @operation
    @optional
    def history(self, *, start: date, end: date) -> Flow[Listing[RateTable]]:
        """Return the tables dated from `start` to before `end`, oldest first; days without publication have none."""
        return (yield from self.not_offered("history"))

    @operation
    @abstractmethod
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        """Return units of `quote` for one `base`; `on` takes the table of that day or the last one before it.

        Raises:
            RateUnavailable: the bank does not publish one of the two currencies.
            StaleRate: the last table before `on` is older than a week.
        """
        ...
