"""How a command sends something that cannot be taken back: what must be known is shown first, and the exit code tells
what became of it, whoever reads the output.
Floor 8: nothing here knows what is sent."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from fin_infra.cli.output import OutcomeUnknown, Unwritable, tell
from fin_infra.errors import FinInfraError, OrderStateUnknown

T = TypeVar("T")


def tell_first(text: str) -> None:
    """Show what must be known before anything is sent.

    Raises:
        Unwritable: nobody can read it, so nothing may be sent.
    """
    try:
        tell(text)
    except Unwritable as exc:
        raise Unwritable(f"{exc} Nothing was sent, because nobody would know its key.") from None


def send(act: Callable[[], T], show: Callable[[T], None], *, advice: str) -> None:
    """Do `act` once and show its result. From here on output that fails decides nothing.

    Raises:
        FinInfraError: `act` says what became of it; of an order whose state is unknown, `advice` is told too.
        OutcomeUnknown: it was interrupted, or failed in a way that nobody foresaw; `advice` says how to find out.
    """
    try:
        done = act()
    except OrderStateUnknown:
        _try_to_tell(advice)
        raise
    except FinInfraError:
        raise
    except KeyboardInterrupt:
        raise OutcomeUnknown(f"Interrupted: it may or may not have been done. {advice}") from None
    except Exception as exc:
        _try_to_tell(traceback.format_exc())
        raise OutcomeUnknown(f"{type(exc).__name__}: it may or may not have been done. {advice}") from exc
    try:
        show(done)
    except (Exception, KeyboardInterrupt) as exc:
        _try_to_tell(f"note: It was done, but the result could not be shown ({exc or type(exc).__name__}). {advice}")


def _try_to_tell(text: str) -> None:
    with suppress(Unwritable):
        tell(text)
