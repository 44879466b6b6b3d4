"""Hold what the broker says when it refuses: HTTP status, code, message and the extra keys of each refusal.
Floor 8: texts seen at the vendor where one is on record; the page "The sandbox" marks those of our own choosing.
"""

from __future__ import annotations

from decimal import Decimal

from fin_infra.sandbox.broker.money import text

UNPROCESSABLE, INVALID, FORBIDDEN, MISSING = 42210000, 40010001, 40310000, 40410000


class Refused(Exception):
    """The broker says no; `extra` are further keys of the body."""

    def __init__(self, status: int, code: int | None, message: str, **extra: str) -> None:
        super().__init__(message)
        self.status = status
        found: dict[str, object] = {"message": message, **extra}
        if code is not None:
            found["code"] = code
        self.body = dict(sorted(found.items()))


def invalid(message: str) -> Refused:
    """Refuse a request whose parameters make no sense."""
    return Refused(422, INVALID, message)


def unprocessable(message: str, **extra: str) -> Refused:
    """Refuse a request that is well-formed and breaks a rule."""
    return Refused(422, UNPROCESSABLE, message, **extra)


def forbidden(message: str, **extra: str) -> Refused:
    """Refuse what this account may not or cannot do."""
    return Refused(403, FORBIDDEN, message, **extra)


def missing(message: str) -> Refused:
    """Refuse to find something."""
    return Refused(404, MISSING, message)


def unauthorized() -> Refused:
    """Refuse the keys; the body has no code, as at the vendor."""
    return Refused(401, None, "unauthorized.")


def insufficient_qty(symbol: str, requested: Decimal, available: Decimal, held: Decimal, existing: Decimal) -> Refused:
    """Refuse to sell more than is free."""
    asked, free = text(requested), text(available)
    return forbidden(
        f"insufficient qty available for order (requested: {asked}, available: {free})",
        available=str(free),
        existing_qty=str(text(existing)),
        held_for_orders=str(text(held)),
        symbol=symbol,
    )


def insufficient_buying_power(available: Decimal, cost: Decimal) -> Refused:
    """Refuse to spend more than there is."""
    return forbidden(
        "insufficient buying power",
        buying_power=str(text(available.quantize(Decimal("0.01")))),
        cost_basis=str(text(cost)),
    )
