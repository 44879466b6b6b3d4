"""When exchanges trade: sessions, lunch breaks and early closes by MIC.
Floor 1: the facts are files in `data/`, read when a calendar is first asked; no pandas, and nothing reads the clock."""

from fin_infra.calendars.names import ALIASES, CALENDARS, calendar
from fin_infra.calendars.sessions import Calendar, Session

__all__ = ["ALIASES", "CALENDARS", "Calendar", "Session", "calendar"]
