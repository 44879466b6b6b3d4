"""What a deal is, by the word that its broker or file has for it.
Floor 6: the word stays as it is; one that says nothing known is UNKNOWN, and its signs are not taken for a meaning."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum


class DealKind(StrEnum):
    BUY = "buy"
    SELL = "sell"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    """Received or, where the amount is negative, paid."""
    CAPITAL_GAIN = "capital_gain"
    """Distributed by a fund."""
    RETURN_OF_CAPITAL = "return_of_capital"
    REINVESTMENT = "reinvestment"
    """Units that income was put into."""
    FEE = "fee"
    TAX = "tax"
    SPLIT = "split"
    TRANSFER = "transfer"
    """Units or money that came from another account or went to one."""
    UNKNOWN = "unknown"
    """A word that is not known; `kind` and `description` have it."""


_WORDS: tuple[tuple[DealKind, str], ...] = (
    (DealKind.REINVESTMENT, r"reinv\w*|rei|reinvestment"),
    (DealKind.SPLIT, r"split|stksplit|aktsplit|rev_?split"),
    (DealKind.CAPITAL_GAIN, r"cg(long|mid|short)x?|divcg[ls]|cap(ital)? ?gains?( \w+)?|kapgew|k\.gewsp"),
    (DealKind.RETURN_OF_CAPITAL, r"retofcap|rtrncapx?|return of capital|divroc"),
    (DealKind.TAX, r"tax|foreign tax( paid)?|divnra|divft|withholding"),
    (DealKind.INTEREST, r"(margin)?interest|int(inc)?x?|margintx?|zins\w*|intnra|staking|inflation reward"),
    (DealKind.DIVIDEND, r"(stock_)?div(idends?)?x?"),
    (DealKind.FEE, r"fees?|commission|invexpense|miscexpx?|cfee|ptc"),
    (DealKind.BUY, r"(you )?(buy\w*|bought|kaufx?)|purchase|cvrshrtx?"),
    (DealKind.SELL, r"(you )?(sell\w*|sold|verkaufx?)|sale|shtsellx?"),
    (
        DealKind.TRANSFER,
        r"transfer\w*|jrnl\w+|journal\w*|x(in|out)|contrib\w*|deposit|withdr\w+|shrs(in|out)|akt(zu|ab)|cs[dw]"
        r"|jnl[cs]?|acat[cs]|send|receive|wire|sweep|moneylink|^cash$",
    ),
)
_RULES = tuple((kind, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])")) for kind, words in _WORDS)
_TRADED = frozenset({"fill", "trade", "convert", "spend", "advanced trade", "advance trade"})
"""Words of what was bought or sold, whose signs tell which."""


def deal_kind(word: str, quantity: Decimal | None) -> DealKind:
    """Return what a deal is.

    Args:
        word: as the source has it: `fill`, `BUYSTOCK`, `Qualified Dividend`.
        quantity: what came in or, negative, went out.
    """
    plain = " ".join(word.casefold().split())
    if plain in _TRADED:
        return DealKind.UNKNOWN if not quantity else DealKind.BUY if quantity > 0 else DealKind.SELL
    found = (kind for kind, words in _RULES if words.search(plain))
    return next((kind for kind in found if quantity or kind is not DealKind.REINVESTMENT), DealKind.UNKNOWN)
