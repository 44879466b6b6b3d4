"""Which calendars there are, by name.
Floor 1: a name is a MIC or `24/7`; exchanges with equal sessions share a table, and the docs say by which source."""

from __future__ import annotations

from difflib import get_close_matches

from fin_infra.arguments import checked
from fin_infra.calendars.sessions import Calendar
from fin_infra.errors import UnknownCalendar

CALENDARS: dict[str, str] = {
    "XNYS": "XNYS",
    "XNAS": "XNYS",
    "XLON": "XLON",
    "XETR": "XETR",
    "XAMS": "XAMS",
    "XPAR": "XPAR",
    "XSWX": "XSWX",
    "XTKS": "XTKS",
    "XHKG": "XHKG",
    "XASX": "XASX",
    "XTSE": "XTSE",
    "XSHG": "XSHG",
    "XBOM": "XBOM",
    "XNSE": "XBOM",
    "24/7": "24-7",
    "XSHE": "XSHG",
    "XTSX": "XTSE",
    "MTAA": "XMIL",
    "BVMF": "BVMF",
    "XBKK": "XBKK",
    "XBRU": "XBRU",
    "XBUD": "XBUD",
    "XBUE": "XBUE",
    "XCSE": "XCSE",
    "XDUB": "XDUB",
    "XDUS": "XDUS",
    "XFRA": "XFRA",
    "XHAM": "XHAM",
    "XHEL": "XHEL",
    "XICE": "XICE",
    "XIDX": "XIDX",
    "XIST": "XIST",
    "XJSE": "XJSE",
    "XKLS": "XKLS",
    "XKRX": "XKRX",
    "XLIS": "XLIS",
    "XMAD": "XMAD",
    "XMEX": "XMEX",
    "XMIL": "XMIL",
    "XNZE": "XNZE",
    "XOSL": "XOSL",
    "XPRA": "XPRA",
    "XSAU": "XSAU",
    "XSES": "XSES",
    "XSTO": "XSTO",
    "XSTU": "XSTU",
    "XTAI": "XTAI",
    "XWAR": "XWAR",
    "XWBO": "XWBO",
}
"""Name of each calendar, to the file of its table in `data/`."""

ALIASES: dict[str, str] = {"SIX": "XSWX", "CRYPTO": "24/7"}
"""Further names people use, to the name the calendar has."""

_CALENDARS = {name: Calendar(name, table) for name, table in CALENDARS.items()}


@checked
def calendar(name: str) -> Calendar:
    """Return the calendar of a MIC such as `XNYS`, or of `24/7`; always the same object for the same name.

    Raises:
        UnknownCalendar: there is none of that name. The text has the nearest names.
    """
    found = _CALENDARS.get(ALIASES.get(name, name))
    if found is None:
        near = get_close_matches(str(name).upper(), [*CALENDARS, *ALIASES], n=3, cutoff=0.7)
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(CALENDARS)}."
        raise UnknownCalendar(f"There is no trading calendar {name!r}; {hint}")
    return found
