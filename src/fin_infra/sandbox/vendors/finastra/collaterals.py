"""Imitate Finastra's collaterals product (total-lending/collaterals/b2b/v2): the paged list and one by id.
Floor 8: the whole schema is UNCONFIRMED, so the rows are as uneven as a client must expect: absent, null, text, number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from fin_infra.sandbox.kernel.reply import json_reply, number
from fin_infra.sandbox.vendors.finastra.replies import MAX_PAGE, MINOR_UNITS, Query, Refused, grouped, problem
from fin_infra.sandbox.world.ledger import ident
from fin_infra.sandbox.world.prices import stream

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.finastra.vendor import Finastra

Row = dict[str, object]

COUNTS = {"sandbox": 57, "finastra-dev": 12, "bank-north": 7, "bank-south": 0}
VALUE_FIELDS: tuple[str, ...] = ("discountedNetCollateralAmount", "netCollateralAmount", "estimatedValue", "valuation")
DEFAULT_PAGE = 50
ALL_NULL_ROW, NESTED_ROW, ZERO_ROW = 3, 5, 6
_NESTED_VALUE: Row = {"amount": "1,250,000.00", "currency": "EUR"}
_TYPES = ("Real Estate", "Vehicle", "Securities", "Cash Deposit", "Equipment", "Guarantee")
_PLACES = ("Lantern Row", "Foundry Yard", "Harbor Street", "Quiet River", "North Ridge", "Kiln Lane")
_STATUSES = ("Active", "Active", "Active", "Pending Valuation", "Released")
_LAST_VALUATION = date(2026, 11, 1)
_PRESENT = (  # which of VALUE_FIELDS a row has, in turn
    VALUE_FIELDS,
    VALUE_FIELDS[1:],
    VALUE_FIELDS[2:],
    VALUE_FIELDS[3:],
    VALUE_FIELDS[:1],
    VALUE_FIELDS[1:3],
)


@lru_cache(maxsize=16)
def collaterals(seed: int, realm: str) -> tuple[Row, ...]:
    """Return a realm's collaterals in the order of the list."""
    return tuple(_rows(seed, realm))


def _rows(seed: int, realm: str) -> Iterator[Row]:
    for place in range(COUNTS[realm]):
        rng = stream(seed, "finastra-collateral", realm, place)
        currency = tuple(MINOR_UNITS)[place % len(MINOR_UNITS)]
        kind = rng.choice(_TYPES)
        yield {
            "id": ident("col", rng),
            "collateralType": kind,
            "description": f"{kind}, {rng.randint(1, 90)} {rng.choice(_PLACES)}",
            "status": rng.choice(_STATUSES),
            "currency": currency,
            **_values(place, currency, rng),
            "valuationDate": (_LAST_VALUATION - timedelta(days=rng.randint(0, 900))).isoformat(),
        } | _oddities(place)


def _oddities(place: int) -> Row:
    """Return what replaces the usual values in the rows that are there to be stumbled over."""
    if place == ALL_NULL_ROW:
        return {**dict.fromkeys(VALUE_FIELDS), "valuationDate": None}
    if place == NESTED_ROW:
        return {"currency": "EUR", "valuation": _NESTED_VALUE}
    return {}


def _values(place: int, currency: str, rng: Random) -> Row:
    """Return the values a row has; each is at most the next, and every other row has JSON numbers."""
    write: Callable[[Decimal], object] = number if place % 2 else lambda value: grouped(value, currency)
    worth = Decimal(rng.randint(1_000_000, 900_000_000)).scaleb(-MINOR_UNITS[currency])
    if place == ZERO_ROW:
        worth = Decimal(0)
    present = () if place == NESTED_ROW else _PRESENT[place % len(_PRESENT)]
    shares = zip(VALUE_FIELDS, (60, 80, 100, 100), strict=True)
    cent = Decimal(1).scaleb(-MINOR_UNITS[currency])
    return {name: write((worth * share / 100).quantize(cent)) for name, share in shares if name in present}


def listing(vendor: Finastra, realm: str, request: Request) -> Response:
    """Answer a page in the shape that the control plane has chosen."""
    query = Query(request)
    start = query.whole("startingIndex", 0, 0, 999_999_999)
    size = query.whole("pageSize", DEFAULT_PAGE, 1, MAX_PAGE)
    query.check()
    rows = collaterals(vendor.world.seed, realm)
    page = list(rows[start : start + size])
    if vendor.list_shape == "array":
        return json_reply(page)
    if vendor.list_shape == "collaterals":
        return json_reply({"collaterals": page})
    meta = {"limit": size, "offset": start, "itemCount": len(page), "totalCount": len(rows)}
    return json_reply({"items": page, "_meta": meta})


def one(vendor: Finastra, realm: str, request: Request) -> Response:
    """Answer one collateral of the realm."""
    wanted = request.path_params["collateral_id"]
    for row in collaterals(vendor.world.seed, realm):
        if row["id"] == wanted:
            return json_reply(row)
    raise Refused(problem(request, 404, "The collateral does not exist."))
