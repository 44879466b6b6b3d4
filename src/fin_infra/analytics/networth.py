"""Net worth from items in many currencies.
Floor 5: sums only what has a value, and says what has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from fin_infra.errors import RateUnavailable
from fin_infra.model import Money, RateTable
from fin_infra.model.networth import NetWorth, SourceError, WorthItem, WorthLine
from fin_infra.normalize import convert


def net_worth(
    items: Iterable[WorthItem],
    currency: str,
    rates: RateTable | None,
    *,
    as_of: datetime,
    errors: Sequence[SourceError] = (),
) -> NetWorth:
    """Add up `items` in `currency`.

    An item without an amount, or whose currency has no rate, stays in `lines` without a value and is named in
    `missing`. A source in `errors` makes the result incomplete too, since its answer is unknown. Values are
    rounded to the minor unit of `currency` one by one, so that the lines add up to the total.

    Args:
        rates: the table to convert with; None where no FX source answered, and then only `currency` itself counts.
    """
    lines = tuple(_line(item, currency, rates, as_of) for item in items)
    values = [line.value for line in lines if line.value is not None]
    missing = [f"{line.source} {line.id}: {line.missing}" for line in lines if line.value is None]
    missing += [f"{error.provider} {error.operation}: {error.message}" for error in errors]
    known = bool(values) or not missing
    assets = Money.total((value for value in values if value.amount > 0), currency)
    liabilities = Money.total((value for value in values if value.amount < 0), currency)
    return NetWorth(
        currency=currency,
        total=assets + liabilities if known else None,
        assets=assets if known else None,
        liabilities=liabilities if known else None,
        complete=not missing,
        missing=tuple(missing),
        lines=lines,
        errors=tuple(errors),
        as_of=as_of,
    )


def _line(item: WorthItem, currency: str, rates: RateTable | None, as_of: datetime) -> WorthLine:
    value, rate_date, missing = None, None, item.missing
    if item.amount is None:
        missing = missing or "the source gives no amount"
    elif item.amount.currency == currency:
        value = item.amount.quantize()
    elif rates is None:
        missing = f"no exchange rate for {item.amount.currency}/{currency}"
    else:
        try:
            value = convert(item.amount, currency, rates, on=as_of.date()).quantize()
            rate_date = rates.date
        except RateUnavailable as exc:
            missing = str(exc)
    return WorthLine(
        kind=item.kind,
        id=item.id,
        source=item.source,
        amount=item.amount,
        value=value,
        rate_date=rate_date,
        missing=missing,
    )
