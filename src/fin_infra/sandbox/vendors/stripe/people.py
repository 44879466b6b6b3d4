"""Who shows which document in the sandbox: two people of the household, with what only a document tells.
Floor 8: numbers are of ranges that are given to nobody, as those for advertising.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fin_infra.sandbox.world.household import ADA, BEN, Person


@dataclass(frozen=True, slots=True)
class Papers:
    """A person with a driving license."""

    person: Person
    born: date
    id_number: str
    document_number: str
    issued: date
    expires: date

    @property
    def names(self) -> tuple[str, str]:
        """Return first and last name."""
        first, _, last = self.person.name.partition(" ")
        return first, last


_ADA = Papers(ADA, date(1988, 4, 17), "987654320", "MARLA-880417-77", date(2022, 5, 2), date(2030, 4, 17))
_BEN = Papers(BEN, date(1986, 11, 2), "987654329", "OKABN-861102-31", date(2021, 9, 14), date(2029, 11, 2))


def papers_of(email: str | None) -> Papers:
    """Return who is behind an e-mail address: the second of the household where it is theirs, else the first."""
    return _BEN if email == _BEN.person.email else _ADA


ALL = (_ADA, _BEN)
