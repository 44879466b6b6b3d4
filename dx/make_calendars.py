"""Write `src/fin_infra/calendars/data/` from exchange_calendars and the overrides: `python dx/make_calendars.py`.

The same source and overrides give the same bytes, on any day. What is wrong there belongs into
`calendar_overrides.toml` beside this file, with its source. A new release of exchange_calendars means: raise its pin,
run this, read the difference.
"""

from __future__ import annotations

import json
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src" / "fin_infra" / "calendars" / "data"
OVERRIDES: dict[str, list[dict[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("calendar_overrides.toml").read_text()
)

FIRST, LAST = date(1990, 1, 1), date(2028, 12, 31)
"""Two years ahead. Exchanges announce that far; beyond it there would be more guess than fact."""

RECENT = date(2000, 1, 1)
"""Where the tables of the other venues begin, so that the shipped data stays small."""

SPANS: dict[str, tuple[date, date]] = {
    "XNYS": (FIRST, LAST),
    "XLON": (FIRST, LAST),
    "XETR": (FIRST, LAST),
    "XAMS": (FIRST, LAST),
    "XPAR": (FIRST, LAST),
    "XSWX": (FIRST, LAST),
    "XTKS": (date(1997, 1, 1), LAST),  # as far back as the source goes
    "XHKG": (FIRST, LAST),
    "XASX": (FIRST, LAST),
    "XTSE": (FIRST, LAST),
    "XSHG": (
        date(1990, 12, 19),
        date(2026, 12, 31),
    ),  # the exchange's first day; the holidays are announced each December
    "XBOM": (date(1997, 1, 1), date(2026, 12, 31)),  # as far as the source goes, both ways
    "24/7": (FIRST, date(2049, 12, 31)),  # nothing has to be announced
    "BVMF": (RECENT, LAST),
    "XBKK": (RECENT, LAST),
    "XBRU": (RECENT, LAST),
    "XBUD": (RECENT, LAST),
    "XBUE": (RECENT, LAST),
    "XCSE": (RECENT, LAST),
    "XDUB": (RECENT, LAST),
    "XDUS": (RECENT, LAST),
    "XFRA": (RECENT, LAST),
    "XHAM": (RECENT, LAST),
    "XHEL": (RECENT, LAST),
    "XICE": (RECENT, LAST),
    "XIDX": (RECENT, LAST),
    "XIST": (RECENT, LAST),
    "XJSE": (RECENT, LAST),
    "XKLS": (RECENT, LAST),
    "XKRX": (RECENT, LAST),
    "XLIS": (RECENT, LAST),
    "XMAD": (RECENT, LAST),
    "XMEX": (RECENT, LAST),
    "XMIL": (RECENT, LAST),
    "XNZE": (RECENT, LAST),
    "XOSL": (RECENT, LAST),
    "XPRA": (RECENT, LAST),
    "XSTO": (RECENT, LAST),
    "XSTU": (RECENT, LAST),
    "XTAI": (RECENT, LAST),
    "XWAR": (RECENT, LAST),
    "XWBO": (RECENT, LAST),
    "XSES": (RECENT, date(2026, 12, 31)),  # the holidays are recorded to that year
    "XSAU": (date(2021, 1, 1), LAST),  # as far back as the source goes
}
"""Each calendar's name at the source, and the days its table is about."""

Sessions = dict[date, str]
"""Days with trading, to their local hours."""


def upstream(name: str) -> Any:
    """Return the source's calendar over the span of ours."""
    import exchange_calendars

    start, end = SPANS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the source's use of pandas
        return exchange_calendars.get_calendar(name, start=start.isoformat(), end=end.isoformat())


def upstream_sessions(source: Any) -> Sessions:
    """Return the source's sessions with their hours on the exchange's clock."""
    names = ("open", "break_start", "break_end", "close")
    columns = [list(source.schedule[name].dt.tz_convert(source.tz).dt.to_pydatetime()) for name in names]
    found: Sessions = {}
    for stamp, *clocks in zip(source.schedule.index, *columns, strict=True):
        found[stamp.date()] = _hours([clock for clock in clocks if clock == clock], stamp.date())  # NaT is not itself
    return found


def corrected(name: str, sessions: Sessions) -> Sessions:
    """Apply the overrides."""
    sessions = dict(sessions)
    for entry in OVERRIDES.get(name, []):
        if "on" in entry:
            sessions.pop(entry["on"], None)
            if entry["hours"]:
                sessions[entry["on"]] = entry["hours"]
        else:
            for day, hours in sessions.items():
                if entry["from"] <= day <= entry["until"] and hours == entry["instead"]:
                    sessions[day] = entry["hours"]
    return dict(sorted(sessions.items()))


def render(name: str) -> str:
    """Return the text of a calendar's file."""
    source, (first, last) = upstream(name), SPANS[name]
    sessions = corrected(name, upstream_sessions(source))
    weekdays = {number + 1 for number, mark in enumerate(source.weekmask) if mark == "1"}
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    regular = _regular(sessions, [first, *_changes(name, source, first)])
    special: dict[str, list[date]] = {}
    for day, hours in sessions.items():
        usual = next(regular[since] for since in sorted(regular, reverse=True) if since <= day)
        if hours != usual:
            special.setdefault(hours, []).append(day)
    facts = {
        "zone": source.tz.key,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "weekdays": "".join(map(str, sorted(weekdays))),
        "hours": {day.isoformat(): hours for day, hours in regular.items()},
        "closed": _by_year(day for day in span if day.isoweekday() in weekdays and day not in sessions),
        "opened": _by_year(day for day in sessions if day.isoweekday() not in weekdays),
        "special": {hours: " ".join(map(str, days)) for hours, days in sorted(special.items())},
    }
    return json.dumps(facts, indent=1) + "\n"


def origin() -> str:
    """Return the note that stands beside the files."""
    return "\n".join(
        [
            "# Written by dx/make_calendars.py; edit that, or dx/calendar_overrides.toml, not this.",
            'source = "exchange_calendars"',
            f'version = "{version("exchange_calendars")}"',
            'url = "https://github.com/gerrymanoim/exchange_calendars"',
            'license = "Apache-2.0"',
            'changed = "rewritten as rules and exceptions; corrected as dx/calendar_overrides.toml says"',
            f"calendars = {json.dumps(list(SPANS))}",
            "",
        ]
    )


def file_name(name: str) -> str:
    return name.replace("/", "-") + ".json"


def _hours(clocks: list[Any], day: date) -> str:
    """Write two or four instants as hours; midnight at the end of the day is 24:00."""
    texts = [clock.strftime("%H:%M") for clock in clocks]
    if clocks[0].date() != day or any(clock.date() != day for clock in clocks[:-1]):
        raise SystemExit(f"{day}: {clocks} are on another day, which the tables cannot hold.")
    if clocks[-1].date() != day:
        if texts[-1] != "00:00":
            raise SystemExit(f"{day}: closes on another day, which the tables cannot hold.")
        texts[-1] = "24:00"
    return " ".join(f"{texts[i]}-{texts[i + 1]}" for i in range(0, len(texts), 2))


def _changes(name: str, source: Any, first: date) -> Iterator[date]:
    """Yield the days regular hours may have changed: those the source knows and those the overrides name."""
    for times in (source.open_times, source.close_times, source.break_start_times, source.break_end_times):
        yield from (since.date() for since, _ in times or () if since is not None and since.date() > first)
    for entry in OVERRIDES.get(name, []):
        if "from" in entry:
            yield from (day for day in (entry["from"], entry["until"] + timedelta(days=1)) if day > first)


def _regular(sessions: Sessions, changes: Iterable[date]) -> dict[date, str]:
    """Return the commonest hours since each of the days, where they differ from those before."""
    since = sorted(set(changes))
    found: dict[date, str] = {}
    for begin, end in zip(since, [*since[1:], date.max], strict=True):
        common = Counter(hours for day, hours in sessions.items() if begin <= day < end).most_common(1)[0][0]
        if common not in list(found.values())[-1:]:
            found[begin] = common
    return found


def _by_year(days: Iterable[date]) -> dict[str, str]:
    years: dict[str, list[str]] = {}
    for day in days:
        years.setdefault(str(day.year), []).append(day.strftime("%m-%d"))
    return {year: " ".join(listed) for year, listed in years.items()}


def main() -> None:
    DATA.mkdir(exist_ok=True)
    for name in SPANS:
        (DATA / file_name(name)).write_text(render(name), "utf-8")
    (DATA / "origin.toml").write_text(origin(), "utf-8")


if __name__ == "__main__":
    main()
