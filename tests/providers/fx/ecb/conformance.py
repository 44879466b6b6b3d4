"""The ECB in the suite of exchange rates."""

from __future__ import annotations

from datetime import date

from fin_infra.providers.fx.ecb import Ecb
from tests.support.rows import Fx

ROW = Fx(
    cls=Ecb,
    base="EUR",
    not_published=(
        ("USD", "SAR", None),
        ("EUR", "RUB", None),
        ("EUR", "RUB", date(2022, 3, 2)),
        ("EUR", "HRK", date(2023, 1, 2)),
        ("EUR", "BGN", date(2026, 1, 2)),
        ("EUR", "USD", date(1998, 12, 31)),
    ),
    last_published=("EUR", "RUB", date(2022, 3, 1)),
)
