"""How much may be traded: limits that are on unless you change them.
Floor 2: read from FIN_INFRA_TRADING_* when a broker is built; the halt is read again before every order."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from fin_infra.settings import Settings

PREFIX = "FIN_INFRA_TRADING_"
Symbols = Annotated[frozenset[str], NoDecode]
_NOT_HALTED = frozenset({"", "0", "false", "no", "off", "f", "n"})
"""Any other word halts: a kill switch does not insist on spelling."""


class TradingLimits(Settings):
    """Limits on each order, in the currency of the account. None switches a limit off."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, env_parse_none_str="none", extra="forbid", frozen=True
    )

    max_notional_per_order: Decimal | None = Field(Decimal(10_000), gt=0)
    max_notional_per_day: Decimal | None = Field(Decimal(50_000), gt=0)
    """Sum of all orders sent since the market's midnight, refused ones left out."""
    collar_percent: Decimal | None = Field(Decimal(5), gt=0)
    """How far a limit price may be on the losing side of the last quote."""
    max_quote_age_s: float | None = Field(900.0, gt=0)
    """How old the quote may be that a price is checked against, while the market is open."""
    duplicate_window_s: float | None = Field(10.0, gt=0)
    """For how long the same order under another key counts as a mistake."""
    allow_short: bool = False
    check_buying_power: bool = True
    allow: Symbols = frozenset()
    """Only these instruments (`US:AAPL`), where any are named."""
    deny: Symbols = frozenset()
    halt: bool = False
    halt_file: Path | None = None
    """While this file exists no order is sent."""
    journal: Path | None = None
    """Where orders are written down; by default `fin-infra/orders.sqlite3` in the user's state folder."""

    @field_validator("allow", "deny", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(part.strip() for part in value.split(",") if part.strip())
        return value

    def halted(self) -> bool:
        """Say whether trading is halted at this moment: by the setting, its variable as it is now, or the file."""
        word = os.environ.get(f"{PREFIX}HALT", "").strip().lower()
        return self.halt or word not in _NOT_HALTED or (self.halt_file is not None and _exists(self.halt_file))

    def journal_file(self) -> Path:
        """Return the journal's path."""
        if self.journal is not None:
            return self.journal.expanduser()
        state = os.environ.get("XDG_STATE_HOME", "").strip()
        return (Path(state) if state else Path.home() / ".local" / "state") / "fin-infra" / "orders.sqlite3"


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # a folder that cannot be read may hold it
        return True
