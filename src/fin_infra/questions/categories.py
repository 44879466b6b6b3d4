"""The question which categories there are.
Floor 6: answered from the taxonomy that comes with the package."""

from __future__ import annotations

from fin_infra.insights.categories import CategoryCode
from fin_infra.insights.categories import categories as every_category
from fin_infra.model import Listing
from fin_infra.questions.asked import Asked
from fin_infra.transport import Flow


def categories(asked: Asked, *, text: str | None) -> Flow[Listing[CategoryCode]]:
    yield from ()  # nobody is asked
    part = (text or "").strip().casefold()
    return Listing(
        [each for each in every_category() if part in each.code.casefold() or part in each.meaning.casefold()]
    )
