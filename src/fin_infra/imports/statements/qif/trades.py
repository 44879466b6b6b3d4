"""A row of an investment account in QIF: what its action (N) did to units and money.
Floor 4: QIF prints nearly all numbers positive, so the action gives the sign; an unknown action gives none."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from fin_infra.imports.statements.qif.reading import Reading
from fin_infra.imports.statements.qif.records import Record
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementTrade


class _Effect(NamedTuple):
    units: int
    """1 where units come in, -1 where they go, 0 where none move."""
    money: int
    """1 where money comes in, -1 where it goes, 0 where none moves."""
    signed: bool = False
    """Whether the printed amount has a sign that means something."""


_IN, _OUT, _INCOME = _Effect(1, -1), _Effect(-1, 1), _Effect(0, 1, signed=True)
_REINVESTED, _NOTHING = _Effect(1, 0), _Effect(0, 0)
_EFFECTS = {
    **dict.fromkeys(("buy", "kauf", "cvrshrt"), _IN),
    **dict.fromkeys(("sell", "verkauf", "shtsell"), _OUT),
    **dict.fromkeys(
        "div int intinc cglong cgmid cgshort kapgew k.gewsp miscinc rtrncap cash".split(),  # noqa: SIM905 - a table of words reads better as words
        _INCOME,
    ),
    **dict.fromkeys(("miscexp", "margint", "xout", "withdrwx"), _Effect(0, -1)),
    **dict.fromkeys(("xin", "contribx"), _Effect(0, 1)),
    **dict.fromkeys(
        "reinvdiv reinvint reinvlg reinvmd reinvsg reinvsh reinvkur reinvksp reinvzin".split(),  # noqa: SIM905 - a table of words reads better as words
        _REINVESTED,
    ),
    **dict.fromkeys(("shrsin", "aktzu"), _Effect(1, 0)),
    **dict.fromkeys(("shrsout", "aktab"), _Effect(-1, 0)),
    **dict.fromkeys(("stksplit", "aktsplit", "grant", "vest", "expire"), _NOTHING),
}
"""Actions in small letters (GnuCash, qif-imp/file-format.txt); with an `X` behind it the money goes to or comes from
the account in L."""
_SPLITS = ("stksplit", "aktsplit")
_REMINDERS = ("reminder", "errinerg", "erinnerg")


def effect_of(action: str) -> tuple[_Effect | None, bool]:
    """Return what an action does, None where it is unknown, and whether the money is another account's."""
    word = action.lower().replace(" ", "")
    if word in _EFFECTS:
        return _EFFECTS[word], False
    base = word[:-1] if word.endswith("x") else ""
    effect = _EFFECTS.get(base)
    return (effect, True) if effect and effect.money else (None, False)


def doubts_of(record: Record) -> Iterator[str]:
    """Yield what a row leaves open, as the end of a sentence."""
    action = record.text("N")
    if action is None:
        return
    effect, is_transfer = effect_of(action)
    if effect is None:
        yield f"{action[:16]!r} row(s): what they do to units and money is not known"
    elif effect.money and not is_transfer and not (record.text("T") or record.text("U")):
        yield f"{action[:16]!r} row(s) name no amount"


def is_reminder(record: Record) -> bool:
    return (record.text("N") or "").lower() in _REMINDERS


def read_trade(record: Record, currency: str, reading: Reading) -> StatementTrade:
    action = record.text("N")
    if not record.ended:
        raise reading.fault("A transaction has no end (^): the file was cut off; export it again", record.index)
    for at, (letter, _, index) in enumerate(record.fields):
        if letter in "DNYIQ" and any(letter == other for other, _, _ in record.fields[:at]):
            raise reading.fault(
                f"A transaction has two fields {letter}: two of them ran together; export the file again", index
            )
    if action is None:
        raise reading.fault("A transaction of an investment account has no action (N)", record.index)
    effect, is_transfer = effect_of(action)
    printed = reading.total(record, currency)
    units = reading.number(record, "Q")
    price = reading.number(record, "I")
    commission = record.text("O")
    name = record.text("Y")
    effect = effect or _NOTHING
    return StatementTrade(
        id=None,
        day=reading.day(record),
        type_text=action,
        ticker=reading.symbols.get(name) if name else None,
        name=name,
        units=units.copy_abs() * effect.units if units is not None and effect.units else None,
        unit_price=None if price is None else Money(price, currency),
        amount=_amount(record, effect, is_transfer, printed, reading),
        fee=abs(reading.amount(commission, currency, record.at("O"))) if commission else None,
        memo=_memo(record, action, units),
        offset=reading.source.byte(record.index),
    )


def _amount(
    record: Record, effect: _Effect, is_transfer: bool, printed: Money | None, reading: Reading
) -> Money | None:
    """Return what the row did to the account's own money; an X action's is that of another account."""
    if printed is None or not effect.money:
        return None
    moved = printed.amount if effect.signed else printed.amount.copy_abs()
    own = moved * effect.money
    if is_transfer:
        text = record.text("$")
        passed = reading.amount(text, printed.currency, record.at("$")).amount.copy_abs() if text else abs(own)
        own -= passed if own > 0 else -passed
        if not own:
            return None
    return Money(own, printed.currency)


def _memo(record: Record, action: str, units: Decimal | None) -> str | None:
    """Return the texts of a row; for a split the ratio, which QIF prints as units for each ten."""
    ratio = f"{units} new units for each 10" if units is not None and action.lower() in _SPLITS else None
    texts = (record.text("P"), record.text("M"), record.text("L"), ratio)
    return "; ".join(dict.fromkeys(filter(None, texts))) or None
