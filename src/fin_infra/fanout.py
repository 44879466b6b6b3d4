"""Ask several sources at once, each with its own deadline; one that fails is an entry, not the end.
Floor 2: only our errors are caught, so that a fault of ours never looks like a vendor's."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fin_infra.errors import CircuitOpen, FinInfraError, ProviderError
from fin_infra.flow import deadline
from fin_infra.model import RowError
from fin_infra.model.networth import UNREADABLE_ROW, SourceError
from fin_infra.security import mask

log = logging.getLogger("fin_infra")

T = TypeVar("T")
DEADLINE_S = 8.0


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """Either `value` or `error` of one source."""

    value: T | None
    error: SourceError | None


async def attempt(
    source: str, operation: str, ask: Callable[[], Awaitable[T]], *, deadline_s: float = DEADLINE_S
) -> Outcome[T]:
    """Await `ask()` within the deadline; turn a `FinInfraError` into an entry under `source` and `operation`.

    The entry says what a caller of a service may read; the log has the whole text.
    """
    try:
        with deadline(deadline_s):
            return Outcome(await ask(), None)
    except FinInfraError as exc:
        log_untold(log, f"{source} {operation}", exc)
        return Outcome(None, source_error(exc, source, operation))


async def nothing() -> Outcome[Any]:
    """Ask nobody: the outcome of a source that is switched off."""
    return Outcome(None, None)


def unread_rows(source: str, operation: str, errors: Sequence[RowError]) -> list[SourceError]:
    """Return an entry for each row of an answer that could not be read; the answer lacks what they say."""
    return [
        SourceError(provider=source, operation=operation, code=UNREADABLE_ROW, message=mask(str(error)))
        for error in errors
    ]


def log_untold(logger: logging.Logger, where: str, exc: FinInfraError) -> None:
    """Log the text of an error whose caller is told another one; a breaker's refusal repeats what was logged before."""
    if str(exc) != exc.for_caller() and not isinstance(exc, CircuitOpen):
        logger.warning("%s: %s", where, mask(str(exc)))


def source_error(exc: FinInfraError, source: str, operation: str) -> SourceError:
    """Return the entry for a source that did not answer, in words for a caller of a service."""
    message = exc.message_for_caller() if isinstance(exc, ProviderError) else exc.for_caller()
    return SourceError(
        provider=source, operation=operation, code=exc.code, message=mask(message), retry_after=exc.retry_after
    )
