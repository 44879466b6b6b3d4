"""`ask("quote", symbol="AAPL")`: a question by its name, for sync and async users.
Floor 6: a question is one generator; the two drivers here wait for the operations that it invokes."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Literal, overload

from fin_infra.arguments import checked
from fin_infra.questions.catalog import question_of

if TYPE_CHECKING:
    from fin_infra.questions.asked import Asked
    from fin_infra.questions.question import Question


@overload
def ask(question: str, /, *, mode: Literal["sync"] = "sync", provider: str | None = None, **parameters: Any) -> Any: ...
@overload
def ask(
    question: str, /, *, mode: Literal["async"], provider: str | None = None, **parameters: Any
) -> Awaitable[Any]: ...
@checked
def ask(
    question: str, /, *, mode: Literal["sync", "async"] = "sync", provider: str | None = None, **parameters: Any
) -> Any:
    """Ask a question of the catalog and return its model, or an awaitable of it with `mode="async"`.

    What comes back is what the provider's operation returns; `fin_infra.questions.CATALOG` lists
    questions, parameters and results. Several records are a `Listing`.

    Args:
        provider: who is asked, such as `teller`; the configured one where None.

    Raises:
        InvalidInput: no such question or parameter, a parameter is missing or has a value that cannot be meant.
        ProviderNotFound: no such provider, or it does not answer this question.
        FinInfraError: as the operation.
    """
    from fin_infra.questions.asked import Asked

    return answer(question_of(question), parameters, Asked(mode=mode, provider=provider))


def answer(question: Question, parameters: dict[str, Any], asked: Asked) -> Any:
    """Return the answer of those who are asked, or an awaitable of it, as `asked.mode` says."""
    from fin_infra.questions.driving import DRIVERS

    asked.check(question)
    bound = question.bind(parameters)
    return DRIVERS[asked.mode].run(question.function()(asked, **bound))
